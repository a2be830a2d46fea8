"""Reads of statements: headquarters sees them all, a leader the own ones of settled months."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Select, select

from groupbuy.commissions.models import CommissionLine, CommissionTransfer, PlanVersion
from groupbuy.commissions.rules.calculation import PARTS, segments
from groupbuy.commissions.rules.terms import (
    Earning,
    Exclude,
    PlanTerms,
    RuleKind,
    earning,
)
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.settlement.models import (
    Component,
    Correction,
    SettlementPeriod,
    Standing,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.periods import SETTLED
from groupbuy.settlement.rules.statements import fraction
from groupbuy.settlement.rules.wording import explain_component, explain_correction, explain_sale


def statement_list(
    *,
    month: str,
    limit: int,
    cursor: str | None,
    leader: str | None = None,
    standing: str | None = None,
) -> Page[Statement]:
    """Return a month's statements, whatever its state."""
    query = _standing(select(Statement), standing).where(Statement.month == month)
    if leader is not None:
        query = query.where(Statement.leader_id == leader)
    return paginate(query, by=[Statement.id], limit=limit, cursor=cursor)


def own_statements(
    *, leader_id: str, limit: int, cursor: str | None, standing: str | None = None
) -> Page[Statement]:
    """Return a leader's statements of settled months, the newest first."""
    query = _standing(_settled(), standing).where(Statement.leader_id == leader_id)
    return paginate(query, by=[Statement.month], limit=limit, cursor=cursor, descending=True)


def statement(statement_id: str) -> Statement:
    """Return a statement, whatever its period's state, or raise NotFound."""
    return _one(select(Statement).where(Statement.id == statement_id))


def own_statement(statement_id: str, *, leader_id: str) -> Statement:
    """Return a leader's own statement of a settled month, or raise NotFound."""
    query = _settled().where(Statement.id == statement_id, Statement.leader_id == leader_id)
    return _one(query)


@dataclass(frozen=True, slots=True)
class SaleView:
    """A sale of a statement with its terms, and how its amount came about."""

    position: int
    commission_line_id: str
    order_id: str
    order_line_id: str
    completed_at: datetime
    plan_version_id: str | None
    rule_kind: str
    reason: str | None
    transfer_id: str | None
    multiplier_bps: int
    flat_fen_per_unit: int | None
    base_fen: int
    quantity: int
    refunded_fen: int
    returned_quantity: int
    volume_from_fen: int
    volume_to_fen: int
    segments: list[list[int]]
    exact: str
    rounding: str
    amount_fen: int

    @property
    def explanation(self) -> Text:
        """Return how the amount came about, in words."""
        return explain_sale(
            rule_kind=self.rule_kind,
            reason=self.reason,
            quantity=self.quantity,
            flat_fen_per_unit=self.flat_fen_per_unit,
            volume_from_fen=self.volume_from_fen,
            volume_to_fen=self.volume_to_fen,
            segments=self.segments,
            multiplier_bps=self.multiplier_bps,
        )


def line_list(*, statement: Statement, limit: int, cursor: str | None) -> Page[SaleView]:
    """Return a statement's sales in their order, in a constant number of statements."""
    query = select(StatementLine).where(StatementLine.statement_id == statement.id)
    page = paginate(query, by=[StatementLine.position], limit=limit, cursor=cursor)
    return Page(_explained(statement, page.items), page.next_cursor)


def _explained(statement: Statement, rows: Sequence[StatementLine]) -> list[SaleView]:
    lines = {
        line.id: line
        for line in session().scalars(
            select(CommissionLine).where(
                CommissionLine.id.in_([row.commission_line_id for row in rows])
            )
        )
    }
    moved = [row.transfer_id for row in rows if row.transfer_id]
    transfers = _by_id(CommissionTransfer, moved) if moved else {}
    terms = {
        row.transfer_id or row.commission_line_id: _terms(row, lines, transfers) for row in rows
    }
    plans = {
        version.id: version.terms
        for version in session().scalars(
            select(PlanVersion).where(
                PlanVersion.id.in_({t.plan_version_id for t in terms.values()})
            )
        )
    }
    return [
        _view(
            statement,
            row,
            lines[row.commission_line_id],
            terms[row.transfer_id or row.commission_line_id],
            plans,
        )
        for row in rows
    ]


def _by_id(table: type[CommissionTransfer], ids: Iterable[str]) -> dict[str, CommissionTransfer]:
    return {row.id: row for row in session().scalars(select(table).where(table.id.in_(ids)))}


def _terms(
    row: StatementLine,
    lines: dict[str, CommissionLine],
    transfers: dict[str, CommissionTransfer],
) -> CommissionLine | CommissionTransfer:
    return transfers[row.transfer_id] if row.transfer_id else lines[row.commission_line_id]


def _view(
    statement: Statement,
    row: StatementLine,
    line: CommissionLine,
    terms: CommissionLine | CommissionTransfer,
    plans: dict[str, PlanTerms],
) -> SaleView:
    how = _earning(row, terms, plans)
    counts = terms.counts and not isinstance(how, Exclude)
    exact = Fraction(row.parts, PARTS)
    return SaleView(
        position=row.position,
        commission_line_id=row.commission_line_id,
        order_id=line.order_id,
        order_line_id=line.order_line_id,
        completed_at=line.completed_at,  # type: ignore[arg-type]  # settled lines are completed
        plan_version_id=terms.plan_version_id,
        rule_kind=RuleKind.EXCLUDE if row.reason else terms.kind,
        reason=row.reason or terms.reason,
        transfer_id=row.transfer_id,
        multiplier_bps=terms.multiplier_bps,
        flat_fen_per_unit=terms.flat_fen_per_unit,
        base_fen=row.base_fen,
        quantity=row.quantity,
        refunded_fen=line.base_fen - row.base_fen,
        returned_quantity=line.quantity - row.quantity,
        volume_from_fen=row.volume_from_fen,
        volume_to_fen=row.volume_from_fen + (row.base_fen if counts else 0),
        segments=[
            list(piece)
            for piece in segments(how, row.volume_from_fen, row.base_fen, statement.volume_fen)
        ],
        exact=fraction(exact),
        rounding=fraction(row.amount_fen - exact),
        amount_fen=row.amount_fen,
    )


def _earning(
    row: StatementLine, terms: CommissionLine | CommissionTransfer, plans: dict[str, PlanTerms]
) -> Earning:
    if row.reason:
        return Exclude()
    plan = plans.get(terms.plan_version_id or "")
    return earning(
        terms.kind,
        table=plan.table if plan else None,
        rate_bps=terms.rate_bps,
        flat_fen_per_unit=terms.flat_fen_per_unit,
    )


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A correction with the order it is about, and how its amount came about."""

    row: Correction
    order_id: str
    order_line_id: str
    explanation: Text
    rounding: str


def correction_list(
    *, statement: Statement, limit: int, cursor: str | None
) -> Page[CorrectionView]:
    """Return a statement's corrections in their order, in two statements."""
    query = select(Correction).where(Correction.statement_id == statement.id)
    page = paginate(query, by=[Correction.position], limit=limit, cursor=cursor)
    orders = {
        line_id: (order_id, order_line_id)
        for line_id, order_id, order_line_id in session().execute(
            select(CommissionLine.id, CommissionLine.order_id, CommissionLine.order_line_id).where(
                CommissionLine.id.in_([row.commission_line_id for row in page.items])
            )
        )
    }
    return Page(
        [
            CorrectionView(
                row,
                *orders[row.commission_line_id],
                explain_correction(
                    kind=row.kind,
                    amount_fen=row.amount_fen,
                    refunded_fen=row.refunded_fen,
                    settled_fen=row.settled_fen,
                    target_before_fen=row.target_before_fen,
                    target_after_fen=row.target_after_fen,
                ),
                fraction(row.target_after_fen - Fraction(row.exact)),
            )
            for row in page.items
        ],
        page.next_cursor,
    )


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A component of a statement, and how its amount came about."""

    row: Component
    explanation: Text
    rounding: str


def component_list(*, statement: Statement, limit: int, cursor: str | None) -> Page[ComponentView]:
    """Return a statement's components in their order."""
    query = select(Component).where(Component.statement_id == statement.id)
    page = paginate(query, by=[Component.position], limit=limit, cursor=cursor)
    return Page(
        [
            ComponentView(
                row,
                explain_component(kind=row.kind, inputs=row.inputs, amount_fen=row.amount_fen),
                fraction(row.amount_fen - Fraction(row.exact)),
            )
            for row in page.items
        ],
        page.next_cursor,
    )


def _standing(query: Select[Statement], state: str | None) -> Select[Statement]:
    """Keep the statements that stand so with their leaders."""
    if state is None:
        return query
    return query.join(Standing, Standing.statement_id == Statement.id).where(
        Standing.state == state
    )


def _settled() -> Select[Statement]:
    return (
        select(Statement)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(SettlementPeriod.state.in_(SETTLED))
    )


def _one(query: Select[Statement]) -> Statement:
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found

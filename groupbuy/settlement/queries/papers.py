"""What a statement says on paper and in a file, and a month in a file."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any

from sqlalchemy import BigInteger, cast, func, select

from groupbuy.commissions.models import (
    CommissionLine,
    CommissionTransfer,
    Plan,
    PlanAssignment,
    PlanVersion,
)
from groupbuy.commissions.rules.terms import RuleKind
from groupbuy.commissions.rules.wording import NO_PLAN, in_words, why
from groupbuy.kernel.db import session
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.orders.models import OrderLine
from groupbuy.settlement.models import (
    Component,
    Correction,
    SettlementPeriod,
    Statement,
    StatementLine,
)
from groupbuy.settlement.queries.statements import (
    CorrectionView,
    SaleView,
    component_list,
    correction_list,
    line_list,
    statement_list,
)
from groupbuy.settlement.rules import figures
from groupbuy.settlement.rules.answers import StandingState, StatementPart
from groupbuy.settlement.rules.papers import (
    SHOWN,
    PaperPart,
    PaperRow,
    SalesOfKind,
    StatementContent,
)
from groupbuy.settlement.rules.statements import ComponentKind, CorrectionKind

TOGETHER = 1_000
"""Rows that are read at a time for a file."""

KINDS = {
    RuleKind.TIERS: Text("档位", "Tiers"),
    RuleKind.FLAT: Text("按件", "Per unit"),
    RuleKind.REPLACE: Text("专属费率", "Own rate"),
    RuleKind.EXCLUDE: Text("不计佣金", "Nothing"),
}


def statement_content(statement: Statement, *, language: str, zone: tzinfo) -> StatementContent:
    """Return what a statement says on paper, in a constant number of statements."""
    period = session().get_one(SettlementPeriod, statement.month)
    assert period.calculated_at is not None, "a month with statements was calculated"
    sales = line_list(statement=statement, limit=SHOWN, cursor=None).items
    corrections = correction_list(statement=statement, limit=SHOWN, cursor=None).items
    components = component_list(statement=statement, limit=SHOWN, cursor=None).items
    goods = _goods(
        [row.order_line_id for row in sales] + [view.order_line_id for view in corrections]
    )
    return StatementContent(
        month=statement.month,
        created=period.calculated_at,
        known=_known(statement, language, zone),
        figures={name: getattr(statement, name) for name in figures.FIGURES},
        kinds=_kinds(statement),
        sales=PaperPart(
            [_sold(row, goods, zone) for row in sales], _count(StatementLine, statement)
        ),
        components=PaperPart(
            [
                PaperRow(
                    figures.COMPONENTS[ComponentKind(view.row.kind)].to(language),
                    view.row.amount_fen,
                    view.explanation,
                )
                for view in components
            ],
            _count(Component, statement),
        ),
        corrections=PaperPart(
            [_corrected(view, goods, language) for view in corrections],
            _count(Correction, statement),
        ),
        plan=_plan(statement),
        digest=statement.digest,
    )


def statement_rows(statement: Statement, *, language: str) -> Iterator[Mapping[str, Any]]:
    """Yield all rows of a statement, what was carried in first, in constant memory."""
    empty = dict.fromkeys(column.key for column in figures.STATEMENT_COLUMNS)
    carried = figures.FIGURES["carry_in_fen"].to(language)
    yield {**empty, "what": carried, "amount_fen": statement.carry_in_fen}
    for rows in _portions(line_list, statement):
        goods = _goods([row.order_line_id for row in rows])
        for row in rows:
            yield {**empty, **_sale_row(row, goods, language)}
    for views in _portions(correction_list, statement):
        goods = _goods([view.order_line_id for view in views])
        for view in views:
            what = figures.CORRECTIONS[CorrectionKind(view.row.kind)]
            yield {
                **empty,
                **_row(StatementPart.CORRECTION, view, what, language),
                "order_id": view.order_id,
                "goods": goods[view.order_line_id],
                "at": view.row.event_at,
            }
    for views in _portions(component_list, statement):
        for view in views:
            what = figures.COMPONENTS[ComponentKind(view.row.kind)]
            yield {**empty, **_row(StatementPart.COMPONENT, view, what, language)}


def month_rows(month: str, *, language: str) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each statement of a month, in constant memory."""
    cursor: str | None = None
    while True:
        page = statement_list(month=month, limit=TOGETHER, cursor=cursor)
        names = leaders.leaders_by_id(row.leader_id for row in page.items)
        for row in page.items:
            figure = {name: getattr(row, name) for name in ("volume_fen", *figures.FIGURES)}
            yield {
                "id": row.id,
                "leader_id": row.leader_id,
                "leader": names[row.leader_id].name,
                "standing": _standing(row).to(language),
                **figure,
                "digest": row.digest,
            }
        cursor = page.next_cursor
        if cursor is None:
            return


def _portions(read: Any, statement: Statement) -> Iterator[list[Any]]:
    cursor: str | None = None
    while True:
        page = read(statement=statement, limit=TOGETHER, cursor=cursor)
        yield list(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _sale_row(row: SaleView, goods: Mapping[str, str], language: str) -> dict[str, Any]:
    return {
        "part": figures.PARTS[StatementPart.LINE].to(language),
        "position": row.position,
        "what": KINDS[RuleKind(row.rule_kind)].to(language),
        "order_id": row.order_id,
        "goods": goods[row.order_line_id],
        "at": row.completed_at,
        "quantity": row.quantity,
        "base_fen": row.base_fen,
        "amount_fen": row.amount_fen,
        "explanation": row.explanation.to(language),
        "exact": row.exact,
    }


def _row(part: StatementPart, view: Any, what: Text, language: str) -> dict[str, Any]:
    return {
        "part": figures.PARTS[part].to(language),
        "position": view.row.position,
        "what": what.to(language),
        "amount_fen": view.row.amount_fen,
        "explanation": view.explanation.to(language),
        "exact": view.row.exact,
    }


def _standing(statement: Statement) -> Text:
    found = statement.standing
    return figures.STANDINGS[StandingState(found.state) if found else StandingState.DRAFT]


def _known(statement: Statement, language: str, zone: tzinfo) -> list[tuple[Text, str]]:
    leader = leaders.leader(statement.leader_id)
    known = [
        (Text("团长", "Leader"), leader.name),
        (Text("月份", "Month"), statement.month),
        (Text("状态", "State"), _standing(statement).to(language)),
    ]
    standing = statement.standing
    if standing is not None:
        days = {
            Text("发出时间", "Issued"): standing.issued_at,
            Text("请于此前答复", "Answer by"): standing.answer_by,
            Text("答复时间", "Answered"): standing.answered_at,
        }
        known += [
            (name, f"{at.astimezone(zone):%Y-%m-%d %H:%M}") for name, at in days.items() if at
        ]
    return known


def _kinds(statement: Statement) -> list[SalesOfKind]:
    """Return what the sales of each kind came to, all of them."""
    line = StatementLine
    excluded = line.reason.is_not(None)
    kind = func.coalesce(CommissionTransfer.kind, CommissionLine.kind).label("kind")
    rows = session().execute(
        select(
            kind,
            excluded,
            func.count(),
            cast(func.sum(line.base_fen), BigInteger),
            cast(func.sum(line.amount_fen), BigInteger),
        )
        .join(CommissionLine, CommissionLine.id == line.commission_line_id)
        .outerjoin(CommissionTransfer, CommissionTransfer.id == line.transfer_id)
        .where(line.statement_id == statement.id)
        .group_by(kind, excluded)
    )
    sums: dict[RuleKind, list[int]] = {}
    for found, none, *figure in rows:
        of = sums.setdefault(RuleKind.EXCLUDE if none else RuleKind(found), [0, 0, 0])
        sums[RuleKind.EXCLUDE if none else RuleKind(found)] = [
            a + b for a, b in zip(of, figure, strict=True)
        ]
    return [SalesOfKind(KINDS[kind], *sums[kind]) for kind in KINDS if kind in sums]


def _sold(row: SaleView, goods: Mapping[str, str], zone: tzinfo) -> PaperRow:
    day = f"{row.completed_at.astimezone(zone):%m-%d}"
    what = f"{day} {goods[row.order_line_id]} × {row.quantity} (#{row.position})"
    return PaperRow(what, row.amount_fen, row.explanation, row.base_fen)


def _corrected(view: CorrectionView, goods: Mapping[str, str], language: str) -> PaperRow:
    what = figures.CORRECTIONS[CorrectionKind(view.row.kind)].to(language)
    named = f"{what} · {goods[view.order_line_id]} (#{view.row.position}, …{view.order_id[-6:]})"
    return PaperRow(named, view.row.amount_fen, view.explanation)


def _goods(order_line_ids: Iterable[str]) -> dict[str, str]:
    """Return the titles of order lines."""
    rows = session().execute(
        select(OrderLine.id, OrderLine.title).where(OrderLine.id.in_(set(order_line_ids)))
    )
    return {line_id: title for line_id, title in rows}


def _count(
    table: type[StatementLine] | type[Component] | type[Correction], statement: Statement
) -> int:
    query = select(func.count()).where(table.statement_id == statement.id)
    return session().scalar(query) or 0


def _plan(statement: Statement) -> list[Text]:
    """Say under which plan the month was calculated, and why under that."""
    if statement.plan_version_id is None:
        return [NO_PLAN]
    version = session().get_one(PlanVersion, statement.plan_version_id)
    plan = session().get_one(Plan, version.plan_id)
    nearest = statement.assignment_id
    assignment = session().get_one(PlanAssignment, nearest) if nearest else None
    named = Text("方案：{name}，第 {number} 版。", "Plan: {name}, version {number}.")
    return [
        named.format(name=plan.name, number=version.number),
        why(assignment.scope if assignment else None, assignment.target if assignment else ""),
        *in_words(
            version.table,
            version.extras,
            multiplier_bps=BPS,
            cap_fen=version.cap_fen,
            service_fee_fen=version.service_fee_fen,
            item_rules=len(version.item_rules),
        ),
    ]

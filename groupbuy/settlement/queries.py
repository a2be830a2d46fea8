"""Reads of settlement."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import BigInteger, Select, and_, cast, func, select, tuple_
from sqlalchemy.orm import aliased

from groupbuy.commissions import queries as commissions
from groupbuy.commissions.models import CommissionRefund
from groupbuy.kernel.clock import Calendar, next_month
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.settlement.models import (
    SettlementPeriod,
    SettlementTransition,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.periods import (
    SETTLED,
    PeriodState,
    Window,
    statement_of_refund,
    window,
)
from groupbuy.settlement.rules.statements import LeaderMonth, LineKind, SettledRefund


def period(month: str) -> SettlementPeriod | None:
    """Return a month's period, None while it is open."""
    return session().get(SettlementPeriod, month)


def locked_period(month: str) -> SettlementPeriod | None:
    """Return a month's period as it is now, kept from moving until the transaction ends."""
    return session().get(SettlementPeriod, month, with_for_update=True, populate_existing=True)


def last_period() -> SettlementPeriod | None:
    """Return the latest month whose closing has started."""
    return session().scalar(
        select(SettlementPeriod).order_by(SettlementPeriod.month.desc()).limit(1)
    )


def period_list(*, limit: int, cursor: str | None) -> Page[SettlementPeriod]:
    """Return the periods that have begun, the newest first."""
    return paginate(
        select(SettlementPeriod),
        by=[SettlementPeriod.month],
        limit=limit,
        cursor=cursor,
        descending=True,
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """What a period's statements come to."""

    statements: int
    volume_fen: int
    sales_fen: int
    clawback_fen: int
    payable_fen: int
    payout_fen: int
    carry_out_fen: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A month at a glance."""

    period: SettlementPeriod
    totals: Totals
    transitions: list[SettlementTransition]


def overview(month: str, *, calendar: Calendar, hold_days: int, min_payout_fen: int) -> Overview:
    """Return a month with its totals and history; an open one under the present settings."""
    found = period(month) or opened(
        month, calendar=calendar, hold_days=hold_days, min_payout_fen=min_payout_fen
    )
    summed = (
        Statement.volume_fen,
        Statement.sales_fen,
        Statement.clawback_fen,
        Statement.payable_fen,
        Statement.payout_fen,
        Statement.carry_out_fen,
    )
    sums = [cast(func.coalesce(func.sum(column), 0), BigInteger) for column in summed]
    row = session().execute(select(func.count(), *sums).where(Statement.month == month)).one()
    history = (
        select(SettlementTransition)
        .where(SettlementTransition.month == month)
        .order_by(SettlementTransition.id)
    )
    return Overview(found, Totals(*row), list(session().scalars(history)))


def opened(
    month: str, *, calendar: Calendar, hold_days: int, min_payout_fen: int
) -> SettlementPeriod:
    """Return what a month's period would be if its closing started now; it is not stored."""
    last = last_period()
    span = window(month, calendar, hold_days, last=last and (last.month, last.cutoff_at))
    return SettlementPeriod(
        month=month,
        state=PeriodState.OPEN,
        hold_days=hold_days,
        min_payout_fen=min_payout_fen,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        window_from=span.window_from,
        cutoff_at=span.cutoff_at,
    )


def first_unsettled_month(
    *, span: Window, last: SettlementPeriod | None, calendar: Calendar, hold_days: int
) -> str | None:
    """Return the first month before a window that has an event but no period.

    `last` is the latest period, which is settled: so everything up to its cutoff is.
    """
    months = []
    completed = commissions.first_completion(since=last and last.ends_at, before=span.starts_at)
    if completed is not None:
        months.append(calendar.month_of(completed))
    if last is not None:
        refunded = commissions.first_refund(
            since=last.cutoff_at, before=span.window_from, completed_before=last.ends_at
        )
        if refunded is not None:
            found, _ = statement_of_refund(last.month, refunded, calendar, hold_days)
            months.append(max(found, next_month(last.month)))
    return min(months, default=None)


def leader_months(period: SettlementPeriod) -> Iterator[LeaderMonth]:
    """Yield what each leader's statement is made of; three statements, the lines streamed.

    A leader has a statement who sold in the month, has a refund to answer for, or carries a
    balance over.
    """
    carried = carried_into(period.month)
    refunds = _by_leader(settled_refunds(period))
    lines = commissions.completed_lines(
        starts_at=period.starts_at, ends_at=period.ends_at, refunds_before=period.cutoff_at
    )
    for leader_id, sold in groupby(lines, key=lambda line: line.leader_id):
        yield LeaderMonth(
            period.month,
            leader_id,
            carried.pop(leader_id, 0),
            list(sold),
            refunds.pop(leader_id, []),
        )
    for leader_id in sorted(carried.keys() | refunds.keys()):
        yield LeaderMonth(
            period.month, leader_id, carried.get(leader_id, 0), [], refunds.get(leader_id, [])
        )


def carried_into(month: str) -> dict[str, int]:
    """Return what each leader carries over from the latest settled month before."""
    before = (
        select(func.max(SettlementPeriod.month))
        .where(SettlementPeriod.month < month, SettlementPeriod.state.in_(SETTLED))
        .scalar_subquery()
    )
    rows = session().execute(
        select(Statement.leader_id, Statement.carry_out_fen).where(
            Statement.month == before, Statement.carry_out_fen != 0
        )
    )
    return {leader_id: carry_out_fen for leader_id, carry_out_fen in rows}


def settled_refunds(period: SettlementPeriod) -> list[SettledRefund]:
    """Return the refunds in a period's window of lines that an earlier month settled."""
    earlier, settled_in = aliased(CommissionRefund), aliased(SettlementPeriod)
    refund, sale = CommissionRefund, StatementLine
    before_this = and_(
        earlier.commission_line_id == refund.commission_line_id,
        earlier.recorded_at >= settled_in.cutoff_at,
        tuple_(earlier.recorded_at, earlier.refund_key)
        < tuple_(refund.recorded_at, refund.refund_key),
    )
    sums = [
        select(cast(func.coalesce(func.sum(column), 0), BigInteger))
        .where(before_this)
        .correlate(refund, settled_in)
        .scalar_subquery()
        for column in (earlier.amount_fen, earlier.quantity)
    ]
    query = (
        select(
            refund.refund_key,
            refund.recorded_at,
            refund.amount_fen,
            refund.quantity,
            Statement.leader_id,
            sale.statement_id,
            sale.commission_line_id,
            sale.order_id,
            sale.order_line_id,
            sale.completed_at,
            sale.plan_version_id,
            sale.rule_kind,
            sale.reason,
            sale.multiplier_bps,
            sale.flat_fen_per_unit,
            sale.base_fen,
            sale.quantity,
            sale.amount_fen,
            *sums,
        )
        .join(
            sale,
            and_(sale.commission_line_id == refund.commission_line_id, sale.kind == LineKind.SALES),
        )
        .join(Statement, Statement.id == sale.statement_id)
        .join(settled_in, settled_in.month == Statement.month)
        .where(
            refund.recorded_at >= period.window_from,
            refund.recorded_at < period.cutoff_at,
            refund.recorded_at >= settled_in.cutoff_at,
            settled_in.month < period.month,
            settled_in.state.in_(SETTLED),
        )
        .order_by(refund.recorded_at, refund.refund_key)
    )
    return [SettledRefund(*row) for row in session().execute(query)]


def _by_leader(refunds: list[SettledRefund]) -> dict[str, list[SettledRefund]]:
    grouped: dict[str, list[SettledRefund]] = {}
    for refund in refunds:
        grouped.setdefault(refund.leader_id, []).append(refund)
    return grouped


def statement_list(
    *, month: str, limit: int, cursor: str | None, leader: str | None = None
) -> Page[Statement]:
    """Return a month's statements, whatever its state."""
    query = select(Statement).where(Statement.month == month)
    if leader is not None:
        query = query.where(Statement.leader_id == leader)
    return paginate(query, by=[Statement.id], limit=limit, cursor=cursor)


def own_statements(*, leader_id: str, limit: int, cursor: str | None) -> Page[Statement]:
    """Return a leader's statements of settled months, the newest first."""
    query = _settled().where(Statement.leader_id == leader_id)
    return paginate(query, by=[Statement.month], limit=limit, cursor=cursor, descending=True)


def statement(statement_id: str) -> Statement:
    """Return a statement, whatever its period's state, or raise NotFound."""
    return _one(select(Statement).where(Statement.id == statement_id))


def own_statement(statement_id: str, *, leader_id: str) -> Statement:
    """Return a leader's own statement of a settled month, or raise NotFound."""
    query = _settled().where(Statement.id == statement_id, Statement.leader_id == leader_id)
    return _one(query)


def line_list(*, statement: Statement, limit: int, cursor: str | None) -> Page[StatementLine]:
    """Return a statement's lines in their order."""
    query = select(StatementLine).where(StatementLine.statement_id == statement.id)
    return paginate(query, by=[StatementLine.position], limit=limit, cursor=cursor)


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

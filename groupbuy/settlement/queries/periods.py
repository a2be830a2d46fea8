"""Reads of periods."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select

from groupbuy.commissions import queries as commissions
from groupbuy.kernel.clock import Calendar, next_month, previous_month
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement.models import (
    CalculationRun,
    SettlementPeriod,
    SettlementTransition,
    Statement,
)
from groupbuy.settlement.queries.runs import run_of
from groupbuy.settlement.rules.periods import (
    SETTLED,
    PeriodState,
    statement_of_refund,
    window,
)
from groupbuy.settlement.rules.statements import COMPONENTS


def period(month: str) -> SettlementPeriod | None:
    """Return a month's period, None while it is open."""
    return session().get(SettlementPeriod, month)


def calculated_period(month: str) -> SettlementPeriod:
    """Return a month's period.

    Raises:
        NotInThisState: it is not calculated.
    """
    found = period(month)
    if found is None or found.digest is None:
        state = PeriodState.OPEN if found is None else PeriodState(found.state)
        raise NotInThisState(state=state.value, action="recompute")
    return found


def locked_period(month: str) -> SettlementPeriod | None:
    """Return a month's period as it is now, kept from moving until the transaction ends."""
    return session().get(SettlementPeriod, month, with_for_update=True, populate_existing=True)


def last_period(*, before: str) -> SettlementPeriod | None:
    """Return the latest period before a month."""
    return session().scalar(
        select(SettlementPeriod)
        .where(SettlementPeriod.month < before)
        .order_by(SettlementPeriod.month.desc())
        .limit(1)
    )


def next_period(*, after: str) -> SettlementPeriod | None:
    """Return the first period after a month."""
    return session().scalar(
        select(SettlementPeriod)
        .where(SettlementPeriod.month > after)
        .order_by(SettlementPeriod.month)
        .limit(1)
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
class Overview:
    """A month at a glance."""

    period: SettlementPeriod
    totals: dict[str, int]
    transitions: list[SettlementTransition]
    calculation: CalculationRun | None


def overview(month: str, *, calendar: Calendar, hold_days: int, min_payout_fen: int) -> Overview:
    """Return a month with its totals and history; an open one under the present settings."""
    found = period(month) or opened(
        month, calendar=calendar, hold_days=hold_days, min_payout_fen=min_payout_fen
    )
    history = (
        select(SettlementTransition)
        .where(SettlementTransition.month == month)
        .order_by(SettlementTransition.id)
    )
    return Overview(found, _totals(month), list(session().scalars(history)), run_of(month))


def _totals(month: str) -> dict[str, int]:
    """Return the sums of a month's statements, and how many there are."""
    ends = ("carry_in_fen", "volume_fen", "payable_fen", "payout_fen", "carry_out_fen")
    names = [*ends, *COMPONENTS]
    sums = [
        cast(func.coalesce(func.sum(getattr(Statement, name)), 0), BigInteger).label(name)
        for name in names
    ]
    query = select(func.count().label("statements"), *sums).where(Statement.month == month)
    return dict(session().execute(query).mappings().one())


def opened(
    month: str, *, calendar: Calendar, hold_days: int, min_payout_fen: int
) -> SettlementPeriod:
    """Return what a month's period would be if its closing started now; it is not stored."""
    last = last_period(before=month)
    settled_until = None if last is None else (last.month, last.cutoff_at)
    span = window(month, calendar, hold_days, last=settled_until)
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


def first_unsettled_month(period: SettlementPeriod, calendar: Calendar) -> str | None:
    """Return the first month before a period that has something to settle and is not settled."""
    last = last_period(before=period.month)
    if last is None:
        first = commissions.first_completion(since=None, before=period.starts_at)
        return None if first is None else calendar.month_of(first)
    if last.state not in SETTLED:
        return last.month
    months = []
    completed = commissions.first_completion(since=last.ends_at, before=period.starts_at)
    if completed is not None:
        months.append(calendar.month_of(completed))
    changed = commissions.first_change(
        since=last.cutoff_at,
        before=calendar.cutoff(previous_month(period.month), period.hold_days),
        completed_before=last.ends_at,
    )
    if changed is not None:
        found, _ = statement_of_refund(last.month, changed, calendar, period.hold_days)
        months.append(max(found, next_month(last.month)))
    return min((month for month in months if month < period.month), default=None)

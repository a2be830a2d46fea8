"""Sales before and after something: what a plan, an enrolment, a completion was followed by.

Only settled months count, and of each leader only those in which they were a leader. The month in
which it happened belongs to neither side. What follows need not follow from it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.identity.models import Staff
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import SettlementPeriod, Statement
from groupbuy.settlement.rules.periods import SETTLED
from groupbuy.training.models import CoachingPlan, LeaderSegment
from groupbuy.training.rules.coaching import PlanState
from groupbuy.training.rules.segments import STEPS

MONTHS = 3
"""How many months before and after are looked at unless somebody asks for more."""


def month_of(instant: Any, calendar: Calendar) -> ColumnElement[str]:
    """Return the local month `YYYY-MM` of an instant, in SQL."""
    local = func.timezone(calendar.zone.key, instant)
    return func.to_char(local, "YYYY-MM", type_=LeaderSegment.month.type)


def moved(month: Any, months: int) -> ColumnElement[str]:
    """Return the month `YYYY-MM` so many months later, in SQL."""
    first = func.to_date(month, "YYYY-MM") + func.make_interval(0, months)
    return func.to_char(first, "YYYY-MM", type_=LeaderSegment.month.type)


def around(events: Subquery, months: int) -> Subquery:
    """Return what leaders sold in the months around events.

    Args:
        events: `id` (unique), `leader_id`, and the local `month` it happened in.

    Columns: `id, month, net_fen, after` for each settled month that there is.
    """
    period = SettlementPeriod
    return (
        select(
            events.c.id,
            period.month,
            func.coalesce(Statement.volume_fen, 0).label("net_fen"),
            (period.month > events.c.month).label("after"),
        )
        .select_from(events)
        .join(
            period,
            period.state.in_(SETTLED)
            & period.month.between(moved(events.c.month, -months), moved(events.c.month, months))
            & (period.month != events.c.month),
        )
        .join(Leader, (Leader.id == events.c.leader_id) & (Leader.since < period.ends_at))
        .outerjoin(
            Statement,
            (Statement.leader_id == events.c.leader_id) & (Statement.month == period.month),
        )
        .subquery("around_events")
    )


def compared(events: Subquery, months: int) -> Subquery:
    """Return each event's monthly average before and after, in fen, None without any month.

    Columns: `id, before_fen, after_fen, before_months, after_months`; events without any month
    do not occur.
    """
    row = around(events, months).c

    def average(side: ColumnElement[bool]) -> ColumnElement[int]:
        return cast(func.round(func.avg(row.net_fen).filter(side)), BigInteger)

    return (
        select(
            row.id,
            average(~row.after).label("before_fen"),
            average(row.after).label("after_fen"),
            func.count().filter(~row.after).label("before_months"),
            func.count().filter(row.after).label("after_months"),
        )
        .group_by(row.id)
        .subquery("compared_events")
    )


@dataclass(frozen=True, slots=True)
class MonthAround:
    """A settled month before or after a plan began: net sales, and the segment if there is one."""

    month: str
    after: bool
    net_fen: int
    segment: str | None


def plan_months(
    plan_ids: Iterable[str], *, calendar: Calendar, months: int = MONTHS
) -> dict[str, list[MonthAround]]:
    """Return the months around these plans, in order, in one statement."""
    events = _plan_events(CoachingPlan.id.in_(set(plan_ids)), calendar)
    row = around(events, months).c
    place = LeaderSegment
    found = session().execute(
        select(row.id, row.month, row.after, row.net_fen, place.segment)
        .join(events, events.c.id == row.id)
        .outerjoin(place, (place.leader_id == events.c.leader_id) & (place.month == row.month))
        .order_by(row.id, row.month)
    )
    result: dict[str, list[MonthAround]] = {}
    for plan_id, *values in found:
        result.setdefault(plan_id, []).append(MonthAround(*values))
    return result


def _plan_events(which: ColumnElement[bool], calendar: Calendar) -> Subquery:
    plan = CoachingPlan
    month = month_of(plan.opened_at, calendar).label("month")
    return select(plan.id, plan.leader_id, month).where(which).subquery("plan_events")


def figures(compared: Subquery) -> list[ColumnElement[Any]]:
    """Return the columns of a group, over those with a month on both sides.

    `compared` (how many), `before_fen, after_fen` (averages of their monthly averages) and
    `before_median_fen, after_median_fen` (of an even number, the lower of the middle two).
    """
    row = compared.c
    both = row.before_fen.is_not(None) & row.after_fen.is_not(None)

    def average(value: ColumnElement[int]) -> ColumnElement[int]:
        return cast(func.round(func.avg(value).filter(both)), BigInteger)

    def median(value: ColumnElement[int]) -> ColumnElement[int]:
        middle = func.percentile_disc(literal_column("0.5"))
        return cast(middle.within_group(value).filter(both), BigInteger)

    return [
        func.count().filter(both).label("compared"),
        average(row.before_fen).label("before_fen"),
        average(row.after_fen).label("after_fen"),
        median(row.before_fen).label("before_median_fen"),
        median(row.after_fen).label("after_median_fen"),
        func.coalesce(cast(func.sum(row.before_months + row.after_months), BigInteger), 0).label(
            "months"
        ),
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """A group before and after; the amounts of a group that is too small are None."""

    size: int
    compared: int
    before_fen: int | None
    after_fen: int | None
    before_median_fen: int | None
    after_median_fen: int | None
    months: int
    months_left_out: int

    @property
    def shown(self) -> bool:
        """Tell whether the group is large enough to be shown."""
        return self.before_fen is not None


def comparison(size: int, numbers: Sequence[Any], *, months: int, least: int) -> Compared:
    """Return a group of so many events from its `figures`, hidden if fewer are compared."""
    compared, *amounts, known = numbers
    shown = amounts if compared >= max(least, 1) else [None] * 4
    before, after, before_median, after_median = shown
    left_out = 2 * months * size - known
    return Compared(size, compared, before, after, before_median, after_median, known, left_out)


@dataclass(frozen=True, slots=True)
class CoachingOutcome:
    """The plans of a coach for leaders of a segment, and what they were followed by.

    Of the leaders whose segment in a later month is known, so many stand higher, the same, lower.
    """

    coach_id: str
    coach_name: str
    segment: str
    higher: int
    same: int
    lower: int
    sales: Compared


def coaching_outcomes(
    *, calendar: Calendar, least: int, months: int = MONTHS, coach: str | None = None
) -> list[CoachingOutcome]:
    """Return what plans were followed by, for each coach and segment, in one statement.

    Cancelled plans do not count.
    """
    plan = CoachingPlan
    which = plan.state != PlanState.CANCELLED
    if coach is not None:
        which = which & (plan.coach_id == coach)
    events = _plan_events(which, calendar)
    sales = compared(events, months)
    before, later = _step(plan.segment), _later(events, months)
    query = (
        select(
            plan.coach_id,
            Staff.name,
            plan.segment,
            func.count(),
            func.count().filter(later.c.step > before),
            func.count().filter(later.c.step == before),
            func.count().filter(later.c.step < before),
            *figures(sales),
        )
        .join(events, events.c.id == plan.id)
        .join(Staff, Staff.id == plan.coach_id)
        .outerjoin(sales, sales.c.id == plan.id)
        .outerjoin(later, later.c.id == plan.id)
        .group_by(plan.coach_id, Staff.name, plan.segment)
        .order_by(plan.coach_id, plan.segment)
    )
    return [
        CoachingOutcome(
            *(coach_id, name, segment, higher, same, lower),
            sales=comparison(size, numbers, months=months, least=least),
        )
        for coach_id, name, segment, size, higher, same, lower, *numbers in session().execute(query)
    ]


def _step(segment: Any) -> ColumnElement[int]:
    """Return how high a segment is, None for the new, who are beside the others."""
    return case({known.value: step for known, step in STEPS.items()}, value=segment)


def _later(events: Subquery, months: int) -> Subquery:
    """Return how high each event's leader stood in the last month after it that is known."""
    place = LeaderSegment
    return (
        select(events.c.id, _step(place.segment).label("step"))
        .ext(distinct_on(events.c.id))
        .join(
            place,
            (place.leader_id == events.c.leader_id)
            & (place.month > events.c.month)
            & (place.month <= moved(events.c.month, months)),
        )
        .order_by(events.c.id, place.month.desc())
        .subquery("later_segments")
    )

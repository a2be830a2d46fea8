"""Weekly targets: which there are, how far a leader has come, who met them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, or_, select
from sqlalchemy.sql.selectable import Subquery

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.pagination import Page, decode_cursor, encode_cursor, paginate
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.training.models import CohortMember, LeaderSegment, PointsEntry, WeeklyTarget
from groupbuy.training.queries.leaderboard import (
    NOT_OF_THIS_LIST,
    in_cohort,
    learners,
    stands,
    within,
)
from groupbuy.training.queries.segments import last_month
from groupbuy.training.rules.incentives import Cause, Days, Span, days_of


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a leader has come in a week."""

    lessons: int
    sessions: int
    points: int

    def meets(self, target: WeeklyTarget) -> bool:
        """Tell whether all that a target asks for is reached."""
        return (
            self.lessons >= target.lessons
            and self.sessions >= target.sessions
            and self.points >= target.points
        )


def week_of(day: date) -> Days:
    """Return the week, from Monday on, in which a local day lies."""
    week = days_of(Span.WEEK, day)
    assert week is not None, "every day lies in a week"
    return week


def target(target_id: str) -> WeeklyTarget:
    """Return a target, or raise NotFound."""
    found = session().get(WeeklyTarget, target_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def target_list(*, limit: int, cursor: str | None, day: date | None = None) -> Page[WeeklyTarget]:
    """Return targets, the newest first; with a day those of its week."""
    query = select(WeeklyTarget)
    if day is not None:
        query = query.where(_holds(week_of(day)))
    return paginate(query, by=[WeeklyTarget.id], limit=limit, cursor=cursor, descending=True)


def _holds(week: Days) -> ColumnElement[bool]:
    row = WeeklyTarget
    return and_(row.from_on <= week.first, or_(row.until_on.is_(None), row.until_on > week.first))


def done_in(week: Days, calendar: Calendar) -> Subquery:
    """Return what leaders did in a week, by their points: `leader_id, lessons, sessions, points`.

    What was taken back does not count, whenever that was.
    """
    entry = PointsEntry

    def count(cause: Cause) -> ColumnElement[int]:
        return func.count().filter(entry.cause == cause.value)

    return (
        select(
            entry.leader_id,
            count(Cause.LESSON).label("lessons"),
            count(Cause.SESSION).label("sessions"),
            cast(func.sum(entry.points), BigInteger).label("points"),
        )
        .where(stands(), within(week, calendar))
        .group_by(entry.leader_id)
        .subquery("done_in_week")
    )


@dataclass(frozen=True, slots=True)
class OwnTarget:
    """A target of the week, and how far I have come."""

    target: WeeklyTarget
    done: Progress

    @property
    def met(self) -> bool:
        """Tell whether it is reached."""
        return self.done.meets(self.target)


def own_targets(leader_id: str, *, day: date, calendar: Calendar) -> Sequence[OwnTarget]:
    """Return the targets of the week in which a day lies that hold for a leader."""
    week = week_of(day)
    done = done_in(week, calendar)
    row = session().execute(
        select(done.c.lessons, done.c.sessions, done.c.points).where(done.c.leader_id == leader_id)
    )
    progress = Progress(*(row.one_or_none() or (0, 0, 0)))
    concerned = select(WeeklyTarget).where(_holds(week), _is_for(leader_id, last_month()))
    found = session().scalars(concerned.order_by(WeeklyTarget.id))
    return [OwnTarget(target, progress) for target in found]


def _is_for(leader_id: str, month: str | None) -> ColumnElement[bool]:
    place, row = LeaderSegment, WeeklyTarget
    own_segment = select(place.segment).where(place.leader_id == leader_id, place.month == month)
    return and_(
        or_(row.segment.is_(None), row.segment == own_segment.scalar_subquery()),
        or_(
            row.program_id.is_(None),
            learners_of(row.program_id, leader_id),
        ),
        or_(
            row.cohort_id.is_(None),
            in_cohort(row.cohort_id).where(CohortMember.leader_id == leader_id).exists(),
        ),
    )


def learners_of(program_id: Any, leader_id: str) -> ColumnElement[bool]:
    """Return the condition under which a leader learns a program."""
    query = learners(program_id).subquery("own_programs")
    return select(query.c.leader_id).where(query.c.leader_id == leader_id).exists()


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A leader for whom a target holds, and how far they have come."""

    leader_id: str
    name: str
    lessons: int
    sessions: int
    points: int
    met: bool


def _everybody(target: WeeklyTarget, week: Days, calendar: Calendar) -> Select[Any]:
    """Return the leaders for whom a target holds, and how far they came in a week."""
    done = done_in(week, calendar)
    numbers = [func.coalesce(done.c[name], 0) for name in ("lessons", "sessions", "points")]
    asked = (target.lessons, target.sessions, target.points)
    met = and_(*(number >= least for number, least in zip(numbers, asked, strict=True)))
    columns: list[Any] = [Leader.id, Leader.name, *numbers, met.label("met")]
    query = (
        select(*columns)
        .outerjoin(done, done.c.leader_id == Leader.id)
        .where(Leader.state == LeaderState.ACTIVE)
    )
    if target.segment is not None:
        place = LeaderSegment
        own = select(place.leader_id).where(
            place.month == last_month(), place.segment == target.segment
        )
        query = query.where(Leader.id.in_(own))
    if target.program_id is not None:
        query = query.where(Leader.id.in_(learners(target.program_id)))
    if target.cohort_id is not None:
        query = query.where(Leader.id.in_(in_cohort(target.cohort_id)))
    return query


def target_rows(
    target_id: str,
    *,
    limit: int,
    cursor: str | None,
    day: date,
    calendar: Calendar,
    met: bool | None = None,
) -> Page[TargetRow]:
    """Return how far the leaders for whom a target holds came in the week of a day."""
    rows = _everybody(target(target_id), week_of(day), calendar).subquery("everybody")
    query = select(rows).order_by(rows.c.id).limit(limit + 1)
    if met is not None:
        query = query.where(rows.c.met.is_(met))
    if cursor:
        query = query.where(rows.c.id > _place_of(cursor))
    found = [TargetRow(*row) for row in session().execute(query)]
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], encode_cursor([found[limit - 1].leader_id]))


def _place_of(cursor: str) -> str:
    [place] = decode_cursor(cursor, 1)
    if not isinstance(place, str) or not is_id(place, "ldr"):
        raise InvalidInput.at("/cursor", NOT_OF_THIS_LIST)
    return place


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """A week of a target: for how many it held, how many met it."""

    week_on: date
    leaders: int
    met: int


def summary(target_id: str, *, day: date, calendar: Calendar) -> TargetSummary:
    """Return how many met a target in the week of a day."""
    week = week_of(day)
    rows = _everybody(target(target_id), week, calendar).subquery("everybody")
    counts = select(func.count(), func.count().filter(rows.c.met)).select_from(rows)
    return TargetSummary(week.first, *session().execute(counts).one())

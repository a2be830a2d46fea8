"""Leaderboards: ranked by points as for the ranking bonus, among those who take part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import Subquery

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, decode_cursor, encode_cursor
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.training.models import (
    CohortMember,
    Enrollment,
    LeaderboardPreference,
    PointsEntry,
    PointsStanding,
)
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.rules.incentives import Cause, Days, Span, days_of

NOT_OF_THIS_LIST = Text("游标无效，请从第一页开始。", "Not a cursor of this list; begin anew.")


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """A leader's place: points of the span, and the rank by them."""

    rank: int
    leader_id: str
    name: str
    points: int


def board(
    *,
    span: Span,
    day: date,
    calendar: Calendar,
    program: str | None = None,
    cohort: str | None = None,
) -> Subquery:
    """Return the places of everybody who takes part: `leader_id, name, points, rank`.

    Of the week or month in which a local day lies, or of all time; of all leaders, of those who
    learn a program, or of a cohort. Who has no points, is suspended or does not want to be shown
    takes no part, and leaves no gap. By points; then who reached them first; then the lower id.
    """
    days = days_of(span, day)
    sums = _sums(days, calendar) if days else select(PointsStanding).subquery("sums")
    hidden = select(LeaderboardPreference.leader_id).where(LeaderboardPreference.hidden)
    order = (sums.c.points.desc(), sums.c.reached_at, sums.c.leader_id)
    query = (
        select(
            sums.c.leader_id,
            Leader.name,
            sums.c.points,
            func.row_number().over(order_by=order).label("rank"),
        )
        .join(Leader, Leader.id == sums.c.leader_id)
        .where(
            sums.c.points > 0,
            Leader.state == LeaderState.ACTIVE,
            sums.c.leader_id.not_in(hidden),
        )
    )
    if program is not None:
        query = query.where(sums.c.leader_id.in_(learners(program)))
    if cohort is not None:
        query = query.where(sums.c.leader_id.in_(in_cohort(cohort)))
    return query.subquery("board")


def learners(program_id: str) -> Select[Any]:
    """Return the leaders who learn a program, or have completed it."""
    return select(Enrollment.leader_id).where(
        Enrollment.program_id == program_id, Enrollment.state != EnrollmentState.WITHDRAWN
    )


def in_cohort(cohort_id: Any) -> Select[Any]:
    """Return the leaders who are in a cohort."""
    return select(CohortMember.leader_id).where(
        CohortMember.cohort_id == cohort_id, CohortMember.left_at.is_(None)
    )


def refuse_others(leader_id: str, cohort: str | None) -> None:
    """Raise NotFound where a leader asks for a cohort that is not their own."""
    own = cohort is None or in_cohort(cohort).where(CohortMember.leader_id == leader_id)
    if own is not True and session().scalar(own) is None:
        raise NotFound


def stands() -> ColumnElement[bool]:
    """Return the condition that an entry gave points, and nothing takes them back.

    So points that were taken back count in no week or month, whenever that was.
    """
    undone = aliased(PointsEntry)
    taken_back = select(undone.reverses_id).where(undone.reverses_id.is_not(None))
    return and_(PointsEntry.id.not_in(taken_back), PointsEntry.cause != Cause.REVERSAL.value)


def within(days: Days, calendar: Calendar) -> ColumnElement[bool]:
    """Return the condition that an entry was written on one of these local days."""
    first, after = calendar.midnight(days.first), calendar.midnight(days.after)
    return and_(PointsEntry.at >= first, PointsEntry.at < after)


def _sums(days: Days, calendar: Calendar) -> Subquery:
    entry = PointsEntry
    return (
        select(
            entry.leader_id,
            cast(func.sum(entry.points), BigInteger).label("points"),
            func.max(entry.at).filter(entry.points != 0).label("reached_at"),
        )
        .where(stands(), within(days, calendar))
        .group_by(entry.leader_id)
        .subquery("sums")
    )


def board_page(
    *,
    limit: int,
    cursor: str | None,
    span: str,
    day: date,
    calendar: Calendar,
    program: str | None = None,
    cohort: str | None = None,
) -> Page[BoardPlace]:
    """Return places from the first rank on, in one statement."""
    places = board(span=Span(span), day=day, calendar=calendar, program=program, cohort=cohort)
    query = _places(places).order_by(places.c.rank).limit(limit + 1)
    if cursor:
        [last] = decode_cursor(cursor, 1)
        if type(last) is not int or last.bit_length() >= 64:
            raise InvalidInput.at("/cursor", NOT_OF_THIS_LIST)
        query = query.where(places.c.rank > last)
    rows = [BoardPlace(*row) for row in session().execute(query)]
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], encode_cursor([rows[limit - 1].rank]))


def first_places(
    *, ranks: int, span: Span, day: date, calendar: Calendar, program: str | None
) -> Sequence[BoardPlace]:
    """Return the first places, so many."""
    places = board(span=span, day=day, calendar=calendar, program=program)
    query = _places(places).where(places.c.rank <= ranks).order_by(places.c.rank)
    return [BoardPlace(*row) for row in session().execute(query)]


def own_place(
    leader_id: str,
    *,
    span: str,
    day: date,
    calendar: Calendar,
    program: str | None = None,
    cohort: str | None = None,
) -> BoardPlace | None:
    """Return a leader's own place, None without one."""
    places = board(span=Span(span), day=day, calendar=calendar, program=program, cohort=cohort)
    row = session().execute(_places(places).where(places.c.leader_id == leader_id))
    found = row.one_or_none()
    return None if found is None else BoardPlace(*found)


def _places(places: Subquery) -> Select[Any]:
    return select(places.c.rank, places.c.leader_id, places.c.name, places.c.points)

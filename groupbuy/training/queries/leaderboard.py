"""Leaderboards: ranked by points as for the ranking bonus, among those who take part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, or_, select
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

MOST_PLACES = 2**32
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
    span: str,
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
    days = days_of(Span(span), day)
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


def board_page(*, limit: int, cursor: str | None, **which: Any) -> Page[BoardPlace]:
    """Return places of a `board` from the first rank on, in one statement."""
    return _page(board(**which), limit, cursor, None)[0]


def board_with_own(
    leader_id: str, *, limit: int, cursor: str | None, **which: Any
) -> tuple[Page[BoardPlace], BoardPlace | None]:
    """Return places of a `board`, and a leader's own, None without one, in one statement.

    One, since everybody's points are added up for it.
    """
    return _page(board(**which), limit, cursor, leader_id)


def _page(
    places: Subquery, limit: int, cursor: str | None, own_id: str | None
) -> tuple[Page[BoardPlace], BoardPlace | None]:
    last = _rank_of(cursor) if cursor else 0
    wanted = and_(places.c.rank > last, places.c.rank <= last + limit + 1)
    query = _places(places).where(or_(wanted, places.c.leader_id == own_id)).order_by(places.c.rank)
    rows = [BoardPlace(*row) for row in session().execute(query)]
    own = next((row for row in rows if row.leader_id == own_id), None)
    # Ranks have no gaps: as many as were asked for, and one more if there are more.
    here = [row for row in rows if last < row.rank <= last + limit]
    more = any(row.rank == last + limit + 1 for row in rows)
    return Page(here, encode_cursor([last + limit]) if more else None), own


def _rank_of(cursor: str) -> int:
    [last] = decode_cursor(cursor, 1)
    if type(last) is not int or not 0 <= last < MOST_PLACES:
        raise InvalidInput.at("/cursor", NOT_OF_THIS_LIST)
    return last


def first_places(
    *, ranks: int, span: Span, day: date, calendar: Calendar, program: str | None
) -> Sequence[BoardPlace]:
    """Return the first places, so many."""
    places = board(span=span, day=day, calendar=calendar, program=program)
    query = _places(places).where(places.c.rank <= ranks).order_by(places.c.rank)
    return [BoardPlace(*row) for row in session().execute(query)]


def _places(places: Subquery) -> Select[Any]:
    return select(places.c.rank, places.c.leader_id, places.c.name, places.c.points)

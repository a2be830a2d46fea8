"""Attendance sheets of sessions, what was decided about them, and the weeks of a cohort."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Attendance, AttendanceDecision, CohortMember, LiveSession
from groupbuy.training.queries.attendance import (
    Week,
    attendance_of,
    belongs,
    streaks_of,
    weeks_of,
)
from groupbuy.training.queries.cohorts import member_list
from groupbuy.training.queries.live import SessionView, live_session, show_sessions
from groupbuy.training.rules.attendance import AttendanceStatus, shown
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.rules.weeks import WEEK, Streak, monday

WEEKS = 8
"""How many weeks are shown unless said otherwise, the present one among them."""
A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A leader on the attendance sheet of a session; without a row of attendance, all empty."""

    leader_id: str
    name: str
    status: AttendanceStatus
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    present_s: int
    corrected: bool
    excused: bool
    made_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttendanceSheet:
    """Everybody whom a session belongs to, by name, and how many there are of each status."""

    view: SessionView
    items: list[SheetRow]
    counts: dict[str, int]


def attendance_sheet(session_id: str, *, now: datetime) -> AttendanceSheet:
    """Return the attendance sheet of a session, in a constant number of statements.

    One that was cancelled has no rows. Raises NotFound.
    """
    one = live_session(session_id)
    over = one.ends_at <= now
    query = (
        select(Leader.id, Leader.name, Attendance)
        .ext(distinct_on(Leader.name, Leader.id))
        .select_from(CohortMember)
        .join(LiveSession, LiveSession.cohort_id == CohortMember.cohort_id)
        .join(Leader, Leader.id == CohortMember.leader_id)
        .outerjoin(Attendance, attendance_of())
        .where(
            LiveSession.id == session_id,
            LiveSession.state == SessionState.PLANNED,
            belongs(),
        )
        .order_by(Leader.name, Leader.id)
        .execution_options(populate_existing=True)
    )
    rows = [_row(*found, over=over) for found in session().execute(query)]
    counts = Counter(row.status.value for row in rows)
    return AttendanceSheet(
        view=show_sessions([one])[0],
        items=rows,
        counts={status.value: counts[status.value] for status in AttendanceStatus},
    )


def _row(leader_id: str, name: str, row: Attendance | None, *, over: bool) -> SheetRow:
    checked_in_at = row.checked_in_at if row else None
    return SheetRow(
        leader_id=leader_id,
        name=name,
        status=shown(row.status if row else None, checked_in=checked_in_at is not None, over=over),
        checked_in_at=checked_in_at,
        checked_out_at=row.checked_out_at if row else None,
        present_s=row.present_s if row else 0,
        corrected=row is not None and row.corrected_s is not None,
        excused=row is not None and row.excused,
        made_up_at=row.made_up_at if row else None,
    )


def decision_list(
    session_id: str, *, limit: int, cursor: str | None, leader: str | None = None
) -> Page[AttendanceDecision]:
    """Return what was decided about a session's attendances, the latest first.

    Raises:
        NotFound: there is no such session.
    """
    live_session(session_id)
    query = select(AttendanceDecision).where(AttendanceDecision.live_session_id == session_id)
    if leader is not None:
        query = query.where(AttendanceDecision.leader_id == leader)
    by = [AttendanceDecision.id]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


@dataclass(frozen=True, slots=True)
class LeaderWeeks:
    """A leader's weeks, the earliest first, and streak; `target` is what a full week asks for."""

    leader_id: str
    name: str
    weeks: list[Week]
    streak: Streak
    target: int


def cohort_weeks(
    cohort_id: str,
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    since: date | None = None,
    until: date | None = None,
) -> Page[LeaderWeeks]:
    """Return the weeks of a cohort's members, in a constant number of statements.

    All their sessions count, also those of other cohorts: a week is a leader's.

    Raises:
        NotFound: there is no such cohort.
    """
    page = member_list(cohort_id, limit=limit, cursor=cursor)
    names = {view.member.leader_id: view.name for view in page.items}
    return Page(_weeks(names, since, until, now), page.next_cursor)


def own_weeks(
    *, leader_id: str, now: datetime, since: date | None = None, until: date | None = None
) -> LeaderWeeks:
    """Return a leader's own weeks and streak."""
    return _weeks({leader_id: ""}, since, until, now)[0]


def _weeks(
    names: dict[str, str], since: date | None, until: date | None, now: datetime
) -> list[LeaderWeeks]:
    present = monday(settings().calendar.day_of(now)) + WEEK
    until = until or (min(present, since + A_YEAR) if since else present)
    since = since or until - WEEKS * WEEK
    weeks = weeks_of(names, since=since, until=until, now=now)
    streaks, target = streaks_of(names, now=now), settings().training_week_sessions
    return [
        LeaderWeeks(leader_id, name, weeks[leader_id], streaks[leader_id], target)
        for leader_id, name in names.items()
    ]

"""Reads of live sessions: headquarters' list, a leader's own, and the lessons they teach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from groupbuy.identity.models import Staff
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.settings import settings
from groupbuy.kernel.texts import Text
from groupbuy.training.models import (
    Attendance,
    Cohort,
    CohortMember,
    Course,
    Lesson,
    LessonVersion,
    LiveSession,
    Module,
)
from groupbuy.training.queries.attendance import attendance_of, belongs
from groupbuy.training.queries.teaching import published_version
from groupbuy.training.rules.attendance import MAKEUP, OPENS, AttendanceStatus, length, shown
from groupbuy.training.rules.calendars import Entry
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.rules.content import LessonKind


@dataclass(frozen=True, slots=True)
class SessionView:
    """A live session with the names that belong to it, and how many attended it."""

    session: LiveSession
    cohort: Text
    title: Text
    place: str
    trainer_id: str
    trainer: str
    attended: int

    @property
    def version(self) -> int:
        """Return the session's version, for its ETag."""
        return self.session.version


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A live session as a leader who it belongs to sees it."""

    view: SessionView
    attendance: Attendance | None
    now: datetime

    @property
    def session(self) -> LiveSession:
        """Return the session."""
        return self.view.session

    @property
    def status(self) -> AttendanceStatus | None:
        """Return what my attendance stands at; a cancelled session has none."""
        if self.session.state != SessionState.PLANNED:
            return None
        row = self.attendance
        return shown(
            row.status if row else None,
            checked_in=row is not None and row.checked_in_at is not None,
            over=self.session.ends_at <= self.now,
        )

    @property
    def checked_in_at(self) -> datetime | None:
        """Return when I came."""
        return self.attendance.checked_in_at if self.attendance else None

    @property
    def checked_out_at(self) -> datetime | None:
        """Return when I left."""
        return self.attendance.checked_out_at if self.attendance else None

    @property
    def present_s(self) -> int:
        """Return how long I was there: to the end, unless I left before."""
        return self.attendance.present_s if self.attendance else 0

    @property
    def watched_s(self) -> int:
        """Return how much of the replay I have watched."""
        spans = self.attendance.watched if self.attendance else ()
        return length([(span.lower, span.upper) for span in spans or ()])

    @property
    def check_in_opens_at(self) -> datetime:
        """Return from when on I can check in; to the end of the session."""
        return self.session.starts_at - OPENS

    @property
    def make_up_until(self) -> datetime:
        """Return until when I can make it up by its replay."""
        return self.session.ends_at + MAKEUP

    @property
    def replay_url(self) -> str:
        """Return where the replay is, once the session is over."""
        return self.session.replay_url if self.session.ends_at <= self.now else ""


def live_session(session_id: str) -> LiveSession:
    """Return a live session as it is now, or raise NotFound."""
    return _found(session_id)


def locked_session(session_id: str, *, shared: bool = False) -> LiveSession:
    """Return a live session, locked; `shared` is for who only relies on it: many at a time.

    Raises:
        NotFound: there is no such session.
    """
    return _found(session_id, with_for_update={"read": shared})


def _found(session_id: str, **options: Any) -> LiveSession:
    found = session().get(LiveSession, session_id, populate_existing=True, **options)
    if found is None:
        raise NotFound
    return found


def live_lessons(program_id: str) -> list[str]:
    """Return the live lessons of a program that are not retired, in the order of its courses."""
    query = (
        select(Lesson.id)
        .join(Module, Module.id == Lesson.module_id)
        .join(Course, Course.id == Module.course_id)
        .where(
            Course.program_id == program_id,
            Lesson.kind == LessonKind.LIVE_SESSION,
            Lesson.retired_at.is_(None),
        )
        .order_by(
            Course.position, Course.id, Module.position, Module.id, Lesson.position, Lesson.id
        )
    )
    return list(session().scalars(query))


def show_sessions(sessions: Sequence[LiveSession]) -> list[SessionView]:
    """Return sessions as they are shown, in two statements."""
    ids = [one.id for one in sessions]
    stand_in, trainer = aliased(Staff), aliased(Staff)
    query = (
        select(
            LiveSession.id,
            Cohort.title_zh,
            Cohort.title_en,
            Cohort.place,
            LessonVersion.title_zh.label("lesson_zh"),
            LessonVersion.title_en.label("lesson_en"),
            func.coalesce(stand_in.id, trainer.id).label("trainer_id"),
            func.coalesce(stand_in.name, trainer.name).label("trainer"),
        )
        .join(Cohort, Cohort.id == LiveSession.cohort_id)
        .join(trainer, trainer.id == Cohort.trainer_id)
        .outerjoin(stand_in, stand_in.id == LiveSession.trainer_id)
        .outerjoin(Lesson, Lesson.id == LiveSession.lesson_id)
        .outerjoin(LessonVersion, published_version())
        .where(LiveSession.id.in_(ids))
    )
    named = {row.id: row for row in session().execute(query)}
    counting = (
        select(Attendance.live_session_id, func.count())
        .where(Attendance.live_session_id.in_(ids), Attendance.counts)
        .group_by(Attendance.live_session_id)
    )
    attended = {session_id: count for session_id, count in session().execute(counting)}

    def view(one: LiveSession) -> SessionView:
        row = named[one.id]
        cohort = Text(row.title_zh, row.title_en)
        lesson = Text(row.lesson_zh or "", row.lesson_en or "")
        own = Text(one.title_zh, one.title_en)
        title = next((text for text in (own, lesson) if text.zh), cohort)
        return SessionView(
            session=one,
            cohort=cohort,
            title=title,
            place=one.place or row.place,
            trainer_id=row.trainer_id,
            trainer=row.trainer,
            attended=attended.get(one.id, 0),
        )

    return [view(one) for one in sessions]


def session_list(
    *,
    limit: int,
    cursor: str | None,
    cohort: str | None = None,
    trainer: str | None = None,
    state: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Page[SessionView]:
    """Return live sessions by their time; those of the local days [since, until)."""
    query = select(LiveSession).where(*_days(since, until))
    if cohort is not None:
        query = query.where(LiveSession.cohort_id == cohort)
    if state is not None:
        query = query.where(LiveSession.state == state)
    if trainer is not None:
        query = query.join(Cohort, Cohort.id == LiveSession.cohort_id)
        query = query.where(func.coalesce(LiveSession.trainer_id, Cohort.trainer_id) == trainer)
    page = _by_time(query, limit, cursor)
    return Page(show_sessions(page.items), page.next_cursor)


def own_sessions(
    *,
    leader_id: str,
    limit: int,
    cursor: str | None,
    now: datetime,
    since: date | None = None,
    until: date | None = None,
) -> Page[OwnSession]:
    """Return a leader's live sessions of the local days [since, until), by their time."""
    query = select(LiveSession).where(_is_mine(leader_id), *_days(since, until))
    page = _by_time(query, limit, cursor)
    return Page(show_own(page.items, leader_id=leader_id, now=now), page.next_cursor)


def own_session(session_id: str, *, leader_id: str, now: datetime) -> OwnSession:
    """Return one of a leader's live sessions, or raise NotFound."""
    query = select(LiveSession).where(LiveSession.id == session_id, _is_mine(leader_id))
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return show_own([found], leader_id=leader_id, now=now)[0]


def show_own(sessions: Sequence[LiveSession], *, leader_id: str, now: datetime) -> list[OwnSession]:
    """Return a leader's sessions as they are shown, in three statements."""
    query = select(Attendance).where(
        Attendance.leader_id == leader_id,
        Attendance.live_session_id.in_([one.id for one in sessions]),
    )
    rows = session().scalars(query.execution_options(populate_existing=True))
    attendances = {row.live_session_id: row for row in rows}
    return [
        OwnSession(view, attendances.get(view.session.id), now) for view in show_sessions(sessions)
    ]


def feed_entries(leader_id: str, *, since: datetime, language: str) -> list[Entry]:
    """Return what a leader's calendar holds: their sessions from an instant on, cancelled too."""
    query = select(LiveSession).where(_is_mine(leader_id), LiveSession.ends_at >= since)
    query = query.order_by(LiveSession.starts_at, LiveSession.id)
    return [
        Entry(
            id=view.session.id,
            starts_at=view.session.starts_at,
            ends_at=view.session.ends_at,
            title=view.title.to(language),
            place=view.place,
            description=view.session.reason or f"{view.cohort.to(language)} · {view.trainer}",
            changed_at=view.session.changed_at,
            sequence=view.version - 1,
            cancelled=view.session.state == SessionState.CANCELLED,
        )
        for view in show_sessions(session().scalars(query).all())
    ]


def sessions_between(since: datetime, until: datetime) -> list[SessionView]:
    """Return the sessions that begin in [since, until) and take place, for reminders."""
    query = select(LiveSession).where(
        LiveSession.state == SessionState.PLANNED,
        LiveSession.starts_at >= since,
        LiveSession.starts_at < until,
    )
    query = query.order_by(LiveSession.starts_at, LiveSession.id)
    return show_sessions(session().scalars(query).all())


def leaders_of(session_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the leaders that each of these sessions belongs to, in one statement."""
    query = (
        select(LiveSession.id, CohortMember.leader_id)
        .distinct()
        .join(CohortMember, CohortMember.cohort_id == LiveSession.cohort_id)
        .outerjoin(Attendance, attendance_of())
        .where(LiveSession.id.in_(list(session_ids)), belongs())
        .order_by(LiveSession.id, CohortMember.leader_id)
    )
    found: dict[str, list[str]] = {}
    for session_id, leader_id in session().execute(query):
        found.setdefault(session_id, []).append(leader_id)
    return found


def could_attend(one: LiveSession, leader_ids: Iterable[str]) -> set[str]:
    """Return who of these leaders was in the cohort at some time of a session."""
    query = select(CohortMember.leader_id).where(
        CohortMember.cohort_id == one.cohort_id,
        CohortMember.leader_id.in_(list(leader_ids)),
        CohortMember.joined_at < one.ends_at,
        CohortMember.left_at.is_(None) | (CohortMember.left_at > one.starts_at),
    )
    return set(session().scalars(query))


def _is_mine(leader_id: str) -> ColumnElement[bool]:
    return (
        select(CohortMember.id)
        .outerjoin(Attendance, attendance_of())
        .where(
            CohortMember.cohort_id == LiveSession.cohort_id,
            CohortMember.leader_id == leader_id,
            belongs(),
        )
        .correlate(LiveSession)
        .exists()
    )


def _days(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    calendar, found = settings().calendar, []
    if since is not None:
        found.append(LiveSession.starts_at >= calendar.midnight(since))
    if until is not None:
        found.append(LiveSession.starts_at < calendar.midnight(until))
    return found


def _by_time(query: Select[LiveSession], limit: int, cursor: str | None) -> Page[LiveSession]:
    by = [LiveSession.starts_at, LiveSession.id]
    return paginate(query, by=by, limit=limit, cursor=cursor)

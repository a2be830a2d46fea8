"""Being there: check-in and check-out, watching the replay, and what it counts for.

An attendance is written here and in services.ruling only, always with the status that follows
from its facts. Whoever writes holds the session's row (shared) and then the attendance's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range, insert

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.signals import announce
from groupbuy.training import signals
from groupbuy.training.errors import (
    CheckInClosed,
    CheckInCodeWrong,
    NotCheckedIn,
    NotTaught,
    ReplayClosed,
    SessionCancelled,
)
from groupbuy.training.models import Attendance, CohortMember, LiveSession
from groupbuy.training.queries import cohorts, live
from groupbuy.training.rules.attendance import (
    CODE_STEP_S,
    MAKEUP,
    OPENS,
    Facts,
    Span,
    check_in_code,
    is_code,
    made_up,
    presence_s,
    status,
    step_of,
    union,
)
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.services.marking import mark


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A check-in code, until when it is the one shown, and when check-in is open."""

    code: str
    shown_until: datetime
    opens_at: datetime
    closes_at: datetime


def code_to_show(*, session_id: str, secret: bytes, now: datetime) -> ShownCode:
    """Return the code that the trainer of a session shows now.

    Raises:
        NotFound: there is no such session.
        SessionCancelled: it does not take place.
    """
    one = live.live_session(session_id)
    if one.state != SessionState.PLANNED:
        raise SessionCancelled(reason=one.reason)
    step = step_of(now)
    return ShownCode(
        code=check_in_code(secret, session_id, step),
        shown_until=datetime.fromtimestamp((step + 1) * CODE_STEP_S, UTC),
        opens_at=one.starts_at - OPENS,
        closes_at=one.ends_at,
    )


def check_in(
    *, session_id: str, leader_id: str, code: str, secret: bytes, now: datetime
) -> Attendance:
    """Record that a leader came; repeatable, and the first time stands.

    Raises:
        NotFound: there is no such session, or the leader is not in its cohort.
        SessionCancelled: it does not take place.
        CheckInClosed: it is too early, or over.
        CheckInCodeWrong: the code is not the one that the trainer shows.
    """
    one = _open_session(session_id, leader_id)
    _refuse_closed(one, now)
    if not is_code(code, secret=secret, session_id=session_id, at=now):
        raise CheckInCodeWrong
    row = locked_row(session_id=session_id, leader_id=leader_id)
    if row.checked_in_at is None:
        grace = timedelta(minutes=cohorts.cohort(one.cohort_id).grace_minutes)
        row.checked_in_at, row.late = now, now > one.starts_at + grace
    settle(row=row, one=one, now=now)
    return row


def check_out(*, session_id: str, leader_id: str, now: datetime) -> Attendance:
    """Record that a leader left; the last time stands, until the session ends.

    Raises:
        NotFound, SessionCancelled: see `check_in`.
        NotCheckedIn: the leader has not checked in.
        CheckInClosed: the session is over.
    """
    one = _open_session(session_id, leader_id)
    _refuse_closed(one, now)
    row = locked_row(session_id=session_id, leader_id=leader_id)
    if row.checked_in_at is None:
        raise NotCheckedIn
    row.checked_out_at = now
    settle(row=row, one=one, now=now)
    return row


def watch_replay(
    *, session_id: str, leader_id: str, spans: Iterable[Sequence[int]], now: datetime
) -> Attendance:
    """Record what a leader watched of a replay; repeated and late-coming spans do no harm.

    Raises:
        NotFound, SessionCancelled: see `check_in`.
        ReplayClosed: it has no replay, is not over, or was over too long ago.
    """
    one = live.locked_session(session_id, shared=True)
    if leader_id not in live.could_attend(one, [leader_id]):
        raise NotFound
    if one.state != SessionState.PLANNED:
        raise SessionCancelled(reason=one.reason)
    if one.replay_s is None or not one.ends_at <= now < one.ends_at + MAKEUP:
        raise ReplayClosed
    row = locked_row(session_id=session_id, leader_id=leader_id)
    watched = union(
        [*spans_of(row), *((begin, end) for begin, end in spans)], length_s=one.replay_s
    )
    row.watched = [Range(begin, end) for begin, end in watched]
    if row.made_up_at is None and made_up(watched, length_s=one.replay_s):
        row.made_up_at = now
    settle(row=row, one=one, now=now)
    return row


def spans_of(row: Attendance) -> list[Span]:
    """Return what was watched of a session's replay."""
    return [(span.lower, span.upper) for span in row.watched or ()]


def settle(*, row: Attendance, one: LiveSession, now: datetime) -> None:
    """Give an attendance the status that its facts say; after the end it counts for good.

    Then the session's lesson is completed. What was completed stays so, also when a correction
    takes the attendance back: a recorded fact of a lesson never goes away (services.marking).
    """
    facts = Facts(
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        checked_in_at=row.checked_in_at,
        checked_out_at=row.checked_out_at,
        late=row.late if row.corrected_s is None else bool(row.corrected_late),
        corrected_s=row.corrected_s,
        excused=row.excused,
        made_up=row.made_up_at is not None,
    )
    row.status, row.present_s = status(facts), presence_s(facts)
    session().flush()
    session().refresh(row, ["counts"])
    if row.counts and row.counted_at is None and one.ends_at <= now:
        row.counted_at = now
        session().flush()
        _complete_lesson(row.leader_id, one.lesson_id, now)
        announce(signals.session_attended, row, now=now)


def to_close(*, now: datetime) -> Sequence[str]:
    """Return the sessions that are over and not closed."""
    query = select(LiveSession.id).where(
        LiveSession.state == SessionState.PLANNED,
        LiveSession.closed_at.is_(None),
        LiveSession.ends_at <= now,
    )
    return session().scalars(query.order_by(LiveSession.ends_at, LiveSession.id)).all()


def close(*, session_id: str, now: datetime) -> None:
    """Let what was attended of a session that is over count for good; repeatable.

    Nobody is written down as absent: whoever has no row was.
    """
    one = live.locked_session(session_id)
    if one.state != SessionState.PLANNED or one.closed_at is not None or now < one.ends_at:
        return
    query = select(Attendance).where(Attendance.live_session_id == session_id)
    rows = session().scalars(query.order_by(Attendance.leader_id).with_for_update()).all()
    for row in rows:
        settle(row=row, one=one, now=now)
    one.closed_at = now
    session().flush()


def locked_row(*, session_id: str, leader_id: str) -> Attendance:
    """Return a leader's attendance of a session, locked; a new one unless there is one."""
    return locked_rows(session_id=session_id, leader_ids=[leader_id])[leader_id]


def locked_rows(*, session_id: str, leader_ids: Iterable[str]) -> dict[str, Attendance]:
    """Return leaders' attendances of a session, locked, new ones where there are none."""
    ids = sorted(set(leader_ids))
    given = [{"live_session_id": session_id, "leader_id": leader_id} for leader_id in ids]
    session().execute(insert(Attendance).values(given).on_conflict_do_nothing())
    query = (
        select(Attendance)
        .where(Attendance.live_session_id == session_id, Attendance.leader_id.in_(ids))
        .order_by(Attendance.leader_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.leader_id: row for row in session().scalars(query)}


def _open_session(session_id: str, leader_id: str) -> LiveSession:
    """Return a session for one who is in its cohort; nobody cancels or moves it meanwhile."""
    one = live.locked_session(session_id, shared=True)
    member = select(CohortMember.id).where(
        CohortMember.cohort_id == one.cohort_id,
        CohortMember.leader_id == leader_id,
        CohortMember.left_at.is_(None),
    )
    if session().scalar(member) is None:
        raise NotFound
    if one.state != SessionState.PLANNED:
        raise SessionCancelled(reason=one.reason)
    return one


def _refuse_closed(one: LiveSession, now: datetime) -> None:
    opens_at = one.starts_at - OPENS
    if not opens_at <= now < one.ends_at:
        raise CheckInClosed(opens_at=opens_at.isoformat(), closes_at=one.ends_at.isoformat())


def _complete_lesson(leader_id: str, lesson_id: str | None, now: datetime) -> None:
    if lesson_id is None:
        return
    try:
        mark(leader_id=leader_id, lesson_id=lesson_id, completed=True, now=now)
    except NotTaught:
        # It was taken out of the program meanwhile: who attended it attended it all the same.
        return

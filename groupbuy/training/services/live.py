"""Single live sessions: added, moved, described, cancelled and restored by hand."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm.attributes import flag_modified

from groupbuy.identity.models import Staff
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import SessionAttended, SessionBegun, SessionCancelled
from groupbuy.training.models import Attendance, Cohort, LiveSession
from groupbuy.training.queries import cohorts, live
from groupbuy.training.rules.cohorts import GOING, SESSION_MOVES, SessionState

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)

TIMES = {"starts_at", "ends_at", "lesson_id"}
"""What holds from the beginning of a session on."""


def create(
    *,
    cohort_id: str,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    **told: Any,
) -> LiveSession:
    """Add a session to a cohort beside its timetable.

    Raises:
        NotInThisState: the cohort is finished or cancelled.
        InvalidInput: there is no such cohort, trainer, or live lesson of its program; or it
            would begin in the past, or not last a minute to a day.
    """
    cohort = session().get(Cohort, cohort_id, with_for_update=True, populate_existing=True)
    if cohort is None:
        raise InvalidInput.at("/cohort_id", Text("没有该班次。", "There is no such cohort."))
    if cohort.state not in GOING:
        raise NotInThisState(state=cohort.state, action="teach")
    made = LiveSession(
        cohort_id=cohort_id,
        starts_at=starts_at,
        ends_at=ends_at,
        by_hand=True,
        changed_at=now,
        **told,
    )
    _check(made, cohort, now)
    session().add(made)
    session().flush()
    audit.record(actor=actor, action="live_session.create", subject=made.id, now=now)
    return made


def edit(
    *, session_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> LiveSession:
    """Change a session; no later timetable touches it any more.

    Time and lesson can be changed until it begins, or somebody checks in; its replay, place,
    title and trainer at any time.

    Raises:
        NotFound: there is no such session.
        StaleVersion: it changed since it was read.
        SessionCancelled: it was cancelled.
        SessionBegun, SessionAttended: time or lesson cannot be changed any more.
        InvalidInput: see `create`; or a replay without its length.
    """
    found = live.locked_session(session_id)
    if found.version != if_match:
        raise StaleVersion
    if found.state != SessionState.PLANNED:
        raise SessionCancelled(reason=found.reason)
    changed = sorted(name for name, value in changes.items() if getattr(found, name) != value)
    if TIMES & set(changed):
        _refuse_late(found, now)
    with session().no_autoflush:
        for field, value in changes.items():
            setattr(found, field, value)
        _check(found, cohorts.cohort(found.cohort_id), now, timed=bool(TIMES & set(changed)))
    found.by_hand = found.by_hand or bool(set(changed) - {"replay_url", "replay_s"})
    _touch(found, now)
    facts = {"changed": changed}
    audit.record(actor=actor, action="live_session.edit", subject=found.id, now=now, **facts)
    return found


def cancel(*, session_id: str, reason: str, actor: Actor, now: datetime) -> LiveSession:
    """Cancel a session that is not over: it counts for nothing, whoever has checked in.

    Raises:
        NotFound: there is no such session.
        NotInThisState: it was cancelled before.
        SessionBegun: it is over.
    """
    found = live.locked_session(session_id)
    _turn(found, "cancel")
    if now >= found.ends_at:
        raise SessionBegun
    found.cancelled_at, found.cancelled_by, found.reason = now, actor.label, reason
    found.by_hand = True
    _touch(found, now)
    facts = {"reason": reason}
    audit.record(actor=actor, action="live_session.cancel", subject=found.id, now=now, **facts)
    return found


def restore(*, session_id: str, actor: Actor, now: datetime) -> LiveSession:
    """Let a cancelled session take place after all, if it has not begun.

    Raises:
        NotFound: there is no such session.
        NotInThisState: it was not cancelled, or its cohort is finished or cancelled.
        SessionBegun: its time has come.
    """
    cohort = cohorts.locked_cohort(live.live_session(session_id).cohort_id)
    found = live.locked_session(session_id)
    _turn(found, "restore")
    if cohort.state not in GOING:
        raise NotInThisState(state=cohort.state, action="restore")
    if now >= found.starts_at:
        raise SessionBegun
    found.cancelled_at = found.cancelled_by = None
    found.reason = ""
    _touch(found, now)
    audit.record(actor=actor, action="live_session.restore", subject=found.id, now=now)
    return found


def _turn(found: LiveSession, action: str) -> None:
    after = SESSION_MOVES.get((SessionState(found.state), action))
    if after is None:
        raise NotInThisState(state=found.state, action=action)
    found.state = after


def _touch(found: LiveSession, now: datetime) -> None:
    found.changed_at = now
    flag_modified(found, "changed_at")
    session().flush()


def _refuse_late(found: LiveSession, now: datetime) -> None:
    if now >= found.starts_at:
        raise SessionBegun
    checked_in = exists().where(
        Attendance.live_session_id == found.id, Attendance.checked_in_at.is_not(None)
    )
    if session().scalar(select(checked_in)):
        raise SessionAttended


def _check(found: LiveSession, cohort: Cohort, now: datetime, *, timed: bool = True) -> None:
    if timed and found.starts_at >= found.ends_at:
        raise InvalidInput.at("/ends_at", Text("须晚于开始时间。", "Must be after its beginning."))
    if timed and found.starts_at <= now:
        raise InvalidInput.at("/starts_at", Text("须在将来。", "Must be in the future."))
    if timed and not SHORTEST <= found.ends_at - found.starts_at <= LONGEST:
        raise InvalidInput.at("/ends_at", Text("须为 1 分钟至 24 小时。", "1 minute to 24 hours."))
    if (
        timed
        and found.lesson_id is not None
        and found.lesson_id not in live.live_lessons(cohort.program_id)
    ):
        text = Text("不是该学习计划的直播课。", "It is no live lesson of the program.")
        raise InvalidInput.at("/lesson_id", text)
    if found.trainer_id is not None:
        check_trainer(trainer_id=found.trainer_id)
    if bool(found.replay_url) != (found.replay_s is not None):
        text = Text("回放须同时给出地址和时长。", "A replay has an address and a length.")
        raise InvalidInput.at("/replay_s", text)


def check_trainer(*, trainer_id: str) -> None:
    """Refuse a trainer who does not work here.

    Raises:
        InvalidInput: there is no such member of staff, or no longer.
    """
    staff = session().get(Staff, trainer_id)
    if staff is None or not staff.active:
        text = Text("没有该讲师。", "There is no such member of staff.")
        raise InvalidInput.at("/trainer_id", text)

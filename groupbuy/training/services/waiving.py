"""Sparing a leader a lesson, for a reason, and taking that back."""

from datetime import datetime

from sqlalchemy import delete, select

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import AlreadyWaived
from groupbuy.training.models import Lesson, LessonRecord
from groupbuy.training.queries import enrollments as queries
from groupbuy.training.services.counting import recount
from groupbuy.training.services.marking import begun, settle


def waive(
    *, leader_id: str, lesson_id: str, reason: str, actor: Actor, now: datetime
) -> LessonRecord:
    """Spare a leader a lesson: it is satisfied, though neither completed nor passed.

    Raises:
        InvalidInput: there is no such leader or lesson.
        NotTaught: the lesson is not taught, and the leader has not begun it.
        AlreadyWaived: the leader is spared it already.
    """
    if queries.unknown_leaders([leader_id]):
        raise InvalidInput.at("/leader_id", _NO_LEADER)
    if session().get(Lesson, lesson_id) is None:
        raise InvalidInput.at("/lesson_id", _NO_LESSON)
    record, was = begun(leader_id=leader_id, lesson_id=lesson_id, now=now)
    if record.waived_at is not None:
        raise AlreadyWaived
    record.waived_at, record.waived_by, record.reason = now, actor.label, reason
    settle(record=record, was=was, now=now)
    _record(record, "waive", reason, actor, now)
    return record


def revoke_waiver(
    *, leader_id: str, lesson_id: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Spare the leader the lesson no longer; a program that was completed stays so.

    A record that was there for the waiver alone goes with it: the lesson is as it was before.

    Raises:
        NotFound: the leader is not spared it.
    """
    query = select(LessonRecord).where(
        LessonRecord.leader_id == leader_id,
        LessonRecord.lesson_id == lesson_id,
        LessonRecord.waived_at.is_not(None),
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    record = session().scalar(locked)
    if record is None:
        raise NotFound
    _record(record, "revoke_waiver", reason, actor, now)
    if _nothing_else(record):
        mine = (LessonRecord.leader_id == leader_id, LessonRecord.lesson_id == lesson_id)
        session().execute(delete(LessonRecord).where(*mine))
    else:
        record.waived_at, record.waived_by, record.reason = None, None, ""
        session().flush()
    recount(leader_id=leader_id, program_id=record.program_id, now=now)


def _nothing_else(record: LessonRecord) -> bool:
    """Tell whether the leader has done nothing: the record began and ended with the waiver."""
    facts = (record.completed_at, record.passed_at, record.score_bps)
    untouched = record.begun_at == record.active_at == record.waived_at
    return untouched and all(fact is None for fact in facts) and record.watched_s == 0


def _record(record: LessonRecord, action: str, reason: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"training.{action}",
        subject=record.lesson_id,
        now=now,
        leader_id=record.leader_id,
        reason=reason,
    )


_NO_LEADER = Text("没有这个团长。", "There is no such leader.")
_NO_LESSON = Text("没有这个课时。", "There is no such lesson.")

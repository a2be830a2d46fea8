"""Recording what a leader did of a lesson: the only writer of lesson records.

A fact, once recorded, stays: a repeated or late event changes nothing that came before it.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel.db import session
from groupbuy.kernel.signals import announce
from groupbuy.training import signals
from groupbuy.training.models import Enrollment, LessonRecord
from groupbuy.training.queries.teaching import lesson_taught
from groupbuy.training.rules.completion import MoveOn, satisfied
from groupbuy.training.services.counting import recount


def mark(
    *,
    leader_id: str,
    lesson_id: str,
    now: datetime,
    completed: bool = False,
    passed: bool = False,
    score_bps: int | None = None,
    active: bool = True,
) -> LessonRecord:
    """Record that a leader completed or passed a lesson, and return the leader's record of it.

    Neither begins it. `score_bps` replaces the score that stands. Without `active` it was not the
    leader who did something now: the leader's last activity stays. Whether the leader may learn it
    (enrolled, unlocked) is the caller's to ask.

    Raises:
        NotFound, NotTaught: there is no such lesson, or it is not taught and was not begun.
    """
    record, was = begun(leader_id=leader_id, lesson_id=lesson_id, now=now)
    if completed and record.completed_at is None:
        record.completed_at = now
    if passed and record.passed_at is None:
        record.passed_at = now
    if score_bps is not None:
        record.score_bps = score_bps
    if active:
        record.active_at = max(record.active_at, now)
    session().flush()
    if active:
        _stay_active(record, now)
    settle(record=record, was=was, now=now)
    return record


def settle(*, record: LessonRecord, was: bool, now: datetime) -> None:
    """Write a record, and announce and count the lesson if what it asks is done just now.

    `was` tells whether it was done before.
    """
    session().flush()
    if not was and is_satisfied(record):
        announce(signals.lesson_satisfied, record, now=now)
        recount(leader_id=record.leader_id, program_id=record.program_id, now=now)


def _stay_active(record: LessonRecord, now: datetime) -> None:
    mine = (
        Enrollment.leader_id == record.leader_id,
        Enrollment.program_id == record.program_id,
    )
    session().execute(
        update(Enrollment).where(*mine, Enrollment.active_at < now).values(active_at=now),
        execution_options={"synchronize_session": False},
    )


def is_satisfied(record: LessonRecord) -> bool:
    """Tell whether what the lesson asks is done, by what is in the row."""
    return satisfied(
        MoveOn(record.move_on),
        completed=record.completed_at is not None,
        passed=record.passed_at is not None,
        waived=record.waived_at is not None,
    )


def begun(*, leader_id: str, lesson_id: str, now: datetime) -> tuple[LessonRecord, bool]:
    """Return the leader's record, locked, and whether what the lesson asks was done before.

    Raises:
        NotFound, NotTaught: there is no such lesson, or it is not taught and was not begun.
    """
    query = select(LessonRecord).where(
        LessonRecord.leader_id == leader_id, LessonRecord.lesson_id == lesson_id
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(locked)
    if found is not None:
        return found, found.satisfied
    _, version, program_id = lesson_taught(lesson_id)
    new = insert(LessonRecord).values(
        leader_id=leader_id,
        lesson_id=lesson_id,
        program_id=program_id,
        lesson_version_id=version.id,
        move_on=version.move_on,
        begun_at=now,
        active_at=now,
    )
    once = new.on_conflict_do_nothing(index_elements=["leader_id", "lesson_id"])
    inserted = session().scalar(once.returning(LessonRecord.lesson_id)) is not None
    record = session().scalars(locked).one()
    # Somebody else may have begun it, and done it, while we waited.
    return record, not inserted and record.satisfied

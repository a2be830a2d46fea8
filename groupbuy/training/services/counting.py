"""Counting what of a program is done; the one place that completes an enrolment."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Subquery, func, select, update

from groupbuy.kernel.db import session
from groupbuy.kernel.signals import announce
from groupbuy.training import signals
from groupbuy.training.models import (
    Course,
    Enrollment,
    Lesson,
    LessonRecord,
    LessonVersion,
    Module,
    Program,
)
from groupbuy.training.queries.teaching import counted, published_version
from groupbuy.training.rules.content import EnrollmentState


def recount(*, leader_id: str, program_id: str, now: datetime) -> None:
    """Count the mandatory lessons of a program, and those that the leader has done.

    Completes the enrolment when all are done: a program that asks for nothing completes nobody.
    What was completed stays completed, whatever is published later.
    """
    recount_all(leader_ids=[leader_id], program_id=program_id, now=now)


def recount_all(*, leader_ids: Sequence[str], program_id: str, now: datetime) -> list[Enrollment]:
    """Do so for several leaders, in three statements, and return their enrolments in id order.

    The enrolments are locked before anything is counted: of two last lessons done at the same
    time, the second counts the first.
    """
    mine = (Enrollment.program_id == program_id, Enrollment.leader_id.in_(leader_ids))
    locking = select(Enrollment.id).where(*mine).order_by(Enrollment.id).with_for_update()
    ids = list(session().scalars(locking))
    if not ids:
        return []
    counts = _counts(ids)
    counting = (
        update(Enrollment)
        .where(Enrollment.id == counts.c.id)
        .values(required=counts.c.required, done=counts.c.done)
        .returning(Enrollment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    enrollments = sorted(session().scalars(counting), key=lambda enrollment: enrollment.id)
    finished = [
        enrollment
        for enrollment in enrollments
        if enrollment.state == EnrollmentState.ACTIVE and 0 < enrollment.required == enrollment.done
    ]
    for enrollment in finished:
        enrollment.state = EnrollmentState.COMPLETED
        enrollment.completed_at = now
    session().flush()
    for enrollment in finished:
        announce(signals.program_completed, enrollment, now=now)
    return enrollments


def _counts(enrollment_ids: Sequence[str]) -> Subquery:
    """Return `id, required, done` of enrolments."""
    return (
        select(
            Enrollment.id,
            func.count().filter(counted()).label("required"),
            func.count().filter(counted(), LessonRecord.satisfied).label("done"),
        )
        .join(Course, Course.program_id == Enrollment.program_id, isouter=True)
        .join(Program, Program.id == Enrollment.program_id)
        .join(Module, Module.course_id == Course.id, isouter=True)
        .join(Lesson, Lesson.module_id == Module.id, isouter=True)
        .join(LessonVersion, published_version(), isouter=True)
        .join(
            LessonRecord,
            (LessonRecord.lesson_id == Lesson.id)
            & (LessonRecord.leader_id == Enrollment.leader_id),
            isouter=True,
        )
        .where(Enrollment.id.in_(enrollment_ids))
        .group_by(Enrollment.id)
        .subquery()
    )

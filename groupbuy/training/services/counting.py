"""Counting what of a program is done; the one place that completes an enrolment."""

from datetime import datetime

from sqlalchemy import and_, func, select, update

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
from groupbuy.training.queries.teaching import published_version, taught
from groupbuy.training.rules.content import EnrollmentState


def recount(*, leader_id: str, program_id: str, now: datetime) -> None:
    """Count the mandatory lessons of a program, and those that the leader has done.

    Completes the enrolment when all are done: a program that asks for nothing completes nobody.
    What was completed stays completed, whatever is published later.
    """
    counted = and_(Course.mandatory, Lesson.mandatory, taught())
    counts = (
        select(
            Program.id,
            func.count().filter(counted).label("required"),
            func.count().filter(counted, LessonRecord.satisfied).label("done"),
        )
        .join(Course, Course.program_id == Program.id, isouter=True)
        .join(Module, Module.course_id == Course.id, isouter=True)
        .join(Lesson, Lesson.module_id == Module.id, isouter=True)
        .join(LessonVersion, published_version(), isouter=True)
        .join(
            LessonRecord,
            (LessonRecord.lesson_id == Lesson.id) & (LessonRecord.leader_id == leader_id),
            isouter=True,
        )
        .where(Program.id == program_id)
        .group_by(Program.id)
        .subquery()
    )
    counting = (
        update(Enrollment)
        .where(Enrollment.leader_id == leader_id, Enrollment.program_id == counts.c.id)
        .values(required=counts.c.required, done=counts.c.done)
        .returning(Enrollment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    enrollment = session().scalar(counting)
    if enrollment is None or enrollment.state != EnrollmentState.ACTIVE:
        return
    if 0 < enrollment.required == enrollment.done:
        enrollment.state = EnrollmentState.COMPLETED
        enrollment.completed_at = now
        session().flush()
        announce(signals.program_completed, enrollment, now=now)

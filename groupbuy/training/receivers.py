"""What the school does when something happened in it."""

from datetime import datetime

from groupbuy.kernel.settings import settings
from groupbuy.kernel.signals import on
from groupbuy.training.models import Attempt, Attendance, Enrollment, LessonRecord
from groupbuy.training.rules.incentives import Cause
from groupbuy.training.services import points
from groupbuy.training.services.certificates import certify, renew_by_pass
from groupbuy.training.services.coaching_tasks import tick_lesson
from groupbuy.training.services.reminding import congratulate
from groupbuy.training.signals import (
    attempt_graded,
    lesson_satisfied,
    program_completed,
    session_attended,
)


@on(program_completed)
def tell_of_completion(enrollment: Enrollment, now: datetime) -> None:
    """Tell the leader that a program is completed."""
    congratulate(enrollment=enrollment, zone=settings().calendar.zone, now=now)


@on(program_completed)
def issue_certificates(enrollment: Enrollment, now: datetime) -> None:
    """Certify the leader in what the program earns."""
    certify(enrollment=enrollment, calendar=settings().calendar, now=now)


@on(attempt_graded)
def renew_certificates(
    attempt: Attempt, now: datetime, lesson_id: str, passed: bool, grade_bps: int | None
) -> None:
    """Renew what a pass of the assessment renews; what counts is when it was submitted."""
    if passed and attempt.ended_at is not None:
        renew_by_pass(
            leader_id=attempt.leader_id,
            lesson_id=lesson_id,
            passed_at=attempt.ended_at,
            calendar=settings().calendar,
            now=now,
        )


@on(lesson_satisfied)
def reward_lesson(record: LessonRecord, now: datetime) -> None:
    """Give the leader the points of a lesson."""
    points.award(leader_id=record.leader_id, cause=Cause.LESSON, cause_id=record.lesson_id, now=now)


@on(lesson_satisfied)
def tick_coaching_task(record: LessonRecord, now: datetime) -> None:
    """Tick off what the leader's coach set this lesson for."""
    tick_lesson(leader_id=record.leader_id, lesson_id=record.lesson_id, now=now)


@on(program_completed)
def reward_program(enrollment: Enrollment, now: datetime) -> None:
    """Give the leader the points of a program."""
    points.award(
        leader_id=enrollment.leader_id,
        cause=Cause.PROGRAM,
        cause_id=enrollment.program_id,
        now=now,
    )


@on(session_attended)
def reward_session(attendance: Attendance, now: datetime) -> None:
    """Give the leader the points of a live session."""
    points.award(
        leader_id=attendance.leader_id,
        cause=Cause.SESSION,
        cause_id=attendance.live_session_id,
        now=now,
    )

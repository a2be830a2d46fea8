"""What is recorded and decided of attempts, as tests ask for it."""

from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Attempt, LessonRecord
from groupbuy.training.services import attempt_care
from tests.factories.assessments import Exam


def record(exam: Exam, leader: Leader) -> LessonRecord:
    key = (leader.id, exam.lesson.id)
    return session().get_one(LessonRecord, key, populate_existing=True)


def voided(attempt: Attempt, reason: str = "The power failed.") -> Attempt:
    with transaction():
        return attempt_care.void(attempt_id=attempt.id, reason=reason, actor=SYSTEM, now=time.now())


def granted(exam: Exam, leader: Leader, count: int = 1) -> None:
    with transaction():
        attempt_care.grant(
            leader_id=leader.id,
            assessment_id=exam.assessment.id,
            attempts=count,
            reason="Renewal.",
            actor=SYSTEM,
            now=time.now(),
        )

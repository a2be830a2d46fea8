"""Whether a leader may be examined in a lesson now: the one place where assessments ask."""

from sqlalchemy import exists, select

from groupbuy.kernel.db import session
from groupbuy.training.errors import NotEnrolled
from groupbuy.training.models import Enrollment
from groupbuy.training.queries.teaching import lesson_taught
from groupbuy.training.rules.content import EnrollmentState


def admitted(leader_id: str, lesson_id: str) -> None:
    """Refuse who does not learn what the lesson belongs to.

    Raises:
        NotFound: there is no such lesson.
        NotTaught: it is not published, or no longer.
        NotEnrolled: the leader does not learn its program.
    """
    _, _, program_id = lesson_taught(lesson_id)
    learns = exists().where(
        Enrollment.leader_id == leader_id,
        Enrollment.program_id == program_id,
        Enrollment.state != EnrollmentState.WITHDRAWN,
    )
    if not session().scalar(select(learns)):
        raise NotEnrolled

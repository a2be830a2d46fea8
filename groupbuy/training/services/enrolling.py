"""Enrolling in programs, and leaving them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.training.errors import NotTaught
from groupbuy.training.models import Enrollment, Program
from groupbuy.training.rules.content import (
    ENROLLMENT_MOVES,
    ContentState,
    EnrollmentState,
)
from groupbuy.training.services.counting import recount


def enroll(*, leader_id: str, program_id: str, actor: Actor, now: datetime) -> Enrollment:
    """Enrol a leader in a program, and return the enrolment; repeatable.

    Who left comes back to what was done.

    Raises:
        NotFound: there is no such program.
        NotTaught: it is not published.
    """
    program = session().get(Program, program_id)
    if program is None:
        raise NotFound
    if program.state != ContentState.PUBLISHED:
        raise NotTaught
    new = insert(Enrollment).values(
        leader_id=leader_id,
        program_id=program_id,
        enrolled_at=now,
        enrolled_by=actor.label,
        active_at=now,
    )
    session().execute(new.on_conflict_do_nothing(index_elements=["leader_id", "program_id"]))
    enrollment = _locked(leader_id, program_id)
    if enrollment.state == EnrollmentState.WITHDRAWN:
        _turn(enrollment, "enroll", now)
    recount(leader_id=leader_id, program_id=program_id, now=now)
    return enrollment


def withdraw(*, leader_id: str, program_id: str, actor: Actor, now: datetime) -> Enrollment:
    """Take a leader out of a program; what was done stays.

    Raises:
        NotFound: the leader is not enrolled.
        NotInThisState: the leader has completed it, or left before.
    """
    enrollment = _locked(leader_id, program_id)
    _turn(enrollment, "withdraw", now)
    audit.record(actor=actor, action="training.withdraw", subject=enrollment.id, now=now)
    return enrollment


def _locked(leader_id: str, program_id: str) -> Enrollment:
    query = select(Enrollment).where(
        Enrollment.leader_id == leader_id, Enrollment.program_id == program_id
    )
    found = session().scalar(query.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def _turn(enrollment: Enrollment, action: str, now: datetime) -> None:
    after = ENROLLMENT_MOVES.get((EnrollmentState(enrollment.state), action))
    if after is None:
        raise NotInThisState(state=enrollment.state, action=action)
    enrollment.state = after
    enrollment.withdrawn_at = now if after == EnrollmentState.WITHDRAWN else None
    session().flush()

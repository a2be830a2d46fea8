"""Enrolling in programs, and leaving them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import insert_missing, session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import NotTaught
from groupbuy.training.models import Enrollment, Program
from groupbuy.training.queries import enrollments as queries
from groupbuy.training.rules.content import (
    ENROLLMENT_MOVES,
    ContentState,
    EnrollmentState,
)
from groupbuy.training.services.counting import recount_all


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
    (enrollment,) = _enroll(program, [leader_id], actor, now)
    return enrollment


def enroll_leaders(
    *, program_id: str, leader_ids: Sequence[str], actor: Actor, now: datetime
) -> list[Enrollment]:
    """Enrol leaders in a program, in a constant number of statements; repeatable.

    Returns:
        Their enrolments in id order, those that were there before among them.

    Raises:
        InvalidInput: there is no such program, or no such leader.
        NotTaught: the program is not published.
    """
    program = session().get(Program, program_id)
    if program is None:
        raise InvalidInput.at("/program_id", _NO_PROGRAM)
    _refuse_unknown(leader_ids)
    return _enroll(program, leader_ids, actor, now)


def withdraw(
    *, leader_id: str, program_id: str, actor: Actor, now: datetime, reason: str = ""
) -> Enrollment:
    """Take a leader out of a program; what was done stays.

    Raises:
        NotFound: the leader is not enrolled.
        NotInThisState: the leader has completed it, or left before.
    """
    enrollments = _locked(program_id, [leader_id])
    if not enrollments:
        raise NotFound
    _withdraw(enrollments, actor, now, reason)
    return enrollments[0]


def withdraw_leaders(
    *, program_id: str, leader_ids: Sequence[str], reason: str, actor: Actor, now: datetime
) -> list[Enrollment]:
    """Take leaders out of a program: all, or none of them.

    Raises:
        InvalidInput: one of them does not learn it; completed programs are not left.
    """
    enrollments = _locked(program_id, leader_ids)
    active = {e.leader_id for e in enrollments if e.state == EnrollmentState.ACTIVE}
    faults = [place for place, leader_id in enumerate(leader_ids) if leader_id not in active]
    _refuse(faults, _NOT_LEARNING)
    _withdraw(enrollments, actor, now, reason)
    return enrollments


def _withdraw(enrollments: Sequence[Enrollment], actor: Actor, now: datetime, reason: str) -> None:
    for enrollment in enrollments:
        _turn(enrollment, "withdraw", now)
        _record(enrollment, "withdraw", actor, now, reason)
    session().flush()


def _enroll(
    program: Program, leader_ids: Sequence[str], actor: Actor, now: datetime
) -> list[Enrollment]:
    if program.state != ContentState.PUBLISHED:
        raise NotTaught
    row = {
        "program_id": program.id,
        "state": EnrollmentState.ACTIVE.value,
        "enrolled_at": now,
        "enrolled_by": actor.label,
        "active_at": now,
        "required": 0,
        "done": 0,
    }
    rows = [{"id": new_id("enr"), "leader_id": one, **row} for one in sorted(leader_ids)]
    fresh = {found.id for found in insert_missing(Enrollment, rows, returning=["id"])}
    enrollments = _locked(program.id, leader_ids)
    for enrollment in enrollments:
        if enrollment.state == EnrollmentState.WITHDRAWN:
            _turn(enrollment, "enroll", now)
            fresh.add(enrollment.id)
        if enrollment.id in fresh:
            _record(enrollment, "enroll", actor, now)
    session().flush()
    return recount_all(leader_ids=leader_ids, program_id=program.id, now=now)


def _locked(program_id: str, leader_ids: Sequence[str]) -> list[Enrollment]:
    query = select(Enrollment).where(
        Enrollment.program_id == program_id, Enrollment.leader_id.in_(leader_ids)
    )
    locked = query.order_by(Enrollment.id).with_for_update()
    return list(session().scalars(locked.execution_options(populate_existing=True)))


def _turn(enrollment: Enrollment, action: str, now: datetime) -> None:
    after = ENROLLMENT_MOVES.get((EnrollmentState(enrollment.state), action))
    if after is None:
        raise NotInThisState(state=enrollment.state, action=action)
    enrollment.state = after
    enrollment.withdrawn_at = now if after == EnrollmentState.WITHDRAWN else None


def _record(
    enrollment: Enrollment, action: str, actor: Actor, now: datetime, reason: str = ""
) -> None:
    audit.record(
        actor=actor,
        action=f"training.{action}",
        subject=enrollment.id,
        now=now,
        leader_id=enrollment.leader_id,
        program_id=enrollment.program_id,
        **({"reason": reason} if reason else {}),
    )


def _refuse_unknown(leader_ids: Sequence[str]) -> None:
    _refuse(queries.unknown_leaders(leader_ids), _NO_LEADER)


def _refuse(places: Sequence[int], text: Text) -> None:
    if places:
        faults = [{"pointer": f"/leader_ids/{place}", "detail": text} for place in places]
        raise InvalidInput(errors=faults)


_NO_PROGRAM = Text("没有这个学习计划。", "There is no such program.")
_NO_LEADER = Text("没有这个团长。", "There is no such leader.")
_NOT_LEARNING = Text("该团长没有在学习该计划。", "This leader does not learn it at present.")

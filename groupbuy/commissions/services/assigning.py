"""The assignment of plans: proposed by one person, decided by another, never backdated."""

import re
from datetime import datetime

from sqlalchemy import text

from groupbuy.commissions import queries
from groupbuy.commissions.errors import (
    AssignmentBackdated,
    AssignmentClash,
    DeciderIsProposer,
    PlanNotInForce,
)
from groupbuy.commissions.models import PlanAssignment
from groupbuy.commissions.rules.monthly import AssignmentState, Scope
from groupbuy.commissions.rules.moves import ASSIGNMENT_MOVES, moved
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders

NO_LEADER = Text("没有这位团长；请填写团长编号。", "There is no such leader: give a leader's id.")
NO_LEVEL = Text("等级须为 1 到 99 的数字。", "A level is a number from 1 to 99.")
NO_REGION = Text(
    "请填写地区，与团长资料中的写法一致。", "Give a region, as leaders' profiles have it."
)
NO_TARGET = Text("面向所有人的分配没有对象，请留空。", "Everyone needs no target: leave it empty.")
NO_PLAN = Text("没有这个方案。", "There is no such plan.")


def propose_assignment(
    *,
    plan_id: str | None,
    scope: str,
    target: str,
    effective_from: datetime,
    note: str,
    actor: Actor,
    now: datetime,
) -> PlanAssignment:
    """Propose that a plan holds for a target from an instant on; None ends a nearer assignment.

    Raises:
        InvalidInput: there is no such plan or target.
        AssignmentBackdated: the instant is past.
    """
    if effective_from < now:
        raise AssignmentBackdated(effective_from=effective_from.isoformat())
    if plan_id is not None and not queries.plans_by_id([plan_id]):
        raise InvalidInput.at("/plan_id", NO_PLAN)
    _check_target(Scope(scope), target)
    proposed = PlanAssignment(
        plan_id=plan_id,
        scope=scope,
        target=target,
        effective_from=effective_from,
        note=note,
        created_by=actor.label,
        created_at=now,
    )
    session().add(proposed)
    session().flush()
    _record(proposed, "propose", actor, now, note=note)
    return proposed


def _check_target(scope: Scope, target: str) -> None:
    """Refuse a target that means nobody."""
    match scope:
        case Scope.LEADER:
            known = is_id(target, "ldr") and bool(leaders.leaders_by_id([target]))
            fault = NO_LEADER
        case Scope.LEVEL:
            known, fault = re.fullmatch(r"[1-9][0-9]?", target) is not None, NO_LEVEL
        case Scope.REGION:
            known, fault = target != "", NO_REGION
        case Scope.EVERYONE:
            known, fault = target == "", NO_TARGET
    if not known:
        raise InvalidInput.at("/target", fault)


def approve_assignment(*, assignment_id: str, actor: Actor, now: datetime) -> PlanAssignment:
    """Approve a proposal; from its instant on it holds, and it never changes.

    Raises:
        NotInThisState: it is decided.
        DeciderIsProposer: the actor proposed it.
        AssignmentBackdated: its instant has passed.
        AssignmentClash: another one of the same target begins at the same instant.
        PlanNotInForce: its plan has no version then.
    """
    # Assignments are approved a few times a month: taking turns keeps two from one instant.
    session().execute(text("lock table commission_plan_assignments in share row exclusive mode"))
    proposed = _decidable(assignment_id, "approve", actor)
    begins = proposed.effective_from.isoformat()
    if proposed.effective_from < now:
        raise AssignmentBackdated(effective_from=begins)
    if queries.begins_at_once(proposed):
        raise AssignmentClash(target=proposed.target or proposed.scope, effective_from=begins)
    if proposed.plan_id and not queries.plan_in_force(proposed.plan_id, proposed.effective_from):
        raise PlanNotInForce(effective_from=begins)
    return _decided(proposed, "approve", actor, now)


def reject_assignment(
    *, assignment_id: str, reason: str, actor: Actor, now: datetime
) -> PlanAssignment:
    """Reject a proposal and say why.

    Raises:
        NotInThisState: it is decided.
        DeciderIsProposer: the actor proposed it.
    """
    proposed = _decidable(assignment_id, "reject", actor)
    proposed.reason = reason
    return _decided(proposed, "reject", actor, now)


def withdraw_assignment(*, assignment_id: str, actor: Actor, now: datetime) -> None:
    """Take a proposal back: the row goes, the audit log keeps what it said.

    Raises:
        NotInThisState: it is decided.
    """
    proposed = queries.assignment(assignment_id, locked=True)
    if proposed.state != AssignmentState.PROPOSED:
        raise NotInThisState(state=proposed.state, action="withdraw")
    _record(proposed, "withdraw", actor, now)
    session().delete(proposed)
    session().flush()


def _decidable(assignment_id: str, action: str, actor: Actor) -> PlanAssignment:
    proposed = queries.assignment(assignment_id, locked=True)
    moved(ASSIGNMENT_MOVES, AssignmentState(proposed.state), action)
    if actor.label == proposed.created_by:
        raise DeciderIsProposer
    return proposed


def _decided(proposed: PlanAssignment, action: str, actor: Actor, now: datetime) -> PlanAssignment:
    proposed.state = moved(ASSIGNMENT_MOVES, AssignmentState(proposed.state), action)
    proposed.decided_by = actor.label
    proposed.decided_at = now
    session().flush()
    _record(proposed, action, actor, now, reason=proposed.reason)
    return proposed


def _record(
    assignment: PlanAssignment, action: str, actor: Actor, now: datetime, **facts: str
) -> None:
    audit.record(
        actor=actor,
        action=f"plan_assignment.{action}",
        subject=assignment.id,
        now=now,
        plan_id=assignment.plan_id,
        scope=assignment.scope,
        target=assignment.target,
        effective_from=assignment.effective_from.isoformat(),
        **facts,
    )

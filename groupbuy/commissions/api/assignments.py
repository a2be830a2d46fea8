"""Assignments of plans over HTTP, and what pays a leader now."""

from datetime import date, datetime, timedelta
from typing import Any

from groupbuy.commissions import errors, queries, services
from groupbuy.commissions.models import PlanAssignment
from groupbuy.commissions.schemas.assignments import (
    AssignmentBody,
    AssignmentQuery,
    AssignmentRejectionBody,
    AssignmentSchema,
    OwnPlanSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings

api = Api(
    "plan-assignments", __name__, url_prefix="/api/v1", description="Whom commission plans pay"
)

ASSIGNMENTS = "/hq/plan-assignments"
ASSIGNMENT = f"{ASSIGNMENTS}/<id(asg):assignment_id>"
PROPOSAL_EXAMPLE = {
    "plan_id": f"pln_{'0198f3c2a7b47d1e' * 2}",
    "scope": "region",
    "target": "Shanghai, Huamu",
    "effective_from": "2026-12-01T00:00:00+08:00",
    "note": "开城激励，三个月",
}


def _day(on: date | None) -> tuple[datetime, datetime] | None:
    """Return when a local day begins and ends."""
    midnight = settings().calendar.midnight
    return None if on is None else (midnight(on), midnight(on + timedelta(days=1)))


@api.get(
    ASSIGNMENTS,
    allow="plans.read",
    query=AssignmentQuery,
    returns=page_of(AssignmentSchema),
)
def list_plan_assignments(actor: Actor, query: dict[str, Any]) -> Page[PlanAssignment]:
    """List assignments, the newest first."""
    return queries.assignment_list(span=_day(query.pop("on")), **query)


@api.post(
    ASSIGNMENTS,
    allow="plans.edit",
    body=AssignmentBody,
    returns=AssignmentSchema,
    status=201,
    idempotent=True,
    problems=[errors.AssignmentBackdated],
    example=PROPOSAL_EXAMPLE,
)
def propose_plan_assignment(actor: Actor, body: dict[str, Any]) -> PlanAssignment:
    """Propose a plan for a target; another person decides."""
    with transaction():
        return services.propose_assignment(**body, actor=actor, now=clock.now())


@api.get(ASSIGNMENT, allow="plans.read", returns=AssignmentSchema)
def show_plan_assignment(actor: Actor, assignment_id: str) -> PlanAssignment:
    """Show an assignment."""
    return queries.assignment(assignment_id)


@api.delete(ASSIGNMENT, allow="plans.edit", problems=[NotInThisState])
def withdraw_plan_assignment(actor: Actor, assignment_id: str) -> None:
    """Take a proposal back."""
    with transaction():
        services.withdraw_assignment(assignment_id=assignment_id, actor=actor, now=clock.now())


@api.post(
    f"{ASSIGNMENT}/approval",
    allow="plans.publish",
    body=Nothing,
    returns=AssignmentSchema,
    problems=[
        NotInThisState,
        errors.DeciderIsProposer,
        errors.AssignmentBackdated,
        errors.AssignmentClash,
        errors.PlanNotInForce,
    ],
)
def approve_plan_assignment(
    actor: Actor, assignment_id: str, body: dict[str, Any]
) -> PlanAssignment:
    """Approve a proposal: from its instant on it holds."""
    with transaction():
        return services.approve_assignment(
            assignment_id=assignment_id, actor=actor, now=clock.now()
        )


@api.post(
    f"{ASSIGNMENT}/rejection",
    allow="plans.publish",
    body=AssignmentRejectionBody,
    returns=AssignmentSchema,
    problems=[NotInThisState, errors.DeciderIsProposer],
    example={"reason": "该地区已有更优惠的方案"},
)
def reject_plan_assignment(
    actor: Actor, assignment_id: str, body: dict[str, Any]
) -> PlanAssignment:
    """Reject a proposal and say why."""
    with transaction():
        return services.reject_assignment(
            assignment_id=assignment_id, **body, actor=actor, now=clock.now()
        )


@api.get("/leader/commission-plan", allow="leader.own", returns=OwnPlanSchema)
def show_own_commission_plan(actor: Actor) -> dict[str, Any]:
    """Show what pays a leader now: tiers, rules in words, and why this plan holds."""
    return queries.own_plan(leader_id=actor.leader_id, now=clock.now())

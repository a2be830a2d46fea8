"""Holds over HTTP."""

from typing import Any

from groupbuy.holds import errors, queries, services
from groupbuy.holds.models import CommissionHold
from groupbuy.holds.queries import RuleView
from groupbuy.holds.schemas import (
    HoldBody,
    HoldDecisionBody,
    HoldQuery,
    HoldRuleEditBody,
    HoldRuleSchema,
    HoldRulesSchema,
    HoldSchema,
    OwnHoldQuery,
    OwnHoldSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState

api = Api("holds", __name__, url_prefix="/api/v1", description="Suspicious orders on hold")

HOLDS = "/hq/holds"
HOLD = f"{HOLDS}/<id(hld):hold_id>"
RULE = "/hq/hold-rules/<rule>"


@api.get(HOLDS, allow="holds.read", query=HoldQuery, returns=page_of(HoldSchema))
def list_holds(actor: Actor, query: dict[str, Any]) -> Page[CommissionHold]:
    """List holds, the newest first; `state=held` waits for a decision."""
    return queries.hold_list(**query)


@api.post(
    HOLDS,
    allow="holds.edit",
    body=HoldBody,
    returns=HoldSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.NothingToHold, errors.HoldOpen],
    example={
        "order_id": f"ord_{'0198f3c2a7b47d1e' * 2}",
        "reason": "A customer says that nobody ordered this.",
    },
)
def place_hold(actor: Actor, body: dict[str, Any]) -> CommissionHold:
    """Hold what an order earns, by hand."""
    with transaction():
        return services.place_by_hand(**body, actor=actor, now=clock.now())


@api.get(HOLD, allow="holds.read", returns=HoldSchema)
def show_hold(actor: Actor, hold_id: str) -> CommissionHold:
    """Show a hold with its evidence."""
    return queries.hold(hold_id)


@api.post(
    f"{HOLD}/release",
    allow="holds.decide",
    body=HoldDecisionBody,
    returns=HoldSchema,
    problems=[NotInThisState, errors.PlacerDecides],
    example={"reason": "The neighbours shared a card; I called them."},
)
def release_hold(actor: Actor, hold_id: str, body: dict[str, Any]) -> CommissionHold:
    """Let what the order earns be paid."""
    with transaction():
        return services.release(hold_id=hold_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{HOLD}/rejection",
    allow="holds.decide",
    body=HoldDecisionBody,
    returns=HoldSchema,
    problems=[NotInThisState, errors.PlacerDecides],
    example={"reason": "The leader confirmed that these were test orders."},
)
def reject_hold(actor: Actor, hold_id: str, body: dict[str, Any]) -> CommissionHold:
    """Refuse for good to pay what the order earns."""
    with transaction():
        return services.reject(hold_id=hold_id, **body, actor=actor, now=clock.now())


@api.get("/leader/holds", allow="leader.own", query=OwnHoldQuery, returns=page_of(OwnHoldSchema))
def list_own_holds(actor: Actor, query: dict[str, Any]) -> Page[CommissionHold]:
    """List which of my orders are on hold, and what became of it, the newest first."""
    return queries.own_holds(leader_id=actor.leader_id, **query)


@api.get("/hq/hold-rules", allow="holds.read", returns=HoldRulesSchema)
def list_hold_rules(actor: Actor) -> dict[str, list[RuleView]]:
    """List the rules that place holds, as they are set."""
    return {"items": queries.rule_views()}


@api.get(RULE, allow="holds.read", returns=HoldRuleSchema, versioned=True)
def show_hold_rule(actor: Actor, rule: str) -> RuleView:
    """Show a rule as it is set."""
    return queries.rule_view(rule)


@api.patch(
    RULE,
    allow="holds.edit",
    body=HoldRuleEditBody,
    returns=HoldRuleSchema,
    versioned=True,
    example={"score": 70, "parameters": {"hours": 12}},
)
def edit_hold_rule(actor: Actor, rule: str, if_match: int, body: dict[str, Any]) -> RuleView:
    """Change a rule for what it looks at from now on."""
    with transaction():
        return services.edit_rule(
            rule=rule, if_match=if_match, actor=actor, now=clock.now(), **body
        )

"""Attribution over HTTP."""

from typing import Any

from groupbuy.attribution import errors, queries, services
from groupbuy.attribution.models import AttributionPolicy, AttributionTouch
from groupbuy.attribution.queries import LockView
from groupbuy.attribution.schemas import (
    CustomerLockQuery,
    CustomerLockSchema,
    DecisionHistorySchema,
    LockClosureBody,
    OwnCustomerSchema,
    OwnDecisionSchema,
    PolicyCreateBody,
    PolicyEditBody,
    PolicyPublicationBody,
    PolicyQuery,
    PolicySchema,
    TouchBody,
    TouchSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState, StaleVersion

api = Api("attribution", __name__, url_prefix="/api/v1", description="Whose order it is, and why")

POLICIES = "/hq/attribution-policies"
POLICY = f"{POLICIES}/<id(apo):policy_id>"


@api.post(
    "/touches",
    allow="touches.record",
    body=TouchBody,
    returns=TouchSchema,
    status=201,
    idempotent=True,
    problems=[errors.ShareCodeUnknown],
    example={"share_code": "k3Pq9XwT", "scene": "wechat-group"},
)
def record_touch(actor: Actor, body: dict[str, Any]) -> AttributionTouch:
    """Record "I came by this share": evidence for attribution."""
    with transaction():
        return services.record_touch(shopper_id=actor.id, now=clock.now(), **body)


@api.get(
    "/leader/attributions/<id(ord):order_id>",
    allow="leader.own",
    returns=OwnDecisionSchema,
)
def explain_to_leader(actor: Actor, order_id: str) -> dict[str, Any]:
    """Say why an order is, or is not, mine: every candidate and its reason."""
    decision = queries.decision_for_leader(order_id=order_id, leader_id=actor.leader_id)
    return services.as_seen_by(decision, leader_id=actor.leader_id)


@api.get(
    "/leader/customers",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(OwnCustomerSchema),
)
def list_own_customers(actor: Actor, query: dict[str, Any]) -> Page[LockView]:
    """List the customers who are bound to me: since when, until when, protected until when."""
    return queries.lock_list(leader=actor.leader_id, open=True, at=clock.now(), **query)


@api.get(
    "/hq/customer-locks",
    allow="attribution.read",
    query=CustomerLockQuery,
    returns=page_of(CustomerLockSchema),
)
def list_customer_locks(actor: Actor, query: dict[str, Any]) -> Page[LockView]:
    """List who was bound to whom, and how it ended, the newest first."""
    return queries.lock_list(at=clock.now(), **query)


@api.post(
    "/hq/customer-locks/<id(lck):lock_id>/closure",
    allow="attribution.edit",
    body=LockClosureBody,
    returns=CustomerLockSchema,
    problems=[NotInThisState],
    example={"reason": "The customer moved away and asked for it."},
)
def close_customer_lock(actor: Actor, lock_id: str, body: dict[str, Any]) -> LockView:
    """Free a customer by hand."""
    now = clock.now()
    with transaction():
        closed = services.close_lock(lock_id=lock_id, **body, actor=actor, now=now)
        return queries.lock_view(closed, at=now)


@api.get(
    "/hq/orders/<id(ord):order_id>/attribution",
    allow="attribution.read",
    returns=DecisionHistorySchema,
    problems=[NotFound],
)
def show_attribution(actor: Actor, order_id: str) -> dict[str, Any]:
    """Show every decision on an order, with candidates and reasons."""
    return {"items": queries.history(order_id)}


@api.get(POLICIES, allow="attribution.read", query=PolicyQuery, returns=page_of(PolicySchema))
def list_attribution_policies(actor: Actor, query: dict[str, Any]) -> Page[AttributionPolicy]:
    """List policies, the newest first; before the first one the defaults hold."""
    return queries.policy_list(**query)


@api.post(
    POLICIES,
    allow="attribution.edit",
    body=PolicyCreateBody,
    returns=PolicySchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={
        "effective_from": "2026-12-01T00:00:00+08:00",
        "priority": ["hosted", "lock", "link", "pickup"],
        "lookback_days": 3,
        "protect_days": None,
    },
)
def draft_attribution_policy(actor: Actor, body: dict[str, Any]) -> AttributionPolicy:
    """Draft the next policy."""
    with transaction():
        return services.create_policy(**body, actor=actor, now=clock.now())


@api.get(POLICY, allow="attribution.read", returns=PolicySchema, versioned=True)
def show_attribution_policy(actor: Actor, policy_id: str) -> AttributionPolicy:
    """Show a policy."""
    return queries.policy(policy_id)


@api.patch(
    POLICY,
    allow="attribution.edit",
    body=PolicyEditBody,
    returns=PolicySchema,
    versioned=True,
    problems=[NotInThisState],
    example={"lookback_days": 14},
)
def edit_attribution_policy(
    actor: Actor, policy_id: str, if_match: int, body: dict[str, Any]
) -> AttributionPolicy:
    """Change a draft."""
    with transaction():
        return services.edit_policy(
            policy_id=policy_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.delete(POLICY, allow="attribution.edit", versioned=True, problems=[NotInThisState])
def discard_attribution_policy(actor: Actor, policy_id: str, if_match: int) -> None:
    """Throw a draft away."""
    with transaction():
        services.discard_policy(
            policy_id=policy_id, if_match=if_match, actor=actor, now=clock.now()
        )


@api.post(
    f"{POLICY}/publication",
    allow="attribution.publish",
    body=PolicyPublicationBody,
    returns=PolicySchema,
    versioned=True,
    problems=[
        NotInThisState,
        StaleVersion,
        errors.PolicyPublisherIsAuthor,
        errors.PolicyNotPublishable,
    ],
    example={"version": 3},
)
def publish_attribution_policy(
    actor: Actor, policy_id: str, body: dict[str, Any]
) -> AttributionPolicy:
    """Publish a draft as it was read; from then on it never changes."""
    with transaction():
        return services.publish_policy(
            policy_id=policy_id, if_match=body["version"], actor=actor, now=clock.now()
        )

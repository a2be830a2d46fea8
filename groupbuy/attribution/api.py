"""Attribution over HTTP."""

from typing import Any

from groupbuy.attribution import errors, queries, services
from groupbuy.attribution.models import AttributionTouch
from groupbuy.attribution.schemas import (
    DecisionHistorySchema,
    OwnDecisionSchema,
    TouchBody,
    TouchSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api
from groupbuy.kernel.problems import NotFound

api = Api("attribution", __name__, url_prefix="/api/v1", description="Whose order it is, and why")


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
    "/hq/orders/<id(ord):order_id>/attribution",
    allow="attribution.read",
    returns=DecisionHistorySchema,
    problems=[NotFound],
)
def show_attribution(actor: Actor, order_id: str) -> dict[str, Any]:
    """Show every decision on an order, with candidates and reasons."""
    return {"items": queries.history(order_id)}

"""Disputes over HTTP: opened and withdrawn by leaders, reviewed and decided by staff."""

from typing import Any

from groupbuy.attribution.errors import AlreadyTheirs
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement import errors, queries, services
from groupbuy.settlement.models import Dispute
from groupbuy.settlement.schemas.answers import (
    AmountDisputeBody,
    AttributionDisputeBody,
    DisputeDecisionBody,
    DisputeQuery,
    DisputeSchema,
    OwnDisputeQuery,
    OwnDisputeSchema,
)

api = Api("disputes", __name__, url_prefix="/api/v1", description="What leaders say is wrong")

OWN_DISPUTES = "/leader/disputes"
OWN_DISPUTE = f"{OWN_DISPUTES}/<id(dsp):dispute_id>"
DISPUTES = "/hq/disputes"
DISPUTE = f"{DISPUTES}/<id(dsp):dispute_id>"


@api.post(
    "/leader/statements/<id(sts):statement_id>/disputes",
    allow="leader.own",
    body=AmountDisputeBody,
    returns=OwnDisputeSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.DisputeTooLate, errors.DisputeOpen],
    example={"position": 3, "reason": "这一单按 7% 计，应为 9%"},
)
def dispute_own_statement(actor: Actor, statement_id: str, body: dict[str, Any]) -> Dispute:
    """Dispute a row of one's own statement; the rest of it is paid meanwhile."""
    with transaction():
        return services.dispute_amount(
            statement_id=statement_id,
            leader_id=actor.leader_id,
            **body,
            actor=actor,
            now=clock.now(),
        )


@api.post(
    "/leader/attributions/<id(ord):order_id>/disputes",
    allow="leader.own",
    body=AttributionDisputeBody,
    returns=OwnDisputeSchema,
    status=201,
    idempotent=True,
    problems=[AlreadyTheirs, NotInThisState, errors.DisputeTooLate, errors.DisputeOpen],
    example={"reason": "顾客是通过我分享的链接下单的"},
)
def dispute_attribution(actor: Actor, order_id: str, body: dict[str, Any]) -> Dispute:
    """Claim an order for which one was a candidate."""
    with transaction():
        return services.dispute_attribution(
            order_id=order_id, leader_id=actor.leader_id, **body, actor=actor, now=clock.now()
        )


@api.get(OWN_DISPUTES, allow="leader.own", query=OwnDisputeQuery, returns=page_of(OwnDisputeSchema))
def list_own_disputes(actor: Actor, query: dict[str, Any]) -> Page[Dispute]:
    """List one's own disputes, the newest first."""
    return queries.dispute_list(leader=actor.leader_id, **query)


@api.get(OWN_DISPUTE, allow="leader.own", returns=OwnDisputeSchema)
def show_own_dispute(actor: Actor, dispute_id: str) -> Dispute:
    """Show one's own dispute."""
    return queries.own_dispute(dispute_id, leader_id=actor.leader_id)


@api.post(
    f"{OWN_DISPUTE}/withdrawal",
    allow="leader.own",
    body=Nothing,
    returns=OwnDisputeSchema,
    problems=[NotInThisState],
)
def withdraw_own_dispute(actor: Actor, dispute_id: str, body: dict[str, Any]) -> Dispute:
    """Take one's own dispute back."""
    with transaction():
        return services.withdraw_dispute(
            dispute_id=dispute_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )


@api.get(DISPUTES, allow="settlement.read", query=DisputeQuery, returns=page_of(DisputeSchema))
def list_disputes(actor: Actor, query: dict[str, Any]) -> Page[Dispute]:
    """List disputes, the newest first."""
    return queries.dispute_list(**query)


@api.get(DISPUTE, allow="settlement.read", returns=DisputeSchema)
def show_dispute(actor: Actor, dispute_id: str) -> Dispute:
    """Show a dispute."""
    return queries.dispute(dispute_id)


@api.post(
    f"{DISPUTE}/review",
    allow="settlement.prepare",
    body=Nothing,
    returns=DisputeSchema,
    problems=[NotInThisState],
)
def review_dispute(actor: Actor, dispute_id: str, body: dict[str, Any]) -> Dispute:
    """Take a dispute up: somebody looks at it now."""
    with transaction():
        return services.review_dispute(dispute_id=dispute_id, actor=actor, now=clock.now())


@api.post(
    f"{DISPUTE}/decision",
    allow="disputes.decide",
    body=DisputeDecisionBody,
    returns=DisputeSchema,
    problems=[NotInThisState, errors.DeciderIsClaimant, AlreadyTheirs],
    example={"outcome": "upheld", "note": "档位适用错误，补发差额", "amount_fen": 2_000},
)
def decide_dispute(actor: Actor, dispute_id: str, body: dict[str, Any]) -> Dispute:
    """Uphold a dispute or reject it: an amount is adjusted by another's leave, an order moves."""
    with transaction():
        return services.decide_dispute(dispute_id=dispute_id, **body, actor=actor, now=clock.now())

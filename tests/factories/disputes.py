"""Statements to be disputed, and orders that two leaders claim."""

from groupbuy.attribution.models import AttributionDecision
from groupbuy.kernel import clock
from groupbuy.kernel.db import session, transaction
from groupbuy.orders.models import Order
from tests.factories.commissions import Stall


def contested(order_id: str, *losers: Stall) -> None:
    """Write down why an order is its leader's, and who else was a candidate."""
    order = session().get_one(Order, order_id)
    winner = {"rule": "hosted", "accepted": True, "reason": "ACCEPTED", "evidence_id": None}
    loser = {**winner, "rule": "link", "accepted": False, "reason": "OUTRANKED"}
    candidates = [{**winner, "leader_id": order.leader_id}]
    candidates += [{**loser, "leader_id": stall.leader_id} for stall in losers]
    with transaction():
        session().add(
            AttributionDecision(
                order_id=order_id,
                revision=1,
                shopper_id=order.shopper_id,
                leader_id=order.leader_id,
                rule="hosted",
                policy_version=0,
                candidates=candidates,
                self_purchase=False,
                commissionable=True,
                leader_level=1,
                decided_at=clock.now(),
                decided_by="system",
                reason="placed",
            )
        )

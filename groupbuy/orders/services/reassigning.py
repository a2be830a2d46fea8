"""Giving a paid order to another leader."""

from datetime import datetime

from groupbuy.attribution import services as attribution
from groupbuy.attribution.models import AttributionDecision
from groupbuy.attribution.signals import order_reassigned
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.signals import announce
from groupbuy.orders.rules import OrderState
from groupbuy.orders.services.moving import locked


def reassign(
    *, order_id: str, leader_id: str | None, reason: str, actor: Actor, now: datetime
) -> AttributionDecision:
    """Give a paid order to another leader, or with None to the house, and tell why.

    Raises:
        NotFound: there is no such order.
        NotInThisState: it is not paid, or it is cancelled.
        AlreadyTheirs: it is this leader's.
        InvalidInput: there is no such leader.
    """
    order = locked(order_id)
    if order.paid_at is None or order.state == OrderState.CANCELLED:
        raise NotInThisState(state=order.state, action="reassign")
    decision, previous = attribution.reassign(
        order_id=order_id,
        leader_id=leader_id,
        paid_at=order.paid_at,
        reason=reason,
        actor=actor,
        now=now,
    )
    order.leader_id = decision.leader_id
    session().flush()
    announce(order_reassigned, decision, previous=previous, now=decision.decided_at)
    return decision

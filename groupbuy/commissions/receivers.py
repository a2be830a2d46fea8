"""What commissions does when orders or attribution announce a fact."""

from collections.abc import Sequence
from datetime import datetime

from groupbuy.attribution import queries as attribution
from groupbuy.attribution.models import AttributionDecision
from groupbuy.attribution.signals import order_reassigned
from groupbuy.catalogue import queries as catalogue
from groupbuy.commissions import services
from groupbuy.commissions.services import PaidLine, PaidOrder
from groupbuy.kernel.signals import on
from groupbuy.leaders import queries as leaders
from groupbuy.orders import queries as orders
from groupbuy.orders.models import Order, OrderLine, OrderRefundLine
from groupbuy.orders.signals import line_refunded, order_completed, order_paid


@on(order_paid)
def accrue_commission(order: Order, lines: Sequence[OrderLine], now: datetime) -> None:
    """Freeze the terms of each line for the leader whose order it is, if it is one's.

    The level is that of now, when the order is paid, not of when it was placed.
    """
    decision = attribution.current_decision(order.id)
    facts = catalogue.skus_for_sale([line.sku_id for line in lines], now=now)
    leader = leaders.leader(order.leader_id) if order.leader_id else None
    services.accrue(
        order=PaidOrder(
            order_id=order.id,
            leader_id=order.leader_id,
            leader_level=leader.level if leader else None,
            paid_at=now,
            commissionable=decision.commissionable,
            group_buy_id=order.group_buy_id,
            campaign_id=order.campaign_id,
            region=leader.region if leader else "",
        ),
        lines=[
            PaidLine(
                order_line_id=line.id,
                sku_id=line.sku_id,
                product_id=line.product_id,
                category_ids=facts[line.sku_id].category_ids,
                base_fen=line.amount_fen,
                quantity=line.quantity,
                earns_commission=line.earns_commission,
            )
            for line in lines
        ],
    )


@on(order_completed)
def complete_commission(order: Order, now: datetime) -> None:
    """Let the order's lines count in the month of their completion."""
    services.mark_completed(order_id=order.id, completed_at=now)


@on(order_completed)
def pay_service_fee(order: Order, now: datetime) -> None:
    """Pay whoever handed the order over, if their plan has a fee for it, whoever sold it.

    Nobody handed over what was never fetched.
    """
    leader_id = attribution.current_decision(order.id).pickup_leader_id
    if leader_id is None or order.paid_at is None or order.picked_up_at is None:
        return
    then = leaders.standing_at([leader_id], order.paid_at)[leader_id]
    services.pay_service_fee(
        order_id=order.id,
        leader_id=leader_id,
        level=then.level,
        region=then.region,
        paid_at=order.paid_at,
        completed_at=now,
    )


@on(line_refunded)
def net_refund(refund_line: OrderRefundLine, now: datetime) -> None:
    """Record the refund against the line's commission."""
    services.record_refund(
        order_line_id=refund_line.order_line_id,
        refund_key=f"{refund_line.refund_id}:{refund_line.order_line_id}",
        amount_fen=refund_line.amount_fen,
        quantity=refund_line.quantity,
        recorded_at=now,
    )


@on(order_reassigned)
def transfer_commission(
    decision: AttributionDecision, previous: AttributionDecision, now: datetime
) -> None:
    """Give the order's lines to its new leader, under the terms that one had when it was paid."""
    order = orders.order(decision.order_id)
    standing = None
    if decision.leader_id is not None and order.paid_at is not None:
        standing = leaders.standing_at([decision.leader_id], order.paid_at)[decision.leader_id]
    services.transfer(
        order_id=decision.order_id,
        revision=decision.revision,
        leader_id=decision.leader_id,
        level=standing.level if standing else None,
        region=standing.region if standing else "",
        commissionable=decision.commissionable,
        now=now,
    )

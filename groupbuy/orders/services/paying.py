"""Paying an order, also when the money comes late or twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from groupbuy.attribution import services as attribution
from groupbuy.campaigns import queries as campaigns
from groupbuy.catalogue import queries as catalogue
from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session
from groupbuy.kernel.signals import announce
from groupbuy.orders import queries
from groupbuy.orders.errors import OrderExpired
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.rules import Action, CancelReason, OrderState, after
from groupbuy.orders.services.limits import Limited, exceeded
from groupbuy.orders.services.moving import hold_payments, locked, move
from groupbuy.orders.signals import order_paid
from groupbuy.payments.models import Payment
from groupbuy.payments.services import payments, refunds
from groupbuy.pricing import services as pricing


def begin_payment(*, order_id: str, shopper_id: str, provider: str, now: datetime) -> Payment:
    """Record the intent to pay an own order; asking again resumes the same payment.

    Raises:
        NotFound: it is not the shopper's order.
        NotInThisState: it does not wait for payment.
        OrderExpired: its time is over.
    """
    queries.order(order_id, shopper_id=shopper_id)
    hold_payments(order_id)
    order = locked(order_id)
    after(order.state, Action.PAY)
    if now >= order.expires_at:
        raise OrderExpired
    return payments.request_payment(
        reference=order.id, amount_fen=order.total_fen, provider=provider, now=now
    )


def settle_payment(*, payment: Payment, now: datetime) -> None:
    """Use money that arrived: for the waiting order, for one that just expired, or give it back.

    A payment after expiry reserves the goods again if they are still there, the coupon is not
    used elsewhere and the shopper has not bought their share meanwhile; if not, or if the order
    was cancelled by a person or is paid already, the money goes back by itself.
    """
    order = locked(payment.reference)
    if order.state == OrderState.PENDING_PAYMENT:
        _pay(order, Action.PAY, now, payment_id=payment.id)
    elif _may_revive(order, now) and _hold_again(order, now):
        _pay(
            order,
            Action.REVIVE,
            now,
            payment_id=payment.id,
            cancel_reason=None,
            cancelled_at=None,
        )
    else:
        refunds.request_refund(
            payment_id=payment.id,
            amount_fen=payment.amount_fen,
            reason="late_payment",
            reference=f"late:{payment.id}",
            now=now,
        )


def _may_revive(order: Order, now: datetime) -> bool:
    if order.state != OrderState.CANCELLED or order.cancel_reason != CancelReason.TIMEOUT:
        return False
    return not exceeded(
        shopper_id=order.shopper_id, lines=_limited(queries.lines_of(order.id), now)
    )


def _hold_again(order: Order, now: datetime) -> bool:
    """Hold the coupon and the goods of an expired order once more, both or none."""
    if not pricing.hold_again(order_id=order.id, coupon_id=order.coupon_id):
        return False
    if inventory.reserve_again(order_id=order.id, now=now):
        return True
    pricing.give_back(order_id=order.id, coupon_id=order.coupon_id)
    return False


def _limited(lines: Sequence[OrderLine], now: datetime) -> list[Limited]:
    """Return the lines that are under a limit now: the campaign item's, or the SKU's own."""
    items = campaigns.limits_of([line.campaign_item_id for line in lines if line.campaign_item_id])
    skus = catalogue.skus_for_sale([line.sku_id for line in lines], now=now)
    limits = {
        line.id: items.get(line.campaign_item_id)
        if line.campaign_item_id
        else skus[line.sku_id].per_shopper_max
        for line in lines
    }
    return [
        Limited(line.sku_id, line.campaign_item_id, line.quantity, limit)
        for line in lines
        if (limit := limits[line.id]) is not None and not line.gift
    ]


def settle_free(*, order: Order, now: datetime) -> None:
    """Pay an order that costs nothing."""
    _pay(order, Action.PAY, now)


def _pay(order: Order, action: Action, now: datetime, **facts: Any) -> None:
    paid = move(order=order, action=action, actor=SYSTEM, now=now, **facts)
    pricing.use(order_id=paid.id, coupon_id=paid.coupon_id, now=now)
    inventory.sell(order_id=paid.id, now=now)
    attribution.renew_lock(shopper_id=paid.shopper_id, leader_id=paid.leader_id, now=now)
    announce(order_paid, paid, lines=queries.lines_of(paid.id), now=now)
    session().flush()

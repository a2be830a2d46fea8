"""Paying an order, also when the money comes late or twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from groupbuy.attribution import services as attribution
from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.catalogue import queries as catalogue
from groupbuy.identity import queries as identity
from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session
from groupbuy.kernel.signals import announce
from groupbuy.orders import queries
from groupbuy.orders.errors import OrderExpired
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.rules import Action, CancelReason, OrderState, after
from groupbuy.orders.services.counting import count_held
from groupbuy.orders.services.grouping import Group, locked_with_group
from groupbuy.orders.services.limits import Limited, exceeded
from groupbuy.orders.services.moving import hold_payments, locked, move
from groupbuy.orders.signals import order_paid
from groupbuy.payments.models import Payment
from groupbuy.payments.services import methods, payments, refunds
from groupbuy.pricing import services as pricing


def begin_payment(
    *,
    order_id: str,
    shopper_id: str,
    provider: str | None = None,
    method: str | None = None,
    now: datetime,
) -> Payment:
    """Record the intent to pay an own order; asking again resumes the same payment.

    Another provider or method than before begins a new payment, and the old one is cancelled.

    Raises:
        NotFound: it is not the shopper's order.
        NotInThisState: it does not wait for payment.
        OrderExpired: its time is over.
        PaymentMethodUnavailable: this way to pay is not offered.
    """
    way = methods.choose(provider=provider, method=method)
    hold_payments(order_id)
    order = locked(order_id, shopper_id=shopper_id)
    after(order.state, Action.PAY)
    if now >= order.expires_at:
        raise OrderExpired
    return payments.request_payment(
        reference=order.id,
        amount_fen=order.total_fen,
        provider=way.provider,
        method=way.method,
        chosen=provider is not None or method is not None,
        payable_until=order.expires_at,
        now=now,
    )


def payer_of(*, payment: Payment, shopper_id: str) -> str:
    """Return the openid of whoever pays, where the provider must know it; '' elsewhere."""
    return identity.shopper(shopper_id).openid if payments.needs_payer(payment) else ""


def settle_payment(*, payment: Payment, now: datetime) -> None:
    """Use money that arrived: for the waiting order, for one that just expired, or give it back.

    A payment after expiry reserves the goods again if they are still there, the coupon is not
    used elsewhere and the shopper has not bought their share meanwhile; if not, or if the order
    was cancelled by a person, is paid already, or its group buy was called off, the money goes
    back by itself.
    """
    order, group = locked_with_group(order_id=payment.reference)
    _look_again_at(group)
    called_off = group is not None and group.called_off
    if order.state == OrderState.PENDING_PAYMENT and not called_off:
        _pay(order, group, Action.PAY, now, payment_id=payment.id)
    elif _may_revive(order, group, now) and _hold_again(order, now):
        _pay(
            order,
            group,
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
            automatic=True,
            now=now,
        )


def _may_revive(order: Order, group: Group | None, now: datetime) -> bool:
    if order.state != OrderState.CANCELLED or order.cancel_reason != CancelReason.TIMEOUT:
        return False
    if group is not None and group.called_off:
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
    items = campaign_queries.limits_of(
        [line.campaign_item_id for line in lines if line.campaign_item_id]
    )
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
    _, group = locked_with_group(order_id=order.id)
    _look_again_at(group)
    _pay(order, group, Action.PAY, now)


def _look_again_at(group: Group | None) -> None:
    """Have a campaign settled again that may be settled already; before any stock is locked."""
    if group is not None and not group.undecided:
        campaigns.reopen_settling(campaign_id=group.campaign_id)


def _pay(order: Order, group: Group | None, action: Action, now: datetime, **facts: Any) -> None:
    then = Action.WAIT if group is not None and group.waits else None
    paid = move(order=order, action=action, actor=SYSTEM, now=now, then=then, **facts)
    pricing.use(order_id=paid.id, coupon_id=paid.coupon_id, now=now)
    attribution.renew_lock(shopper_id=paid.shopper_id, leader_id=paid.leader_id, now=now)
    announce(order_paid, paid, lines=queries.lines_of(paid.id), now=now)
    session().flush()
    if group is not None and group.counted and group.undecided:
        count_held(group_buy_ids=[group.id])
    # Last: everybody who buys the same goods waits for whoever holds their pools.
    inventory.sell(order_id=paid.id, now=now)

"""Cancelling orders: by the shopper, by staff, by the clock."""

from datetime import datetime

from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.signals import announce
from groupbuy.orders import queries
from groupbuy.orders.models import Order
from groupbuy.orders.rules import Action, CancelReason, OrderState
from groupbuy.orders.services import after_sales, refunding
from groupbuy.orders.services.moving import hold_payments, locked, move
from groupbuy.orders.signals import order_cancelled
from groupbuy.payments.services import payments
from groupbuy.pricing import services as pricing


def cancel(
    *,
    order_id: str,
    reason: CancelReason,
    actor: Actor,
    now: datetime,
    why: str = "",
    shopper_id: str | None = None,
) -> Order:
    """Cancel an order before it is shipped; stock, coupon and money that was taken go back.

    Raises:
        NotFound: it is not the shopper's order.
        NotInThisState: it was shipped, or is cancelled already.
    """
    queries.order(order_id, shopper_id=shopper_id)
    hold_payments(order_id)
    order = locked(order_id)
    was_paid = order.state != OrderState.PENDING_PAYMENT
    order = move(
        order=order, action=Action.CANCEL, actor=actor, now=now, why=why, cancel_reason=reason
    )
    pricing.give_back(order_id=order.id, coupon_id=order.coupon_id)
    if was_paid:
        inventory.take_back(order_id=order.id, now=now)
        after_sales.withdraw_all(order_ids=[order.id], why="cancelled", actor=actor, now=now)
        refunding.refund_the_rest(order=order, reason=reason, actor=actor, now=now)
    else:
        inventory.release(order_id=order.id, now=now)
        payments.cancel_payment(reference=order.id, now=now)
    announce(order_cancelled, order, now=now)
    return order


def expire(*, order_id: str, now: datetime) -> bool:
    """Cancel an unpaid order whose time is over; tell whether it was.

    One that was paid while we waited for it is left alone: whoever locks it first decides.
    """
    hold_payments(order_id)
    order = locked(order_id)
    if order.state != OrderState.PENDING_PAYMENT or now < order.expires_at:
        return False
    cancel(order_id=order_id, reason=CancelReason.TIMEOUT, actor=SYSTEM, now=now)
    return True

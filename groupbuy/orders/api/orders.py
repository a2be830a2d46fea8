"""Orders over HTTP."""

from datetime import timedelta
from typing import Any

from groupbuy.attribution.errors import AlreadyTheirs
from groupbuy.attribution.models import AttributionDecision
from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.inventory.errors import OutOfStock
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.leaders.errors import PickupPointClosed
from groupbuy.orders import errors, queries
from groupbuy.orders.queries import OrderView, RefundView
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.schemas.orders import (
    CancellationBody,
    LeaderOrderQuery,
    OrderDetailSchema,
    OrderQuery,
    OrderSchema,
    PaymentChoiceBody,
    PaymentStartSchema,
    PlaceOrderBody,
    ReassignmentBody,
    ReassignmentSchema,
    RefundBody,
    RefundQuery,
    RefundSchema,
    StaffCancellationBody,
    StaffOrderDetailSchema,
    StaffOrderQuery,
    StaffOrderSchema,
)
from groupbuy.orders.services import cancelling, paying, placing, reassigning, refunding
from groupbuy.orders.services.refunding import Return
from groupbuy.payments.errors import (
    PaymentMethodUnavailable,
    PaymentUnderReview,
    ProviderUnavailable,
    TooManyRefunds,
)
from groupbuy.payments.models import Payment
from groupbuy.payments.services import payments
from groupbuy.pricing.errors import BelowMinimum, CouponNotApplicable, NotForSale
from groupbuy.pricing.rules import Delivery, Wanted

api = Api("orders", __name__, url_prefix="/api/v1", description="Orders, payment, refunds")


@api.post(
    "/orders",
    allow="orders.own",
    body=PlaceOrderBody,
    returns=OrderDetailSchema,
    status=201,
    idempotent=True,
    problems=[
        NotFound,
        NotForSale,
        BelowMinimum,
        GroupBuyNotOpen,
        PickupPointClosed,
        OutOfStock,
        CouponNotApplicable,
        errors.QuoteChanged,
        errors.ShopperLimitReached,
        errors.PickupPointNeeded,
    ],
)
def place_order(actor: Actor, body: dict[str, Any]) -> OrderView:
    """Place an order for the price of a quote; its stock is held until `expires_at`."""
    wanted = [Wanted(**line) for line in body.pop("lines")]
    payable_for = timedelta(minutes=settings().order_expiry_minutes)
    with transaction():
        return placing.place(
            shopper_id=actor.id,
            lines=wanted,
            payable_for=payable_for,
            delivery=Delivery(settings().delivery_fee_fen, settings().free_delivery_from_fen),
            actor=actor,
            now=clock.now(),
            **body,
        )


@api.get("/orders", allow="orders.own", query=OrderQuery, returns=page_of(OrderSchema))
def list_own_orders(actor: Actor, query: dict[str, Any]) -> Page[OrderView]:
    """List one's own orders, newest first."""
    return queries.shoppers_orders(shopper_id=actor.id, **query)


@api.get("/orders/<id(ord):order_id>", allow="orders.own", returns=OrderDetailSchema)
def show_own_order(actor: Actor, order_id: str) -> OrderView:
    """Show an own order with its timeline, refunds and, once ready, the pickup code."""
    return queries.show(order_id, shopper_id=actor.id)


@api.post(
    "/orders/<id(ord):order_id>/payment",
    allow="orders.own",
    body=PaymentChoiceBody,
    returns=PaymentStartSchema,
    problems=[
        NotInThisState,
        errors.OrderExpired,
        ProviderUnavailable,
        PaymentMethodUnavailable,
        PaymentUnderReview,
    ],
    example={},
)
def start_payment(actor: Actor, order_id: str, body: dict[str, Any]) -> Payment:
    """Start or resume paying; with the demo provider the order is paid at once."""
    with transaction():
        payment = paying.begin_payment(
            order_id=order_id, shopper_id=actor.id, **body, now=clock.now()
        )
        payer = paying.payer_of(payment=payment, shopper_id=actor.id)
    started = payments.start(payment, payer=payer, now=clock.now())
    with transaction():
        return payments.record_start(payment_id=payment.id, started=started, now=clock.now())


@api.post(
    "/orders/<id(ord):order_id>/cancellation",
    allow="orders.own",
    body=CancellationBody,
    returns=OrderDetailSchema,
    problems=[NotInThisState, TooManyRefunds],
)
def cancel_own_order(actor: Actor, order_id: str, body: dict[str, Any]) -> OrderView:
    """Cancel an own order before it is shipped; money that was taken goes back."""
    with transaction():
        cancelling.cancel(
            order_id=order_id,
            shopper_id=actor.id,
            reason=CancelReason.SHOPPER,
            why=body["reason"],
            actor=actor,
            now=clock.now(),
        )
        return queries.show(order_id)


@api.get(
    "/leader/orders", allow="leader.own", query=LeaderOrderQuery, returns=page_of(StaffOrderSchema)
)
def list_leaders_orders(actor: Actor, query: dict[str, Any]) -> Page[OrderView]:
    """List the orders that are mine or are handed over at my points, newest first."""
    return queries.leaders_orders(leader_id=actor.leader_id, **query)


@api.get(
    "/hq/orders", allow="orders.read", query=StaffOrderQuery, returns=page_of(StaffOrderSchema)
)
def list_orders(actor: Actor, query: dict[str, Any]) -> Page[OrderView]:
    """List orders, newest first."""
    return queries.all_orders(**query)


@api.get("/hq/orders/<id(ord):order_id>", allow="orders.read", returns=StaffOrderDetailSchema)
def show_order(actor: Actor, order_id: str) -> OrderView:
    """Show an order with its timeline and refunds."""
    return queries.show(order_id)


@api.post(
    "/hq/orders/<id(ord):order_id>/cancellation",
    allow="orders.serve",
    body=StaffCancellationBody,
    returns=StaffOrderDetailSchema,
    problems=[NotInThisState, TooManyRefunds],
)
def cancel_order(actor: Actor, order_id: str, body: dict[str, Any]) -> OrderView:
    """Cancel an order before it is shipped; money that was taken goes back."""
    with transaction():
        cancelling.cancel(
            order_id=order_id,
            reason=CancelReason.STAFF,
            why=body["reason"],
            actor=actor,
            now=clock.now(),
        )
        return queries.show(order_id)


@api.post(
    "/hq/orders/<id(ord):order_id>/attribution",
    allow="attribution.edit",
    body=ReassignmentBody,
    returns=ReassignmentSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, AlreadyTheirs],
)
def reassign_order(actor: Actor, order_id: str, body: dict[str, Any]) -> AttributionDecision:
    """Give a paid order to another leader, or to the house."""
    with transaction():
        return reassigning.reassign(order_id=order_id, **body, actor=actor, now=clock.now())


@api.get("/hq/refunds", allow="orders.read", query=RefundQuery, returns=page_of(RefundSchema))
def list_refunds(actor: Actor, query: dict[str, Any]) -> Page[RefundView]:
    """List refunds, newest first."""
    return queries.refunds(**query)


@api.post(
    "/hq/refunds",
    allow="orders.serve",
    body=RefundBody,
    returns=RefundSchema,
    status=201,
    idempotent=True,
    problems=[
        NotFound,
        errors.NothingToRefund,
        errors.RefundExceedsLine,
        errors.RefundExceedsDelivery,
        TooManyRefunds,
    ],
)
def refund_lines(actor: Actor, body: dict[str, Any]) -> RefundView:
    """Refund lines of a paid order, by quantity or by amount, and of its delivery fee."""
    returns = [Return(**line) for line in body.pop("lines")]
    with transaction():
        refund = refunding.refund_lines(returns=returns, actor=actor, now=clock.now(), **body)
        return queries.with_lines([refund])[0]

"""Giving money back, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from groupbuy.inventory import services as inventory
from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.signals import announce
from groupbuy.orders import queries
from groupbuy.orders.errors import NothingToRefund, RefundExceedsDelivery, RefundExceedsLine
from groupbuy.orders.models import Order, OrderLine, OrderRefund, OrderRefundLine
from groupbuy.orders.rules import (
    REFUND_TRANSITIONS,
    Action,
    CancelReason,
    OrderState,
    RefundState,
    RefundStatus,
    refund_of_units,
    refund_status,
)
from groupbuy.orders.services.moving import hold_payments, locked, move
from groupbuy.orders.signals import line_refunded, order_cancelled
from groupbuy.payments.services import refunds
from groupbuy.pricing import services as pricing


@dataclass(frozen=True, slots=True)
class Return:
    """What to give back of a line: some units, or an amount in fen (then no unit returns).

    With both, so many units return for that amount.
    """

    order_line_id: str
    quantity: int | None = None
    amount_fen: int | None = None


NOT_SHIPPED = (OrderState.PAID, OrderState.GROUP_PENDING, OrderState.PREPARING)


def refund_lines(
    *,
    order_id: str,
    returns: Sequence[Return],
    reason: str,
    actor: Actor,
    now: datetime,
    delivery_fen: int = 0,
) -> OrderRefund:
    """Refund lines of a paid order by quantity or amount, and of its delivery fee.

    The money follows by a job. With the last fen of the goods, the rest of the fee goes back too.

    Raises:
        NotFound: no such order, or a line that is not its.
        NothingToRefund: no money was taken for it.
        RefundExceedsLine: more than is left on a line; nothing is refunded at all.
        RefundExceedsDelivery: more than is left of the fee.
    """
    hold_payments(order_id)
    order = locked(order_id)
    if order.payment_id is None:
        raise NothingToRefund
    lines = {line.id: line for line in queries.lines_of(order_id)}
    if not {wanted.order_line_id for wanted in returns} <= lines.keys():
        raise NotFound
    taken = [_take(lines[wanted.order_line_id], wanted) for wanted in returns]
    if taken and all(line.refund_requested_fen == line.amount_fen for line in lines.values()):
        delivery_fen = order.delivery_fen - order.delivery_requested_fen
    _take_delivery(order, delivery_fen)
    return _request(order, taken, delivery_fen, reason=reason, actor=actor, now=now)


def refund_the_rest(*, order: Order, reason: str, actor: Actor, now: datetime) -> None:
    """Refund whatever is left of every line and of the delivery fee."""
    taken = [
        _take(line, Return(line.id, quantity=line.left_quantity))
        for line in queries.lines_of(order.id)
        if line.left_fen > 0
    ]
    delivery_fen = order.delivery_fen - order.delivery_requested_fen
    if taken or delivery_fen:
        _take_delivery(order, delivery_fen)
        _request(order, taken, delivery_fen, reason=reason, actor=actor, now=now)


def settle_refund(*, refund_id: str, now: datetime) -> None:
    """Record that the money of a refund is back."""
    refund = _settle(refund_id, "settle", now)
    if refund is None:
        return
    order = locked(refund.order_id)
    order.refunded_fen += refund.amount_fen
    order.delivery_refunded_fen += refund.delivery_fen
    order.refund_status = refund_status(paid_fen=order.total_fen, refunded_fen=order.refunded_fen)
    _change_lines(refund_id, refunded_fen=OrderLine.refunded_fen + OrderRefundLine.amount_fen)
    for line in _refund_lines(refund_id):
        announce(line_refunded, line, now=now)
    session().flush()
    if order.refund_status == RefundStatus.FULL and order.state in NOT_SHIPPED:
        _call_off(order, now)


def fail_refund(*, refund_id: str, now: datetime) -> None:
    """Record that the provider refused a refund for good; what it held is free again."""
    refund = _settle(refund_id, "fail", now)
    if refund is None:
        return
    order = locked(refund.order_id)
    order.delivery_requested_fen -= refund.delivery_fen
    _change_lines(
        refund_id,
        refund_requested_fen=OrderLine.refund_requested_fen - OrderRefundLine.amount_fen,
        returned_quantity=OrderLine.returned_quantity - OrderRefundLine.quantity,
    )


def _change_lines(refund_id: str, **changes: ColumnElement[int]) -> None:
    """Change every order line of a refund by its refund line, in one statement."""
    session().execute(
        update(OrderLine)
        .where(
            OrderLine.id == OrderRefundLine.order_line_id, OrderRefundLine.refund_id == refund_id
        )
        .values(**changes)
        .execution_options(synchronize_session="fetch")
    )


def _call_off(order: Order, now: datetime) -> None:
    """Cancel an order of which everything was refunded before it was shipped."""
    cancelled = move(
        order=order,
        action=Action.CANCEL,
        actor=SYSTEM,
        now=now,
        why="refunded in full",
        cancel_reason=CancelReason.STAFF,
    )
    pricing.give_back(order_id=order.id, coupon_id=order.coupon_id)
    inventory.take_back(order_id=order.id, now=now)
    announce(order_cancelled, cancelled, now=now)


def amount_wanted(*, line: OrderLine, wanted: Return) -> int:
    """Return what is wanted of a line, in fen; units share what is not asked back already."""
    if wanted.amount_fen is not None:
        return wanted.amount_fen
    return refund_of_units(
        amount_fen=line.amount_fen,
        quantity=line.quantity,
        requested_fen=line.refund_requested_fen + line.held_fen,
        returned=line.returned_quantity + line.held_quantity,
        units=wanted.quantity or 0,
        saved_fen=line.saved_fen,
    )


def exceeds(*, line: OrderLine) -> RefundExceedsLine:
    """Return the Problem that says what is left of a line."""
    return RefundExceedsLine(
        order_line_id=line.id, left_fen=line.left_fen, left_quantity=line.left_quantity
    )


def _take(line: OrderLine, wanted: Return) -> OrderRefundLine:
    """Take part of a line for a refund by a conditional UPDATE, so that no two exceed it.

    What an open after-sale holds is not taken.
    """
    units = wanted.quantity or 0
    amount_fen = amount_wanted(line=line, wanted=wanted)
    if line.refund_requested_fen + amount_fen == line.amount_fen:
        # Whoever got all the money back keeps no unit: commission by the unit follows.
        units = max(units, line.quantity - line.returned_quantity)
    requested = OrderLine.refund_requested_fen + amount_fen
    returned = OrderLine.returned_quantity + units
    statement = (
        update(OrderLine)
        .where(
            OrderLine.id == line.id,
            requested + OrderLine.held_fen <= OrderLine.amount_fen,
            returned + OrderLine.held_quantity <= OrderLine.quantity,
        )
        .values(refund_requested_fen=requested, returned_quantity=returned)
        .returning(OrderLine.id)
        .execution_options(synchronize_session="fetch")
    )
    if amount_fen <= 0 or session().execute(statement).one_or_none() is None:
        raise exceeds(line=line)
    return OrderRefundLine(order_line_id=line.id, quantity=units, amount_fen=amount_fen)


def _take_delivery(order: Order, delivery_fen: int) -> None:
    """Hold part of a locked order's delivery fee for a refund."""
    left_fen = order.delivery_fen - order.delivery_requested_fen
    if delivery_fen > left_fen:
        raise RefundExceedsDelivery(left_fen=left_fen)
    order.delivery_requested_fen += delivery_fen


def _request(
    order: Order,
    taken: Sequence[OrderRefundLine],
    delivery_fen: int,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> OrderRefund:
    if order.payment_id is None:
        raise NothingToRefund
    refund = OrderRefund(
        id=new_id("orf"),
        order_id=order.id,
        payment_id=order.payment_id,
        amount_fen=sum(line.amount_fen for line in taken) + delivery_fen,
        delivery_fen=delivery_fen,
        state=RefundState.REQUESTED,
        reason=reason,
        requested_by=actor.label,
        requested_at=now,
    )
    session().add(refund)
    session().flush()
    for line in taken:
        line.refund_id = refund.id
    session().add_all(taken)
    refunds.request_refund(
        payment_id=order.payment_id,
        amount_fen=refund.amount_fen,
        reason=reason,
        reference=refund.id,
        now=now,
    )
    audit.record(
        actor=actor,
        action="order.refund",
        subject=order.id,
        now=now,
        refund=refund.id,
        amount_fen=refund.amount_fen,
    )
    session().flush()
    return refund


def _settle(refund_id: str, action: str, now: datetime) -> OrderRefund | None:
    requested = RefundState.REQUESTED
    return session().scalar(
        update(OrderRefund)
        .where(OrderRefund.id == refund_id, OrderRefund.state == requested)
        .values(state=REFUND_TRANSITIONS[requested, action], settled_at=now)
        .returning(OrderRefund)
        .execution_options(populate_existing=True)
    )


def _refund_lines(refund_id: str) -> list[OrderRefundLine]:
    return list(
        session().scalars(
            select(OrderRefundLine)
            .where(OrderRefundLine.refund_id == refund_id)
            .order_by(OrderRefundLine.order_line_id)
        )
    )

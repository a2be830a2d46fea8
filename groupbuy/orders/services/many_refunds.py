"""Giving money back for many orders at once, in a constant number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.orders.models import Order, OrderLine, OrderRefund, OrderRefundLine
from groupbuy.orders.rules import RefundState
from groupbuy.orders.services.moving import hold as hold_orders
from groupbuy.orders.services.moving import hold_payments_of
from groupbuy.payments.services import RefundWanted, request_refunds


def hold(*, order_ids: Sequence[str]) -> dict[str, Order]:
    """Lock orders and before them their payments, each in id order; return the orders as they are.

    It is the order in which whoever pays or cancels one of them takes its locks.
    """
    hold_payments_of(order_ids)
    return {order.id: order for order in hold_orders(order_ids)}


def held_lines(*, order_ids: Sequence[str]) -> list[OrderLine]:
    """Lock and return the lines of some orders, as they are now."""
    lines = session().scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.order_id, OrderLine.position)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(lines)


def give_back(
    *,
    orders: Mapping[str, Order],
    taken: Sequence[tuple[OrderLine, int, int]],
    reason: str,
    actor: Actor,
    now: datetime,
    with_delivery: bool = False,
) -> None:
    """Request one refund of each order for (line, units, fen); the caller holds orders and lines.

    Nothing of 0 fen is asked for; the amounts are no more than what is left of the lines. The
    rest of each order's delivery fee goes back with them if asked for.
    """
    taken = [entry for entry in taken if entry[2] > 0]
    fees = {i: _fee_left(order) for i, order in orders.items() if with_delivery}
    by_order: dict[str, list[tuple[OrderLine, int, int]]] = {i: [] for i in fees if fees[i]}
    for entry in taken:
        by_order.setdefault(entry[0].order_id, []).append(entry)
    refunds = [
        _refund(orders[order_id], entries, fees.get(order_id, 0), reason, actor, now)
        for order_id, entries in sorted(by_order.items())
    ]
    if not refunds:
        return
    session().add_all(refunds)
    session().flush()
    session().add_all(
        OrderRefundLine(
            refund_id=refund.id, order_line_id=line.id, quantity=units, amount_fen=amount_fen
        )
        for refund in refunds
        for line, units, amount_fen in by_order[refund.order_id]
    )
    _take(taken, refunds)
    request_refunds(
        wanted=[RefundWanted(r.payment_id, r.amount_fen, r.id) for r in refunds],
        reason=reason,
        now=now,
    )
    for refund in refunds:
        audit.record(
            actor=actor,
            action="order.refund",
            subject=refund.order_id,
            now=now,
            refund=refund.id,
            amount_fen=refund.amount_fen,
        )
    session().flush()


def _refund(
    order: Order,
    entries: Sequence[tuple[OrderLine, int, int]],
    delivery_fen: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> OrderRefund:
    return OrderRefund(
        id=new_id("orf"),
        order_id=order.id,
        payment_id=order.payment_id,
        amount_fen=sum(amount_fen for _, _, amount_fen in entries) + delivery_fen,
        delivery_fen=delivery_fen,
        state=RefundState.REQUESTED,
        reason=reason,
        requested_by=actor.label,
        requested_at=now,
    )


def _fee_left(order: Order) -> int:
    if order.payment_id is None:
        return 0
    return order.delivery_fen - order.delivery_requested_fen


def _take(taken: Sequence[tuple[OrderLine, int, int]], refunds: Sequence[OrderRefund]) -> None:
    """Hold the parts of the lines and of the fees; too large a part breaks a CHECK."""
    fees = [(refund.order_id, refund.delivery_fen) for refund in refunds if refund.delivery_fen]
    if fees:
        requested = Order.delivery_requested_fen + bindparam("fee_fen")
        session().connection().execute(
            update(cast(Table, Order.__table__))
            .where(Order.id == bindparam("order_id"))
            .values(delivery_requested_fen=requested),
            [{"order_id": order_id, "fee_fen": fee_fen} for order_id, fee_fen in fees],
        )
    rows = [
        {
            "id": line.id,
            "refund_requested_fen": line.refund_requested_fen + amount_fen,
            "returned_quantity": line.returned_quantity + units,
        }
        for line, units, amount_fen in taken
    ]
    if rows:
        session().execute(update(OrderLine), rows)

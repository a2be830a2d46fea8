"""Giving money back for many orders at once, in a constant number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

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
) -> None:
    """Request one refund of each order for (line, units, fen); the caller holds orders and lines.

    Nothing of 0 fen is asked for; the amounts are no more than what is left of the lines.
    """
    taken = [entry for entry in taken if entry[2] > 0]
    if not taken:
        return
    by_order: dict[str, list[tuple[OrderLine, int, int]]] = {}
    for entry in taken:
        by_order.setdefault(entry[0].order_id, []).append(entry)
    refunds = [
        _refund(orders[order_id], entries, reason, actor, now)
        for order_id, entries in sorted(by_order.items())
    ]
    session().add_all(refunds)
    session().flush()
    session().add_all(
        OrderRefundLine(
            refund_id=refund.id, order_line_id=line.id, quantity=units, amount_fen=amount_fen
        )
        for refund in refunds
        for line, units, amount_fen in by_order[refund.order_id]
    )
    _take(taken)
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
    reason: str,
    actor: Actor,
    now: datetime,
) -> OrderRefund:
    return OrderRefund(
        id=new_id("orf"),
        order_id=order.id,
        payment_id=order.payment_id,
        amount_fen=sum(amount_fen for _, _, amount_fen in entries),
        state=RefundState.REQUESTED,
        reason=reason,
        requested_by=actor.label,
        requested_at=now,
    )


def _take(taken: Sequence[tuple[OrderLine, int, int]]) -> None:
    """Hold the parts of the lines; a part too large breaks the CHECK of the table."""
    rows = [
        {
            "id": line.id,
            "refund_requested_fen": line.refund_requested_fen + amount_fen,
            "returned_quantity": line.returned_quantity + units,
        }
        for line, units, amount_fen in taken
    ]
    session().execute(update(OrderLine), rows)

"""Settling the orders of group buys that are decided, batch by batch.

What is to be done is told by states alone: orders that wait in a group buy that made it, orders
that live in one that was called off, lines whose price ladder has ended. A batch is one
transaction, so it can be killed anywhere: the next one finds what is left. It holds payments,
orders and lines, each in id order, then stock, in a number of statements that does not depend
on how many orders it has (but for what others do about each cancelled order).
"""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.campaigns.models import GroupBuy, GroupBuyItem
from groupbuy.campaigns.rules import ENDED, CampaignState
from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session
from groupbuy.kernel.signals import announce
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.queries import closing as queries
from groupbuy.orders.rules import (
    UNSHIPPED,
    Action,
    CancelReason,
    OrderState,
    refund_of_ladder,
    saved_by_ladder,
)
from groupbuy.orders.services.after_sales import withdraw_all
from groupbuy.orders.services.many_refunds import give_back, held_lines, hold
from groupbuy.orders.services.moving import move_many
from groupbuy.orders.signals import order_cancelled
from groupbuy.payments.services import cancel_payments
from groupbuy.pricing import services as pricing

BATCH = 500
UNSOLD = (OrderState.PENDING_PAYMENT, OrderState.CANCELLED)


def settle_batch(*, campaign_id: str, now: datetime) -> int:
    """Settle some orders of a campaign, in one transaction; return how many, 0 if none is left.

    With none left the campaign is settled, once nothing can come any more: it has ended, and no
    order waits for its payment.
    """
    for step in (_prepare, _call_off, _level):
        if done := step(campaign_id, now):
            return done
    _finish(campaign_id, now)
    return 0


def _prepare(campaign_id: str, now: datetime) -> int:
    """Let orders go on whose group buy made it."""
    waiting = _found(campaign_id, queries.WAITS)
    if waiting:
        move_many(
            order_ids=list(hold(order_ids=waiting)),
            before=OrderState.GROUP_PENDING,
            action=Action.PREPARE,
            actor=SYSTEM,
            now=now,
        )
    return len(waiting)


def _call_off(campaign_id: str, now: datetime) -> int:
    """Cancel orders whose group buy was called off; goods and money go back."""
    found = _found(campaign_id, queries.LIVES_ON)
    if not found:
        return 0
    orders = hold(order_ids=found)
    reason, why = _reason(campaign_id)
    moved: list[str] = []
    for state in sorted({order.state for order in orders.values()} & set(UNSHIPPED)):
        moved += move_many(
            order_ids=[order.id for order in orders.values() if order.state == state],
            before=OrderState(state),
            action=Action.CANCEL,
            actor=SYSTEM,
            now=now,
            why=why,
            cancel_reason=reason,
        )
    cancelled = {order_id: orders[order_id] for order_id in sorted(moved)}
    withdraw_all(order_ids=moved, why="cancelled", actor=SYSTEM, now=now)
    pricing.give_back_many(order_ids=moved)
    taken = [
        (line, line.left_quantity, line.left_fen)
        for line in held_lines(order_ids=moved)
        if cancelled[line.order_id].payment_id is not None
    ]
    give_back(
        orders=cancelled, taken=taken, reason=reason, actor=SYSTEM, now=now, with_delivery=True
    )
    cancel_payments(references=moved, now=now)
    inventory.give_back_many(order_ids=moved, now=now)
    for order in cancelled.values():
        announce(order_cancelled, order, now=now)
    return len(found)


def _level(campaign_id: str, now: datetime) -> int:
    """Give back what price ladders saved, line by line, once: the line keeps its final price.

    A line of which an after-sale holds something waits until that is over.
    """
    found = _found(campaign_id, queries.LEVELLABLE)
    if not found:
        return 0
    orders = hold(order_ids=found)
    prices = _final_prices(campaign_id)
    levelled = [
        (line, min(price, line.unit_price_fen))
        for line in held_lines(order_ids=found)
        for order in [orders[line.order_id]]
        for price in [prices.get((order.group_buy_id, line.campaign_item_id))]
        if price and line.final_price_fen is None and not line.held_fen
        if order.state not in UNSOLD
    ]
    if levelled:
        prices_kept = [{"id": line.id, "final_price_fen": price} for line, price in levelled]
        session().execute(update(OrderLine), prices_kept)
    taken = [
        (line, 0, _saved(line, price))
        for line, price in levelled
        if orders[line.order_id].payment_id is not None
    ]
    give_back(orders=orders, taken=taken, reason=queries.LADDER, actor=SYSTEM, now=now)
    return len(found)


def _saved(line: OrderLine, price_fen: int) -> int:
    saved_fen = saved_by_ladder(
        amount_fen=line.amount_fen, quantity=line.quantity, final_price_fen=price_fen
    )
    return refund_of_ladder(
        saved_fen=saved_fen,
        amount_fen=line.amount_fen,
        quantity=line.quantity,
        requested_fen=line.refund_requested_fen,
        returned=line.returned_quantity,
    )


def _finish(campaign_id: str, now: datetime) -> None:
    """Note that a campaign is settled, unless something may still come.

    Under the campaign's lock, which orders that are being placed in it take too, and payments
    that come after its group buys were decided.
    """
    campaign = campaigns.locked(campaign_id, against_orders=True)
    if campaign.state in ENDED and not queries.anything_unsettled(campaign_id):
        campaigns.record_settled(campaign_id=campaign_id, now=now)


def _found(campaign_id: str, condition: ColumnElement[bool]) -> list[str]:
    """Return the next batch of a campaign's orders of which something holds, in id order."""
    query = queries.of_campaign(campaign_id).where(condition)
    return list(session().scalars(query.order_by(Order.id).limit(BATCH)))


def _final_prices(campaign_id: str) -> dict[tuple[str | None, str | None], int | None]:
    rows = session().execute(
        select(
            GroupBuyItem.group_buy_id, GroupBuyItem.campaign_item_id, GroupBuyItem.final_price_fen
        )
        .join(GroupBuy, GroupBuy.id == GroupBuyItem.group_buy_id)
        .where(GroupBuy.campaign_id == campaign_id)
    )
    return {(group_buy_id, item_id): price for group_buy_id, item_id, price in rows}


def _reason(campaign_id: str) -> tuple[CancelReason, str]:
    """Tell why a campaign's orders are cancelled: staff called it off, or group buys failed."""
    found = campaign_queries.campaign(campaign_id)
    if found.state == CampaignState.CANCELLED:
        return CancelReason.STAFF, found.cancel_reason
    return CancelReason.GROUP_FAILED, ""

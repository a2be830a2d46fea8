"""What group buys sold, told to campaigns: while they are open, and when they close."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, func, select, tuple_

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.campaigns.rules import GroupBuyFacts
from groupbuy.kernel.db import session
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.rules import OrderState

NOT_COUNTED = (OrderState.PENDING_PAYMENT, OrderState.CANCELLED)


def facts_of(
    *, group_buy_ids: Sequence[str], paid_before: datetime | None = None
) -> dict[str, GroupBuyFacts]:
    """Return what each group buy sold, in one statement; one that sold nothing is left out.

    Units that shoppers keep of orders that are paid (before an instant, if named) and not
    cancelled, and how many shoppers keep any.
    """
    kept = OrderLine.quantity - OrderLine.returned_quantity
    by_item = OrderLine.campaign_item_id
    query = (
        select(
            Order.group_buy_id,
            by_item,
            func.count(distinct(Order.shopper_id)).filter(kept > 0),
            func.sum(kept),
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.group_buy_id.in_(group_buy_ids),
            Order.paid_at.is_not(None),
            Order.state.not_in(NOT_COUNTED),
            by_item.is_not(None),
        )
        .group_by(
            func.grouping_sets(tuple_(Order.group_buy_id), tuple_(Order.group_buy_id, by_item))
        )
    )
    if paid_before is not None:
        query = query.where(Order.paid_at < paid_before)
    totals: dict[str, tuple[int, int]] = {}
    units: dict[str, dict[str, int]] = {}
    rows: Iterable[Any] = session().execute(query)
    for group_buy_id, item_id, shoppers, sold in rows:
        if item_id is None:
            totals[group_buy_id] = shoppers, int(sold)
        else:
            units.setdefault(group_buy_id, {})[item_id] = int(sold)
    return {i: GroupBuyFacts(i, *counts, units.get(i, {})) for i, counts in totals.items()}


def count_held(*, group_buy_ids: Sequence[str]) -> None:
    """Count what group buys sold that the caller holds, and tell campaigns."""
    facts = facts_of(group_buy_ids=group_buy_ids)
    campaigns.record_counts(facts=[facts.get(i) or GroupBuyFacts(i) for i in group_buy_ids])


def recount() -> None:
    """Count what every open group buy sold whose campaign depends on it.

    Payments count at once; what is cancelled or given back is counted here.
    """
    counted = campaign_queries.counted_group_buy_ids()
    if counted:
        count_held(group_buy_ids=list(campaigns.hold_group_buys(group_buy_ids=counted)))

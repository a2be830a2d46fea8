"""Reads of orders, scoped by who asks; a list is a constant number of statements."""

from groupbuy.orders.queries.orders import (
    INVARIANTS,
    OrderView,
    RefundView,
    all_orders,
    bought,
    campaign_ids_to_fulfil,
    ids_due_to_complete,
    ids_due_to_expire,
    leaders_orders,
    lines_of,
    order,
    refund_under_way,
    refunds,
    shoppers_orders,
    show,
    with_lines,
)

__all__ = [
    "INVARIANTS",
    "OrderView",
    "RefundView",
    "all_orders",
    "bought",
    "campaign_ids_to_fulfil",
    "ids_due_to_complete",
    "ids_due_to_expire",
    "leaders_orders",
    "lines_of",
    "order",
    "refund_under_way",
    "refunds",
    "shoppers_orders",
    "show",
    "with_lines",
]

"""Reads of orders, scoped by who asks; a list is a constant number of statements."""

from groupbuy.orders.queries.after_sales import (
    AFTER_SALE_INVARIANTS,
    AfterSaleView,
    after_sale,
    after_sale_ids_overdue,
    after_sale_ids_unreturned,
    all_after_sales,
    leaders_after_sales,
    own_after_sale,
    shoppers_after_sales,
)
from groupbuy.orders.queries.carts import CartSummary, cart_lines, cart_list, ordered_since
from groupbuy.orders.queries.orders import (
    ORDER_INVARIANTS,
    OrderView,
    RefundView,
    all_orders,
    bought,
    campaign_ids_to_fulfil,
    ids_due_to_complete,
    ids_due_to_expire,
    ids_with_something_open,
    leaders_orders,
    lines_of,
    order,
    refund_under_way,
    refunds,
    shoppers_orders,
    show,
    with_lines,
)
from groupbuy.orders.queries.personal import PERSONAL

INVARIANTS = (*ORDER_INVARIANTS, *AFTER_SALE_INVARIANTS)

__all__ = [
    "INVARIANTS",
    "PERSONAL",
    "AfterSaleView",
    "CartSummary",
    "OrderView",
    "RefundView",
    "after_sale",
    "after_sale_ids_overdue",
    "after_sale_ids_unreturned",
    "all_after_sales",
    "all_orders",
    "bought",
    "campaign_ids_to_fulfil",
    "cart_lines",
    "cart_list",
    "ids_due_to_complete",
    "ids_due_to_expire",
    "ids_with_something_open",
    "leaders_after_sales",
    "leaders_orders",
    "lines_of",
    "order",
    "ordered_since",
    "own_after_sale",
    "refund_under_way",
    "refunds",
    "shoppers_after_sales",
    "shoppers_orders",
    "show",
    "with_lines",
]

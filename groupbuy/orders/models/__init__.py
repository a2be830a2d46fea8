"""Tables of orders."""

from groupbuy.orders.models.orders import (
    Order,
    OrderLine,
    OrderRefund,
    OrderRefundLine,
    OrderTransition,
)

__all__ = [
    "Order",
    "OrderLine",
    "OrderRefund",
    "OrderRefundLine",
    "OrderTransition",
]

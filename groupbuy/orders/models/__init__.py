"""Tables of orders."""

from groupbuy.orders.models.after_sales import (
    AfterSale,
    AfterSaleLine,
    AfterSaleMove,
    AfterSaleNote,
)
from groupbuy.orders.models.carts import Cart, CartLine
from groupbuy.orders.models.corrections import CorrectedLine, CorrectedOrder, Correction
from groupbuy.orders.models.orders import (
    Order,
    OrderLine,
    OrderRefund,
    OrderRefundLine,
    OrderTransition,
)

__all__ = [
    "AfterSale",
    "AfterSaleLine",
    "AfterSaleMove",
    "AfterSaleNote",
    "Cart",
    "CartLine",
    "CorrectedLine",
    "CorrectedOrder",
    "Correction",
    "Order",
    "OrderLine",
    "OrderRefund",
    "OrderRefundLine",
    "OrderTransition",
]

"""Facts that orders announces."""

from groupbuy.kernel.signals import fact

order_placed = fact("orders.order_placed", "sender: Order; now: datetime. Stock is reserved.")
order_paid = fact(
    "orders.order_paid",
    "sender: Order; lines: list[OrderLine]; now: datetime, which is order.paid_at.",
)
order_cancelled = fact(
    "orders.order_cancelled", "sender: Order; now: datetime. order.cancel_reason says why."
)
order_completed = fact(
    "orders.order_completed", "sender: Order; now: datetime, which is order.completed_at."
)
line_refunded = fact(
    "orders.line_refunded",
    "sender: OrderRefundLine (refund_id, order_line_id, amount_fen, quantity); now: datetime, the "
    "recorded time of the refund.",
)

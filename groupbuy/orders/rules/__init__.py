"""Orders, pure: tables of allowed moves, what a refund amounts to."""

from groupbuy.orders.rules.orders import (
    BACKWARD,
    REACHED_AT,
    REFUND_TRANSITIONS,
    TRANSITIONS,
    UNSHIPPED,
    Action,
    CancelReason,
    OrderState,
    RefundState,
    RefundStatus,
    after,
    refund_of_ladder,
    refund_of_units,
    refund_status,
    saved_by_ladder,
)

__all__ = [
    "BACKWARD",
    "REACHED_AT",
    "REFUND_TRANSITIONS",
    "TRANSITIONS",
    "UNSHIPPED",
    "Action",
    "CancelReason",
    "OrderState",
    "RefundState",
    "RefundStatus",
    "after",
    "refund_of_ladder",
    "refund_of_units",
    "refund_status",
    "saved_by_ladder",
]

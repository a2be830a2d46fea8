"""Holds, pure: where one stands, and what may be done about it."""

from enum import StrEnum

MANUAL = "manual"
"""The rule of a hold that staff placed by hand."""

WORST = 100
"""The highest score: beyond doubt."""


class HoldState(StrEnum):
    """Where a hold stands; what is decided never changes, the undo is a new hold."""

    HELD = "held"
    RELEASED = "released"
    REJECTED = "rejected"


HOLD_MOVES: dict[tuple[HoldState, str], HoldState] = {
    (HoldState.HELD, "release"): HoldState.RELEASED,
    (HoldState.HELD, "reject"): HoldState.REJECTED,
}


class Stream(StrEnum):
    """What makes a rule look again: an order was paid, or a refund was recorded."""

    PAID = "paid"
    REFUNDED = "refunded"

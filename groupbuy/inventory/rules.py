"""Inventory, pure: what may become of goods that were put aside for an order."""

from enum import StrEnum


class ReservationState(StrEnum):
    """What became of the goods that were put aside for an order."""

    HELD = "held"
    SOLD = "sold"
    RELEASED = "released"
    RETURNED = "returned"


class ReservationAction(StrEnum):
    """What moves a reservation on."""

    SELL = "sell"
    RELEASE = "release"
    HOLD_AGAIN = "hold_again"
    TAKE_BACK = "take_back"


_S, _A = ReservationState, ReservationAction

RESERVATION_MOVES: dict[tuple[ReservationState, ReservationAction], ReservationState] = {
    (_S.HELD, _A.SELL): _S.SOLD,
    (_S.HELD, _A.RELEASE): _S.RELEASED,
    (_S.RELEASED, _A.HOLD_AGAIN): _S.HELD,
    (_S.SOLD, _A.TAKE_BACK): _S.RETURNED,
}


def move_of(action: ReservationAction) -> tuple[ReservationState, ReservationState]:
    """Return the one state in which an action is allowed, and the state it leads to."""
    ((start, end),) = (
        (start, end) for (start, known), end in RESERVATION_MOVES.items() if known is action
    )
    return start, end

"""Orders, pure: the one table of allowed moves, and what a refund of a line amounts to."""

from enum import StrEnum
from fractions import Fraction

from groupbuy.kernel.money import half_up
from groupbuy.kernel.problems import NotInThisState


class OrderState(StrEnum):
    """Where an order stands."""

    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    GROUP_PENDING = "group_pending"
    PREPARING = "preparing"
    SHIPPED = "shipped"
    READY_FOR_PICKUP = "ready_for_pickup"
    PICKED_UP = "picked_up"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What moves an order on."""

    PLACE = "place"
    PAY = "pay"
    REVIVE = "revive"
    WAIT = "wait"
    PREPARE = "prepare"
    UNPACK = "unpack"
    SHIP = "ship"
    ARRIVE = "arrive"
    PICK_UP = "pick_up"
    UNDO_PICK_UP = "undo_pick_up"
    LEAVE = "leave"
    COMPLETE = "complete"
    CANCEL = "cancel"


class CancelReason(StrEnum):
    """Why an order was cancelled."""

    TIMEOUT = "timeout"
    SHOPPER = "shopper"
    STAFF = "staff"
    GROUP_FAILED = "group_failed"


class RefundStatus(StrEnum):
    """How much of what was paid went back."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class RefundState(StrEnum):
    """Where a refund stands; the money is back when it succeeded."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_TRANSITIONS: dict[tuple[RefundState, str], RefundState] = {
    (RefundState.REQUESTED, "settle"): RefundState.SUCCEEDED,
    (RefundState.REQUESTED, "fail"): RefundState.FAILED,
}

_S, _A = OrderState, Action

TRANSITIONS: dict[tuple[OrderState, Action], OrderState] = {
    (_S.PENDING_PAYMENT, _A.PAY): _S.PAID,
    (_S.PENDING_PAYMENT, _A.CANCEL): _S.CANCELLED,
    # A payment that arrives after expiry brings the order back if its goods are still there.
    (_S.CANCELLED, _A.REVIVE): _S.PAID,
    # In a group buy whose outcome is open: at once, in the same step as the payment.
    (_S.PAID, _A.WAIT): _S.GROUP_PENDING,
    (_S.PAID, _A.PREPARE): _S.PREPARING,
    (_S.PAID, _A.CANCEL): _S.CANCELLED,
    (_S.GROUP_PENDING, _A.PREPARE): _S.PREPARING,
    (_S.GROUP_PENDING, _A.CANCEL): _S.CANCELLED,
    (_S.PREPARING, _A.SHIP): _S.SHIPPED,
    (_S.PREPARING, _A.UNPACK): _S.PAID,
    (_S.PREPARING, _A.CANCEL): _S.CANCELLED,
    (_S.SHIPPED, _A.ARRIVE): _S.READY_FOR_PICKUP,
    (_S.READY_FOR_PICKUP, _A.PICK_UP): _S.PICKED_UP,
    # Goods that nobody fetches: the money went back, or they had to be thrown away.
    (_S.READY_FOR_PICKUP, _A.LEAVE): _S.COMPLETED,
    (_S.PICKED_UP, _A.UNDO_PICK_UP): _S.READY_FOR_PICKUP,
    (_S.PICKED_UP, _A.COMPLETE): _S.COMPLETED,
}

REACHED_AT: dict[OrderState, str] = {
    _S.PAID: "paid_at",
    _S.SHIPPED: "shipped_at",
    _S.READY_FOR_PICKUP: "ready_at",
    _S.PICKED_UP: "picked_up_at",
    _S.COMPLETED: "completed_at",
    _S.CANCELLED: "cancelled_at",
}
"""The column that keeps when a state was reached last."""

BACKWARD = frozenset({_A.UNPACK, _A.UNDO_PICK_UP})
"""What leads back to a state: it was reached before, and that time stands."""


UNSHIPPED = (_S.PENDING_PAYMENT, _S.PAID, _S.GROUP_PENDING, _S.PREPARING)
"""States from which an order may still be cancelled."""


def after(state: str, action: Action) -> OrderState:
    """Return the state an action leads to.

    Raises:
        NotInThisState: the table does not allow it.
    """
    try:
        return TRANSITIONS[OrderState(state), action]
    except KeyError:
        raise NotInThisState(state=str(state), action=str(action)) from None


def refund_of_units(
    *,
    amount_fen: int,
    quantity: int,
    requested_fen: int,
    returned: int,
    units: int,
    saved_fen: int = 0,
) -> int:
    """Return what giving back some units of a line pays, in fen.

    The unit shares of a line sum to its amount exactly, and the last unit returns whatever is
    left, so refunding everything gives back exactly what was paid, however it is split. What a
    price ladder saved on the whole line is no part of the shares: it went back already.
    """
    if returned + units >= quantity:
        return amount_fen - requested_fen
    shared_fen = amount_fen - saved_fen
    share = half_up(Fraction(shared_fen * (returned + units), quantity))
    before = half_up(Fraction(shared_fen * returned, quantity))
    return min(share - before, amount_fen - requested_fen)


def saved_by_ladder(*, amount_fen: int, quantity: int, final_price_fen: int) -> int:
    """Return what a price ladder saves on a whole line: nobody pays more than the final price."""
    return max(0, amount_fen - final_price_fen * quantity)


def refund_of_ladder(
    *, saved_fen: int, amount_fen: int, quantity: int, requested_fen: int, returned: int
) -> int:
    """Return what a ladder gives back for the units that are kept, at most what is left.

    Units that went back before took their share of what is saved with them.
    """
    gone = half_up(Fraction(saved_fen * returned, quantity))
    return min(saved_fen - gone, amount_fen - requested_fen)


def refund_status(*, paid_fen: int, refunded_fen: int) -> RefundStatus:
    """Tell how much went back."""
    if refunded_fen == 0:
        return RefundStatus.NONE
    return RefundStatus.FULL if refunded_fen >= paid_fen else RefundStatus.PARTIAL

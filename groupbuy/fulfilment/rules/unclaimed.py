"""Goods that nobody fetched, pure: when that is so, and what is done about it."""

from datetime import datetime, timedelta
from enum import StrEnum


class UnclaimedState(StrEnum):
    """Where an unclaimed parcel stands."""

    REMINDED = "reminded"
    KEPT = "kept"
    LISTED = "listed"
    REFUNDING = "refunding"
    RETURNED = "returned"
    DISPOSED = "disposed"
    FETCHED = "fetched"


class UnclaimedAction(StrEnum):
    """What is done with it."""

    KEEP = "keep"
    LIST = "list"
    EXTEND = "extend"
    REFUND = "refund"
    GIVE_UP = "give_up"
    RETURN = "return"
    DISPOSE = "dispose"
    FETCH = "fetch"
    UNDO = "undo"


_S, _A = UnclaimedState, UnclaimedAction

UNCLAIMED_MOVES: dict[tuple[UnclaimedState, UnclaimedAction], UnclaimedState] = {
    (_S.REMINDED, _A.KEEP): _S.KEPT,
    (_S.KEPT, _A.LIST): _S.LISTED,
    **{(state, _A.EXTEND): _S.KEPT for state in (_S.REMINDED, _S.KEPT, _S.LISTED)},
    **{(state, _A.REFUND): _S.REFUNDING for state in (_S.REMINDED, _S.KEPT, _S.LISTED)},
    **{(state, _A.DISPOSE): _S.DISPOSED for state in (_S.REMINDED, _S.KEPT, _S.LISTED)},
    **{(state, _A.FETCH): _S.FETCHED for state in (_S.REMINDED, _S.KEPT, _S.LISTED)},
    # The money may also go back without a word of ours: then there is nothing left to fetch.
    **{
        (state, _A.RETURN): _S.RETURNED for state in (_S.REMINDED, _S.KEPT, _S.LISTED, _S.REFUNDING)
    },
    # A refund that failed leaves it to people; so does a pickup that was taken back.
    (_S.REFUNDING, _A.GIVE_UP): _S.LISTED,
    (_S.REFUNDING, _A.FETCH): _S.FETCHED,
    (_S.FETCHED, _A.UNDO): _S.LISTED,
}

WAITING = (_S.REMINDED, _S.KEPT)
UNDECIDED = (_S.REMINDED, _S.KEPT, _S.LISTED)


def due_at(*, ready_at: datetime, pickup_until: datetime | None, after: timedelta) -> datetime:
    """Return when a parcel counts as unclaimed.

    That is the end of the pickup window; `after` it was ready if there is no window, or if it
    came when the window was over.
    """
    if pickup_until is not None and ready_at < pickup_until:
        return pickup_until
    return ready_at + after

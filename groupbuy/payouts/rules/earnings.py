"""Where a leader's earnings stand: a month from its first sale to the money, a line likewise."""

from enum import StrEnum


class EarningState(StrEnum):
    """A commission line as its leader sees it, in the order in which it goes through them."""

    ESTIMATED = "estimated"
    PENDING = "pending"
    SETTLED = "settled"
    PAID = "paid"
    PARTLY_REVERSED = "partly_reversed"
    REVERSED = "reversed"


def earning_state(
    *, completed: bool, refunded: bool, settled_fen: int | None, left_fen: int, paid: bool
) -> EarningState:
    """Return where a line stands.

    Args:
        completed: whether its order is.
        refunded: whether all of it was given back.
        settled_fen: what a settled month gave for it, None before that.
        left_fen: what is left of that after later refunds and moves.
        paid: whether its statement's money has arrived.
    """
    if settled_fen is None:
        if refunded:
            return EarningState.REVERSED
        return EarningState.PENDING if completed else EarningState.ESTIMATED
    if left_fen < settled_fen:
        return EarningState.PARTLY_REVERSED if left_fen > 0 else EarningState.REVERSED
    return EarningState.PAID if paid else EarningState.SETTLED

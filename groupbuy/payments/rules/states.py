"""The tables of allowed moves, what must match, and when to look again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar


class PaymentState(StrEnum):
    """Where a payment stands.

    `failed` means that the provider refused to begin. A card that was declined leaves it
    `pending`: the same payment can be tried again with another card.
    """

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARKED = "parked"


class ResolutionAction(StrEnum):
    """What becomes of a parked payment.

    `refund`: what came in goes back. `accept`: it counts, and what came in above the amount goes
    back. `dismiss`: no money of ours came in, there is nothing to do.
    """

    REFUND = "refund"
    ACCEPT = "accept"
    DISMISS = "dismiss"


class RefundState(StrEnum):
    """Where a refund stands: with us, with the provider, or settled."""

    REQUESTED = "requested"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class EventState(StrEnum):
    """Where a provider's event stands; `waiting` and `parked` are never counted as done."""

    RECEIVED = "received"
    WAITING = "waiting"
    HANDLED = "handled"
    PARKED = "parked"


class ReconciliationState(StrEnum):
    """Where a comparison with a provider stands."""

    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"


class DifferenceState(StrEnum):
    """Whether somebody has cleared a difference up."""

    OPEN = "open"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What became of money on either side of a comparison."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PENDING = "pending"


class Subject(StrEnum):
    """What a provider's list tells of."""

    PAYMENT = "payment"
    REFUND = "refund"


_P, _R, _E = PaymentState, RefundState, EventState
UNPAID = (_P.CREATED, _P.PENDING)
LIVE = (*UNPAID, _P.SUCCEEDED)
ASKED = (_P.PENDING, _P.CANCELLED)
HOLDS_MONEY = (_P.SUCCEEDED, _P.PARKED)
UNSETTLED = (_R.REQUESTED, _R.SUBMITTED)
OPEN = (_E.RECEIVED, _E.WAITING)

PAYMENT_MOVES: dict[tuple[PaymentState, str], PaymentState] = {
    (_P.CREATED, "begin"): _P.PENDING,
    (_P.CREATED, "refuse"): _P.FAILED,
    (_P.CREATED, "cancel"): _P.CANCELLED,
    (_P.PENDING, "cancel"): _P.CANCELLED,
    # Money is money: it counts in whatever state it finds the payment.
    **{(state, "succeed"): _P.SUCCEEDED for state in _P if state is not _P.SUCCEEDED},
    **{(state, "park"): _P.PARKED for state in _P if state is not _P.SUCCEEDED},
}

REFUND_MOVES: dict[tuple[RefundState, str], RefundState] = {
    (_R.REQUESTED, "submit"): _R.SUBMITTED,
    (_R.REQUESTED, "succeed"): _R.SUCCEEDED,
    (_R.SUBMITTED, "succeed"): _R.SUCCEEDED,
    (_R.REQUESTED, "fail"): _R.FAILED,
    (_R.SUBMITTED, "fail"): _R.FAILED,
}

RECONCILIATION_MOVES: dict[tuple[ReconciliationState, str], ReconciliationState] = {
    (ReconciliationState.REQUESTED, "finish"): ReconciliationState.DONE,
    (ReconciliationState.REQUESTED, "fail"): ReconciliationState.FAILED,
}

EVENT_MOVES: dict[tuple[EventState, str], EventState] = {
    **{(state, "handle"): _E.HANDLED for state in OPEN},
    **{(state, "wait"): _E.WAITING for state in OPEN},
    **{(state, "park"): _E.PARKED for state in OPEN},
    (_E.WAITING, "retry"): _E.RECEIVED,
    (_E.PARKED, "retry"): _E.RECEIVED,
}

State = TypeVar("State", bound=StrEnum)


def states_before(moves: Mapping[tuple[State, str], State], target: State) -> tuple[State, ...]:
    """Return the states from which a table of moves leads to the target."""
    return tuple(state for (state, _), after in moves.items() if after is target)


def mismatch(
    *,
    known_ref: str | None,
    known_fen: int,
    known_currency: str,
    provider_ref: str,
    amount_fen: int,
    currency: str,
) -> str:
    """Say what of a success differs from the payment, '' if all is as it should be."""
    if known_ref is not None and known_ref != provider_ref:
        return f"paid under {provider_ref}, begun as {known_ref}"
    if currency != known_currency:
        return f"paid in {currency}, asked in {known_currency}"
    if amount_fen != known_fen:
        return f"paid {amount_fen} fen, asked {known_fen}"
    return ""


SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


ASKED_AFTER_CANCELLATION = timedelta(days=2)
"""How long a cancelled payment is still asked about: its news may have been lost."""


def look_again(*, since: datetime, now: datetime) -> datetime:
    """Return when to look at something unfinished again.

    The pause is twice its age, between a minute and an hour, so that the queue's own retries,
    whose pauses double too, come first.
    """
    return now + min(max(2 * (now - since), SHORTEST_PAUSE), LONGEST_PAUSE)

"""Our payments and refunds beside a provider's list, and when to judge what is missing."""

from datetime import datetime, timedelta

from groupbuy.kernel.comparison import MARGIN, End
from groupbuy.payments.rules.states import Outcome, PaymentState, RefundState

AROUND_MIDNIGHT = timedelta(hours=1)
"""How far apart the two sides may write down the same money: it may stand on another day there."""

PAYMENT_OUTCOMES = {
    PaymentState.SUCCEEDED: Outcome.SUCCEEDED,
    PaymentState.FAILED: Outcome.FAILED,
    PaymentState.CANCELLED: Outcome.FAILED,
}
REFUND_OUTCOMES = {RefundState.SUCCEEDED: Outcome.SUCCEEDED, RefundState.FAILED: Outcome.FAILED}

_ENDS = {Outcome.SUCCEEDED: End.PAID, Outcome.FAILED: End.UNPAID}


def end_of(outcome: Outcome | None) -> End:
    """Return what an outcome means for the money."""
    return End.OPEN if outcome is None else _ENDS.get(outcome, End.OPEN)


def outcome_of_payment(state: PaymentState, received_fen: int | None) -> Outcome:
    """Return what became of a payment; a parked one brought money or did not."""
    if state is PaymentState.PARKED:
        return Outcome.FAILED if received_fen is None else Outcome.SUCCEEDED
    return PAYMENT_OUTCOMES.get(state, Outcome.PENDING)


def outcome_of_refund(state: RefundState) -> Outcome:
    """Return what became of a refund."""
    return REFUND_OUTCOMES.get(state, Outcome.PENDING)


def judged(
    since: datetime, until: datetime, *, by_file: bool, now: datetime
) -> tuple[datetime, datetime]:
    """Return the part of a day of which whatever a list lacks is surely missing there.

    A file holds nothing of the days beside it, and on the next morning a provider may not have
    the day after yet: what lies close to those midnights is judged with the next comparison.
    """
    first = since + AROUND_MIDNIGHT if by_file else since
    alone = by_file or now < until + MARGIN
    return first, until - AROUND_MIDNIGHT if alone else until

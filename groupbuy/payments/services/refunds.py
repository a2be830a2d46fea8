"""Money back."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import jobs
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.signals import announce
from groupbuy.payments import queries, signals
from groupbuy.payments.errors import RefundExceedsPayment
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import RefundStatus
from groupbuy.payments.providers.registry import talking_to
from groupbuy.payments.rules import (
    HOLDS_MONEY,
    REFUND_MOVES,
    UNSETTLED,
    RefundState,
    look_again,
    states_before,
)

JOB = "payments.refund"


def request_refund(
    *, payment_id: str, amount_fen: int, reason: str, reference: str, now: datetime
) -> PaymentRefund:
    """Set a part of a payment aside to be given back, and have a job give it back.

    The same reference is the same refund.

    Raises:
        RefundExceedsPayment: less than this is left of the payment.
        NotInThisState: no money came in under this payment.
        NotFound: there is no such payment.
        ValueError: the reference belongs to another refund.
    """
    payment = queries.payment(payment_id)
    with session().begin_nested():
        refund: PaymentRefund | None = session().scalar(
            insert(PaymentRefund)
            .values(
                payment_id=payment_id,
                amount_fen=amount_fen,
                reason=reason,
                reference=reference,
                requested_at=now,
                due_at=look_again(since=now, now=now),
            )
            .on_conflict_do_nothing(index_elements=["reference"])
            .returning(PaymentRefund)
        )
        if refund is not None:
            _set_aside(payment, amount_fen)
    if refund is None:
        return _known_refund(payment_id, amount_fen, reference)
    jobs.enqueue(JOB, refund_id=refund.id)
    return refund


def begin_refund_attempt(*, refund_id: str, now: datetime) -> PaymentRefund | None:
    """Count an attempt before it is made; None if the refund is settled."""
    refund = session().scalar(
        select(PaymentRefund)
        .where(PaymentRefund.id == refund_id, PaymentRefund.state.in_(UNSETTLED))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if refund is not None:
        refund.attempts += 1
        refund.due_at = look_again(since=refund.requested_at, now=now)
        session().flush()
    return refund


def ask_for_refund(refund: PaymentRefund) -> RefundStatus:
    """Have the provider give the money back, outside any transaction.

    An earlier attempt may have succeeded without our hearing of it, so from the second on the
    provider is asked for it before it is told again.

    Raises:
        ProviderUnavailable: no answer; ask again, it is the same refund.
    """
    payment = queries.payment(refund.payment_id)
    with talking_to(payment.provider) as provider:
        known = provider.find_refund(refund, payment) if refund.attempts > 1 else None
        return known or provider.refund(refund, payment)


def record_refund_result(
    *, refund_id: str, status: RefundStatus, now: datetime
) -> PaymentRefund | None:
    """Record how a refund stands and announce its end once; None if that was known.

    A failed refund makes its amount refundable again.
    """
    refund = session().scalar(
        update(PaymentRefund)
        .where(
            PaymentRefund.id == refund_id,
            PaymentRefund.state.in_(states_before(REFUND_MOVES, status.state)),
        )
        .values(
            state=status.state,
            provider_ref=status.provider_ref,
            note=status.note,
            settled_at=None if status.state == RefundState.SUBMITTED else now,
        )
        .returning(PaymentRefund),
        execution_options={"populate_existing": True},
    )
    if refund is not None and refund.state == RefundState.FAILED:
        announce(signals.refund_failed, refund, now=now)
        # Last, because whoever asks for a refund locks the payment last: so they never wait
        # for each other.
        session().execute(
            update(Payment)
            .where(Payment.id == refund.payment_id)
            .values(refunded_fen=Payment.refunded_fen - refund.amount_fen)
        )
    elif refund is not None and refund.state == RefundState.SUCCEEDED:
        announce(signals.refund_succeeded, refund, now=now)
    return refund


def _set_aside(payment: Payment, amount_fen: int) -> None:
    """Count an amount as refunded, or say why it cannot be."""
    done = session().scalar(
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.state.in_(HOLDS_MONEY),
            Payment.refunded_fen + amount_fen <= Payment.amount_fen,
        )
        .values(refunded_fen=Payment.refunded_fen + amount_fen)
        .returning(Payment.id)
    )
    if done is not None:
        return
    session().refresh(payment)
    if payment.state not in HOLDS_MONEY:
        raise NotInThisState(state=payment.state, action="refund")
    raise RefundExceedsPayment(refundable_fen=payment.amount_fen - payment.refunded_fen)


def _known_refund(payment_id: str, amount_fen: int, reference: str) -> PaymentRefund:
    refund = (
        session().scalars(select(PaymentRefund).where(PaymentRefund.reference == reference)).one()
    )
    if (refund.payment_id, refund.amount_fen) != (payment_id, amount_fen):
        raise ValueError(f"the reference {reference!r} belongs to another refund")
    return refund

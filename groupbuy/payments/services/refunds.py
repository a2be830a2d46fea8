"""Money back."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.signals import announce
from groupbuy.payments import queries, signals
from groupbuy.payments.errors import RefundExceedsPayment, RefundNotRepeatable, TooManyRefunds
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import RefundStatus
from groupbuy.payments.providers.registry import PROVIDERS, talking_to
from groupbuy.payments.rules.states import (
    HOLDS_MONEY,
    REFUND_MOVES,
    UNSETTLED,
    RefundState,
    look_again,
    states_before,
)

JOB = "payments.refund"


def request_refund(
    *,
    payment_id: str,
    amount_fen: int,
    reason: str,
    reference: str,
    automatic: bool = False,
    retry_of: str | None = None,
    now: datetime,
) -> PaymentRefund:
    """Set a part of a payment aside to be given back, and have a job give it back.

    The same reference is the same refund. `automatic` means that it stands in nobody else's
    books, so that it may be repeated here if it fails.

    Raises:
        RefundExceedsPayment: less than this is left of the payment.
        TooManyRefunds: the provider gives it back in no more parts.
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
                automatic=automatic,
                retry_of=retry_of,
                requested_at=now,
                due_at=look_again(since=now, now=now),
            )
            .on_conflict_do_nothing(index_elements=["reference"])
            .returning(PaymentRefund)
        )
        if refund is not None:
            _set_aside(payment, amount_fen)
            _count_parts(payment)
    if refund is None:
        return _known_refund(payment_id, amount_fen, reference)
    jobs.enqueue(JOB, refund_id=refund.id)
    return refund


def retry_refund(*, refund_id: str, actor: Actor, now: datetime) -> PaymentRefund:
    """Ask anew, under another key, for an automatic refund that definitely failed.

    Raises:
        NotFound: there is no such refund.
        RefundNotRepeatable: it has not failed, was repeated already, or is another book's.
        RefundExceedsPayment: the amount was given back meanwhile.
    """
    failed = queries.refund(refund_id, lock=True)
    if not failed.automatic or failed.state != RefundState.FAILED:
        raise RefundNotRepeatable
    if queries.repetition_of(refund_id) is not None:
        raise RefundNotRepeatable
    again = request_refund(
        payment_id=failed.payment_id,
        amount_fen=failed.amount_fen,
        reason=failed.reason,
        reference=f"retry:{failed.id}",
        automatic=True,
        retry_of=failed.id,
        now=now,
    )
    audit.record(
        actor=actor, action="payment_refund.retry", subject=failed.id, now=now, refund=again.id
    )
    return again


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

    A failed refund makes its amount refundable again. Of one that waits, the note says why.
    """
    accepted = status.state in (RefundState.SUBMITTED, RefundState.SUCCEEDED)
    if status.state == RefundState.FAILED:
        # Its amount comes free below: the payment is held before whatever it paid for.
        _hold_payment_of(refund_id)
    if status.state in UNSETTLED and status.note:
        _remark(refund_id, status.note)
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
            accepted_at=func.coalesce(PaymentRefund.accepted_at, now if accepted else None),
            settled_at=None if status.state == RefundState.SUBMITTED else now,
        )
        .returning(PaymentRefund),
        execution_options={"populate_existing": True},
    )
    if refund is not None and refund.state == RefundState.FAILED:
        announce(signals.refund_failed, refund, now=now)
        session().execute(
            update(Payment)
            .where(Payment.id == refund.payment_id)
            .values(refunded_fen=Payment.refunded_fen - refund.amount_fen)
        )
    elif refund is not None and refund.state == RefundState.SUCCEEDED:
        announce(signals.refund_succeeded, refund, now=now)
    return refund


def _hold_payment_of(refund_id: str) -> None:
    """Lock the payment of a refund, as everybody does before they lock its order."""
    session().execute(
        select(Payment.id)
        .join(PaymentRefund, PaymentRefund.payment_id == Payment.id)
        .where(PaymentRefund.id == refund_id)
        .with_for_update(of=Payment)
    )


def _set_aside(payment: Payment, amount_fen: int) -> None:
    """Count an amount as refunded, or say why it cannot be."""
    done = session().scalar(
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.state.in_(HOLDS_MONEY),
            Payment.refunded_fen + amount_fen <= func.coalesce(Payment.received_fen, 0),
        )
        .values(refunded_fen=Payment.refunded_fen + amount_fen)
        .returning(Payment.id)
    )
    if done is not None:
        return
    session().refresh(payment)
    if payment.state not in HOLDS_MONEY:
        raise NotInThisState(state=payment.state, action="refund")
    raise RefundExceedsPayment(refundable_fen=(payment.received_fen or 0) - payment.refunded_fen)


def _count_parts(payment: Payment) -> None:
    """Refuse one part too many; the payment's row is locked, so nobody else adds one now."""
    limit = PROVIDERS[payment.provider].refunds_at_most
    if limit is not None and queries.refunds_that_count(payment.id) > limit:
        raise TooManyRefunds(limit=limit)


def _remark(refund_id: str, note: str) -> None:
    """Say why a refund that has not ended does not go on."""
    session().execute(
        update(PaymentRefund)
        .where(PaymentRefund.id == refund_id, PaymentRefund.state.in_(UNSETTLED))
        .values(note=note)
    )


def _known_refund(payment_id: str, amount_fen: int, reference: str) -> PaymentRefund:
    refund = (
        session().scalars(select(PaymentRefund).where(PaymentRefund.reference == reference)).one()
    )
    if (refund.payment_id, refund.amount_fen) != (payment_id, amount_fen):
        raise ValueError(f"the reference {reference!r} belongs to another refund")
    return refund

"""Asking for money, recording what came, giving it back.

What talks to a provider (`start`, `fetch`, `ask_for_refund`) stands between two transactions:
the intent is committed before, the answer recorded after. No answer means unknown, never failed:
the payment or refund stays as it is and is repeated under the same key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import jobs
from groupbuy.kernel.db import outside_transaction, session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.signals import announce
from groupbuy.payments import queries, signals
from groupbuy.payments.errors import (
    PaymentAlreadyMade,
    PaymentUnderReview,
    RefundExceedsPayment,
)
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import (
    Provider,
    ProviderStatus,
    RefundStatus,
    Started,
)
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.rules import (
    LIVE,
    PAYMENT_MOVES,
    REFUND_MOVES,
    UNPAID,
    UNSETTLED,
    PaymentState,
    RefundState,
    look_again,
    mismatch,
    states_before,
)

REFUND_JOB = "payments.refund"


def request_payment(*, reference: str, amount_fen: int, provider: str, now: datetime) -> Payment:
    """Return the live payment of a reference over this amount, creating it if there is none.

    An unpaid one over another amount is cancelled first.

    Raises:
        PaymentAlreadyMade: another amount was paid.
        PaymentUnderReview: an earlier payment is parked.
        DemoPaymentsRefused: the demo provider outside demo mode.
    """
    provider_named(provider)
    known = queries.payments_of(reference)
    paid = next((one for one in known if one.state == PaymentState.SUCCEEDED), None)
    if paid is not None and paid.amount_fen != amount_fen:
        raise PaymentAlreadyMade(paid_fen=paid.amount_fen)
    if paid is None and any(one.state == PaymentState.PARKED for one in known):
        raise PaymentUnderReview
    live = paid or next((one for one in known if one.state in UNPAID), None)
    if live is not None and live.amount_fen == amount_fen:
        return live
    if live is not None:
        cancel_payment(reference=reference, now=now)
    created = _insert_payment(reference, amount_fen, provider, now)
    if created is not None:
        return created
    # Somebody else created it since we looked.
    return request_payment(reference=reference, amount_fen=amount_fen, provider=provider, now=now)


def start(payment: Payment) -> Started:
    """Begin to collect a payment at its provider, outside any transaction; repeatable.

    Raises:
        ProviderUnavailable: no answer; ask again, it is the same payment.
    """
    if payment.provider_ref is not None:
        return Started(
            payment.provider_ref, PaymentState(payment.state), payment.client_parameters
        )
    with _talking_to(payment.provider) as provider:
        return provider.start(payment)


def record_start(*, payment_id: str, started: Started, now: datetime) -> Payment:
    """Keep what the provider answered; a payment that has moved on meanwhile stays there."""
    payment, _ = _lock(payment_id)
    if payment.provider_ref is None:
        payment.provider_ref = started.provider_ref
        payment.client_parameters = started.client_parameters
    if started.state == PaymentState.SUCCEEDED and started.provider_ref is not None:
        return record_success(
            payment_id=payment_id,
            provider_ref=started.provider_ref,
            amount_fen=payment.amount_fen,
            currency=payment.currency,
            now=now,
        )
    if payment.state in states_before(PAYMENT_MOVES, started.state):
        _move(payment, started.state, now=now, note=started.note)
    session().flush()
    return payment


def record_success(
    *, payment_id: str, provider_ref: str, amount_fen: int, currency: str, now: datetime
) -> Payment:
    """Record that money came in, and announce it once, however often it is reported.

    It counts even after a cancellation. It is parked, and nothing else happens, when anything
    does not match. When the reference is paid already, this money is parked and given back.
    """
    payment, others = _lock(payment_id)
    if payment.state == PaymentState.SUCCEEDED:
        return payment
    fault = mismatch(
        known_ref=payment.provider_ref,
        known_fen=payment.amount_fen,
        known_currency=payment.currency,
        provider_ref=provider_ref,
        amount_fen=amount_fen,
        currency=currency,
    )
    payment.provider_ref = payment.provider_ref or provider_ref
    if fault:
        _move(payment, PaymentState.PARKED, now=now, note=fault)
    elif any(one.state == PaymentState.SUCCEEDED for one in others):
        _give_back_second(payment, now=now)
    else:
        for other in others:
            if other.state in UNPAID:
                _move(other, PaymentState.CANCELLED, now=now, note=f"{payment.id} was paid")
        session().flush()
        _move(payment, PaymentState.SUCCEEDED, now=now)
        session().flush()
        announce(signals.payment_succeeded, payment, now=now)
    session().flush()
    return payment


def cancel_payment(*, reference: str, now: datetime) -> None:
    """Mark a reference's unpaid payment cancelled; money that comes all the same still counts."""
    session().execute(
        update(Payment)
        .where(Payment.reference == reference, Payment.state.in_(UNPAID))
        .values(state=PaymentState.CANCELLED, cancelled_at=now)
    )


def fetch(payment: Payment) -> ProviderStatus | None:
    """Ask the provider how a pending payment stands, outside any transaction; None if settled.

    Raises:
        ProviderUnavailable: no answer.
    """
    if payment.state != PaymentState.PENDING or payment.provider_ref is None:
        return None
    with _talking_to(payment.provider) as provider:
        return provider.fetch(payment.provider_ref)


def record_status(*, payment_id: str, status: ProviderStatus, now: datetime) -> Payment:
    """Record how a payment stands at its provider; news that came too late change nothing."""
    if status.state == PaymentState.SUCCEEDED and not status.foreign:
        return record_success(
            payment_id=payment_id,
            provider_ref=status.provider_ref,
            amount_fen=status.amount_fen,
            currency=status.currency,
            now=now,
        )
    payment, _ = _lock(payment_id)
    target = PaymentState.PARKED if status.foreign else status.state
    if status.declined and payment.state in UNPAID:
        payment.failed_at = now
    if payment.state in states_before(PAYMENT_MOVES, target):
        _move(payment, target, now=now, note=status.foreign)
    session().flush()
    return payment


def request_refund(
    *, payment_id: str, amount_fen: int, reason: str, reference: str, now: datetime
) -> PaymentRefund:
    """Reserve a part of a payment to be given back, and have a job give it back.

    The same reference is the same refund.

    Raises:
        RefundExceedsPayment: less than this is left of the payment.
        NotInThisState: no money came in under this payment.
        NotFound: there is no such payment.
    """
    refund = PaymentRefund(
        id=new_id("prf"),
        payment_id=payment_id,
        amount_fen=amount_fen,
        reason=reason,
        reference=reference,
        requested_at=now,
        due_at=look_again(since=now, now=now),
    )
    with session().begin_nested():
        known = _insert_refund(refund)
        if known is not refund:
            return known
        _reserve(payment_id, amount_fen)
    jobs.enqueue(REFUND_JOB, refund_id=refund.id)
    return refund


def begin_refund_attempt(*, refund_id: str, now: datetime) -> PaymentRefund | None:
    """Count an attempt, before it is made; None if the refund is settled."""
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
    with _talking_to(payment.provider) as provider:
        known = provider.find_refund(refund, payment) if refund.attempts > 1 else None
        return known or provider.refund(refund, payment)


def record_refund_result(
    *, refund_id: str, status: RefundStatus, now: datetime
) -> PaymentRefund | None:
    """Record how a refund stands and announce its end once; None if it changed nothing.

    A failed refund makes its amount refundable again.
    """
    settled_at = None if status.state == RefundState.SUBMITTED else now
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
            settled_at=settled_at,
        )
        .returning(PaymentRefund),
        execution_options={"populate_existing": True},
    )
    if refund is None:
        return None
    if status.state == RefundState.FAILED:
        session().execute(
            update(Payment)
            .where(Payment.id == refund.payment_id)
            .values(refunded_fen=Payment.refunded_fen - refund.amount_fen)
        )
        announce(signals.refund_failed, refund, now=now)
    elif status.state == RefundState.SUCCEEDED:
        announce(signals.refund_succeeded, refund, now=now)
    return refund


@contextmanager
def _talking_to(name: str) -> Iterator[Provider]:
    provider = provider_named(name)
    if not provider.remote:
        yield provider
        return
    with outside_transaction():
        yield provider


def _lock(payment_id: str) -> tuple[Payment, list[Payment]]:
    """Lock every payment of the reference, in id order; return this one and the others."""
    reference = queries.payment(payment_id).reference
    rows = session().scalars(
        select(Payment)
        .where(Payment.reference == reference)
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    payments = {payment.id: payment for payment in rows}
    return payments.pop(payment_id), list(payments.values())


_REACHED_AT = {
    PaymentState.SUCCEEDED: "succeeded_at",
    PaymentState.FAILED: "failed_at",
    PaymentState.CANCELLED: "cancelled_at",
}


def _move(payment: Payment, state: PaymentState, *, now: datetime, note: str = "") -> None:
    """Set a locked payment's state, and when and why it came there."""
    if state in _REACHED_AT:
        setattr(payment, _REACHED_AT[state], now)
    payment.state = state
    payment.note = note
    pending = state == PaymentState.PENDING
    payment.due_at = look_again(since=payment.created_at, now=now) if pending else None


def _insert_payment(
    reference: str, amount_fen: int, provider: str, now: datetime
) -> Payment | None:
    """Insert a payment unless the reference has a live one."""
    return session().scalar(
        insert(Payment)
        .values(
            reference=reference,
            provider=provider,
            amount_fen=amount_fen,
            currency=settings().currency,
            created_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=["reference"], index_where=Payment.state.in_(LIVE)
        )
        .returning(Payment)
    )


def _insert_refund(refund: PaymentRefund) -> PaymentRefund:
    """Insert a refund and return it, or the one that has its reference already."""
    raise NotImplementedError


def _reserve(payment_id: str, amount_fen: int) -> None:
    """Count an amount as refunded, or say why it cannot be."""
    reserved = session().execute(
        update(Payment)
        .where(
            Payment.id == payment_id,
            Payment.state.in_((PaymentState.SUCCEEDED, PaymentState.PARKED)),
            Payment.refunded_fen + amount_fen <= Payment.amount_fen,
        )
        .values(refunded_fen=Payment.refunded_fen + amount_fen)
        .returning(Payment.id)
    )
    if reserved.one_or_none() is not None:
        return
    payment = queries.payment(payment_id)
    if payment.state not in (PaymentState.SUCCEEDED, PaymentState.PARKED):
        raise NotInThisState(state=payment.state, action="refund")
    raise RefundExceedsPayment(refundable_fen=payment.amount_fen - payment.refunded_fen)


def _give_back_second(payment: Payment, *, now: datetime) -> None:
    """Refund a payment whose reference was paid before, by itself: it buys nothing."""
    _move(payment, PaymentState.PARKED, now=now, note="paid a second time; refunded")
    session().flush()
    request_refund(
        payment_id=payment.id,
        amount_fen=payment.amount_fen,
        reason="paid a second time",
        reference=f"second-payment:{payment.id}",
        now=now,
    )

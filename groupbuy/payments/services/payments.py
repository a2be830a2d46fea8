"""Money in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import settings
from groupbuy.kernel.signals import announce
from groupbuy.payments import queries, signals
from groupbuy.payments.errors import PaymentAlreadyMade, PaymentUnderReview
from groupbuy.payments.models import ONE_LIVE, Payment
from groupbuy.payments.providers.interface import ProviderStatus, Started
from groupbuy.payments.providers.registry import PROVIDERS, provider_named, talking_to
from groupbuy.payments.rules.states import (
    ASKED,
    PAYMENT_MOVES,
    SHORTEST_PAUSE,
    UNPAID,
    PaymentState,
    look_again,
    mismatch,
    states_before,
)
from groupbuy.payments.services.refunds import request_refund

PAYER_JOB = "payments.learn_payer"
ASK_JOB = "payments.ask_provider"


def request_payment(
    *,
    reference: str,
    amount_fen: int,
    provider: str,
    method: str = "",
    chosen: bool = False,
    payable_until: datetime | None = None,
    now: datetime,
) -> Payment:
    """Return the live payment of a reference over this amount, creating it if there is none.

    An unpaid one over another amount is cancelled first, and so is one by another method when
    this one was `chosen`. `payable_until` is when it should take no money any more.

    Raises:
        PaymentAlreadyMade: another amount was paid.
        PaymentUnderReview: an earlier payment is parked.
        DemoPaymentsRefused: the demo provider outside demo mode.
        PaymentMethodUnavailable: the provider is not set up.
    """
    way = (provider, method or provider_named(provider).methods[0])
    live = _live_payment(reference, amount_fen)
    if live is not None and live.amount_fen == amount_fen:
        paid = live.state == PaymentState.SUCCEEDED
        if paid or not chosen or way == (live.provider, live.method):
            return live
    if live is not None:
        cancel_payment(reference=reference, now=now)
    created = _create(reference, amount_fen, way, payable_until, now)
    if created is not None:
        return created
    # Somebody else created one since we looked.
    return request_payment(
        reference=reference,
        amount_fen=amount_fen,
        provider=provider,
        method=method,
        chosen=chosen,
        payable_until=payable_until,
        now=now,
    )


def _create(
    reference: str,
    amount_fen: int,
    way: tuple[str, str],
    payable_until: datetime | None,
    now: datetime,
) -> Payment | None:
    """Write a payment by a provider and method, unless the reference has a live one."""
    provider, method = way
    return session().scalar(
        insert(Payment)
        .values(
            reference=reference,
            provider=provider,
            method=method,
            amount_fen=amount_fen,
            currency=settings().currency,
            payable_until=payable_until,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["reference"], index_where=ONE_LIVE)
        .returning(Payment)
    )


def needs_payer(payment: Payment) -> bool:
    """Tell whether the provider must know who pays before it begins."""
    return payment.state in UNPAID and PROVIDERS[payment.provider].needs_payer


def start(payment: Payment, *, payer: str = "", now: datetime) -> Started:
    """Begin to collect a payment at its provider, outside any transaction; repeatable.

    `payer` is who pays, where the provider needs to know; it is handed on and not kept.

    Raises:
        ProviderUnavailable: no answer; ask again, it is the same payment.
    """
    if payment.provider_ref is not None:
        known: dict[str, Any] | None = payment.client_parameters
        if payment.state == PaymentState.PENDING:
            known = provider_named(payment.provider).resume(payment, now)
        if known is not None:
            state = PaymentState(payment.state)
            return Started(payment.provider_ref, state, known, resumed=True)
    with talking_to(payment.provider) as provider:
        return provider.start(payment, payer)


def record_start(*, payment_id: str, started: Started, now: datetime) -> Payment:
    """Keep what the provider answered; a payment that has moved on meanwhile stays there."""
    payment, others = lock(payment_id)
    payment.provider_ref = payment.provider_ref or started.provider_ref
    if started.client_parameters:
        payment.client_parameters = started.client_parameters
    if not started.resumed and started.provider_ref is not None:
        payment.begun_at = now
    if started.state == PaymentState.SUCCEEDED and started.provider_ref is not None:
        return _record_money(
            payment,
            others,
            provider_ref=started.provider_ref,
            amount_fen=payment.amount_fen,
            currency=payment.currency,
            now=now,
        )
    if payment.state in states_before(PAYMENT_MOVES, started.state):
        _move(payment, started.state, now=now, note=started.note)
    elif payment.state == PaymentState.CANCELLED and started.state == PaymentState.PENDING:
        # It was cancelled while the provider began it.
        _have_cancelled(payment, now=now)
    session().flush()
    return payment


def record_success(
    *,
    payment_id: str,
    provider_ref: str,
    amount_fen: int,
    currency: str,
    payer_ref: str | None = None,
    now: datetime,
) -> Payment:
    """Record that money came in, and announce it once, however often it is reported.

    It counts even after a cancellation. It is parked, and nothing else happens, when anything
    does not match. When the reference is paid already, this money is parked and given back.
    """
    payment, others = lock(payment_id)
    return _record_money(
        payment,
        others,
        provider_ref=provider_ref,
        amount_fen=amount_fen,
        currency=currency,
        payer_ref=payer_ref,
        now=now,
    )


def _record_money(
    payment: Payment,
    others: list[Payment],
    *,
    provider_ref: str,
    amount_fen: int,
    currency: str,
    payer_ref: str | None = None,
    now: datetime,
) -> Payment:
    decided = payment.resolved_at is not None and payment.received_fen is not None
    if payment.state == PaymentState.SUCCEEDED or decided:
        return payment
    payment.resolved_at = None
    fault = fault_in(payment, provider_ref=provider_ref, amount_fen=amount_fen, currency=currency)
    payment.provider_ref = payment.provider_ref or provider_ref
    payment.payer_ref = payment.payer_ref or payer_ref
    if payment.provider_ref == provider_ref:
        payment.received_fen, payment.received_currency = amount_fen, currency
    if fault:
        _move(payment, PaymentState.PARKED, now=now, note=fault)
    elif any(other.state == PaymentState.SUCCEEDED for other in others):
        _give_back_second(payment, now=now)
    else:
        succeed(payment, others=others, now=now)
    session().flush()
    return payment


def fault_in(payment: Payment, *, provider_ref: str, amount_fen: int, currency: str) -> str:
    """Say what of a reported success differs from the payment, '' if nothing does."""
    return mismatch(
        known_ref=payment.provider_ref,
        known_fen=payment.amount_fen,
        known_currency=payment.currency,
        provider_ref=provider_ref,
        amount_fen=amount_fen,
        currency=currency,
    )


def cancel_payment(*, reference: str, now: datetime) -> None:
    """Mark a reference's unpaid payment cancelled (see `cancel_payments`)."""
    cancel_payments(references=[reference], now=now)


def cancel_payments(*, references: Sequence[str], now: datetime) -> None:
    """Mark references' unpaid payments cancelled; money that comes all the same still counts.

    If it has begun at its provider, a job has it cancelled there too, and hears whether the
    shopper paid at the last moment.
    """
    begun = case((Payment.provider_ref.is_not(None), now + SHORTEST_PAUSE))
    cancelled = session().execute(
        update(Payment)
        .where(Payment.reference.in_(references), Payment.state.in_(UNPAID))
        .values(state=PaymentState.CANCELLED, cancelled_at=now, due_at=begun)
        .returning(Payment.id, Payment.provider_ref)
    )
    for payment_id, provider_ref in cancelled.all():
        if provider_ref is not None:
            jobs.enqueue(ASK_JOB, payment_id=payment_id)


def fetch(payment: Payment) -> ProviderStatus | None:
    """Ask the provider how an unsettled payment stands, outside any transaction; None if settled.

    One that we have cancelled is cancelled there, unless it was paid.

    Raises:
        ProviderUnavailable: no answer.
    """
    if payment.state not in ASKED or payment.provider_ref is None:
        return None
    with talking_to(payment.provider) as provider:
        if payment.state == PaymentState.CANCELLED:
            return provider.cancel(payment)
        return provider.fetch(payment.provider_ref)


def record_status(*, payment_id: str, status: ProviderStatus, now: datetime) -> Payment:
    """Record how a payment stands at its provider; news that come too late change nothing."""
    if status.state == PaymentState.SUCCEEDED and not status.foreign:
        return record_success(
            payment_id=payment_id,
            provider_ref=status.provider_ref,
            amount_fen=status.amount_fen,
            currency=status.currency,
            payer_ref=status.payer_ref,
            now=now,
        )
    payment, _ = lock(payment_id)
    if payment.provider_ref not in (None, status.provider_ref):
        return payment
    if status.state == payment.state == PaymentState.CANCELLED:
        # Nothing more can come: it takes no money there either.
        payment.due_at = None
    if status.declined and payment.state in UNPAID:
        payment.failed_at = now
    target = PaymentState.PARKED if status.foreign else status.state
    if payment.state in states_before(PAYMENT_MOVES, target):
        _move(payment, target, now=now, note=status.foreign)
    session().flush()
    return payment


def ask_payer(payment: Payment) -> str | None:
    """Ask the provider who made a payment, outside any transaction; None if it cannot tell.

    Raises:
        ProviderUnavailable: no answer.
    """
    if payment.payer_ref is not None or payment.provider_ref is None:
        return payment.payer_ref
    with talking_to(payment.provider) as provider:
        return provider.fetch(payment.provider_ref).payer_ref


def record_payer(*, payment_id: str, payer_ref: str, now: datetime) -> None:
    """Keep who made a payment, and announce it the first time."""
    known: Payment | None = session().scalar(
        update(Payment)
        .where(Payment.id == payment_id, Payment.payer_ref.is_(None))
        .values(payer_ref=payer_ref)
        .returning(Payment),
        execution_options={"populate_existing": True},
    )
    if known is not None:
        announce(signals.payer_learned, known, now=now)


def _live_payment(reference: str, amount_fen: int) -> Payment | None:
    """Return the payment of a reference that counts, or raise what forbids another one."""
    known = {
        payment.state: payment
        for payment in queries.payments_of(reference)
        if payment.resolved_at is None or payment.state != PaymentState.PARKED
    }
    paid = known.get(PaymentState.SUCCEEDED)
    if paid is None and PaymentState.PARKED in known:
        raise PaymentUnderReview
    if paid is not None and paid.amount_fen != amount_fen:
        raise PaymentAlreadyMade(paid_fen=paid.amount_fen)
    return paid or known.get(PaymentState.CREATED) or known.get(PaymentState.PENDING)


def lock(payment_id: str) -> tuple[Payment, list[Payment]]:
    """Lock every payment of the reference, in id order; return this one and the others."""
    reference = queries.payment(payment_id).reference
    rows = session().scalars(_LOCK, {"reference": reference})
    payments = {payment.id: payment for payment in rows}
    return payments.pop(payment_id), list(payments.values())


_LOCK = (
    select(Payment)
    .where(Payment.reference == bindparam("reference"))
    .order_by(Payment.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)
_REACHED_AT = {
    PaymentState.SUCCEEDED: "succeeded_at",
    PaymentState.FAILED: "failed_at",
    PaymentState.CANCELLED: "cancelled_at",
}


def _move(payment: Payment, state: PaymentState, *, now: datetime, note: str = "") -> None:
    """Set a locked payment's state, when and why it came there, and when to ask about it."""
    if state == PaymentState.PARKED != payment.state:
        # Money is held back, or given back, without a person's word.
        audit.record(actor=SYSTEM, action="payment.park", subject=payment.id, now=now, note=note)
    if state in _REACHED_AT:
        setattr(payment, _REACHED_AT[state], now)
    payment.state = state
    payment.note = note
    pending = state == PaymentState.PENDING
    payment.due_at = look_again(since=payment.created_at, now=now) if pending else None


def succeed(payment: Payment, *, others: list[Payment], now: datetime) -> None:
    """Let a locked payment count, cancel the unpaid ones beside it, and announce it."""
    for other in others:
        if other.state in UNPAID:
            _move(other, PaymentState.CANCELLED, now=now, note=f"{payment.id} was paid")
            if other.provider_ref is not None:
                _have_cancelled(other, now=now)
    if others:
        # Written first: only one payment of a reference may be live at any moment.
        session().flush()
    _move(payment, PaymentState.SUCCEEDED, now=now)
    session().flush()
    if payment.payer_ref is None and provider_named(payment.provider).remote:
        jobs.enqueue(PAYER_JOB, payment_id=payment.id)
    announce(signals.payment_succeeded, payment, now=now)


def _have_cancelled(payment: Payment, *, now: datetime) -> None:
    """Have a job cancel a payment at its provider that is cancelled here."""
    payment.due_at = now + SHORTEST_PAUSE
    jobs.enqueue(ASK_JOB, payment_id=payment.id)


def _give_back_second(payment: Payment, *, now: datetime) -> None:
    """Refund a payment whose reference was paid before: it buys nothing."""
    _move(payment, PaymentState.PARKED, now=now, note="paid a second time, refunded")
    payment.resolved_at = now
    session().flush()
    request_refund(
        payment_id=payment.id,
        amount_fen=payment.amount_fen,
        reason="paid a second time",
        reference=f"second-payment:{payment.id}",
        automatic=True,
        now=now,
    )

"""Payments, refunds, and what providers told us."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.payments.models import Payment, PaymentRefund, PaymentResolution, ProviderEvent
from groupbuy.payments.rules.states import LIVE, PaymentState, RefundState


def payment(payment_id: str) -> Payment:
    """Return a payment, or raise NotFound."""
    found = session().get(Payment, payment_id)
    if found is None:
        raise NotFound
    return found


def payments_of(reference: str) -> Sequence[Payment]:
    """Return every payment of a reference, oldest first."""
    return session().scalars(_OF, {"reference": reference}).all()


# Built once: every payment asks it.
_OF = (
    select(Payment)
    .where(Payment.reference == bindparam("reference"))
    .order_by(Payment.id)
    .execution_options(populate_existing=True)
)


def live_payment(reference: str) -> Payment | None:
    """Return the payment of a reference that counts: made, or still to be made."""
    query = select(Payment).where(Payment.reference == reference, Payment.state.in_(LIVE))
    return session().scalar(query)


def payment_reported(provider: str, payment_id: str | None, provider_ref: str) -> Payment | None:
    """Return the payment that a provider speaks of, by our id or else by its own."""
    same = Payment.id == payment_id if payment_id else Payment.provider_ref == provider_ref
    return session().scalar(select(Payment).where(Payment.provider == provider, same))


def refund_reported(refund_id: str | None, provider_ref: str | None) -> PaymentRefund | None:
    """Return the refund that a provider speaks of, by our id or else by its own."""
    same = (
        PaymentRefund.id == refund_id if refund_id else PaymentRefund.provider_ref == provider_ref
    )
    return session().scalar(select(PaymentRefund).where(same))


def refund(refund_id: str, *, lock: bool = False) -> PaymentRefund:
    """Return a refund as it is now, perhaps locked, or raise NotFound."""
    found = session().get(
        PaymentRefund, refund_id, with_for_update=lock or None, populate_existing=lock
    )
    if found is None:
        raise NotFound
    return found


def repetition_of(refund_id: str) -> PaymentRefund | None:
    """Return the refund that repeats a failed one, if there is one."""
    return session().scalar(select(PaymentRefund).where(PaymentRefund.retry_of == refund_id))


def refunds_that_count(payment_id: str) -> int:
    """Count the refunds of a payment that have not failed."""
    query = (
        select(func.count())
        .select_from(PaymentRefund)
        .where(PaymentRefund.payment_id == payment_id, PaymentRefund.state != RefundState.FAILED)
    )
    return session().scalar(query) or 0


def event(event_id: str) -> ProviderEvent:
    """Return a provider's event, or raise NotFound."""
    found = session().get(ProviderEvent, event_id)
    if found is None:
        raise NotFound
    return found


def payment_list(
    *,
    limit: int,
    cursor: str | None,
    reference: str | None = None,
    state: str | None = None,
    provider: str | None = None,
    undecided: bool = False,
) -> Page[Payment]:
    """Return payments, newest first; `undecided` ones are parked and wait for a decision."""
    query = select(Payment)
    if provider is not None:
        query = query.where(Payment.provider == provider)
    if undecided:
        query = query.where(Payment.state == PaymentState.PARKED, Payment.resolved_at.is_(None))
    if reference is not None:
        query = query.where(Payment.reference == reference)
    if state is not None:
        query = query.where(Payment.state == state)
    return paginate(query, by=[Payment.id], limit=limit, cursor=cursor, descending=True)


def event_list(*, limit: int, cursor: str | None, state: str | None = None) -> Page[ProviderEvent]:
    """Return providers' events, newest first."""
    query = select(ProviderEvent)
    if state is not None:
        query = query.where(ProviderEvent.state == state)
    return paginate(query, by=[ProviderEvent.id], limit=limit, cursor=cursor, descending=True)


def resolution_list(payment_id: str, *, limit: int, cursor: str | None) -> Page[PaymentResolution]:
    """Return what was decided about a payment, newest first, or raise NotFound."""
    query = select(PaymentResolution).where(PaymentResolution.payment_id == payment(payment_id).id)
    return paginate(query, by=[PaymentResolution.id], limit=limit, cursor=cursor, descending=True)


def refund_list(
    *,
    limit: int,
    cursor: str | None,
    payment: str | None = None,
    reference: str | None = None,
    state: str | None = None,
    automatic: bool | None = None,
) -> Page[PaymentRefund]:
    """Return refunds, newest first."""
    query = select(PaymentRefund)
    if payment is not None:
        query = query.where(PaymentRefund.payment_id == payment)
    if reference is not None:
        query = query.where(PaymentRefund.reference == reference)
    if state is not None:
        query = query.where(PaymentRefund.state == state)
    if automatic is not None:
        query = query.where(PaymentRefund.automatic.is_(automatic))
    return paginate(query, by=[PaymentRefund.id], limit=limit, cursor=cursor, descending=True)

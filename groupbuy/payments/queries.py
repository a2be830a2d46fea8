"""Reads of payments."""

from collections.abc import Sequence

from sqlalchemy import select

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.payments.models import Payment, PaymentRefund, ProviderEvent
from groupbuy.payments.rules import LIVE


def payment(payment_id: str) -> Payment:
    """Return a payment, or raise NotFound."""
    found = session().get(Payment, payment_id)
    if found is None:
        raise NotFound
    return found


def payments_of(reference: str) -> Sequence[Payment]:
    """Return every payment of a reference, oldest first."""
    query = select(Payment).where(Payment.reference == reference).order_by(Payment.id)
    return session().scalars(query, execution_options={"populate_existing": True}).all()


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


def event(event_id: str) -> ProviderEvent:
    """Return a provider's event, or raise NotFound."""
    found = session().get(ProviderEvent, event_id)
    if found is None:
        raise NotFound
    return found


def payment_list(
    *, limit: int, cursor: str | None, reference: str | None = None, state: str | None = None
) -> Page[Payment]:
    """Return payments, newest first."""
    query = select(Payment)
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


INVARIANTS = (
    Invariant(
        "payments.refunded_is_the_sum",
        "A payment's refunded_fen is the sum of its refunds that have not failed.",
        "select p.id, p.refunded_fen, coalesce(sum(r.amount_fen), 0) as refunds_fen "
        "from payments p left join payment_refunds r "
        "on r.payment_id = p.id and r.state <> 'failed' "
        "group by p.id having p.refunded_fen <> coalesce(sum(r.amount_fen), 0)",
    ),
    Invariant(
        "payments.never_refunds_more_than_paid",
        "The refunds of a payment never sum to more than its amount.",
        "select p.id, p.amount_fen, sum(r.amount_fen) as refunds_fen "
        "from payments p join payment_refunds r on r.payment_id = p.id and r.state <> 'failed' "
        "group by p.id having sum(r.amount_fen) > p.amount_fen",
    ),
    Invariant(
        "payments.success_is_dated",
        "A payment that succeeded says when.",
        "select id from payments where state = 'succeeded' and succeeded_at is null",
    ),
    Invariant(
        "payments.refunds_have_money",
        "Only a payment that brought money in has refunds.",
        "select r.id, p.state from payment_refunds r join payments p on p.id = r.payment_id "
        "where p.state not in ('succeeded', 'parked')",
    ),
    Invariant(
        "payments.handling_is_dated",
        "An event that was handled says when.",
        "select id from provider_events where state = 'handled' and handled_at is null",
    ),
)

"""What shoppers may choose, and payments, refunds and events as headquarters sees them."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.payments import errors, queries, services
from groupbuy.payments.api.surface import api
from groupbuy.payments.models import (
    Payment,
    PaymentRefund,
    PaymentResolution,
    ProviderEvent,
)
from groupbuy.payments.schemas.payments import (
    PaymentMethodsSchema,
    PaymentQuery,
    PaymentRefundQuery,
    PaymentRefundSchema,
    PaymentResolutionBody,
    PaymentResolutionSchema,
    PaymentSchema,
    ProviderEventQuery,
    ProviderEventSchema,
)

PAYMENT = "/hq/payments/<id(pay):payment_id>"


@api.get("/payment-methods", allow="orders.own", returns=PaymentMethodsSchema)
def list_payment_methods(actor: Actor) -> dict[str, Any]:
    """List the ways to pay, the one that is taken by whoever does not choose first."""
    return {"items": services.offered()}


@api.get("/hq/payments", allow="payments.read", query=PaymentQuery, returns=page_of(PaymentSchema))
def list_payments(actor: Actor, query: dict[str, Any]) -> Page[Payment]:
    """List payments, newest first; `undecided` ones did not match and wait for a decision."""
    return queries.payment_list(**query)


@api.get(PAYMENT, allow="payments.read", returns=PaymentSchema)
def show_payment(actor: Actor, payment_id: str) -> Payment:
    """Show a payment."""
    return queries.payment(payment_id)


@api.get(
    f"{PAYMENT}/resolution",
    allow="payments.read",
    query=PageQuery,
    returns=page_of(PaymentResolutionSchema),
)
def list_payment_resolutions(
    actor: Actor, payment_id: str, query: dict[str, Any]
) -> Page[PaymentResolution]:
    """List what was decided about a payment that did not match."""
    return queries.resolution_list(payment_id, **query)


@api.post(
    f"{PAYMENT}/resolution",
    allow="payments.edit",
    body=PaymentResolutionBody,
    returns=PaymentSchema,
    idempotent=True,
    problems=[
        errors.PaymentNotParked,
        errors.NothingReceived,
        errors.MoneyReceived,
        errors.PaymentNotAcceptable,
    ],
    example={"action": "refund", "reason": "多付一分钱，退回后请重新付款"},
)
def resolve_payment(actor: Actor, payment_id: str, body: dict[str, Any]) -> Payment:
    """Decide about a parked payment: give it back, let it count, or dismiss it."""
    with transaction():
        return services.resolve_payment(payment_id=payment_id, **body, actor=actor, now=clock.now())


@api.get(
    "/hq/payment-refunds",
    allow="payments.read",
    query=PaymentRefundQuery,
    returns=page_of(PaymentRefundSchema),
)
def list_payment_refunds(actor: Actor, query: dict[str, Any]) -> Page[PaymentRefund]:
    """List money that goes back, newest first, with why it failed or does not go on."""
    return queries.refund_list(**query)


@api.post(
    "/hq/payment-refunds/<id(prf):refund_id>/retry",
    allow="payments.edit",
    returns=PaymentRefundSchema,
    status=201,
    idempotent=True,
    problems=[errors.RefundNotRepeatable, errors.RefundExceedsPayment],
)
def retry_payment_refund(actor: Actor, refund_id: str) -> PaymentRefund:
    """Repeat an automatic refund that definitely failed, under another key."""
    with transaction():
        return services.retry_refund(refund_id=refund_id, actor=actor, now=clock.now())


@api.get(
    "/hq/provider-events",
    allow="payments.read",
    query=ProviderEventQuery,
    returns=page_of(ProviderEventSchema),
)
def list_provider_events(actor: Actor, query: dict[str, Any]) -> Page[ProviderEvent]:
    """List what providers told us, newest first; `waiting` and `parked` need a person's eye."""
    return queries.event_list(**query)


@api.post(
    "/hq/provider-events/<id(evt):event_id>/retry",
    allow="payments.edit",
    returns=ProviderEventSchema,
    problems=[NotInThisState],
)
def retry_provider_event(actor: Actor, event_id: str) -> ProviderEvent:
    """Have a waiting or parked event handled again."""
    with transaction():
        return services.retry_event(event_id=event_id, actor=actor, now=clock.now())

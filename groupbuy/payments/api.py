"""Payments over HTTP: what providers send, what headquarters sees."""

from typing import Any

from flask import request

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.payments import errors, queries, services
from groupbuy.payments.models import Payment, ProviderEvent
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.schemas import (
    PaymentQuery,
    PaymentSchema,
    ProviderEventQuery,
    ProviderEventSchema,
    ReceivedSchema,
)

api = Api("payments", __name__, url_prefix="/api/v1", description="Payments as staff see them")
webhooks = Api("webhooks", __name__, description="What providers send")


@webhooks.post(
    "/webhooks/stripe",
    allow="public.webhook",
    returns=ReceivedSchema,
    problems=[errors.WebhookRejected],
)
def receive_stripe_event(actor: Actor) -> dict[str, Any]:
    """Take an event from Stripe: verified against the raw body, stored once, handled by a job."""
    event = provider_named("stripe").parse_webhook(request.get_data(), request.headers)
    with transaction():
        services.store_event(provider="stripe", event=event, now=clock.now())
    return {"received": True}


@api.get("/hq/payments", allow="payments.read", query=PaymentQuery, returns=page_of(PaymentSchema))
def list_payments(actor: Actor, query: dict[str, Any]) -> Page[Payment]:
    """List payments, newest first."""
    return queries.payment_list(**query)


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

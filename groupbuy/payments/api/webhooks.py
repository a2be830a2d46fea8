"""What providers send: verified against the raw body, stored once, handled by a job."""

from typing import Any

from flask import request

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, language
from groupbuy.kernel.problems import Problem
from groupbuy.payments import errors, services
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.schemas.payments import CallbackRefusedSchema, ReceivedSchema

webhooks = Api("webhooks", __name__, description="What providers send")
callbacks = Api("callbacks", __name__, description="What WeChat Pay sends")


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


@callbacks.post("/webhooks/wechatpay", allow="public.webhook", status=204)
@callbacks.alt_response(400, schema=CallbackRefusedSchema, description="Not WeChat Pay's, or old")  # type: ignore[untyped-decorator]
@callbacks.alt_response(409, schema=CallbackRefusedSchema, description="WeChat Pay is not set up")  # type: ignore[untyped-decorator]
def receive_wechat_pay_event(actor: Actor) -> None:
    """Take a callback from WeChat Pay: verified, opened, stored once, handled by a job."""
    event = provider_named("wechatpay").parse_webhook(request.get_data(), request.headers)
    with transaction():
        services.store_event(provider="wechatpay", event=event, now=clock.now())


@callbacks.errorhandler(Problem)  # type: ignore[untyped-decorator]
def answer_wechat_pay(problem: Problem) -> tuple[dict[str, str], int]:
    """Refuse as WeChat Pay expects it: it sends the callback again."""
    return {"code": "FAIL", "message": problem.title.to(language())}, int(problem.status)

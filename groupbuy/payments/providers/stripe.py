"""Stripe: PaymentIntents (by card, wechat_pay or alipay), refunds, webhooks, lists.

Source: Stripe API reference. The same idempotency key with the same parameters replays the first
answer, also a 500, for at least 24 hours; events come more than once and out of order.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, cast

import stripe
import structlog
from werkzeug.datastructures import Headers

from groupbuy.kernel.ids import to_uuid
from groupbuy.kernel.settings import Settings
from groupbuy.payments.errors import ProviderUnavailable, WebhookRejected
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import (
    IncomingEvent,
    ListUnavailable,
    ProviderStatus,
    RefundStatus,
    Started,
)
from groupbuy.payments.rules.lists import Listed, read_plain_list
from groupbuy.payments.rules.states import Outcome, PaymentState, RefundState, Subject

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: tuple[float, float] = (3, 10)
TOLERANCE_SECONDS = 300
AUTOMATIC = "automatic"
"""Whatever ways to pay the account has, chosen on Stripe's page."""
NOT_CANCELLABLE = "payment_intent_unexpected_state"

# Only these are a definite no; whatever else goes wrong leaves the outcome unknown.
REFUSALS = (stripe.InvalidRequestError, stripe.CardError)

PAYMENT_STATES = {"succeeded": PaymentState.SUCCEEDED, "canceled": PaymentState.CANCELLED}
REFUND_STATES = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
REFUND_OUTCOMES = {
    "succeeded": Outcome.SUCCEEDED,
    "failed": Outcome.FAILED,
    "canceled": Outcome.FAILED,
}
PAYMENT_EVENTS = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
)
REFUND_EVENTS = ("refund.updated", "refund.failed", "charge.refund.updated")


@lru_cache(maxsize=8)
def _client(api_key: str, api_url: str, timeout: tuple[float, float]) -> stripe.StripeClient:
    """Return a client that keeps its connections; it never repeats by itself: our callers do."""
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_url},
        http_client=stripe.RequestsClient(timeout=timeout),
        max_network_retries=0,
    )


@dataclass(frozen=True, slots=True)
class StripeProvider:
    """See providers.interface.Provider."""

    api_key: str
    webhook_secret: str
    api_url: str
    timeout_seconds: tuple[float, float] = TIMEOUT_SECONDS

    remote: ClassVar[bool] = True
    methods: ClassVar[tuple[str, ...]] = (AUTOMATIC, "card", "wechat_pay", "alipay")
    needs_payer: ClassVar[bool] = False
    refunds_at_most: ClassVar[int | None] = None

    @classmethod
    def configured(cls, settings: Settings) -> "StripeProvider":
        """Return the provider for the account of the settings."""
        return cls(
            settings.stripe_api_key,
            settings.stripe_webhook_secret,
            settings.stripe_api_url,
            TIMEOUT_SECONDS,
        )

    @property
    def livemode(self) -> bool:
        """Tell whether our key moves real money."""
        return "_live_" in self.api_key

    def start(self, payment: Payment, payer: str) -> Started:
        """Create the PaymentIntent, or get the one that an earlier attempt created."""
        asked: stripe.params.PaymentIntentCreateParams = {
            "amount": payment.amount_fen,
            "currency": payment.currency,
            "metadata": {"payment_id": payment.id, "reference": payment.reference},
        }
        _payable_by(payment.method, asked)
        with _unknown_unless_answered():
            try:
                intent = self._api().v1.payment_intents.create(
                    asked, {"idempotency_key": payment.id}
                )
            except REFUSALS as refusal:
                return Started(None, PaymentState.FAILED, note=_reason(refusal))
        if payment.method not in (AUTOMATIC, *intent.payment_method_types):
            return Started(None, PaymentState.FAILED, note=f"the account has no {payment.method}")
        state = PAYMENT_STATES.get(intent.status, PaymentState.PENDING)
        return Started(intent.id, state, {"client_secret": intent.client_secret})

    def resume(self, payment: Payment, now: datetime) -> dict[str, Any] | None:
        """Return the client secret, which stays the same."""
        return payment.client_parameters

    def cancel(self, payment: Payment) -> ProviderStatus:
        """Cancel the PaymentIntent; one that cannot be cancelled is paid, or was cancelled."""
        with _unknown_unless_answered():
            try:
                intent = self._api().v1.payment_intents.cancel(payment.provider_ref or "")
            except stripe.InvalidRequestError as refusal:
                if refusal.code != NOT_CANCELLABLE:
                    raise
                return self.fetch(payment.provider_ref or "")
        return _payment_status(intent.to_dict(), self._foreign(intent.livemode, None))

    def fetch(self, provider_ref: str) -> ProviderStatus:
        """Retrieve the PaymentIntent, with the charge that tells who paid."""
        with _unknown_unless_answered():
            intent = self._api().v1.payment_intents.retrieve(
                provider_ref, {"expand": ["latest_charge"]}
            )
        return _payment_status(intent.to_dict(), self._foreign(intent.livemode, None))

    def refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus:
        """Create the refund; a definite refusal is a failed refund."""
        with _unknown_unless_answered():
            try:
                made = self._api().v1.refunds.create(
                    {
                        "payment_intent": payment.provider_ref or "",
                        "amount": refund.amount_fen,
                        "metadata": {"refund_id": refund.id, "payment_id": payment.id},
                    },
                    {"idempotency_key": refund.id},
                )
            except REFUSALS as refusal:
                return RefundStatus(
                    None, refund.id, RefundState.FAILED, refund.amount_fen, _reason(refusal)
                )
        return _refund_status(made.to_dict())

    def find_refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus | None:
        """Retrieve the refund, or search the payment's refunds for our id."""
        with _unknown_unless_answered():
            if refund.provider_ref is not None:
                return _refund_status(
                    self._api().v1.refunds.retrieve(refund.provider_ref).to_dict()
                )
            made = self._api().v1.refunds.list(
                {"payment_intent": payment.provider_ref or "", "limit": 100}
            )
            known = (_refund_status(one.to_dict()) for one in made.auto_paging_iter())
            return next((status for status in known if status.refund_id == refund.id), None)

    def records(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """List charges and refunds that were made in [since, until), with Stripe's fees.

        Raises:
            ListUnavailable: while it is read, if Stripe does not answer.
        """
        span = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        wanted: Any = {"created": span, "limit": 100, "expand": ["data.balance_transaction"]}
        try:
            with _unknown_unless_answered():
                for charge in self._api().v1.charges.list(wanted).auto_paging_iter():
                    if charge.status == "succeeded":
                        yield _listed_charge(charge.to_dict())
                for refund in self._api().v1.refunds.list(wanted).auto_paging_iter():
                    yield _listed_refund(refund.to_dict())
        except ProviderUnavailable:
            raise ListUnavailable("stripe did not answer") from None

    def read_list(self, content: bytes) -> list[Listed]:
        """Read a list in our own columns."""
        return read_plain_list(content)

    def parse_webhook(self, raw_body: bytes, headers: Headers) -> IncomingEvent:
        """Verify the signature and its age; keep the event without the client secret."""
        try:
            stripe.Webhook.construct_event(
                raw_body,
                headers.get("Stripe-Signature"),
                self.webhook_secret,
                TOLERANCE_SECONDS,
                api_key=self.api_key,
            )
        except (ValueError, stripe.SignatureVerificationError):
            raise WebhookRejected from None
        payload = json.loads(raw_body)
        payload["data"]["object"].pop("client_secret", None)
        return IncomingEvent(
            event_id=payload["id"],
            kind=payload["type"],
            account=payload.get("account"),
            livemode=payload["livemode"],
            payload=payload,
        )

    def read_event(self, payload: Mapping[str, Any]) -> ProviderStatus | RefundStatus | None:
        """Read the events that say how a payment or a refund stands."""
        foreign = self._foreign(payload["livemode"], payload.get("account"))
        if payload["type"] in PAYMENT_EVENTS:
            return _payment_status(payload["data"]["object"], foreign)
        if payload["type"] in REFUND_EVENTS:
            return _refund_status(payload["data"]["object"], foreign)
        return None

    def _api(self) -> stripe.StripeClient:
        return _client(self.api_key, self.api_url, self.timeout_seconds)

    def _foreign(self, livemode: bool, account: str | None) -> str:
        if account is not None:
            return f"for the account {account}, not ours"
        if livemode != self.livemode:
            return "live, our key is for tests" if livemode else "a test, our key is live"
        return ""


@contextmanager
def _unknown_unless_answered() -> Iterator[None]:
    """Turn every failure to get a definite answer into ProviderUnavailable.

    Stripe's errors may hold a whole PaymentIntent with its client secret: only the kind of the
    error goes on.
    """
    try:
        yield
    except stripe.StripeError as error:
        log.warning(
            "stripe gave no usable answer",
            kind=type(error).__name__,
            http_status=error.http_status,
            stripe_request=error.request_id,
        )
        raise ProviderUnavailable from None


def _payable_by(method: str, asked: stripe.params.PaymentIntentCreateParams) -> None:
    """Say how a PaymentIntent can be paid.

    Since version 2026-09-30 Stripe takes `payment_method_types` no more, but a list of what is
    allowed, and leaves out of it what the account or the currency does not have. WeChat Pay wants
    to know where the shopper is: `web` gives a code or a link to open.
    """
    if method == AUTOMATIC:
        asked["automatic_payment_methods"] = {"enabled": True}
        return
    asked["allowed_payment_method_types"] = [cast(Any, method)]
    if method == "wechat_pay":
        asked["payment_method_options"] = {"wechat_pay": {"client": "web"}}


def _listed_charge(charge: Mapping[str, Any]) -> Listed:
    return Listed(
        Subject.PAYMENT,
        charge["payment_intent"] or charge["id"],
        charge["amount_captured"],
        Outcome.SUCCEEDED,
        datetime.fromtimestamp(charge["created"], UTC),
        _fee(charge),
    )


def _listed_refund(refund: Mapping[str, Any]) -> Listed:
    return Listed(
        Subject.REFUND,
        _own_id(refund, "refund_id", "prf") or refund["id"],
        refund["amount"],
        REFUND_OUTCOMES.get(refund["status"]),
        datetime.fromtimestamp(refund["created"], UTC),
        _fee(refund),
    )


def _fee(thing: Mapping[str, Any]) -> int:
    entry = thing.get("balance_transaction")
    return int(entry["fee"]) if isinstance(entry, Mapping) else 0


def _reason(refusal: stripe.StripeError) -> str:
    return refusal.code or type(refusal).__name__


def _payment_status(intent: Mapping[str, Any], foreign: str = "") -> ProviderStatus:
    state = PAYMENT_STATES.get(intent["status"], PaymentState.PENDING)
    paid = state is PaymentState.SUCCEEDED
    return ProviderStatus(
        provider_ref=intent["id"],
        payment_id=_own_id(intent, "payment_id", "pay"),
        state=state,
        amount_fen=intent["amount_received"] if paid else intent["amount"],
        currency=intent["currency"],
        declined=intent["status"] == "requires_payment_method"
        and intent.get("last_payment_error") is not None,
        foreign=foreign,
        payer_ref=_payer(intent) if paid else None,
    )


def _payer(intent: Mapping[str, Any]) -> str | None:
    """Return the fingerprint of the card or account that paid; an event has no charge to tell."""
    charge = intent.get("latest_charge")
    if not isinstance(charge, Mapping):
        return None
    details = charge.get("payment_method_details") or {}
    kind = details.get("type")
    method = details.get(kind) or {}
    fingerprint = method.get("fingerprint")
    return f"{kind}:{fingerprint}" if fingerprint else None


def _refund_status(refund: Mapping[str, Any], foreign: str = "") -> RefundStatus:
    return RefundStatus(
        provider_ref=refund["id"],
        refund_id=_own_id(refund, "refund_id", "prf"),
        state=REFUND_STATES.get(refund["status"], RefundState.SUBMITTED),
        amount_fen=refund["amount"],
        note=refund.get("failure_reason") or "",
        foreign=foreign,
    )


def _own_id(thing: Mapping[str, Any], name: str, prefix: str) -> str | None:
    """Return our id from the metadata; other systems may use the same account and names."""
    value = (thing.get("metadata") or {}).get(name)
    try:
        to_uuid(str(value), prefix)
    except ValueError:
        return None
    return str(value)

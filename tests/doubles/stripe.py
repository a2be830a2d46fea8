"""Stripe, small but stateful: PaymentIntents, refunds, transfers, keys, signed webhooks.

What is imitated is in Stripe's API reference: form-encoded requests, errors as
`{"error": {type, code, message, param}}`, the first answer to an idempotency key replayed (also a
500) with `Idempotent-Replayed: true` for 24 hours of its clock and refused with other parameters,
transfers to connected accounts out of a balance, refunds that never exceed what is left, and
`Stripe-Signature: t=…,v1=HMAC-SHA256(secret, "t.body")`.
"""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.doubles.server import IN_PROGRESS, Answer, Double, Fault, Seen, as_json

API_KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"
KEYS_ARE_KEPT_SECONDS = 24 * 3600

Thing = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed webhook, to be sent over a socket or handed to a test client."""

    body: bytes
    headers: dict[str, str]


class Refused(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, *, code: str = "", param: str = "") -> None:
        error = {"type": "invalid_request_error", "message": message}
        error |= {"code": code} if code else {}
        error |= {"param": param} if param else {}
        self.answer = as_json(status, {"error": error})
        super().__init__(message)


class StripeDouble(Double):
    """A Stripe account in test mode; `pay`, `decline`, `settle_refund` are what people do."""

    def __init__(self, *, minimum_fen: int = 1, refunds_settle: bool = True) -> None:
        super().__init__()
        self.minimum_fen = minimum_fen
        self.refunds_settle = refunds_settle
        self.methods = ["card", "wechat_pay", "alipay"]
        self.intents: dict[str, Thing] = {}
        self.charges: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.transfers: dict[str, Thing] = {}
        self.accounts: set[str] = set()
        self.balance_fen = 10**12
        self.clock = time.time()
        self.events: list[Thing] = []
        self._taken = 0
        self._keys: dict[str, tuple[Any, Answer, float]] = {}
        self._numbers = itertools.count(1)

    def pay(self, intent_id: str, *, received: int | None = None, payer: str = "") -> Thing:
        """Let the shopper's payment come through, by a card of its own; returns the event."""
        with self._state:
            intent = self.intents[intent_id]
            intent["status"] = "succeeded"
            intent["amount_received"] = intent["amount"] if received is None else received
            intent["latest_charge"] = self._id("ch")
            card = {"brand": "visa", "fingerprint": payer or self._id("card")}
            self.charges[intent["latest_charge"]] = {
                "id": intent["latest_charge"],
                "object": "charge",
                "payment_method_details": {"type": "card", "card": card},
                "payment_intent": intent_id,
                "amount_captured": intent["amount_received"],
                "status": "succeeded",
                "created": int(self.clock),
                "balance_transaction": {"fee": intent["amount_received"] * 3 // 100},
            }
            return self._emit("payment_intent.succeeded", intent)

    def decline(self, intent_id: str) -> Thing:
        """Let the shopper's card be declined; the PaymentIntent can be tried again."""
        with self._state:
            intent = self.intents[intent_id]
            intent["last_payment_error"] = {"type": "card_error", "code": "card_declined"}
            return self._emit("payment_intent.payment_failed", intent)

    def cancel(self, intent_id: str) -> Thing:
        """Cancel a PaymentIntent, as staff can in Stripe's dashboard."""
        with self._state:
            self._cancel(intent_id)
            return self.events[-1]

    def settle_refund(self, refund_id: str, status: str = "succeeded") -> Thing:
        """Let the bank finish a refund: `succeeded` or `failed`."""
        with self._state:
            refund = self.refunds[refund_id]
            refund["status"] = status
            if status == "failed":
                refund["failure_reason"] = "lost_or_stolen_card"
                self._emit("refund.failed", refund)
            self._emit("charge.refund.updated", refund)
            return self._emit("refund.updated", refund)

    def reverse(self, transfer_id: str, amount: int | None = None) -> None:
        """Take a transfer back, in whole or in part, as staff can in Stripe's dashboard."""
        with self._state:
            transfer = self.transfers[transfer_id]
            back = transfer["amount"] - transfer["amount_reversed"] if amount is None else amount
            transfer["amount_reversed"] += back
            transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
            self.balance_fen += back

    def advance(self, seconds: float) -> None:
        """Let time pass for transfers and idempotency keys."""
        with self._state:
            self.clock += seconds

    def forget_keys(self) -> None:
        """Let a day pass: idempotency keys are pruned."""
        self.advance(KEYS_ARE_KEPT_SECONDS)

    def event(self, kind: str, thing: Thing, **changes: Any) -> Thing:
        """Return an event that never happened, e.g. for a PaymentIntent nobody knows."""
        return {**self._envelope(kind, thing), **changes}

    def signed(
        self, event: Thing, *, secret: str = WEBHOOK_SECRET, age_seconds: int = 0
    ) -> Delivery:
        """Return an event as it is delivered, signed anew each time."""
        body = json.dumps(event).encode()
        at = int(time.time()) - age_seconds
        mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        signature = f"t={at},v1={mac},v0=unused"
        return Delivery(body, {"Stripe-Signature": signature, "Content-Type": "application/json"})

    def webhooks(
        self, *, times: int = 1, order: Callable[[list[Thing]], Iterable[Thing]] = list
    ) -> list[Delivery]:
        """Take the events since the last call, each so many times, in any order."""
        with self._state:
            fresh, self._taken = self.events[self._taken :] * times, len(self.events)
        return [self.signed(event) for event in order(fresh)]

    def send(self, delivery: Delivery, url: str) -> int:
        """Deliver over a real socket and return the status of the answer."""
        request = Request(url, delivery.body, delivery.headers, method="POST")
        try:
            with urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code

    def perform(self, request: Seen, fault: Fault | None) -> Answer:
        """Replay the first answer to a key; otherwise answer, and keep it."""
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return super().perform(request, fault)
        if fault == IN_PROGRESS:
            message = "There is currently another in-progress request using this idempotency key."
            error = {"type": "invalid_request_error", "code": "idempotency_key_in_use"}
            return as_json(409, {"error": {**error, "message": message}})
        asked = (request.path, request.form)
        if key in self._keys and self.clock - self._keys[key][2] < KEYS_ARE_KEPT_SECONDS:
            first, answer, _ = self._keys[key]
            if first != asked:
                message = "Keys for idempotent requests can only be used with the same parameters."
                error = {"type": "idempotency_error", "message": message}
                return as_json(400, {"error": error})
            replayed = {**answer.headers, "Idempotent-Replayed": "true"}
            return Answer(answer.status, answer.body, replayed)
        answer = super().perform(request, fault)
        if answer.status != 401:
            self._keys[key] = (asked, answer, self.clock)
        return answer

    def effect(self, request: Seen) -> Answer:
        """Route a request."""
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return as_json(
                401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
            )
        try:
            return as_json(200, self._route(request), **{"Request-Id": self._id("req")})
        except Refused as refusal:
            return refusal.answer

    def _route(self, request: Seen) -> Thing:
        match request.method, request.path.split("/")[2:]:
            case "POST", ["payment_intents"]:
                return self._create_intent(request.form)
            case "GET", ["payment_intents", intent_id]:
                return self._shown(intent_id, request.query.get("expand[0]"))
            case "POST", ["payment_intents", intent_id, "cancel"]:
                return self._cancel(intent_id)
            case "POST", ["refunds"]:
                return self._create_refund(request.form)
            case "GET", ["refunds" | "charges" as kind]:
                return self._listed(kind, request.query)
            case "GET", ["refunds", refund_id] if refund_id in self.refunds:
                return self.refunds[refund_id]
            case "GET" | "POST", ["transfers"]:
                return self._transfer(request)
        raise Refused(404, f"Unrecognized request URL ({request.method}: {request.path})")

    def _listed(self, kind: str, query: dict[str, str]) -> Thing:
        things = self.refunds if kind == "refunds" else self.charges
        wanted = query.get("payment_intent")
        found = [one for one in things.values() if wanted in (None, one["payment_intent"])]
        return _page(f"/v1/{kind}", _created(found, query), query)

    def _shown(self, intent_id: str, expanded: str | None) -> Thing:
        intent = self._intent(intent_id)
        if expanded != "latest_charge":
            return intent
        return {**intent, "latest_charge": self.charges.get(intent["latest_charge"])}

    def _create_intent(self, form: dict[str, str]) -> Thing:
        amount = _whole(form, "amount")
        if amount < self.minimum_fen:
            raise Refused(400, "Amount is too small", code="amount_too_small", param="amount")
        currency = form.get("currency", "")
        if len(currency) != 3 or currency != currency.lower():
            raise Refused(400, f"Invalid currency: {currency}", param="currency")
        if any(name.startswith("payment_method_types") for name in form):
            code = "payment_method_types_no_longer_supported"
            raise Refused(400, "payment_method_types is no longer supported", code=code)
        allowed = [form[name] for name in form if name.startswith("allowed_payment_method_types")]
        intent_id = self._id("pi")
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "currency": currency,
            "status": "requires_payment_method",
            "payment_method_types": [m for m in self.methods if m in (allowed or self.methods)],
            "client_secret": f"{intent_id}_secret_{'s' * 20}",
            "metadata": _metadata(form),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "created": int(time.time()),
        }
        return self.intents[intent_id]

    def _intent(self, intent_id: str) -> Thing:
        if intent_id not in self.intents:
            message = f"No such payment_intent: '{intent_id}'"
            raise Refused(404, message, code="resource_missing", param="intent")
        return self.intents[intent_id]

    def _cancel(self, intent_id: str) -> Thing:
        intent = self._intent(intent_id)
        if intent["status"] in ("succeeded", "canceled"):
            message = f"You cannot cancel this PaymentIntent: it is {intent['status']}."
            raise Refused(400, message, code="payment_intent_unexpected_state")
        intent["status"] = "canceled"
        self._emit("payment_intent.canceled", intent)
        return intent

    def _create_refund(self, form: dict[str, str]) -> Thing:
        intent = self._intent(form.get("payment_intent", ""))
        if intent["status"] != "succeeded":
            raise Refused(400, f"{intent['id']} does not have a successful charge to refund.")
        left = intent["amount_received"] - self._refunded(intent["id"])
        amount = _whole(form, "amount") if "amount" in form else left
        if left == 0:
            message = f"Charge {intent['latest_charge']} has already been refunded."
            raise Refused(400, message, code="charge_already_refunded")
        if amount > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount ({left})"
            raise Refused(400, message, param="amount")
        refund_id = self._id("re")
        self.refunds[refund_id] = {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "charge": intent["latest_charge"],
            "status": "succeeded" if self.refunds_settle else "pending",
            "failure_reason": None,
            "metadata": _metadata(form),
            "created": int(self.clock),
            "balance_transaction": {"fee": 0},
        }
        self._emit("refund.created", self.refunds[refund_id])
        return self.refunds[refund_id]

    def _transfer(self, request: Seen) -> Thing:
        if request.method == "POST":
            return self._create_transfer(request.form)
        return _page("/v1/transfers", self._transfers(request.query), request.query)

    def _create_transfer(self, form: dict[str, str]) -> Thing:
        destination, amount = form.get("destination", ""), _whole(form, "amount")
        if destination not in self.accounts:
            message = f"No such destination: '{destination}'"
            raise Refused(400, message, code="resource_missing", param="destination")
        if amount > self.balance_fen:
            message = "You have insufficient available funds in your Stripe account."
            raise Refused(400, message, code="balance_insufficient")
        self.balance_fen -= amount
        transfer_id = self._id("tr")
        self.transfers[transfer_id] = {
            "id": transfer_id,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "currency": form.get("currency", ""),
            "destination": destination,
            "description": form.get("description"),
            "transfer_group": form.get("transfer_group"),
            "metadata": _metadata(form),
            "reversed": False,
            "livemode": False,
            "created": int(self.clock),
        }
        return self.transfers[transfer_id]

    def _transfers(self, query: dict[str, str]) -> list[Thing]:
        group = query.get("transfer_group")
        found = [
            transfer
            for transfer in self.transfers.values()
            if group in (None, transfer["transfer_group"])
        ]
        return _created(found, query)

    def _refunded(self, intent_id: str) -> int:
        return sum(
            refund["amount"]
            for refund in self.refunds.values()
            if refund["payment_intent"] == intent_id and refund["status"] != "failed"
        )

    def _emit(self, kind: str, thing: Thing) -> Thing:
        self.events.append(self._envelope(kind, thing))
        return self.events[-1]

    def _envelope(self, kind: str, thing: Thing) -> Thing:
        return {
            "id": self._id("evt"),
            "object": "event",
            "api_version": "2026-01-01",
            "created": int(time.time()),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            "data": {"object": json.loads(json.dumps(thing))},
        }

    def _id(self, prefix: str) -> str:
        return f"{prefix}_double{next(self._numbers)}"


def _created(things: Iterable[Thing], query: dict[str, str]) -> list[Thing]:
    since, until = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 10**12))
    return [one for one in things if since <= one.get("created", 0) < until]


def _page(url: str, found: list[Thing], query: dict[str, str]) -> Thing:
    """List newest first, a page after `starting_after`."""
    found = found[::-1]
    after = query.get("starting_after")
    if after is not None:
        found = found[[one["id"] for one in found].index(after) + 1 :]
    limit = int(query.get("limit", 10))
    return {
        "object": "list",
        "url": url,
        "data": found[:limit],
        "has_more": len(found) > limit,
    }


def _whole(form: dict[str, str], name: str) -> int:
    value = form.get(name, "")
    if not value.isdecimal() or int(value) == 0:
        raise Refused(400, f"Invalid integer: {value}", param=name)
    return int(value)


def _metadata(form: dict[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("metadata[").removesuffix("]"): value
        for name, value in form.items()
        if name.startswith("metadata[")
    }

"""WeChat Pay, API v3, JSAPI: the shopper pays inside the mini-program.

Source: WeChat Pay merchant documents: to order (pay.weixin.qq.com/doc/v3/merchant/4012791897), to
ask (4012791900), to close (4012791901), what the phone needs (4012791898), refunds (4012791903
and 4012791904), what callbacks say (4012791902, 4012791906), bills (4012791907). What binds us:
the same number with the same parameters is the same order, a prepay_id holds for two hours; a
refund is repeated under its own number, at most 50 make up a payment; an error is about the
request unless its code says more.

A payment's number there is the 32 digits of its id, a refund's is its id.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from werkzeug.datastructures import Headers

from groupbuy.kernel.ids import is_id
from groupbuy.kernel.settings import Settings
from groupbuy.payments.errors import (
    PaymentMethodUnavailable,
    ProviderUnavailable,
    WebhookRejected,
)
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import (
    IncomingEvent,
    ListUnavailable,
    ProviderStatus,
    RefundStatus,
    Started,
)
from groupbuy.payments.rules.lists import Listed, ListFaults
from groupbuy.payments.rules.states import PaymentState, RefundState
from groupbuy.payments.rules.wechat_bill import BEIJING, read_bill
from groupbuy.vendors.wechat_pay import (
    WeChatPayClient,
    WeChatPayForged,
    WeChatPayRefused,
    WeChatPayUnavailable,
    unseal,
)

log = structlog.get_logger(__name__)

ORDERS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
BILL = "/v3/bill/tradebill"
PREPAY_HOLDS = timedelta(hours=2)
SHORTEST_TIME_TO_PAY = timedelta(minutes=5)
"""WeChat Pay takes no order that ends within a minute; who begins late has this much."""

PAYMENT_STATES = {
    "SUCCESS": PaymentState.SUCCEEDED,
    "REFUND": PaymentState.SUCCEEDED,
    "CLOSED": PaymentState.CANCELLED,
    "REVOKED": PaymentState.CANCELLED,
}
"""The others, NOTPAY, USERPAYING and PAYERROR, can still be paid."""
REFUND_STATES = {
    "SUCCESS": RefundState.SUCCEEDED,
    "CLOSED": RefundState.FAILED,
    "PROCESSING": RefundState.SUBMITTED,
    "ABNORMAL": RefundState.SUBMITTED,
}
STUCK = "ABNORMAL"
"""The card or account is gone: staff must choose another way in WeChat Pay's console."""

ASK_ABOUT_IT = ("ORDERPAID", "ORDER_PAID", "OUT_TRADE_NO_USED")
"""Refusals of an order that say how another request under its number ended."""
NOT_THERE = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "NOT_FOUND", "RESOURCE_NOT_EXISTS")
NO_BILL = "NO_STATEMENT_EXIST"
LATER = "NOT_ENOUGH"
"""Our balance there is too small for the refund: it may succeed under its number tomorrow."""
REFUND_REFUSALS = (
    "INVALID_REQUEST",
    "PARAM_ERROR",
    "RESOURCE_NOT_EXISTS",
    "ORDER_NOT_EXIST",
    "USER_ACCOUNT_ABNORMAL",
    "TRADE_OVERDUE",
)
"""Only these are a definite no to a refund, if it is not there under its number either."""

PAYMENT_EVENT = "TRANSACTION.SUCCESS"
PAYER = "payer_ref"
"""Where a stored event says who paid, instead of the openid."""
REFUND_EVENTS = ("REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED")


@dataclass(frozen=True, slots=True)
class WeChatPayProvider:
    """See providers.interface.Provider."""

    client: WeChatPayClient
    app_id: str
    notify_url: str
    api_v3_key: str = field(repr=False)

    remote: ClassVar[bool] = True
    methods: ClassVar[tuple[str, ...]] = ("jsapi",)
    needs_payer: ClassVar[bool] = True
    refunds_at_most: ClassVar[int | None] = 50

    @classmethod
    def configured(cls, settings: Settings) -> "WeChatPayProvider":
        """Return the provider for the merchant of the settings.

        Raises:
            PaymentMethodUnavailable: its keys are not set.
        """
        if not settings.wechat_pay_mch_id or not settings.wechat_pay_api_v3_key:
            raise PaymentMethodUnavailable
        client = WeChatPayClient(
            mch_id=settings.wechat_pay_mch_id,
            cert_serial=settings.wechat_pay_cert_serial,
            private_key=settings.wechat_pay_key,
            public_key_id=settings.wechat_pay_public_key_id,
            public_key=settings.wechat_pay_public_key,
            base_url=settings.wechat_pay_api_url,
        )
        return cls(
            client,
            settings.wechat_app_id,
            settings.wechat_pay_notify_url,
            settings.wechat_pay_api_v3_key,
        )

    def start(self, payment: Payment, payer: str) -> Started:
        """Order, or get the prepay_id anew of what an earlier attempt ordered."""
        number = number_of(payment.id)
        try:
            answer = self.client.post(f"{ORDERS}/jsapi", self._order(payment, payer))
        except WeChatPayRefused as refusal:
            return self._not_started(number, refusal)
        except WeChatPayUnavailable as silence:
            raise _unknown(silence) from None
        prepay_id = answer.get("prepay_id")
        if not isinstance(prepay_id, str) or not prepay_id:
            raise _unknown(WeChatPayUnavailable("no prepay_id"))
        return Started(number, PaymentState.PENDING, self._signed(f"prepay_id={prepay_id}"))

    def resume(self, payment: Payment, now: datetime) -> dict[str, Any] | None:
        """Sign what the phone needs anew, while WeChat Pay still knows the prepay_id."""
        package = payment.client_parameters.get("package")
        if payment.begun_at is None or now >= payment.begun_at + PREPAY_HOLDS or not package:
            return None
        return self._signed(package)

    def fetch(self, provider_ref: str) -> ProviderStatus:
        """Ask for the order by our number."""
        try:
            told = self.client.get(
                f"{ORDERS}/out-trade-no/{provider_ref}?mchid={self.client.mch_id}"
            )
        except (WeChatPayRefused, WeChatPayUnavailable) as fault:
            raise _unknown(fault) from None
        return self._payment_status(told)

    def cancel(self, payment: Payment) -> ProviderStatus:
        """Close the order, then ask: it may have been paid, and only the answer tells."""
        number = payment.provider_ref or number_of(payment.id)
        try:
            self.client.post(f"{ORDERS}/out-trade-no/{number}/close", {"mchid": self.client.mch_id})
        except WeChatPayRefused as refusal:
            log.info("wechat pay did not close an order", fault=str(refusal))
        except WeChatPayUnavailable as silence:
            raise _unknown(silence) from None
        return self.fetch(number)

    def refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus:
        """Ask for the refund; a refusal counts only if nothing is there under its number."""
        body = {
            "out_trade_no": payment.provider_ref,
            "out_refund_no": refund.id,
            "notify_url": self.notify_url,
            "amount": {
                "refund": refund.amount_fen,
                "total": payment.received_fen or payment.amount_fen,
                "currency": payment.currency.upper(),
            },
        }
        try:
            return self._refund_status(self.client.post(REFUNDS, body))
        except WeChatPayRefused as refusal:
            return self._not_refunded(refund, payment, refusal)
        except WeChatPayUnavailable as silence:
            raise _unknown(silence) from None

    def find_refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus | None:
        """Ask for the refund by its number."""
        try:
            return self._refund_status(self.client.get(f"{REFUNDS}/{refund.id}"))
        except WeChatPayRefused as refusal:
            if refusal.status == 404 and refusal.code in NOT_THERE:
                return None
            raise _unknown(refusal) from None
        except WeChatPayUnavailable as silence:
            raise _unknown(silence) from None

    def records(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """Download the bill of each Beijing day that lies in [since, until) as a whole.

        Raises:
            ListUnavailable: a bill is not there yet, or what came is not the bill.
        """
        day = since.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
        if day < since:
            day += timedelta(days=1)
        while day + timedelta(days=1) <= until:
            yield from self._bill(f"{day:%Y-%m-%d}")
            day += timedelta(days=1)

    def read_list(self, content: bytes) -> list[Listed]:
        """Read a trade bill as WeChat Pay's console gives it."""
        return read_bill(content, self.client.mch_id)

    def parse_webhook(self, raw_body: bytes, headers: Headers) -> IncomingEvent:
        """Verify the signature and its age, open what is sealed."""
        try:
            self.client.verify(dict(headers.items()), raw_body)
            envelope = json.loads(raw_body)
            told = unseal(envelope["resource"], self.api_v3_key)
            event_id, kind = envelope["id"], envelope["event_type"]
        except (WeChatPayForged, ValueError, KeyError, TypeError):
            raise WebhookRejected from None
        if not (isinstance(event_id, str) and isinstance(kind, str) and event_id):
            raise WebhookRejected
        told[PAYER] = _payer(told)
        told.pop("payer", None)
        merchant = told.get("mchid")
        return IncomingEvent(
            event_id=event_id,
            kind=kind,
            account=merchant if isinstance(merchant, str) else None,
            livemode=True,
            payload={"event_type": kind, "told": told},
        )

    def read_event(self, payload: Mapping[str, Any]) -> ProviderStatus | RefundStatus | None:
        """Read the events that say how a payment or a refund stands."""
        if payload["event_type"] == PAYMENT_EVENT:
            return self._payment_status(payload["told"])
        if payload["event_type"] in REFUND_EVENTS:
            return self._refund_status(payload["told"])
        return None

    def _order(self, payment: Payment, payer: str) -> dict[str, Any]:
        """Return the order, the same whenever it is repeated."""
        earliest = payment.created_at + SHORTEST_TIME_TO_PAY
        until = max(payment.payable_until or earliest, earliest).astimezone(BEIJING)
        return {
            "appid": self.app_id,
            "mchid": self.client.mch_id,
            "description": f"团购订单 {payment.reference[-8:]}",
            "out_trade_no": number_of(payment.id),
            "time_expire": until.isoformat(timespec="seconds"),
            "notify_url": self.notify_url,
            "amount": {"total": payment.amount_fen, "currency": payment.currency.upper()},
            "payer": {"openid": payer},
        }

    def _signed(self, package: str) -> dict[str, Any]:
        """Return what wx.requestPayment takes."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        return {
            "appId": self.app_id,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.client.sign(self.app_id, timestamp, nonce, package),
        }

    def _not_started(self, number: str, refusal: WeChatPayRefused) -> Started:
        """Read a refused order: nothing can be paid under it, unless it was ordered before."""
        if refusal.code in ASK_ABOUT_IT and self.fetch(number).state is PaymentState.SUCCEEDED:
            # The job that asks about pending payments records it, with who paid.
            return Started(number, PaymentState.PENDING)
        if refusal.code in ASK_ABOUT_IT or refusal.status in (401, 429) or refusal.status >= 500:
            raise _unknown(refusal)
        return Started(None, PaymentState.FAILED, note=refusal.code or f"status {refusal.status}")

    def _not_refunded(
        self, refund: PaymentRefund, payment: Payment, refusal: WeChatPayRefused
    ) -> RefundStatus:
        if refusal.code != LATER and refusal.code not in REFUND_REFUSALS:
            raise _unknown(refusal)
        known = self.find_refund(refund, payment)
        if known is not None:
            return known
        state = RefundState.REQUESTED if refusal.code == LATER else RefundState.FAILED
        return RefundStatus(None, refund.id, state, refund.amount_fen, refusal.code)

    def _payment_status(self, told: Mapping[str, Any]) -> ProviderStatus:
        number, amount = str(told["out_trade_no"]), told.get("amount") or {}
        return ProviderStatus(
            provider_ref=number,
            payment_id=_own_id("pay", number),
            state=PAYMENT_STATES.get(str(told["trade_state"]), PaymentState.PENDING),
            amount_fen=int(amount.get("total", 0)),
            currency=str(amount.get("currency", "CNY")).lower(),
            declined=told["trade_state"] == "PAYERROR",
            foreign=self._foreign(told),
            payer_ref=told.get(PAYER) or _payer(told),
        )

    def _refund_status(self, told: Mapping[str, Any]) -> RefundStatus:
        said, number = str(told.get("status") or told["refund_status"]), str(told["out_refund_no"])
        state = REFUND_STATES.get(said, RefundState.SUBMITTED)
        return RefundStatus(
            provider_ref=str(told["refund_id"]),
            refund_id=number if is_id(number, "prf") else None,
            state=state,
            amount_fen=int(told["amount"]["refund"]),
            note=said if said in (STUCK, "CLOSED") else "",
            foreign=self._foreign(told),
        )

    def _foreign(self, told: Mapping[str, Any]) -> str:
        """Say why it is not ours, '' if it is; answers about refunds name neither."""
        if told.get("mchid") not in (None, self.client.mch_id):
            return f"for the merchant {told['mchid']}, not ours"
        if told.get("appid") not in (None, self.app_id):
            return f"for the app {told['appid']}, not ours"
        return ""

    def _bill(self, day: str) -> list[Listed]:
        try:
            found = self.client.get(f"{BILL}?bill_date={day}&bill_type=ALL")
            content = self.client.download(str(found["download_url"]))
        except WeChatPayRefused as refusal:
            if refusal.code == NO_BILL:
                return []
            raise ListUnavailable(f"{day}: {refusal.code or refusal.status}") from None
        except (WeChatPayUnavailable, KeyError):
            raise ListUnavailable(f"{day}: no answer") from None
        # SHA-1 is what WeChat Pay gives; the hash itself came in a signed answer.
        if hashlib.sha1(content, usedforsecurity=False).hexdigest() != found.get("hash_value"):
            raise ListUnavailable(f"{day}: not the bill that was promised")
        try:
            return self.read_list(content)
        except ListFaults as fault:
            raise ListUnavailable(f"{day}: {fault}") from None


def number_of(payment_id: str) -> str:
    """Return a payment's number at WeChat Pay, which allows 32 characters."""
    return payment_id.partition("_")[2]


def _payer(told: Mapping[str, Any]) -> str | None:
    """Return who paid in a form that only serves to compare: no openid is kept with payments."""
    openid = (told.get("payer") or {}).get("openid")
    if not isinstance(openid, str):
        return None
    return f"wechat:{hashlib.sha256(openid.encode()).hexdigest()[:32]}"


def _own_id(prefix: str, digits: str) -> str | None:
    """Return our id; other systems may use the same merchant."""
    public_id = f"{prefix}_{digits}"
    return public_id if is_id(public_id, prefix) else None


def _unknown(fault: WeChatPayRefused | WeChatPayUnavailable) -> ProviderUnavailable:
    """Say that nobody knows; the fault carries no part of the request."""
    log.warning("wechat pay gave no usable answer", fault=str(fault))
    return ProviderUnavailable()

"""What WeChat Pay knows of orders, payments, refunds and bills: half of its double.

What is imitated is in WeChat Pay's merchant documents (see
groupbuy/payments/providers/wechat_pay.py): the same number with the same parameters is the same
order, with others OUT_TRADE_NO_USED; a paid order is not closed; a refund is repeated under its
number, at most 50 make up a payment; callbacks are signed, sealed, repeated and in any order; a
day's bill is text with a backtick before each cell and the sums at its end.
"""

import hashlib
import itertools
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.doubles.server import Answer, Double, Seen, as_json
from tests.doubles.stripe import Delivery
from tests.doubles.wechat_bills import trade_bill
from tests.doubles.wechat_keys import (
    API_V3_KEY,
    APP_ID,
    MCH_ID,
    made_by_merchant,
    sealed,
    signed,
)

ORDERS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
BEIJING = timezone(timedelta(hours=8))
PREPAY_SECONDS = 2 * 3600
MOST_REFUNDS = 50

Thing = dict[str, Any]


class Refused(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.answer = as_json(status, {"code": code, "message": message or code})
        super().__init__(code)


@dataclass(slots=True)
class Order:
    """An order of a merchant, paid or not."""

    asked: Thing
    transaction_id: str
    state: str = "NOTPAY"
    shown_state: str | None = None
    prepaid: dict[str, float] = field(default_factory=dict)
    received: int = 0
    payer: str = ""
    paid_at: float = 0.0
    named: Thing = field(default_factory=dict)


class Trade(Double):
    """Orders and refunds; `pay`, `decline`, `settle_refund` are what people and banks do."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Thing] = {}
        self.refund_balance_fen = 10**12
        self.refunds_settle = True
        self.wall = time.time()
        self.events: list[Thing] = []
        self._taken = 0
        self._trade_numbers = itertools.count(1)

    def pay(
        self,
        number: str,
        *,
        received: int | None = None,
        payer: str = "",
        named: Thing | None = None,
    ) -> Thing:
        """Let the shopper pay; returns the event. `named` is what it says of merchant and app."""
        with self._state:
            order = self.orders[number]
            if order.state not in ("NOTPAY", "USERPAYING", "PAYERROR"):
                raise AssertionError(f"WeChat lets nobody pay what is {order.state}")
            order.state, order.paid_at = "SUCCESS", self.wall
            order.received = order.asked["amount"]["total"] if received is None else received
            order.payer = payer or order.asked["payer"]["openid"]
            order.named = dict(named or {})
            return self._emit("TRANSACTION.SUCCESS", self._order_shown(number, order))

    def move_order(self, number: str, state: str) -> None:
        """Put an order into a state, such as USERPAYING, PAYERROR or REVOKED."""
        self.orders[number].state = state

    def lag(self, number: str, state: str | None) -> None:
        """Show another state to whoever asks than the order is in; None ends it."""
        self.orders[number].shown_state = state

    def settle_refund(self, number: str, status: str = "SUCCESS") -> Thing:
        """Let a refund end: SUCCESS, CLOSED or ABNORMAL; returns the event."""
        with self._state:
            refund = self.refunds[number]
            refund["status"] = status
            told = {name: refund[name] for name in ("out_trade_no", "out_refund_no", "refund_id")}
            told |= {"mchid": MCH_ID, "refund_status": status, "amount": refund["amount"]}
            return self._emit(f"REFUND.{status}", told, kind="refund")

    def phone_accepts(self, parameters: Thing) -> bool:
        """Tell whether wx.requestPayment would open with these parameters."""
        wanted = {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
        package = str(parameters.get("package"))
        prepaid = {
            f"prepay_id={one}": at for o in self.orders.values() for one, at in o.prepaid.items()
        }
        lines = (parameters.get(name) for name in ("appId", "timeStamp", "nonceStr", "package"))
        message = "".join(f"{line}\n" for line in lines).encode()
        return (
            set(parameters) == wanted
            and parameters["signType"] == "RSA"
            and self.wall - prepaid.get(package, 0.0) < PREPAY_SECONDS
            and made_by_merchant(parameters["paySign"], message)
        )

    def event(self, kind: str, told: Thing, *, original: str = "transaction") -> Thing:
        """Return an event, also one that never happened; it is sealed when it is delivered."""
        return {
            "id": f"EV-{next(self._trade_numbers):032}",
            "create_time": self._rfc3339(self.wall),
            "resource_type": "encrypt-resource",
            "event_type": kind,
            "summary": kind,
            "resource": json.loads(json.dumps(told)),
            "original": original,
        }

    def signed(
        self,
        event: Thing,
        *,
        whose: str = "wechat",
        age_seconds: int = 0,
        api_v3_key: str = API_V3_KEY,
    ) -> Delivery:
        """Return an event as it is delivered: sealed and signed anew each time."""
        told = {name: value for name, value in event.items() if name != "original"}
        told["resource"] = sealed(event["resource"], api_v3_key=api_v3_key, kind=event["original"])
        answer = signed(as_json(200, told), whose=whose, age_seconds=age_seconds)
        return Delivery(answer.body, answer.headers)

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

    def trade(self, request: Seen) -> Answer | None:
        """Answer what is about orders, refunds and bills; None if it is about something else."""
        orders = request.path.removeprefix(f"{ORDERS}/")
        match request.method, orders.split("/"):
            case "POST", ["jsapi"]:
                return as_json(200, self._order(json.loads(request.body)))
            case "GET", ["out-trade-no", number]:
                self._for_us(request.query.get("mchid"))
                return as_json(200, self._order_shown(number, self._known(number)))
            case "POST", ["out-trade-no", number, "close"]:
                self._for_us(json.loads(request.body).get("mchid"))
                return self._close(number)
        if request.path == REFUNDS and request.method == "POST":
            return as_json(200, self._refund(json.loads(request.body)))
        if request.path.startswith(f"{REFUNDS}/"):
            return as_json(200, self._refund_shown(request.path.removeprefix(f"{REFUNDS}/")))
        if request.path == "/v3/bill/tradebill":
            return as_json(200, self._bill_offered(request))
        if request.path == "/v3/billdownload/file":
            return Answer(200, self.bill(request.query["token"]))
        return None

    def bill(self, day: str) -> bytes:
        """Return a day's trade bill."""
        return trade_bill(self.orders, self.refunds, day)

    def _order(self, asked: Thing) -> Thing:
        _check_order(asked)
        number = asked["out_trade_no"]
        order = self.orders.get(number)
        if order is None:
            order = self.orders[number] = Order(asked, f"42000{next(self._trade_numbers):023}")
        if order.state == "SUCCESS":
            raise Refused(400, "ORDERPAID", "该订单已支付")
        if order.state in ("CLOSED", "REVOKED"):
            raise Refused(400, "ORDER_CLOSED", "该订单已关闭")
        if order.asked != asked:
            raise Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        prepay_id = f"wx{secrets.token_hex(17)}"
        order.prepaid[prepay_id] = self.wall
        return {"prepay_id": prepay_id}

    def _known(self, number: str) -> Order:
        if number not in self.orders:
            raise Refused(404, "ORDER_NOT_EXIST", "订单不存在")
        return self.orders[number]

    def _order_shown(self, number: str, order: Order) -> Thing:
        state = order.shown_state or order.state
        shown: Thing = {
            "appid": APP_ID,
            "mchid": MCH_ID,
            "out_trade_no": number,
            "trade_state": state,
            "trade_state_desc": state,
        }
        if state in ("SUCCESS", "REFUND"):
            shown |= {
                "transaction_id": order.transaction_id,
                "trade_type": "JSAPI",
                "success_time": self._rfc3339(order.paid_at),
                "payer": {"openid": order.payer},
                "amount": {
                    "total": order.received,
                    "payer_total": order.received,
                    "currency": "CNY",
                    "payer_currency": "CNY",
                },
            }
        return shown | order.named

    def _close(self, number: str) -> Answer:
        order = self._known(number)
        if order.state in ("SUCCESS", "REFUND"):
            raise Refused(400, "ORDERPAID", "订单已支付")
        order.state = "CLOSED"
        return Answer(204, b"")

    def _refund(self, asked: Thing) -> Thing:
        number, order = asked["out_refund_no"], self._known(asked["out_trade_no"])
        known = self.refunds.get(number)
        if known is not None:
            if known["asked"] != asked:
                raise Refused(400, "INVALID_REQUEST", "同一退款单号信息不一致")
            return self._refund_shown(number)
        amount = asked["amount"]
        standing = [
            one
            for one in self.refunds.values()
            if one["out_trade_no"] == asked["out_trade_no"] and one["status"] != "CLOSED"
        ]
        left = order.received - sum(one["amount"]["refund"] for one in standing)
        whole = amount["total"] == order.received and amount["currency"] == "CNY"
        if not re.fullmatch(r"[0-9A-Za-z_\-|*@]{1,64}", number) or not whole:
            raise Refused(400, "PARAM_ERROR")
        if order.state not in ("SUCCESS", "REFUND") or len(standing) >= MOST_REFUNDS:
            raise Refused(400, "INVALID_REQUEST", "订单状态不支持退款或退款次数超限")
        if not 0 < amount["refund"] <= left:
            raise Refused(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致")
        if amount["refund"] > self.refund_balance_fen:
            raise Refused(403, "NOT_ENOUGH", "基本账户余额不足")
        self.refund_balance_fen -= amount["refund"]
        order.state = "REFUND"
        self.refunds[number] = {
            "asked": asked,
            "refund_id": f"50000{next(self._trade_numbers):023}",
            "out_refund_no": number,
            "transaction_id": order.transaction_id,
            "out_trade_no": asked["out_trade_no"],
            "status": "PROCESSING",
            "created": self.wall,
            "amount": {"refund": amount["refund"], "total": order.received, "currency": "CNY"},
        }
        if self.refunds_settle:
            self.settle_refund(number)
        return self._refund_shown(number)

    def _refund_shown(self, number: str) -> Thing:
        if number not in self.refunds:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        hidden = ("asked", "created")
        return {name: value for name, value in self.refunds[number].items() if name not in hidden}

    def _bill_offered(self, request: Seen) -> Thing:
        day = request.query.get("bill_date", "")
        if day >= f"{datetime.fromtimestamp(self.wall, BEIJING):%Y-%m-%d}":
            raise Refused(400, "INVALID_REQUEST", "日期错误")
        content = self.bill(day)
        if content.count(b"\n") <= 3:
            raise Refused(404, "NO_STATEMENT_EXIST", "账单文件不存在")
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        url = f"{self.url}/v3/billdownload/file?token={day}"
        return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}

    def _emit(self, event_type: str, told: Thing, *, kind: str = "transaction") -> Thing:
        self.events.append(self.event(event_type, told, original=kind))
        return self.events[-1]

    def _for_us(self, mch_id: str | None) -> None:
        if mch_id != MCH_ID:
            raise Refused(400, "PARAM_ERROR", "mchid")

    def _rfc3339(self, at: float) -> str:
        return datetime.fromtimestamp(at, BEIJING).isoformat(timespec="seconds")


def _check_order(asked: Thing) -> None:
    """Refuse what WeChat Pay's documents do not allow."""
    amount, url = asked.get("amount", {}), asked.get("notify_url", "")
    known = {"appid", "mchid", "description", "out_trade_no", "time_expire", "notify_url"}
    rules = {
        "appid": asked.get("appid") == APP_ID,
        "mchid": asked.get("mchid") == MCH_ID,
        "description": 1 <= len(asked.get("description", "")) <= 127,
        "out_trade_no": re.fullmatch(r"[0-9A-Za-z_\-|*]{6,32}", asked.get("out_trade_no", "")),
        "time_expire": asked.get("time_expire", "").endswith("+08:00"),
        "notify_url": url.startswith("https://") and "?" not in url,
        "amount": type(amount.get("total")) is int and amount["total"] >= 1,
        "currency": amount.get("currency") == "CNY",
        "payer": bool(asked.get("payer", {}).get("openid")),
        "unknown": set(asked) == known | {"amount", "payer"},
    }
    for name, holds in rules.items():
        if not holds:
            raise Refused(400, "PARAM_ERROR", name)

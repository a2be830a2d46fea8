"""WeChat Pay, small but stateful: signed requests and answers, orders, transfers, bills.

What is imitated is in WeChat Pay's merchant documents (see groupbuy/vendors/wechat_pay.py and
groupbuy/payouts/providers/wechat_transfer.py): requests with a wrong signature are answered by an
unsigned 401, everything else is signed; the same out_bill_no with the same parameters is the same
bill, with others a 400; `package_info` comes only when a bill is created or submitted again; what
is not confirmed within 24 hours fails with OVERDUE_CLOSE.
"""

import base64
import itertools
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from tests.doubles.server import FORGED, STALE, Answer, Fault, Seen, as_json
from tests.doubles.wechat_keys import (
    API_V3_KEY,
    APP_ID,
    CERT_SERIAL,
    MCH_ID,
    NOTIFY_URL,
    PUBLIC_KEY_ID,
    key,
    private_pem,
    public_pem,
    request_signed,
    signed,
)
from tests.doubles.wechat_trade import Refused, Trade

__all__ = [
    "API_V3_KEY",
    "APP_ID",
    "CERT_SERIAL",
    "MCH_ID",
    "NOTIFY_URL",
    "PUBLIC_KEY_ID",
    "Refused",
    "WeChatPayDouble",
    "key",
    "private_pem",
    "public_pem",
    "signed",
]

CONFIRM_SECONDS = 24 * 3600
SCENE_1005 = {"岗位类型", "报酬说明"}
BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
FILES = "/v3/billdownload/file"

Thing = dict[str, Any]


@dataclass(slots=True)
class Bill:
    """A transfer to a user."""

    asked: Thing
    transfer_bill_no: str
    state: str
    created: float
    fail_reason: str = ""


class WeChatPayDouble(Trade):
    """WeChat Pay for one merchant; for bills, its clock stands still until `advance` is called."""

    broken: ClassVar[Answer] = as_json(500, {"code": "SYSTEM_ERROR", "message": "系统异常"})
    too_many: ClassVar[Answer] = as_json(429, {"code": "FREQUENCY_LIMITED", "message": "频率超限"})

    def __init__(self) -> None:
        super().__init__()
        self.bills: dict[str, Bill] = {}
        self.balance_fen = 10**12
        self.names: dict[str, str] = {}
        self.first_state = "WAIT_USER_CONFIRM"
        self.clock = 0.0
        self._numbers = itertools.count(1)
        self._nonces: set[str] = set()
        self._said: deque[Answer] = deque()

    def confirm(self, number: str) -> None:
        """Let the user confirm the receipt, as far as WeChat lets them."""
        with self._state:
            self._close_overdue()
            bill = self.bills[number]
            if bill.state in ("WAIT_USER_CONFIRM", "TRANSFERING"):
                bill.state = "SUCCESS"

    def move(self, number: str, state: str, fail_reason: str = "") -> None:
        """Put a bill into a state of WeChat Pay's; FAIL and CANCELLED give the money back."""
        with self._state:
            bill = self.bills[number]
            if state in ("FAIL", "CANCELLED") and bill.state not in ("FAIL", "CANCELLED"):
                self.balance_fen += bill.asked["transfer_amount"]
            bill.state, bill.fail_reason = state, fail_reason

    def say(self, status: int, body: bytes) -> None:
        """Answer the next request with this, signed, whatever it asks."""
        self._said.append(Answer(status, body))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._state:
            self.clock += seconds
            self._close_overdue()

    def paid(self) -> dict[str, int]:
        """Return what arrived, in fen, by our number."""
        with self._state:
            return {
                number: bill.asked["transfer_amount"]
                for number, bill in self.bills.items()
                if bill.state == "SUCCESS"
            }

    def perform(self, request: Seen, fault: Fault | None) -> Answer:
        """Check the signature, answer, and sign the answer."""
        if not request_signed(request, self._nonces):
            return as_json(401, {"code": "SIGN_ERROR", "message": "签名错误，请检查后再试"})
        answer = self._said.popleft() if self._said else super().perform(request, fault)
        if request.path == FILES:
            return answer
        return signed(
            answer,
            whose="stranger" if fault == FORGED else "wechat",
            age_seconds=600 if fault == STALE else 0,
        )

    def effect(self, request: Seen) -> Answer:
        """Route a request."""
        try:
            self._close_overdue()
            return self.trade(request) or as_json(200, self._route(request))
        except Refused as refusal:
            return refusal.answer

    def _route(self, request: Seen) -> Thing:
        match request.method, request.path.removeprefix(BILLS).split("/")[1:]:
            case "POST", [] if request.path == BILLS:
                return self._create(json.loads(request.body))
            case "GET", ["out-bill-no", number]:
                return self._shown(number)
            case "POST", ["out-bill-no", number, "cancel"]:
                return self._cancel(number)
        raise Refused(404, "RESOURCE_NOT_EXISTS")

    def _create(self, asked: Thing) -> Thing:
        name = self._opened(asked.pop("user_name", ""))
        asked["user_name"] = name
        _check(asked)
        number = asked["out_bill_no"]
        bill = self.bills.get(number)
        if bill is None:
            bill = self.bills[number] = self._new(asked)
        elif bill.asked != asked:
            raise Refused(400, "INVALID_REQUEST", "单号已存在但信息不一致，请查单后比较确认")
        shown = self._answer(number, bill)
        if bill.state in ("WAIT_USER_CONFIRM", "TRANSFERING"):
            shown["package_info"] = f"package/{number}=="
        return shown

    def _new(self, asked: Thing) -> Bill:
        if asked["transfer_amount"] > self.balance_fen:
            raise Refused(403, "NOT_ENOUGH", "资金不足")
        self.balance_fen -= asked["transfer_amount"]
        known = self.names.get(asked["openid"])
        bill = Bill(asked, f"13300000{next(self._numbers):024}", self.first_state, self.clock)
        if asked["user_name"] and known is not None and asked["user_name"] != known:
            self.balance_fen += asked["transfer_amount"]
            bill.state, bill.fail_reason = "FAIL", "NAME_NOT_CORRECT"
        return bill

    def _shown(self, number: str) -> Thing:
        bill = self._bill(number)
        shown = self._answer(number, bill)
        wanted = ("appid", "openid", "transfer_amount", "transfer_remark")
        return shown | {"mch_id": MCH_ID} | {name: bill.asked[name] for name in wanted}

    def _cancel(self, number: str) -> Thing:
        bill = self._bill(number)
        if bill.state in ("ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM"):
            bill.state = "CANCELING"
        elif bill.state not in ("CANCELING", "CANCELLED"):
            raise Refused(400, "INVALID_REQUEST", "当前状态不允许撤销")
        return self._answer(number, bill)

    def _bill(self, number: str) -> Bill:
        if number not in self.bills:
            raise Refused(404, "NOT_FOUND", "记录不存在")
        return self.bills[number]

    def _answer(self, number: str, bill: Bill) -> Thing:
        answer = {
            "out_bill_no": number,
            "transfer_bill_no": bill.transfer_bill_no,
            "create_time": "2026-03-02T09:00:00+08:00",
            "state": bill.state,
        }
        return answer | ({"fail_reason": bill.fail_reason} if bill.fail_reason else {})

    def _close_overdue(self) -> None:
        for number, bill in self.bills.items():
            waits = bill.state in ("ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "TRANSFERING")
            if waits and self.clock - bill.created >= CONFIRM_SECONDS:
                self.move(number, "FAIL", "OVERDUE_CLOSE")

    def _opened(self, sealed: str) -> str:
        if not sealed:
            return ""
        oaep = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)
        try:
            return key("wechat").decrypt(base64.b64decode(sealed), oaep).decode()
        except ValueError:
            raise Refused(400, "PARAM_ERROR", "用户姓名解密失败") from None


def _check(asked: Thing) -> None:
    """Refuse what WeChat Pay's documents do not allow."""
    amount, name = asked.get("transfer_amount", 0), asked["user_name"]
    infos = asked.get("transfer_scene_report_infos") or []
    known = "appid out_bill_no transfer_scene_id openid user_name transfer_amount transfer_remark"
    rules: dict[str, Callable[[], bool]] = {
        "appid": lambda: asked.get("appid") == APP_ID,
        "out_bill_no": lambda: bool(re.fullmatch("[0-9A-Za-z]{1,32}", asked["out_bill_no"])),
        "transfer_scene_id": lambda: asked.get("transfer_scene_id") == "1005",
        "openid": lambda: bool(asked.get("openid")),
        "transfer_amount": lambda: type(amount) is int and amount >= 10,
        "transfer_remark": lambda: 1 <= len(asked.get("transfer_remark", "")) <= 32,
        "transfer_scene_report_infos": lambda: {one["info_type"] for one in infos} == SCENE_1005,
        "unknown": lambda: set(asked) <= {*known.split(), "transfer_scene_report_infos"},
        "user_name": lambda: bool(name) or amount < 200_000,
        "user_name too small": lambda: not name or amount >= 30,
    }
    for field, holds in rules.items():
        if not holds():
            raise Refused(400, "PARAM_ERROR", field)

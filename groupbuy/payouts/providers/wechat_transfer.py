"""WeChat Pay, transfer to a user (商家转账): the leader confirms the receipt within 24 hours.

Source: WeChat Pay merchant documents: to transfer (pay.weixin.qq.com/docs/merchant/apis/mch-trans/
transfer-bill/transfer-to-user.html), to ask (get-transfer-bill-by-out-no.html beside it), to cancel
(pay.weixin.qq.com/doc/v3/merchant/4012716458), why transfers fail (4013774966), questions
(4013778940). What binds us: whatever status is not 200 says nothing about the bill, so the same
number is asked about, and a new one only follows a definite failure; the same number with the same
parameters is the same bill; with others it is refused; bills can be asked about for 30 days.

`package_info`, which the leader's phone needs, comes only in the answer to a submission: who lost
it submits again under the same number.

A payee has `openid` (of our mini-program) and, from 2,000 yuan on, the real `name`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

import structlog

from groupbuy.kernel.settings import Settings
from groupbuy.payouts.providers.interface import Outcome, ProviderRecord, Transfer
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.vendors.wechat_pay import WeChatPayClient, WeChatPayRefused, WeChatPayUnavailable

log = structlog.get_logger(__name__)

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
SCENE_COMMISSION = "1005"
SCENE_REPORT = (
    {"info_type": "岗位类型", "info_content": "社区团购团长"},
    {"info_type": "报酬说明", "info_content": "团购销售佣金"},
)
NAME_NEEDED_FROM_FEN = 200_000
NAME_ALLOWED_FROM_FEN = 30
REMARK_LENGTH = 32

STATES = {
    "ACCEPTED": AttemptState.SUBMITTED,
    "PROCESSING": AttemptState.SUBMITTED,
    "WAIT_USER_CONFIRM": AttemptState.AWAITING_USER,
    "TRANSFERING": AttemptState.TRANSFERRING,
    "SUCCESS": AttemptState.SUCCEEDED,
    "FAIL": AttemptState.FAILED,
    "CANCELLED": AttemptState.CANCELLED,
}
"""Any other, such as CANCELING, is UNKNOWN: it is asked about until it is one of these."""


@dataclass(frozen=True, slots=True)
class WeChatTransferChannel:
    """See providers.interface.Channel."""

    client: WeChatPayClient
    app_id: str

    remote: ClassVar[bool] = True
    account_kind: ClassVar[str] = "wechat"

    @classmethod
    def configured(cls, settings: Settings) -> Self | None:
        """Return the channel for the merchant of the settings; none without its keys."""
        if not settings.wechat_pay_mch_id:
            return None
        client = WeChatPayClient(
            mch_id=settings.wechat_pay_mch_id,
            cert_serial=settings.wechat_pay_cert_serial,
            private_key=settings.wechat_pay_key,
            public_key_id=settings.wechat_pay_public_key_id,
            public_key=settings.wechat_pay_public_key,
            base_url=settings.wechat_pay_api_url,
        )
        return cls(client, settings.wechat_app_id)

    def submit(self, transfer: Transfer) -> Outcome:
        """Create the bill, or get the one that an earlier attempt created."""
        if _lacks_name(transfer):
            # Nothing is sent, so nothing can have been paid, unless an earlier attempt was sent.
            return self.query(transfer.number) or Outcome(AttemptState.FAILED, reason="NAME_NEEDED")
        try:
            answer = self.client.post(BILLS, self._bill(transfer))
        except (WeChatPayRefused, WeChatPayUnavailable) as error:
            return _unknown(error)
        return _outcome(answer, transfer.number, self._action(answer))

    def query(self, number: str) -> Outcome | None:
        """Ask for the bill."""
        try:
            answer = self.client.get(f"{BILLS}/out-bill-no/{number}")
        except WeChatPayRefused as refusal:
            return (
                None if refusal.status == 404 and refusal.code == "NOT_FOUND" else _unknown(refusal)
            )
        except WeChatPayUnavailable as silence:
            return _unknown(silence)
        return _outcome(answer, number, {})

    def cancel(self, number: str) -> Outcome:
        """Ask to cancel; it is done when the state says so. A refusal tells nothing: ask then."""
        try:
            answer = self.client.post(f"{BILLS}/out-bill-no/{number}/cancel", {})
        except WeChatPayRefused as refusal:
            return self.query(number) or _unknown(refusal)
        except WeChatPayUnavailable as silence:
            return _unknown(silence)
        return _outcome(answer, number, {})

    def records(self, since: datetime, until: datetime) -> Iterator[ProviderRecord] | None:
        """Have no list: WeChat Pay tells of transfers one by one."""
        return None

    def _bill(self, transfer: Transfer) -> dict[str, Any]:
        bill: dict[str, Any] = {
            "appid": self.app_id,
            "out_bill_no": transfer.number,
            "transfer_scene_id": SCENE_COMMISSION,
            "openid": transfer.payee.get("openid", ""),
            "transfer_amount": transfer.amount_fen,
            "transfer_remark": transfer.remark[:REMARK_LENGTH],
            "transfer_scene_report_infos": SCENE_REPORT,
        }
        name = transfer.payee.get("name", "")
        if name and transfer.amount_fen >= NAME_ALLOWED_FROM_FEN:
            bill["user_name"] = self.client.encrypt(name)
        return bill

    def _action(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return what wx.requestMerchantTransfer wants, if the leader is to confirm."""
        package = answer.get("package_info")
        if not isinstance(package, str) or not package:
            return {}
        return {"mch_id": self.client.mch_id, "app_id": self.app_id, "package_info": package}


def _lacks_name(transfer: Transfer) -> bool:
    return transfer.amount_fen >= NAME_NEEDED_FROM_FEN and not transfer.payee.get("name")


def _outcome(answer: Mapping[str, Any], number: str, action: dict[str, Any]) -> Outcome:
    if answer.get("out_bill_no") != number:
        return Outcome(AttemptState.UNKNOWN, reason="OTHER_BILL")
    said = str(answer.get("state") or "NO_STATE")
    state = STATES.get(said, AttemptState.UNKNOWN)
    reason = said if state is AttemptState.UNKNOWN else str(answer.get("fail_reason") or "")
    awaited = state in (AttemptState.AWAITING_USER, AttemptState.TRANSFERRING)
    return Outcome(
        state,
        provider_ref=str(answer.get("transfer_bill_no") or "") or None,
        reason=reason,
        action=action if awaited else {},
    )


def _unknown(error: WeChatPayRefused | WeChatPayUnavailable) -> Outcome:
    """Say that nobody knows: WeChat Pay's errors are about the request, not about the bill."""
    log.warning("wechat pay gave no usable answer", fault=str(error))
    code = error.code if isinstance(error, WeChatPayRefused) else "NO_ANSWER"
    return Outcome(AttemptState.UNKNOWN, reason=code)

"""Problems of payments."""

from http import HTTPStatus
from typing import ClassVar

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class ProviderUnavailable(Problem):
    """The payment provider is busy or did not answer; what it did is unknown, so ask again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "payment-provider-unavailable"
    title = Text("支付渠道暂时不可用", "The payment provider is unavailable at the moment")
    detail = Text(
        "请稍候重试，不会重复扣款。", "Try again in a moment; you will not be charged twice."
    )
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class DemoPaymentsRefused(Problem):
    """The demo provider takes no real money, so only demo mode allows it."""

    status = HTTPStatus.CONFLICT
    code = "demo-payments-refused"
    title = Text("非演示模式不能使用演示支付", "Demo payments are refused outside demo mode")


class WebhookRejected(Problem):
    """The event does not carry the provider's signature, or the signature is too old."""

    status = HTTPStatus.BAD_REQUEST
    code = "webhook-rejected"
    title = Text("回调签名无效", "The event's signature is not valid")


class PaymentAlreadyMade(Problem):
    """Another amount was already paid for this."""

    status = HTTPStatus.CONFLICT
    code = "payment-already-made"
    title = Text("已经支付过了", "It is paid already")
    detail = Text("已支付 {paid_fen} 分。", "{paid_fen} fen were paid for it.")


class PaymentUnderReview(Problem):
    """An earlier payment did not match, and staff are looking at it; pay nothing meanwhile."""

    status = HTTPStatus.CONFLICT
    code = "payment-under-review"
    title = Text("之前的付款正在人工核对", "Staff are looking at an earlier payment of this")


class RefundExceedsPayment(Problem):
    """The refunds of a payment never sum to more than what was paid."""

    status = HTTPStatus.CONFLICT
    code = "refund-exceeds-payment"
    title = Text("退款超过可退金额", "The refund is more than what is left to give back")
    detail = Text("最多可退 {refundable_fen} 分。", "At most {refundable_fen} fen can be refunded.")

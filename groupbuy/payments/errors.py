"""Problems of payments."""

from http import HTTPStatus
from typing import ClassVar

from groupbuy.kernel.problems import InvalidInput, Problem
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


class PaymentMethodUnavailable(Problem):
    """This way to pay is not offered; `GET /payment-methods` says which ones are."""

    status = HTTPStatus.CONFLICT
    code = "payment-method-unavailable"
    title = Text("不支持这种支付方式", "This payment method is not available")


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


class TooManyRefunds(Problem):
    """The provider gives a payment back in so many parts and no more."""

    status = HTTPStatus.CONFLICT
    code = "too-many-refunds"
    title = Text("退款次数已达上限", "The payment was refunded too many times")
    detail = Text(
        "该支付渠道最多分 {limit} 次退款，余款请线下退还。",
        "Its provider refunds a payment at most {limit} times; give the rest back by other means.",
    )


class RefundNotRepeatable(Problem):
    """Only a refund that failed, was made by the system and was not repeated yet is repeated."""

    status = HTTPStatus.CONFLICT
    code = "refund-not-repeatable"
    title = Text("该退款不能重试", "This refund cannot be repeated")
    detail = Text(
        "只有系统自动发起、已确定失败且未重试过的退款可以重试；订单退款请从订单重新发起。",
        "Only an automatic refund that definitely failed can, once; begin an order's anew there.",
    )


class PaymentNotParked(Problem):
    """There is nothing to decide: the payment is not parked, or somebody has decided."""

    status = HTTPStatus.CONFLICT
    code = "payment-not-parked"
    title = Text("该付款无需处理", "This payment needs no decision")


class PaymentNotAcceptable(Problem):
    """What came in cannot count: too little, another currency, or the thing is paid already."""

    status = HTTPStatus.CONFLICT
    code = "payment-not-acceptable"
    title = Text("该付款不能接受", "This payment cannot be accepted")
    detail = Text(
        "实收 {received_fen} 分，应收 {amount_fen} 分。",
        "{received_fen} fen came in, {amount_fen} were asked for.",
    )


class NothingReceived(Problem):
    """No money of ours came in under this payment, so none can be given back: dismiss it."""

    status = HTTPStatus.CONFLICT
    code = "nothing-received"
    title = Text("没有收到款项", "No money came in")


class MoneyReceived(Problem):
    """Money came in under this payment: give it back, or let it count."""

    status = HTTPStatus.CONFLICT
    code = "money-received"
    title = Text("该付款已收到款项，不能忽略", "Money came in, so it cannot be dismissed")


class DayNotOver(Problem):
    """A day is compared with a provider's list once it is over."""

    status = HTTPStatus.CONFLICT
    code = "day-not-over"
    title = Text("当天尚未结束", "The day is not over yet")


class PaymentListNeeded(Problem):
    """The provider has no list of its own: upload one with the request."""

    status = HTTPStatus.CONFLICT
    code = "payment-list-needed"
    title = Text("该支付渠道需上传对账单", "The provider has no list; upload its records")


class PaymentListUnreadable(InvalidInput):
    """An uploaded list is not base64, or rows of it cannot be read; `errors` names each row."""

    code = "payment-list-unreadable"
    title = Text("对账单无法读取", "The uploaded list cannot be read")


class RefundExceedsPayment(Problem):
    """The refunds of a payment never sum to more than what was paid."""

    status = HTTPStatus.CONFLICT
    code = "refund-exceeds-payment"
    title = Text("退款超过可退金额", "The refund is more than what is left to give back")
    detail = Text("最多可退 {refundable_fen} 分。", "At most {refundable_fen} fen can be refunded.")

"""Problems of orders."""

from datetime import UTC, tzinfo
from http import HTTPStatus
from typing import Any

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class QuoteChanged(Problem):
    """The price is no longer the one the shopper saw; `quote` is the new one."""

    status = HTTPStatus.CONFLICT
    code = "quote-changed"
    title = Text("价格已变动，请确认新价格", "The price has changed; please confirm the new one")

    def document(self, language: str, zone: tzinfo = UTC) -> dict[str, Any]:
        """Return the document with the new quote as a shopper reads it."""
        body = super().document(language, zone)
        quote = self.members.get("quote")
        return body if quote is None else body | {"quote": quote.shown(language)}


class ShopperLimitReached(Problem):
    """More than a shopper may buy; `limits` gives for each SKU the limit and what is left."""

    status = HTTPStatus.CONFLICT
    code = "shopper-limit-reached"
    title = Text("超出每人限购数量", "More than one shopper may buy")


class PickupPointNeeded(Problem):
    """An order from the house names no pickup point."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "pickup-point-needed"
    title = Text("请选择自提点", "Choose a pickup point")


class OrderExpired(Problem):
    """The time to pay is over; the goods are given back."""

    status = HTTPStatus.CONFLICT
    code = "order-expired"
    title = Text("订单已超时，请重新下单", "The time to pay is over; please order again")


class RefundExceedsLine(Problem):
    """More money or more units than are left on a line."""

    status = HTTPStatus.CONFLICT
    code = "refund-exceeds-line"
    title = Text("退款超过可退金额或数量", "The refund exceeds what is left on the line")
    detail = Text(
        "商品行 {order_line_id} 最多可退 {left_fen} 分、{left_quantity} 件。",
        "Line {order_line_id} has {left_fen} fen and {left_quantity} units left.",
    )


class RefundExceedsDelivery(Problem):
    """More than is left of the delivery fee."""

    status = HTTPStatus.CONFLICT
    code = "refund-exceeds-delivery"
    title = Text("退款超过剩余配送费", "The refund exceeds what is left of the delivery fee")
    detail = Text("配送费最多可退 {left_fen} 分。", "{left_fen} fen of it are left.")


class NothingToRefund(Problem):
    """The order was never paid, or everything went back already."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-refund"
    title = Text("没有可退的款项", "There is nothing to refund")


class RefundOpen(Problem):
    """A refund is under way; hand the goods over when it is settled. `order_ids` says of which."""

    status = HTTPStatus.CONFLICT
    code = "refund-open"
    title = Text("该订单有退款正在处理", "A refund of this order is under way")


class FullyRefunded(Problem):
    """Everything was refunded: the goods are not handed over."""

    status = HTTPStatus.CONFLICT
    code = "fully-refunded"
    title = Text("该订单已全额退款", "Everything of this order was refunded")


class AfterSaleOver(Problem):
    """The order's after-sale window is over; headquarters may still help."""

    status = HTTPStatus.CONFLICT
    code = "after-sale-over"
    title = Text("已超过售后时间，请联系客服", "The time for after-sales is over; ask our service")


class ApprovedMoreThanAsked(Problem):
    """More was approved for a line than was asked for; `order_line_id` says which."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "approved-more-than-asked"
    title = Text("批准金额不能超过申请金额", "No more can be approved than was asked for")


class NothingToReturn(Problem):
    """The goods were not handed over yet: the shopper has nothing to send back."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-return"
    title = Text("商品尚未提货，无需退货", "The goods were not handed over: nothing can come back")


class TooManyNotes(Problem):
    """So much was written about this after-sale that somebody should pick up the phone."""

    status = HTTPStatus.CONFLICT
    code = "too-many-notes"
    title = Text("留言数量已达上限", "No further notes can be written about this")


class CartFull(Problem):
    """The cart has as many lines as an order can have; `most` says how many."""

    status = HTTPStatus.CONFLICT
    code = "cart-full"
    title = Text("购物车已满", "The cart is full")
    detail = Text("购物车最多 {most} 种商品。", "A cart has at most {most} lines.")


class NothingToCorrect(Problem):
    """No paid order there has anything left to give back, or it comes to less than one fen."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-correct"
    title = Text("没有需要更正的订单", "There is nothing to correct")

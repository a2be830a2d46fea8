"""Problems of inventory."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class OutOfStock(Problem):
    """There is less available than was asked for; `sku_ids` says of what."""

    status = HTTPStatus.CONFLICT
    code = "out-of-stock"
    title = Text("库存不足", "Out of stock")
    detail = Text(
        "部分商品库存不足，请调整数量后重试。",
        "Some items are no longer available in this quantity; change your order and try again.",
    )


class NotEnoughStock(Problem):
    """The house pool has less available than is to be taken out of it."""

    status = HTTPStatus.CONFLICT
    code = "not-enough-stock"
    title = Text("可用库存不足", "Not enough stock available")
    detail = Text(
        "可用库存（在库减预留）不能低于 0。",
        "What is available (on hand less reserved) cannot fall below 0.",
    )

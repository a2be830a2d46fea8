"""Problems of pricing."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NotForSale(Problem):
    """Some goods are not (or no longer) sold here; `sku_ids` lists them."""

    status = HTTPStatus.CONFLICT
    code = "not-for-sale"
    title = Text("部分商品不在售", "Some goods are not for sale here")
    detail = Text("请从购物车移除：{sku_ids}。", "Remove them from the basket: {sku_ids}.")

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


class BelowMinimum(Problem):
    """Of some goods fewer are wanted than are sold at once; `min_quantities` says how many are."""

    status = HTTPStatus.CONFLICT
    code = "below-minimum"
    title = Text("部分商品未达起购数量", "Of some goods more must be bought")
    detail = Text("请增加数量：{sku_ids}。", "Take more of these: {sku_ids}.")


class CouponNotApplicable(Problem):
    """The coupon cannot be used here; `reason` says why, `missing_fen` what the goods lack.

    Reasons: `not_yours`, `not_free` (another order holds or used it), `not_started`, `expired`,
    `not_here` (sold elsewhere), `no_eligible_goods`, `not_with_promotion`,
    `threshold_not_reached`, `nothing_to_reduce`.
    """

    status = HTTPStatus.CONFLICT
    code = "coupon-not-applicable"
    title = Text("该优惠券不可用", "The coupon does not apply")
    detail = Text(
        "请移除优惠券或换一张（{reason}）。", "Leave it out or choose another ({reason})."
    )

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


class CouponCodeUnknown(Problem):
    """There is no such code, or what it names is not given out (now, or any more)."""

    status = HTTPStatus.NOT_FOUND
    code = "coupon-code-unknown"
    title = Text("优惠码无效", "The code is not valid")
    detail = Text("请检查后重新输入。", "Check it and try again.")


class CouponsGone(Problem):
    """Every coupon of the batch was given out."""

    status = HTTPStatus.CONFLICT
    code = "coupons-gone"
    title = Text("优惠券已领完", "All coupons are gone")


class CouponLimitReached(Problem):
    """A shopper has as many coupons of the batch as one may have."""

    status = HTTPStatus.CONFLICT
    code = "coupon-limit-reached"
    title = Text("已达每人领取上限", "You have as many as one may claim")
    detail = Text("每人最多 {limit} 张。", "One may claim {limit}.")


class CouponCodeTaken(Problem):
    """Another batch has this public code."""

    status = HTTPStatus.CONFLICT
    code = "coupon-code-taken"
    title = Text("该优惠码已被使用", "Another batch has this code")


class PromotionNotReady(Problem):
    """The draft cannot be published; `faults` names each fault.

    `already_over`: its time ends before now. `campaign_gone`: its campaign is cancelled or over.
    """

    status = HTTPStatus.CONFLICT
    code = "promotion-not-ready"
    title = Text("暂不能发布", "It cannot be published yet")
    detail = Text("请先处理：{faults}。", "Resolve these first: {faults}.")

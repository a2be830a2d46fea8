"""Tables of pricing."""

from groupbuy.pricing.models.coupons import Coupon, CouponBatch, CouponCode, CouponIssue
from groupbuy.pricing.models.promotions import Promotion, PromotionUse

__all__ = ["Coupon", "CouponBatch", "CouponCode", "CouponIssue", "Promotion", "PromotionUse"]

"""Reads of pricing."""

from groupbuy.pricing.queries.invariants import INVARIANTS
from groupbuy.pricing.queries.personal import PERSONAL
from groupbuy.pricing.queries.promotions import (
    Standing,
    promotion,
    promotion_list,
    promotions_in_force,
    standing,
)
from groupbuy.pricing.queries.wallets import coupon_to_use, coupons_to_suggest

__all__ = [
    "INVARIANTS",
    "PERSONAL",
    "Standing",
    "coupon_to_use",
    "coupons_to_suggest",
    "promotion",
    "promotion_list",
    "promotions_in_force",
    "standing",
]

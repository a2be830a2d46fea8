"""Reads of pricing."""

from groupbuy.pricing.queries.coupons import (
    all_codes,
    audience_portion,
    batch,
    batch_list,
    code_list,
    coupon_list,
    cut_issue_ids,
    held_of,
    issue,
    issue_list,
    issue_to_advance,
)
from groupbuy.pricing.queries.invariants import INVARIANTS
from groupbuy.pricing.queries.personal import PERSONAL
from groupbuy.pricing.queries.promotions import (
    PromotionView,
    Standing,
    promotion,
    promotion_list,
    promotions_in_force,
    seen,
    standing,
)
from groupbuy.pricing.queries.wallets import (
    OwnCoupon,
    coupon_to_use,
    coupons_to_suggest,
    own,
    wallet,
)

__all__ = [
    "INVARIANTS",
    "PERSONAL",
    "OwnCoupon",
    "PromotionView",
    "Standing",
    "all_codes",
    "audience_portion",
    "batch",
    "batch_list",
    "code_list",
    "coupon_list",
    "coupon_to_use",
    "coupons_to_suggest",
    "cut_issue_ids",
    "held_of",
    "issue",
    "issue_list",
    "issue_to_advance",
    "own",
    "promotion",
    "promotion_list",
    "promotions_in_force",
    "seen",
    "standing",
    "wallet",
]

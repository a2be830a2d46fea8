"""Prices, pure: quotes, promotions, coupons, and the pipeline that joins them."""

from groupbuy.pricing.rules.pipeline import FREE, Delivery, Occasion, quote
from groupbuy.pricing.rules.quotes import (
    MAX_LINES,
    Effect,
    Offer,
    Quote,
    QuotedLine,
    Wanted,
    in_words,
    merge,
)

__all__ = [
    "FREE",
    "MAX_LINES",
    "Delivery",
    "Effect",
    "Occasion",
    "Offer",
    "Quote",
    "QuotedLine",
    "Wanted",
    "in_words",
    "merge",
    "quote",
]

"""Pricing over HTTP: a file and an `Api` for each resource."""

from groupbuy.pricing.api.coupons import api as coupons
from groupbuy.pricing.api.promotions import api as promotions
from groupbuy.pricing.api.quotes import api as quotes
from groupbuy.pricing.api.wallets import api as wallets

__all__ = ["coupons", "promotions", "quotes", "wallets"]

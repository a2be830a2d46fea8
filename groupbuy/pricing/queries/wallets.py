"""Reads of shoppers' coupons."""

from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.pricing.models import Coupon
from groupbuy.pricing.rules import coupons as rules
from groupbuy.pricing.rules.coupons import CouponState


def coupon_to_use(coupon_id: str, *, shopper_id: str) -> rules.Coupon | None:
    """Return a shopper's own coupon as the rules see it, with its batch, in one statement."""
    found = session().scalar(
        select(Coupon)
        .where(Coupon.id == coupon_id, Coupon.shopper_id == shopper_id)
        .execution_options(populate_existing=True)
    )
    return found.as_rule() if found else None


def coupons_to_suggest(shopper_id: str, *, now: datetime, limit: int) -> list[rules.Coupon]:
    """Return the coupons that a shopper may use now, those that expire first, in one statement."""
    query = (
        select(Coupon)
        .where(
            Coupon.shopper_id == shopper_id,
            Coupon.state == CouponState.CLAIMED,
            Coupon.starts_at <= now,
            Coupon.expires_at > now,
        )
        .order_by(Coupon.expires_at, Coupon.id)
        .limit(limit)
    )
    return [coupon.as_rule() for coupon in session().scalars(query)]

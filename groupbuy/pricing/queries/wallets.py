"""Reads of shoppers' coupons."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.pricing.models import Coupon, CouponBatch
from groupbuy.pricing.rules import coupons as rules
from groupbuy.pricing.rules.coupons import EXPIRED, CouponState, coupon_state_at


@dataclass(frozen=True, slots=True)
class OwnCoupon:
    """A coupon as its shopper sees it: with what its batch says, and its state now."""

    coupon: Coupon
    batch: CouponBatch
    state: str


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


def wallet(
    *, shopper_id: str, limit: int, cursor: str | None, now: datetime, state: str | None = None
) -> Page[OwnCoupon]:
    """Return a shopper's coupons, the newest first, with their batches, in one statement."""
    query = select(Coupon).where(Coupon.shopper_id == shopper_id)
    query = query.execution_options(populate_existing=True)
    if state == EXPIRED:
        query = query.where(Coupon.state == CouponState.CLAIMED, Coupon.expires_at <= now)
    elif state == CouponState.CLAIMED:
        query = query.where(Coupon.state == CouponState.CLAIMED, Coupon.expires_at > now)
    elif state is not None:
        query = query.where(Coupon.state == state)
    page = paginate(query, by=[Coupon.id], limit=limit, cursor=cursor, descending=True)
    return Page([own(coupon, now=now) for coupon in page.items], page.next_cursor)


def own(coupon: Coupon, *, now: datetime) -> OwnCoupon:
    """Return a coupon as its shopper sees it."""
    state = coupon_state_at(coupon.state, coupon.expires_at, now)
    return OwnCoupon(coupon, coupon.batch, state)

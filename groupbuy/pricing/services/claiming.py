"""Claiming coupons: no limit can be passed, however many ask at once."""

from datetime import datetime

from sqlalchemy import func, insert, literal, or_, select, update

from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.pricing.errors import CouponCodeUnknown, CouponLimitReached, CouponsGone
from groupbuy.pricing.models import Coupon, CouponBatch, CouponCode
from groupbuy.pricing.rules.codes import normal
from groupbuy.pricing.rules.coupons import BatchState, CouponState


def claim(*, code: str, shopper_id: str, now: datetime) -> Coupon:
    """Give a shopper the coupon that a code stands for: a batch's public one, or a personal one.

    A personal code that was used looks like one that never was.

    Raises:
        CouponCodeUnknown: there is no such code, or its batch is not given out (now).
        CouponsGone: every coupon of the batch was given.
        CouponLimitReached: the shopper has as many as one may have; a personal code stays good.
    """
    code = normal(code)
    batch_id = session().scalar(select(CouponBatch.id).where(CouponBatch.public_code == code))
    if batch_id is None:
        batch_id = session().scalar(
            update(CouponCode)
            .where(CouponCode.code == code, CouponCode.claimed_at.is_(None))
            .values(claimed_at=now, claimed_by=shopper_id)
            .returning(CouponCode.batch_id)
            .execution_options(synchronize_session=False)
        )
    if batch_id is None:
        raise CouponCodeUnknown
    return _give(batch_id, shopper_id, now)


def _give(batch_id: str, shopper_id: str, now: datetime) -> Coupon:
    """Count one more given coupon, which others wait for, then see what the shopper has."""
    batch = session().scalar(
        update(CouponBatch)
        .where(
            CouponBatch.id == batch_id,
            CouponBatch.state == BatchState.PUBLISHED,
            CouponBatch.given < CouponBatch.quantity,
            or_(CouponBatch.ends_at.is_(None), CouponBatch.ends_at > now),
        )
        .values(given=CouponBatch.given + 1)
        .returning(CouponBatch)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if batch is None:
        raise _why_not(batch_id, now)
    starts_at, expires_at = batch.validity(now)
    has = func.count(Coupon.id)
    row = (
        select(
            literal(new_id("cpn"), Coupon.id.type),
            literal(batch_id, Coupon.batch_id.type),
            literal(shopper_id, Coupon.shopper_id.type),
            has + 1,
            literal(starts_at, Coupon.starts_at.type),
            literal(expires_at, Coupon.expires_at.type),
            literal(CouponState.CLAIMED.value),
            literal(now, Coupon.claimed_at.type),
        )
        .where(Coupon.batch_id == batch_id, Coupon.shopper_id == shopper_id)
        .having(has < batch.per_shopper)
    )
    columns = ["id", "batch_id", "shopper_id", "number", "starts_at", "expires_at", "state"]
    claimed = insert(Coupon).from_select([*columns, "claimed_at"], row).returning(Coupon)
    coupon = session().scalars(claimed).one_or_none()
    if coupon is None:
        raise CouponLimitReached(limit=batch.per_shopper)
    return coupon


def _why_not(batch_id: str, now: datetime) -> CouponsGone | CouponCodeUnknown:
    batch = session().get_one(CouponBatch, batch_id, populate_existing=True)
    over = batch.ends_at is not None and batch.ends_at <= now
    if batch.state == BatchState.PUBLISHED and not over:
        return CouponsGone()
    return CouponCodeUnknown()

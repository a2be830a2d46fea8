"""What an order holds of pricing: its coupon, and its place among a promotion's orders.

It is held with the order, used at payment, and given back when the order is cancelled. Each verb
is a conditional UPDATE, so that none can be passed by racing; promotions before the coupon, both
before any stock.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from groupbuy.attribution import queries as attribution
from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.pricing.errors import CouponNotApplicable
from groupbuy.pricing.models import Coupon, Promotion, PromotionUse
from groupbuy.pricing.rules.coupons import CouponFault, CouponState
from groupbuy.pricing.services.quoting import Priced


def hold(*, order_id: str, shopper_id: str, priced: Priced, now: datetime) -> bool:
    """Hold for an order what its quote uses; False if the quote cannot be had any more.

    A promotion has all its orders by now, or one for newcomers met the shopper's other order. A
    quote without a coupon and without such promotions costs no statement.

    Raises:
        CouponNotApplicable: another order was faster.
    """
    if priced.for_newcomer and not _is_new(shopper_id):
        return False
    if not _take_places(priced.limited_ids):
        return False
    if priced.limited_ids:
        uses = [{"order_id": order_id, "promotion_id": p} for p in priced.limited_ids]
        session().execute(insert(PromotionUse), uses)
    coupon = priced.occasion.coupon
    if coupon is not None and not _reserve(coupon.id, order_id, now=now):
        raise CouponNotApplicable(reason=CouponFault.NOT_FREE, missing_fen=0)
    return True


def use(*, order_id: str, coupon_id: str | None, now: datetime) -> None:
    """Record that the order was paid: its coupon is used."""
    if coupon_id is None:
        return
    session().execute(
        update(Coupon)
        .where(
            Coupon.id == coupon_id,
            Coupon.order_id == order_id,
            Coupon.state == CouponState.RESERVED,
        )
        .values(state=CouponState.USED, used_at=now)
        .execution_options(synchronize_session="fetch")
    )


def give_back(*, order_id: str, coupon_id: str | None) -> None:
    """Give back what a cancelled order held; a second time changes nothing.

    The coupon keeps its own expiry, so it may come back expired.
    """
    released = session().scalars(
        update(PromotionUse)
        .where(PromotionUse.order_id == order_id, PromotionUse.held)
        .values(held=False)
        .returning(PromotionUse.promotion_id)
        .execution_options(synchronize_session="fetch")
    )
    for promotion_id in sorted(released):
        session().execute(
            update(Promotion)
            .where(Promotion.id == promotion_id)
            .values(orders_used=Promotion.orders_used - 1)
            .execution_options(synchronize_session="fetch")
        )
    if coupon_id is not None:
        session().execute(
            update(Coupon)
            .where(Coupon.id == coupon_id, Coupon.order_id == order_id)
            .values(state=CouponState.CLAIMED, order_id=None, used_at=None)
            .execution_options(synchronize_session="fetch")
        )


def give_back_many(*, order_ids: Collection[str]) -> None:
    """Give back what cancelled orders held, in a statement for each promotion and two more."""
    released = session().scalars(
        update(PromotionUse)
        .where(PromotionUse.order_id.in_(order_ids), PromotionUse.held)
        .values(held=False)
        .returning(PromotionUse.promotion_id)
        .execution_options(synchronize_session="fetch")
    )
    for promotion_id, orders in sorted(Counter(released).items()):
        session().execute(
            update(Promotion)
            .where(Promotion.id == promotion_id)
            .values(orders_used=Promotion.orders_used - orders)
            .execution_options(synchronize_session="fetch")
        )
    session().execute(
        update(Coupon)
        .where(Coupon.order_id.in_(order_ids))
        .values(state=CouponState.CLAIMED, order_id=None, used_at=None)
        .execution_options(synchronize_session="fetch")
    )


def hold_again(*, order_id: str, coupon_id: str | None) -> bool:
    """Hold once more what an order gave back, all or nothing; tell whether it has it.

    The order was placed while the coupon was valid, so its expiry is not asked again.
    """
    promotion_ids = session().scalars(
        select(PromotionUse.promotion_id)
        .where(PromotionUse.order_id == order_id, ~PromotionUse.held)
        .order_by(PromotionUse.promotion_id)
    )
    with session().begin_nested() as attempt:
        held = _take_places(list(promotion_ids)) and (
            coupon_id is None or _reserve(coupon_id, order_id)
        )
        if not held:
            attempt.rollback()
            return False
        session().execute(
            update(PromotionUse)
            .where(PromotionUse.order_id == order_id)
            .values(held=True)
            .execution_options(synchronize_session="fetch")
        )
    return True


def _is_new(shopper_id: str) -> bool:
    """Tell whether a shopper has not ordered yet; two first orders of theirs wait here."""
    session().execute(
        select(Shopper.id).where(Shopper.id == shopper_id).with_for_update(key_share=True)
    )
    return not attribution.has_ordered(shopper_id)


def _take_places(promotion_ids: Sequence[str]) -> bool:
    """Count one more order against each of some promotions; False if one has no place left."""
    for promotion_id in sorted(promotion_ids):
        place = session().scalar(
            update(Promotion)
            .where(
                Promotion.id == promotion_id,
                Promotion.orders_used < Promotion.orders_max,
            )
            .values(orders_used=Promotion.orders_used + 1)
            .returning(Promotion.id)
            .execution_options(synchronize_session="fetch")
        )
        if place is None:
            return False
    return True


def _reserve(coupon_id: str, order_id: str, *, now: datetime | None = None) -> bool:
    statement = update(Coupon).where(Coupon.id == coupon_id, Coupon.state == CouponState.CLAIMED)
    if now is not None:
        statement = statement.where(Coupon.starts_at <= now, Coupon.expires_at > now)
    reserved = session().scalar(
        statement.values(state=CouponState.RESERVED, order_id=order_id)
        .returning(Coupon.id)
        .execution_options(synchronize_session="fetch")
    )
    return reserved is not None

"""Reads of promotions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
)

from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.pricing.models import Coupon, Promotion
from groupbuy.pricing.rules.coupons import CouponState
from groupbuy.pricing.rules.promotions import PromotionState


@dataclass(frozen=True, slots=True)
class Standing:
    """Who asks for a price, and the promotions in force then, in id order."""

    member: bool = False
    newcomer: bool = False
    has_coupons: bool = False
    promotions: tuple[Promotion, ...] = ()


@dataclass(frozen=True, slots=True)
class PromotionView:
    """A promotion as headquarters sees it, with its state now."""

    promotion: Promotion
    state: str

    @property
    def version(self) -> int:
        """Return the version, for the ETag."""
        return self.promotion.version


def seen(promotion: Promotion, *, now: datetime) -> PromotionView:
    """Return a promotion as headquarters sees it."""
    return PromotionView(promotion, promotion.state_at(now))


def standing(shopper_id: str, *, now: datetime) -> Standing:
    """Return a shopper's standing in one statement; whether they are new is asked elsewhere."""
    rows = session().execute(_STANDING, {"shopper_id": shopper_id, "now": now}).all()
    if not rows:
        raise NotFound
    member_until, holds_coupons, _ = rows[0]
    return Standing(
        member=member_until is not None and member_until > now,
        has_coupons=holds_coupons,
        promotions=tuple(promotion for _, _, promotion in rows if promotion is not None),
    )


def promotions_in_force(*, now: datetime) -> list[Promotion]:
    """Return the promotions in force at an instant, in id order."""
    return list(session().scalars(select(Promotion).where(in_force(now)).order_by(Promotion.id)))


def in_force(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition of a promotion that acts on a price now."""
    return and_(
        Promotion.state == PromotionState.PUBLISHED,
        Promotion.starts_at <= now,
        or_(Promotion.ends_at.is_(None), Promotion.ends_at > now),
        or_(Promotion.orders_max.is_(None), Promotion.orders_used < Promotion.orders_max),
    )


def _select_standing() -> Select[*tuple[Any, ...]]:
    now = bindparam("now", type_=Promotion.starts_at.type)
    has_coupons = exists().where(
        Coupon.shopper_id == bindparam("shopper_id"),
        Coupon.state == CouponState.CLAIMED,
        Coupon.starts_at <= now,
        Coupon.expires_at > now,
    )
    return (
        select(Shopper.member_until, has_coupons, Promotion)
        .outerjoin(Promotion, in_force(now))
        .where(Shopper.id == bindparam("shopper_id"))
        .order_by(Promotion.id)
    )


# Built once: every quote and every order asks it.
_STANDING = _select_standing()


def promotion(promotion_id: str, *, locked: bool = False) -> Promotion:
    """Return a promotion as it is now, or raise NotFound."""
    query = select(Promotion).where(Promotion.id == promotion_id)
    if locked:
        query = query.with_for_update()
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def promotion_list(
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    state: str | None = None,
    kind: str | None = None,
    campaign_id: str | None = None,
    in_force_now: bool | None = None,
) -> Page[PromotionView]:
    """Return promotions, the newest first; one whose time is over counts as ended."""
    query = select(Promotion).execution_options(populate_existing=True)
    over = and_(Promotion.ends_at.is_not(None), Promotion.ends_at <= now)
    by_state = {
        PromotionState.DRAFT: Promotion.state == PromotionState.DRAFT,
        PromotionState.PUBLISHED: and_(Promotion.state == PromotionState.PUBLISHED, ~over),
        PromotionState.ENDED: or_(
            Promotion.state == PromotionState.ENDED,
            and_(Promotion.state == PromotionState.PUBLISHED, over),
        ),
    }
    if state is not None:
        query = query.where(by_state.get(PromotionState(state), false()))
    if kind is not None:
        query = query.where(Promotion.kind == kind)
    if campaign_id is not None:
        query = query.where(Promotion.campaign_id == campaign_id)
    if in_force_now is not None:
        query = query.where(in_force(now) if in_force_now else ~in_force(now))
    page = paginate(query, by=[Promotion.id], limit=limit, cursor=cursor, descending=True)
    return Page([seen(one, now=now) for one in page.items], page.next_cursor)

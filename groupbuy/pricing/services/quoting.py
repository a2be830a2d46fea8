"""Asking what a basket costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from groupbuy.attribution import queries as attribution
from groupbuy.campaigns import queries as campaigns
from groupbuy.campaigns.queries import OpenGroupBuy
from groupbuy.catalogue import queries as catalogue
from groupbuy.catalogue.queries import SkuFacts
from groupbuy.inventory import queries as inventory
from groupbuy.inventory.queries import HouseStock
from groupbuy.kernel.texts import Text
from groupbuy.pricing import queries
from groupbuy.pricing.errors import BelowMinimum, CouponNotApplicable, NotForSale
from groupbuy.pricing.kinds.registry import KINDS
from groupbuy.pricing.models import Promotion
from groupbuy.pricing.queries import Standing
from groupbuy.pricing.rules import coupons, pipeline, promotions
from groupbuy.pricing.rules.coupons import Coupon
from groupbuy.pricing.rules.pipeline import FREE, Delivery, Occasion
from groupbuy.pricing.rules.promotions import Giveaway
from groupbuy.pricing.rules.quotes import MEMBER, Offer, Quote, Wanted, merge

MOST_SUGGESTED = 100
"""Coupons of a wallet that a quote looks at, those that expire first."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A quote, the group buy it was made in, if any, and what it was made of.

    `limited` are the promotions in force that only so many orders may have, `newcomers` those
    for a first order.
    """

    quote: Quote
    group_buy: OpenGroupBuy | None
    half: Quote
    occasion: Occasion
    limited: frozenset[str] = frozenset()
    newcomers: frozenset[str] = frozenset()
    has_coupons: bool = False

    @property
    def limited_ids(self) -> tuple[str, ...]:
        """Return the promotions in the quote that only so many orders may have."""
        return tuple(p for p in self.quote.promotion_ids if p in self.limited)

    @property
    def for_newcomer(self) -> bool:
        """Tell whether the quote has a promotion for a first order."""
        return not self.newcomers.isdisjoint(self.quote.promotion_ids)


@dataclass(frozen=True, slots=True)
class UsableCoupon:
    """A coupon that applies to a quote, and how much less that would cost."""

    coupon_id: str
    title: Text
    saves_fen: int
    expires_at: datetime


def price_basket(
    *,
    shopper_id: str,
    lines: Sequence[Wanted],
    group_buy_id: str | None,
    now: datetime,
    coupon_id: str | None = None,
    delivery: Delivery = FREE,
) -> Priced:
    """Price a shopper's basket in a group buy, or from the house; it changes nothing.

    Raises:
        GroupBuyNotOpen: it is not open at `now`.
        NotForSale: with the SKUs that are not sold here.
        BelowMinimum: with the SKUs of which fewer are wanted than are sold at once.
        CouponNotApplicable: with the reason.
    """
    standing = queries.standing(shopper_id, now=now)
    if any(promotion.newcomers_only for promotion in standing.promotions):
        standing = replace(standing, newcomer=not attribution.has_ordered(shopper_id))
    priced = _priced(standing, lines=lines, group_buy_id=group_buy_id, delivery=delivery, now=now)
    if coupon_id is None:
        return priced
    coupon = queries.coupon_to_use(coupon_id, shopper_id=shopper_id)
    if coupon is None:
        raise CouponNotApplicable(reason=coupons.CouponFault.NOT_YOURS, missing_fen=0)
    return _with_coupon(priced, coupon, now)


def rehearse(
    *,
    promotion_id: str,
    lines: Sequence[Wanted],
    group_buy_id: str | None,
    member: bool,
    newcomer: bool,
    delivery: Delivery,
    now: datetime,
) -> Quote:
    """Price a basket as if a promotion were in force beside those that are."""
    rehearsed = queries.promotion(promotion_id)
    others = [p for p in queries.promotions_in_force(now=now) if p.id != promotion_id]
    standing = Standing(member=member, newcomer=newcomer, promotions=(*others, rehearsed))
    priced = _priced(standing, lines=lines, group_buy_id=group_buy_id, delivery=delivery, now=now)
    return priced.quote


def ask(
    *,
    shopper_id: str,
    lines: Sequence[Wanted],
    group_buy_id: str | None,
    coupon_id: str | None,
    delivery: Delivery,
    language: str,
    now: datetime,
) -> dict[str, Any]:
    """Return a quote as a shopper reads it (see `price_basket`), and the coupons that apply."""
    priced = price_basket(
        shopper_id=shopper_id,
        lines=lines,
        group_buy_id=group_buy_id,
        coupon_id=coupon_id,
        delivery=delivery,
        now=now,
    )
    usable = [
        {
            "coupon_id": one.coupon_id,
            "title": one.title.to(language),
            "saves_fen": one.saves_fen,
            "expires_at": one.expires_at,
        }
        for one in usable_coupons(priced=priced, shopper_id=shopper_id, now=now)
    ]
    return priced.quote.shown(language) | {"usable_coupons": usable}


def usable_coupons(*, priced: Priced, shopper_id: str, now: datetime) -> list[UsableCoupon]:
    """Return the coupons of a wallet that apply to a quote, what saves most first.

    One statement, and none for a shopper without coupons.
    """
    if not priced.has_coupons:
        return []
    held = queries.coupons_to_suggest(shopper_id, now=now, limit=MOST_SUGGESTED)
    plain = replace(priced.occasion, coupon=None)
    saved = ((c, pipeline.saving(priced.half, c, plain)) for c in held)
    found = [UsableCoupon(c.id, c.title, fen, c.expires_at) for c, fen in saved if fen > 0]
    return sorted(found, key=lambda one: (-one.saves_fen, one.expires_at, one.coupon_id))


def _with_coupon(priced: Priced, coupon: Coupon, now: datetime) -> Priced:
    refused = coupons.untimely(coupon, now) or pipeline.refusal(
        priced.half, coupon, priced.occasion
    )
    if refused is not None:
        raise CouponNotApplicable(reason=refused.fault, missing_fen=refused.missing_fen)
    occasion = replace(priced.occasion, coupon=coupon)
    return replace(priced, occasion=occasion, quote=pipeline.finished(priced.half, occasion))


def _priced(
    standing: Standing,
    *,
    lines: Sequence[Wanted],
    group_buy_id: str | None,
    delivery: Delivery,
    now: datetime,
) -> Priced:
    demand = merge(lines)
    in_force = tuple(map(as_rule, standing.promotions))
    gift_ids = {sku for one in in_force for sku in one.kind.gift_ids(one.terms)}
    facts = catalogue.skus_for_sale([*demand, *sorted(gift_ids - demand.keys())], now=now)
    group_buy = None
    if group_buy_id is None:
        stock = inventory.house_stock(list(facts))
        offers = _house_offers(facts, stock, member=standing.member)
    else:
        group_buy = campaigns.open_group_buy(group_buy_id, now=now, sku_ids=list(demand))
        stock = inventory.house_stock(sorted(gift_ids)) if gift_ids else {}
        offers = _campaign_offers(group_buy, facts)
    missing = [sku_id for sku_id in demand if sku_id not in offers]
    if missing:
        raise NotForSale(sku_ids=missing)
    short = {n: facts[n].min_quantity for n in demand if demand[n] < facts[n].min_quantity}
    if short:
        raise BelowMinimum(sku_ids=list(short), min_quantities=short)
    occasion = Occasion(
        campaign_id=group_buy.campaign_id if group_buy else None,
        member=standing.member,
        newcomer=standing.newcomer,
        promotions=in_force,
        giveaways=_giveaways(gift_ids, facts, stock),
        delivery=delivery,
    )
    half = pipeline.before_coupon(demand, offers, occasion)
    quote = pipeline.finished(half, occasion)
    return Priced(
        quote=quote,
        group_buy=group_buy,
        half=half,
        occasion=occasion,
        limited=frozenset(p.id for p in standing.promotions if p.orders_max is not None),
        newcomers=frozenset(p.id for p in standing.promotions if p.newcomers_only),
        has_coupons=standing.has_coupons,
    )


def as_rule(promotion: Promotion) -> promotions.Promotion:
    """Return what the pipeline looks at."""
    return promotions.Promotion(
        id=promotion.id,
        title=promotion.title,
        kind=KINDS[promotion.kind],
        terms=promotion.terms,
        scope=promotion.scope,
        members_only=promotion.members_only,
        newcomers_only=promotion.newcomers_only,
        stacks_with_promotions=promotion.stacks_with_promotions,
        stacks_with_coupon=promotion.stacks_with_coupon,
        priority=promotion.priority,
    )


def _house_offers(
    facts: Mapping[str, SkuFacts], stock: Mapping[str, HouseStock], *, member: bool
) -> dict[str, Offer]:
    return {
        sku.id: Offer(
            sku_id=sku.id,
            product_id=sku.product_id,
            title=sku.title,
            unit_price_fen=price_fen,
            source=source,
            pool_id=stock[sku.id].pool_id,
            available=stock[sku.id].available,
            limit_per_shopper=sku.per_shopper_max,
            category_ids=sku.category_ids,
        )
        for sku in facts.values()
        if sku.sellable and sku.id in stock
        for price_fen, source in [_house_price(sku, member=member)]
    }


def _house_price(sku: SkuFacts, *, member: bool) -> tuple[int, str]:
    if member and sku.member_price_fen is not None:
        return sku.member_price_fen, MEMBER
    return sku.price_fen, "sku"


def _campaign_offers(group_buy: OpenGroupBuy, facts: Mapping[str, SkuFacts]) -> dict[str, Offer]:
    return {
        sku_id: Offer(
            sku_id=sku_id,
            product_id=facts[sku_id].product_id,
            title=facts[sku_id].title,
            unit_price_fen=item.price_fen,
            source=group_buy.campaign_id,
            pool_id=item.pool_id,
            available=item.available,
            campaign_item_id=item.id,
            limit_per_shopper=item.limit_per_shopper,
            earns_commission=item.earns_commission,
            category_ids=facts[sku_id].category_ids,
        )
        for sku_id, item in group_buy.items.items()
        if sku_id in facts and facts[sku_id].sellable
    }


def _giveaways(
    gift_ids: Iterable[str], facts: Mapping[str, SkuFacts], stock: Mapping[str, HouseStock]
) -> dict[str, Giveaway]:
    """Return what may be given: it need not be for sale, but the house must have it."""
    return {
        sku_id: Giveaway(
            Offer(
                sku_id=sku_id,
                product_id=facts[sku_id].product_id,
                title=facts[sku_id].title,
                unit_price_fen=0,
                source="gift",
                pool_id=stock[sku_id].pool_id,
                available=stock[sku_id].available,
                earns_commission=False,
            ),
            available=stock[sku_id].available,
            worth_fen=facts[sku_id].price_fen,
        )
        for sku_id in gift_ids
        if sku_id in facts and sku_id in stock
    }

"""Asking what a basket costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from groupbuy.campaigns import queries as campaigns
from groupbuy.campaigns.queries import OpenGroupBuy
from groupbuy.catalogue import queries as catalogue
from groupbuy.catalogue.queries import SkuFacts
from groupbuy.inventory import queries as inventory
from groupbuy.pricing import rules
from groupbuy.pricing.errors import BelowMinimum, NotForSale
from groupbuy.pricing.rules import Offer, Quote, Wanted


@dataclass(frozen=True, slots=True)
class Priced:
    """A quote and the group buy it was made in, if any."""

    quote: Quote
    group_buy: OpenGroupBuy | None


def price_basket(*, lines: Sequence[Wanted], group_buy_id: str | None, now: datetime) -> Priced:
    """Price a basket in a group buy, or from the house; it changes nothing.

    Raises:
        GroupBuyNotOpen: it is not open at `now`.
        NotForSale: with the SKUs that are not sold here.
        BelowMinimum: with the SKUs of which fewer are wanted than are sold at once.
    """
    demand = rules.merge(lines)
    facts = catalogue.skus_for_sale(list(demand), now=now)
    group_buy = None
    if group_buy_id is None:
        offers = _house_offers(facts)
    else:
        group_buy = campaigns.open_group_buy(group_buy_id, now=now, sku_ids=list(demand))
        offers = _campaign_offers(group_buy, facts)
    missing = [sku_id for sku_id in demand if sku_id not in offers]
    if missing:
        raise NotForSale(sku_ids=missing)
    short = {n: facts[n].min_quantity for n in demand if demand[n] < facts[n].min_quantity}
    if short:
        raise BelowMinimum(sku_ids=list(short), min_quantities=short)
    return Priced(rules.quote(demand, offers), group_buy)


def _house_offers(facts: dict[str, SkuFacts]) -> dict[str, Offer]:
    pools = inventory.house_pools(list(facts))
    return {
        sku.id: Offer(
            sku_id=sku.id,
            product_id=sku.product_id,
            title=sku.title,
            unit_price_fen=sku.price_fen,
            source="sku",
            pool_id=pools[sku.id],
            limit_per_shopper=sku.per_shopper_max,
        )
        for sku in facts.values()
        if sku.sellable and sku.id in pools
    }


def _campaign_offers(group_buy: OpenGroupBuy, facts: dict[str, SkuFacts]) -> dict[str, Offer]:
    return {
        sku_id: Offer(
            sku_id=sku_id,
            product_id=facts[sku_id].product_id,
            title=facts[sku_id].title,
            unit_price_fen=item.price_fen,
            source=group_buy.campaign_id,
            pool_id=item.pool_id,
            campaign_item_id=item.id,
            limit_per_shopper=item.limit_per_shopper,
            earns_commission=item.earns_commission,
        )
        for sku_id, item in group_buy.items.items()
        if sku_id in facts and facts[sku_id].sellable
    }

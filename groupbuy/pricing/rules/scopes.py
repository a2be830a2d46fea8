"""What a promotion or a coupon is about: which goods, and sold where."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from groupbuy.pricing.rules.quotes import Offer, QuotedLine


class Goods(StrEnum):
    """How the goods of a scope are named."""

    ALL = "all"
    CATEGORIES = "categories"
    PRODUCTS = "products"
    SKUS = "skus"


class Place(StrEnum):
    """Where something must be sold."""

    EVERYWHERE = "everywhere"
    HOUSE = "house"
    CAMPAIGNS = "campaigns"
    CAMPAIGN = "campaign"


ID_PREFIXES = {Goods.CATEGORIES: "cat", Goods.PRODUCTS: "prd", Goods.SKUS: "sku"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Goods (categories with all below them) and the place; `campaign_id` with one campaign."""

    goods: str = Goods.ALL
    goods_ids: frozenset[str] = frozenset()
    place: str = Place.EVERYWHERE
    campaign_id: str | None = None

    def is_here(self, campaign_id: str | None) -> bool:
        """Tell whether it is about what is sold in a campaign, or from the house (None)."""
        match self.place:
            case Place.HOUSE:
                return campaign_id is None
            case Place.CAMPAIGNS:
                return campaign_id is not None
            case Place.CAMPAIGN:
                return campaign_id == self.campaign_id
        return True

    def covers(self, offer: Offer) -> bool:
        """Tell whether a SKU is among the goods."""
        match self.goods:
            case Goods.CATEGORIES:
                return not self.goods_ids.isdisjoint(offer.category_ids)
            case Goods.PRODUCTS:
                return offer.product_id in self.goods_ids
            case Goods.SKUS:
                return offer.sku_id in self.goods_ids
        return True

    def eligible(self, lines: Sequence[QuotedLine]) -> list[QuotedLine]:
        """Return the lines it is about; a gift is about nothing."""
        return [line for line in lines if not line.gift and self.covers(line.offer)]


EVERYTHING = Scope()

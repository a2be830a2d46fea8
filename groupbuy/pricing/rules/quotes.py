"""A quote as data: what is asked for, what is known of it, what each step gave to each line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from groupbuy.kernel import sheets
from groupbuy.kernel.texts import Text

MAX_LINES = 200
"""Lines in one basket."""

UNIT_PRICE = "unit_price"
MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shopper asks for."""

    sku_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a SKU now: in a group buy the campaign's terms, else the house's.

    `source` says where the unit price is from: `sku`, `member`, or the campaign's id. `available`
    is what was left in its pool a moment ago, if anybody looked.
    """

    sku_id: str
    product_id: str
    title: str
    unit_price_fen: int
    source: str
    pool_id: str
    campaign_item_id: str | None = None
    limit_per_shopper: int | None = None
    earns_commission: bool = True
    category_ids: tuple[str, ...] = ()
    available: int | None = None


WORDLESS = Text("", "")


@dataclass(frozen=True, slots=True)
class Effect:
    """What one step did to a line: its name, where it comes from, by how much, in words.

    `platform_fen` is the part of a discount that the platform pays for, not the shop.
    """

    step: str
    source: str
    effect_fen: int
    text: Text = WORDLESS
    platform_fen: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return what is stored, in both languages."""
        return {
            "step": self.step,
            "source": self.source,
            "effect_fen": self.effect_fen,
            "platform_fen": self.platform_fen,
            "text": {"zh": self.text.zh, "en": self.text.en},
        }


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of a quote; `amount_fen` is what is paid for it, nothing for a gift."""

    offer: Offer
    quantity: int
    amount_fen: int = 0
    effects: tuple[Effect, ...] = ()
    gift: bool = False

    def with_effect(self, effect: Effect) -> "QuotedLine":
        """Return the line after a step added (or took) an amount."""
        return replace(
            self,
            amount_fen=self.amount_fen + effect.effect_fen,
            effects=(*self.effects, effect),
        )

    def shown(self, language: str) -> dict[str, Any]:
        """Return the line as a shopper reads it."""
        return {
            "sku_id": self.offer.sku_id,
            "title": self.offer.title,
            "quantity": self.quantity,
            "gift": self.gift,
            "unit_price_fen": self.offer.unit_price_fen,
            "amount_fen": self.amount_fen,
            "effects": [in_words(effect.as_json(), language) for effect in self.effects],
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """A price, line by line, gifts last, and what the delivery costs after every waiver.

    `closed_skus` are those of promotions that do not go with a coupon.
    """

    lines: tuple[QuotedLine, ...] = field(default_factory=tuple)
    delivery_fen: int = 0
    delivery_effects: tuple[Effect, ...] = ()
    closed_skus: frozenset[str] = frozenset()

    @property
    def bought(self) -> tuple[QuotedLine, ...]:
        """Return the lines that are paid for."""
        return tuple(line for line in self.lines if not line.gift)

    @property
    def gifts(self) -> tuple[QuotedLine, ...]:
        """Return the lines that are given."""
        return tuple(line for line in self.lines if line.gift)

    @property
    def goods_fen(self) -> int:
        """Return what the goods cost by their unit prices."""
        return sum(line.offer.unit_price_fen * line.quantity for line in self.bought)

    @property
    def paid_goods_fen(self) -> int:
        """Return what the goods cost after every discount."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def discount_fen(self) -> int:
        """Return what promotions and a coupon took off the goods."""
        return self.goods_fen - self.paid_goods_fen

    @property
    def total_fen(self) -> int:
        """Return what is to be paid."""
        return self.paid_goods_fen + self.delivery_fen

    @property
    def promotion_ids(self) -> list[str]:
        """Return the promotions that gave something, in id order."""
        effects = [*self.delivery_effects, *(e for line in self.lines for e in line.effects)]
        return sorted({e.source for e in effects if e.source.startswith("prm_")})

    def used(self, coupon_id: str) -> bool:
        """Tell whether a coupon took something off."""
        effects = [*self.delivery_effects, *(e for line in self.lines for e in line.effects)]
        return any(effect.source == coupon_id for effect in effects)

    def with_effects(self, effects: Mapping[str, Effect]) -> "Quote":
        """Return the quote after a step had these effects, by SKU, on lines that are paid for."""
        return replace(
            self,
            lines=tuple(
                line.with_effect(effects[line.offer.sku_id])
                if not line.gift and line.offer.sku_id in effects
                else line
                for line in self.lines
            ),
        )

    def with_delivery(self, effect: Effect) -> "Quote":
        """Return the quote after a step changed what the delivery costs."""
        return replace(
            self,
            delivery_fen=self.delivery_fen + effect.effect_fen,
            delivery_effects=(*self.delivery_effects, effect),
        )

    def without_gifts(self, sku_ids: Sequence[str]) -> "Quote":
        """Return the quote without the gifts of some SKUs; it costs the same."""
        kept = (line for line in self.lines if not line.gift or line.offer.sku_id not in sku_ids)
        return replace(self, lines=tuple(kept))

    def demands(self) -> dict[str, int]:
        """Return {pool id: units}: what is bought and given, summed where both are of one pool."""
        demands: dict[str, int] = {}
        for line in self.lines:
            demands[line.offer.pool_id] = demands.get(line.offer.pool_id, 0) + line.quantity
        return demands

    def short_of(self) -> list[str]:
        """Return the SKUs of whose pools it takes more than was left a moment ago."""
        demands = self.demands()
        return sorted(
            {
                offer.sku_id
                for offer in (line.offer for line in self.lines)
                if offer.available is not None and demands[offer.pool_id] > offer.available
            }
        )

    @property
    def digest(self) -> str:
        """Return a text that changes when goods, gifts, amounts or the delivery fee do."""
        parts = [(x.offer.sku_id, x.gift, x.quantity, x.amount_fen) for x in self.lines]
        return sha256(repr((parts, self.delivery_fen)).encode()).hexdigest()[:16]

    def shown(self, language: str) -> dict[str, Any]:
        """Return the quote as a shopper reads it."""
        return {
            "digest": self.digest,
            "goods_fen": self.goods_fen,
            "discount_fen": self.discount_fen,
            "delivery_fen": self.delivery_fen,
            "total_fen": self.total_fen,
            "lines": [line.shown(language) for line in self.lines],
            "delivery_effects": [
                in_words(effect.as_json(), language) for effect in self.delivery_effects
            ],
        }


def in_words(effect: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a stored effect with its text in one language."""
    text = Text(**effect["text"])
    return {**effect, "text": text.to(language)}


def yuan(fen: int) -> str:
    """Write an amount as people read it: ¥12.30, and ¥12 when there are no cents."""
    return f"¥{sheets.yuan(fen).removesuffix('.00')}"


def merge(wanted: Sequence[Wanted]) -> dict[str, int]:
    """Sum the demand per SKU, in ascending order of SKU."""
    demand: dict[str, int] = {}
    for line in wanted:
        demand[line.sku_id] = demand.get(line.sku_id, 0) + line.quantity
    return dict(sorted(demand.items()))

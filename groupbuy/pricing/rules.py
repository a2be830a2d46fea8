"""The quote, pure: a pipeline of steps, each keeping what it gave to each line.

A later step (gifts, 满减, a coupon, delivery) is a function of the same shape and one more entry
in `STEPS`; their order is that of docs/domain.md, "Price".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

MAX_LINES = 200
"""Lines in one basket."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shopper asks for."""

    sku_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a SKU now: in a group buy the campaign's terms, else the house's."""

    sku_id: str
    product_id: str
    title: str
    unit_price_fen: int
    source: str
    pool_id: str
    campaign_item_id: str | None = None
    limit_per_shopper: int | None = None
    earns_commission: bool = True


@dataclass(frozen=True, slots=True)
class Effect:
    """What one step did to a line: its name, where it comes from, by how much."""

    step: str
    source: str
    effect_fen: int


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of a quote; `amount_fen` is what is paid for it."""

    offer: Offer
    quantity: int
    amount_fen: int = 0
    effects: tuple[Effect, ...] = ()

    def changed(self, step: str, source: str, effect_fen: int) -> "QuotedLine":
        """Return the line after a step added (or took) an amount."""
        return replace(
            self,
            amount_fen=self.amount_fen + effect_fen,
            effects=(*self.effects, Effect(step, source, effect_fen)),
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """A price, line by line."""

    lines: tuple[QuotedLine, ...] = field(default_factory=tuple)

    @property
    def total_fen(self) -> int:
        """Return what is to be paid."""
        return sum(line.amount_fen for line in self.lines)


Step = Callable[[Quote], Quote]


def merge(wanted: Sequence[Wanted]) -> dict[str, int]:
    """Sum the demand per SKU, in ascending order of SKU."""
    demand: dict[str, int] = {}
    for line in wanted:
        demand[line.sku_id] = demand.get(line.sku_id, 0) + line.quantity
    return dict(sorted(demand.items()))


def unit_price(quote: Quote) -> Quote:
    """Step 1: the campaign's price, else the SKU's."""
    return Quote(
        tuple(
            line.changed("unit_price", line.offer.source, line.offer.unit_price_fen * line.quantity)
            for line in quote.lines
        )
    )


STEPS: tuple[Step, ...] = (unit_price,)


def quote(demand: Mapping[str, int], offers: Mapping[str, Offer]) -> Quote:
    """Run the pipeline over a demand per SKU; every SKU needs an offer."""
    current = Quote(tuple(QuotedLine(offers[sku], n) for sku, n in demand.items()))
    for step in STEPS:
        current = step(current)
    if any(line.amount_fen < 0 for line in current.lines):
        raise ValueError("a step drove a line below 0")
    return current

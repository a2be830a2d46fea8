"""Promotions, pure: their life, what a kind is, and which of several rivals win."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from groupbuy.kernel.fields import Schema
from groupbuy.kernel.texts import Text
from groupbuy.pricing.rules.quotes import Effect, Offer, QuotedLine
from groupbuy.pricing.rules.scopes import EVERYTHING, Scope


class PromotionState(StrEnum):
    """Where a promotion stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ENDED = "ended"


PROMOTION_MOVES: dict[tuple[PromotionState, str], PromotionState] = {
    (PromotionState.DRAFT, "publish"): PromotionState.PUBLISHED,
    (PromotionState.DRAFT, "end"): PromotionState.ENDED,
    (PromotionState.PUBLISHED, "end"): PromotionState.ENDED,
}


def promotion_state_at(state: str, ends_at: datetime | None, now: datetime) -> str:
    """Return a promotion's state at an instant: its time may be over."""
    over = state == PromotionState.PUBLISHED and ends_at is not None and now >= ends_at
    return PromotionState.ENDED if over else state


class Step(StrEnum):
    """The steps of a quote in which promotions act, in their order."""

    GIFTS = "gifts"
    REDUCTION = "reduction"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Giveaway:
    """A SKU that may be given: what is left of it in the house, and what it would cost."""

    offer: Offer
    available: int
    worth_fen: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What a promotion would give: fen off SKUs, gifts by SKU, the delivery fee; and why."""

    text: Text
    off_fen: Mapping[str, int] = field(default_factory=dict)
    gifts: Mapping[str, int] = field(default_factory=dict)
    waives_delivery: bool = False

    @property
    def anything(self) -> bool:
        """Tell whether it gives anything."""
        return self.waives_delivery or any(self.off_fen.values()) or any(self.gifts.values())


class Kind(Protocol):
    """What makes one kind of promotion differ from the others; a file in kinds/."""

    STEP: Step
    TERMS: type[Schema]

    def gain(self, terms: Mapping[str, Any], lines: Sequence[QuotedLine]) -> Gain | None:
        """Return what it gives for these eligible lines, None if they do not reach it."""
        ...

    def gift_ids(self, terms: Mapping[str, Any]) -> Sequence[str]:
        """Return the SKUs that it may give."""
        ...


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion in force, as the pipeline sees it."""

    id: str
    title: Text
    kind: Kind
    terms: Mapping[str, Any]
    scope: Scope = EVERYTHING
    members_only: bool = False
    newcomers_only: bool = False
    stacks_with_promotions: bool = True
    stacks_with_coupon: bool = True
    priority: int = 0

    def effect(self, gain: Gain, effect_fen: int) -> Effect:
        """Return what it did, in words: its title and what was reached."""
        title, reached = self.title, gain.text
        text = Text(f"{title.zh}：{reached.zh}", f"{title.en}: {reached.en}")
        return Effect(self.kind.STEP, self.id, effect_fen, text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A promotion with what it would give in a step, to which SKUs, and what that is worth."""

    promotion: Promotion
    sku_ids: frozenset[str]
    gain: Gain
    worth_fen: int


def winners(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Choose among the promotions of one step; the order is the one in which they act.

    What gives the shopper most comes first; at a tie the higher priority, then the older one.
    One is left out if it shares a line with one that was taken before it, unless both stack.
    """
    taken: list[Candidate] = []
    for rival in sorted(candidates, key=_rank):
        if all(_together(rival, winner) for winner in taken):
            taken.append(rival)
    return taken


def _rank(candidate: Candidate) -> tuple[int, int, str]:
    return (-candidate.worth_fen, -candidate.promotion.priority, candidate.promotion.id)


def _together(one: Candidate, other: Candidate) -> bool:
    both = one.promotion.stacks_with_promotions and other.promotion.stacks_with_promotions
    return both or one.sku_ids.isdisjoint(other.sku_ids)

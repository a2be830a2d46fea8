"""The calculation of commission: pure functions over plain data, exact until the month's sum.

Every formula is that of docs/domain.md, "Commission". Exact shares are counted in *parts*, of
which one fen has 10^8 (basis points of a rate times basis points of a level's multiplier): so
they are whole numbers, and the only rounding is that of a leader's whole month.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from groupbuy.kernel.money import BPS, allocate, half_up

PARTS = BPS * BPS
"""Parts in one fen."""


class Mode(StrEnum):
    """How tiers apply: each to its own slice of the volume, or the one reached to all of it."""

    MARGINAL = "marginal"
    WHOLE = "whole"


class RuleKind(StrEnum):
    """What decides a line's commission: the plan's tiers, or an item rule in their place."""

    TIERS = "tiers"
    EXCLUDE = "exclude"
    FLAT = "flat"
    REPLACE = "replace"


class TargetKind(StrEnum):
    """What an item rule is about; a category's rule holds for everything below it."""

    SKU = "sku"
    PRODUCT = "product"
    CATEGORY = "category"


class Exclusion(StrEnum):
    """Why a line earns nothing and counts toward no volume."""

    SELF_PURCHASE = "self_purchase"
    ITEM = "item_without_commission"
    RULE = "item_rule"
    NO_PLAN = "no_plan"


class ClawbackMode(StrEnum):
    """How a refund after the settlement takes back: line by line, or the month anew."""

    LINE = "line"
    RETIER = "retier"


class Tier(NamedTuple):
    """From this volume on (inclusive), this rate."""

    from_fen: int
    rate_bps: int


class Segment(NamedTuple):
    """The slice [from, to) of the month's volume, and the rate it earns."""

    from_fen: int
    to_fen: int
    rate_bps: int


@dataclass(frozen=True, slots=True)
class TierTable:
    """Earns by volume; tiers ascend from 0, and reaching a threshold is enough (满)."""

    mode: Mode
    tiers: tuple[Tier, ...]

    def segments(self, from_fen: int, to_fen: int, volume_fen: int) -> tuple[Segment, ...]:
        """Split the slice [from, to) of a month's volume by the rates that apply to it."""
        if self.mode is Mode.WHOLE:
            reached = max(tier for tier in self.tiers if tier.from_fen <= volume_fen)
            return _slices(from_fen, to_fen, reached.rate_bps)
        ends = [*(tier.from_fen for tier in self.tiers[1:]), to_fen]
        return tuple(
            piece
            for tier, end in zip(self.tiers, ends, strict=True)
            for piece in _slices(max(from_fen, tier.from_fen), min(to_fen, end), tier.rate_bps)
        )


@dataclass(frozen=True, slots=True)
class Replace:
    """Earns this rate, whatever the volume."""

    rate_bps: int


@dataclass(frozen=True, slots=True)
class Flat:
    """Earns this amount for each unit; no multiplier."""

    fen_per_unit: int


@dataclass(frozen=True, slots=True)
class Exclude:
    """Earns nothing and never counts toward the volume."""


Earning: TypeAlias = TierTable | Replace | Flat | Exclude


@dataclass(frozen=True, slots=True)
class ItemRule:
    """How one SKU, product or category earns, in place of the plan's tiers."""

    target_kind: TargetKind
    target_id: str
    earning: Replace | Flat | Exclude
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A completed order line: what is left of it after refunds, and its terms frozen when paid."""

    line_id: str
    completed_at: datetime
    base_fen: int
    quantity: int
    earning: Earning
    multiplier_bps: int = BPS
    counts: bool = True

    @property
    def volume_fen(self) -> int:
        """Return what it adds to the month's volume."""
        return self.base_fen if self.counts and not isinstance(self.earning, Exclude) else 0


@dataclass(frozen=True, slots=True)
class EarnedLine:
    """A line with what it earned and how: its place in the month's volume, rates, exact parts."""

    line: Line
    position_from_fen: int
    segments: tuple[Segment, ...]
    parts: int
    amount_fen: int

    @property
    def position_to_fen(self) -> int:
        """Return the month's volume after this line."""
        return self.position_from_fen + self.line.volume_fen

    @property
    def exact(self) -> Fraction:
        """Return the exact commission in fen, before any rounding or cap."""
        return Fraction(self.parts, PARTS)


@dataclass(frozen=True, slots=True)
class Calculation:
    """A leader's month: `total_fen` is `uncapped_fen` or the cap, and the sum of the lines."""

    volume_fen: int
    uncapped_fen: int
    total_fen: int
    lines: tuple[EarnedLine, ...]


def calculate(lines: Iterable[Line], cap_fen: int | None = None) -> Calculation:
    """Compute one leader's commission for one month, in whatever order the lines come."""
    ordered = sorted(lines, key=lambda line: (line.completed_at, line.line_id))
    positions = list(accumulate((line.volume_fen for line in ordered), initial=0))
    volume = positions.pop()
    earned = [_earn(line, at, volume) for line, at in zip(ordered, positions, strict=True)]
    shares = [parts for _, parts in earned]
    uncapped = half_up(Fraction(sum(shares), PARTS))
    total = uncapped if cap_fen is None else min(uncapped, cap_fen)
    explained = zip(ordered, positions, earned, allocate(total, shares), strict=True)
    return Calculation(
        volume_fen=volume,
        uncapped_fen=uncapped,
        total_fen=total,
        lines=tuple(
            EarnedLine(line, position, segments, parts, amount)
            for line, position, (segments, parts), amount in explained
        ),
    )


def _earn(line: Line, position_fen: int, volume_fen: int) -> tuple[tuple[Segment, ...], int]:
    segments: tuple[Segment, ...] = ()
    end = position_fen + line.base_fen
    match line.earning:
        case Exclude():
            return segments, 0
        case Flat(fen_per_unit):
            return segments, fen_per_unit * line.quantity * PARTS
        case Replace(rate_bps):
            segments = _slices(position_fen, end, rate_bps)
        case TierTable():
            segments = line.earning.segments(position_fen, end, volume_fen)
    weighted = sum((piece.to_fen - piece.from_fen) * piece.rate_bps for piece in segments)
    return segments, weighted * line.multiplier_bps


def _slices(from_fen: int, to_fen: int, rate_bps: int) -> tuple[Segment, ...]:
    return (Segment(from_fen, to_fen, rate_bps),) if from_fen < to_fen else ()


class Dated(Protocol):
    """Whatever holds from an instant on."""

    @property
    def effective_from(self) -> datetime:
        """Return the first instant at which it holds."""
        ...


Version = TypeVar("Version", bound=Dated)


def pick_version(versions: Iterable[Version], paid_at: datetime) -> Version | None:
    """Return the version in force at an instant, None before the first."""
    begun = (version for version in versions if version.effective_from <= paid_at)
    return max(begun, key=lambda version: version.effective_from, default=None)


RuleBook: TypeAlias = Mapping[tuple[TargetKind, str], ItemRule]


def rule_book(rules: Iterable[ItemRule]) -> RuleBook:
    """Arrange item rules by their target."""
    return {(rule.target_kind, rule.target_id): rule for rule in rules}


def choose_rule(
    book: RuleBook, *, sku_id: str, product_id: str, category_ids: Sequence[str]
) -> ItemRule | None:
    """Return the rule of the SKU, else the product, else the nearest category, else None."""
    targets = [(TargetKind.SKU, sku_id), (TargetKind.PRODUCT, product_id)]
    targets += [(TargetKind.CATEGORY, category_id) for category_id in category_ids]
    return next((book[target] for target in targets if target in book), None)


@dataclass(frozen=True, slots=True)
class Clawback:
    """What one refund takes back of a settled line.

    `remaining` is what is left of the line's base in fen (of its units for a flat rule);
    `target_fen` is the commission that what is left deserves.
    """

    remaining_before: int
    remaining_after: int
    target_before_fen: int
    target_after_fen: int

    @property
    def amount_fen(self) -> int:
        """Return what is taken back, 0 or more."""
        return self.target_before_fen - self.target_after_fen


def clawback_by_line(settled_fen: int, basis: int, given_back: Sequence[int]) -> list[Clawback]:
    """Return what each refund of a settled line takes back, in the order of the refunds.

    Args:
        settled_fen: what the line was settled with.
        basis: its base in fen at settlement, or its units for a flat rule.
        given_back: what each refund gave back, in the same unit.

    Raises:
        ValueError: more is given back than there was.
    """
    remaining = list(accumulate(given_back, lambda left, back: left - back, initial=basis))
    if remaining[-1] < 0:
        raise ValueError(f"{sum(given_back)} given back of {basis}")
    deserved = [half_up(Fraction(settled_fen * left, basis)) if basis else 0 for left in remaining]
    return [
        Clawback(*left, *targets)
        for left, targets in zip(pairwise(remaining), pairwise(deserved), strict=True)
    ]


def clawback_by_retier(
    last_total_fen: int, lines: Iterable[Line], cap_fen: int | None = None
) -> int:
    """Return what a closed month gives back once it is computed anew with all refunds so far."""
    return last_total_fen - calculate(lines, cap_fen).total_fen

"""What a line earns by: tiers, item rules, plan versions, and the terms frozen at payment."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple, Protocol, TypeAlias, TypeVar


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
    """What a rule is about; a category's holds for everything below it, a campaign's only in it."""

    CAMPAIGN = "campaign"
    SKU = "sku"
    PRODUCT = "product"
    CATEGORY = "category"


class Exclusion(StrEnum):
    """Why a line earns nothing and counts toward no volume."""

    HOUSE = "house"
    SUSPICIOUS = "suspicious"
    SELF_PURCHASE = "self_purchase"
    ITEM = "item_without_commission"
    RULE = "item_rule"
    NO_PLAN = "no_plan"


class ClawbackMode(StrEnum):
    """How a refund after the settlement takes back: line by line, or the month anew."""

    LINE = "line"
    RETIER = "retier"


CLAWBACK_BY_MODE = {Mode.MARGINAL: ClawbackMode.LINE, Mode.WHOLE: ClawbackMode.RETIER}
"""What holds unless a plan says otherwise: taking a whole tier back stops bought tiers."""


class Tier(NamedTuple):
    """From this volume on (inclusive), this rate."""

    from_fen: int
    rate_bps: int


class Segment(NamedTuple):
    """The slice [from, to) of the month's volume, and the rate it earns."""

    from_fen: int
    to_fen: int
    rate_bps: int


@dataclass(frozen=True)
class TierTable:
    """Earns by volume; tiers ascend from 0, and reaching a threshold is enough (满)."""

    mode: Mode
    tiers: tuple[Tier, ...]

    @cached_property
    def _starts(self) -> list[int]:
        return [tier.from_fen for tier in self.tiers]

    @cached_property
    def _below(self) -> list[int]:
        """Return what the slices below each tier weigh together, in fen times bps."""
        steps = (
            (high.from_fen - low.from_fen) * low.rate_bps for low, high in pairwise(self.tiers)
        )
        return list(accumulate(steps, initial=0))

    def weigh(self, from_fen: int, to_fen: int, volume_fen: int) -> int:
        """Return what the slice [from, to) of a month's volume earns, in fen times bps."""
        starts = self._starts
        at_fen = volume_fen if self.mode is Mode.WHOLE else from_fen
        reached = bisect_right(starts, at_fen)
        within = reached == len(starts) or to_fen <= starts[reached]
        if within or self.mode is Mode.WHOLE:
            return (to_fen - from_fen) * self.tiers[reached - 1].rate_bps
        return self._weight_up_to(to_fen) - self._weight_up_to(from_fen)

    def _weight_up_to(self, volume_fen: int) -> int:
        reached = bisect_right(self._starts, volume_fen) - 1
        tier = self.tiers[reached]
        return self._below[reached] + (volume_fen - tier.from_fen) * tier.rate_bps

    def reached(self, volume_fen: int) -> Tier:
        """Return the tier that a volume has reached."""
        return self.tiers[bisect_right(self._starts, volume_fen) - 1]

    def segments(self, from_fen: int, to_fen: int, volume_fen: int) -> tuple[Segment, ...]:
        """Split the slice [from, to) of a month's volume by the rates that apply to it."""
        if self.mode is Mode.WHOLE:
            return slices(from_fen, to_fen, self.reached(volume_fen).rate_bps)
        ends = [*self._starts[1:], to_fen]
        return tuple(
            piece
            for tier, end in zip(self.tiers, ends, strict=True)
            for piece in slices(max(from_fen, tier.from_fen), min(to_fen, end), tier.rate_bps)
        )


class PlanTerms(NamedTuple):
    """What a plan version says about a whole month: its tiers, and the cap, None without one."""

    table: TierTable
    cap_fen: int | None


@dataclass(frozen=True, slots=True)
class Replace:
    """Earns this rate, whatever the volume."""

    rate_bps: int

    def weigh(self, from_fen: int, to_fen: int, volume_fen: int) -> int:
        """Return what the slice [from, to) earns, in fen times bps."""
        return (to_fen - from_fen) * self.rate_bps

    def segments(self, from_fen: int, to_fen: int, volume_fen: int) -> tuple[Segment, ...]:
        """Return the slice at the one rate."""
        return slices(from_fen, to_fen, self.rate_bps)


@dataclass(frozen=True, slots=True)
class Flat:
    """Earns this amount for each unit; no multiplier."""

    fen_per_unit: int


@dataclass(frozen=True, slots=True)
class Exclude:
    """Earns nothing and never counts toward the volume."""


Earning: TypeAlias = TierTable | Replace | Flat | Exclude


def slices(from_fen: int, to_fen: int, rate_bps: int) -> tuple[Segment, ...]:
    """Return [from, to) at one rate, nothing if it is empty."""
    return (Segment(from_fen, to_fen, rate_bps),) if from_fen < to_fen else ()


def earning(
    kind: str,
    *,
    table: TierTable | None,
    rate_bps: int | None,
    flat_fen_per_unit: int | None,
) -> Earning:
    """Return how a line earns under frozen terms.

    Raises:
        ValueError: the terms lack what the kind needs.
    """
    match kind:
        case RuleKind.EXCLUDE:
            return Exclude()
        case RuleKind.FLAT if flat_fen_per_unit is not None:
            return Flat(flat_fen_per_unit)
        case RuleKind.REPLACE if rate_bps is not None:
            return Replace(rate_bps)
        case RuleKind.TIERS if table is not None:
            return table
    raise ValueError(f"incomplete terms of kind {kind}")


@dataclass(frozen=True, slots=True)
class ItemRule:
    """How one SKU, product or category earns, in place of the plan's tiers.

    `rate_bps` belongs to a replacing rule, `flat_fen_per_unit` to a flat one; 0 is a value there,
    None means that it is not said. `counts` tells whether such lines count toward the volume.
    """

    kind: RuleKind
    target_kind: TargetKind
    target_id: str
    rate_bps: int | None = None
    flat_fen_per_unit: int | None = None
    counts: bool = True


class Dated(Protocol):
    """Whatever holds from an instant on, inclusive."""

    @property
    def effective_from(self) -> datetime:
        """Return that instant."""
        ...


class VersionDate(NamedTuple):
    """A plan version's id and when it begins."""

    id: str
    effective_from: datetime


Version = TypeVar("Version", bound=Dated)


def pick_version(versions: Iterable[Version], paid_at: datetime) -> Version | None:
    """Return the version in force at an instant, None before the first."""
    begun = (version for version in versions if version.effective_from <= paid_at)
    return max(begun, key=lambda version: version.effective_from, default=None)


RuleBook: TypeAlias = Mapping[tuple[TargetKind, str], ItemRule]


def rule_book(rules: Iterable[ItemRule]) -> RuleBook:
    """Arrange item rules by their target."""
    return {(rule.target_kind, rule.target_id): rule for rule in rules}


CampaignBook: TypeAlias = Mapping[str | None, ItemRule]
"""A campaign's rules by SKU; under None the one for all its goods."""


class PublishedRule(NamedTuple):
    """A campaign's rule for one SKU (None: for all its goods), and when it was published."""

    sku_id: str | None
    published_at: datetime
    rule: ItemRule


def campaign_book(rules: Iterable[PublishedRule], paid_at: datetime) -> CampaignBook:
    """Arrange a campaign's rules by SKU: of each the latest that was published by then.

    One of kind `tiers` ends what was before it, so that what is wider holds again.
    """
    published = (one for one in rules if one.published_at <= paid_at)
    in_order = sorted(published, key=lambda one: one.published_at)
    latest = {one.sku_id: one.rule for one in in_order}
    return {sku_id: rule for sku_id, rule in latest.items() if rule.kind is not RuleKind.TIERS}


def choose_rule(
    book: RuleBook,
    *,
    sku_id: str,
    product_id: str,
    category_ids: Sequence[str],
    campaign: CampaignBook | None = None,
) -> ItemRule | None:
    """Return the nearest rule, None for the tiers.

    Campaign and SKU, else campaign, else SKU, else product, else the nearest category.
    """
    for key in (sku_id, None):
        if campaign and key in campaign:
            return campaign[key]
    targets = [(TargetKind.SKU, sku_id), (TargetKind.PRODUCT, product_id)]
    targets += [(TargetKind.CATEGORY, category_id) for category_id in category_ids]
    return next((book[target] for target in targets if target in book), None)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is frozen when a line is paid: how it earns, by which rule, or why it does not."""

    kind: RuleKind
    reason: Exclusion | None = None
    rule_target_id: str | None = None
    rate_bps: int | None = None
    flat_fen_per_unit: int | None = None
    counts: bool = True


def freeze(rule: ItemRule | None, exclusion: Exclusion | None) -> Terms:
    """Return a line's terms; without a rule it earns by the plan's tiers."""
    if exclusion is not None:
        target = rule.target_id if rule is not None and exclusion is Exclusion.RULE else None
        return Terms(RuleKind.EXCLUDE, exclusion, target, counts=False)
    if rule is None:
        return Terms(RuleKind.TIERS)
    return Terms(
        kind=rule.kind,
        rule_target_id=rule.target_id,
        rate_bps=rule.rate_bps,
        flat_fen_per_unit=rule.flat_fen_per_unit,
        counts=rule.counts,
    )


class Sold(NamedTuple):
    """What was sold in a line; `category_ids` the nearest first, `earns` what the campaign says."""

    sku_id: str
    product_id: str
    category_ids: Sequence[str]
    earns: bool


def terms_of(
    sold: Sold,
    *,
    book: RuleBook,
    campaign: CampaignBook,
    for_leader: bool,
    commissionable: bool,
    planned: bool,
) -> Terms:
    """Return the terms of a sold line.

    Args:
        sold: the line.
        book, campaign: the plan's rules and the campaign's.
        for_leader: whether it is a leader's at all.
        commissionable: whether the decision on the order lets it earn.
        planned: whether a plan's version was in force.
    """
    rule = choose_rule(
        book,
        sku_id=sold.sku_id,
        product_id=sold.product_id,
        category_ids=sold.category_ids,
        campaign=campaign,
    )
    reasons = (
        (not for_leader, Exclusion.HOUSE),
        (not commissionable, Exclusion.SELF_PURCHASE),
        (not sold.earns, Exclusion.ITEM),
        (not planned, Exclusion.NO_PLAN),
        (rule is not None and rule.kind is RuleKind.EXCLUDE, Exclusion.RULE),
    )
    return freeze(rule, next((reason for holds, reason in reasons if holds), None))

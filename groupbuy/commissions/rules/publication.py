"""The checks that stand between a draft and its publication."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from groupbuy.commissions.rules.monthly import Basis, Override
from groupbuy.commissions.rules.terms import (
    ItemRule,
    RuleKind,
    TargetKind,
    Tier,
)
from groupbuy.kernel.money import BPS, share
from groupbuy.kernel.texts import Text


class Fault(NamedTuple):
    """What is wrong with a draft, and where: a JSON pointer into it."""

    pointer: str
    text: Text


def publication_faults(
    *,
    tiers: Sequence[Tier],
    item_rules: Sequence[ItemRule],
    multipliers_bps: Iterable[int],
    effective_from: datetime,
    latest_from: datetime | None,
    now: datetime,
    max_total_bps: int,
    override: Override | None = None,
    override_allowed: bool = False,
    unknown: Collection[ItemRule] = (),
    campaign_rates_bps: Iterable[int] = (),
) -> list[Fault]:
    """Return everything that stands against publishing a version.

    `latest_from` is when the plan's latest published version begins; `unknown` are the item rules
    whose targets are not in the catalogue; `campaign_rates_bps` those of campaigns that still sell.
    """
    rates = [*campaign_rates_bps, *(tier.rate_bps for tier in tiers)]
    rates += [rule.rate_bps for rule in item_rules if rule.rate_bps is not None]
    worst = max(rates, default=0) * max([BPS, *multipliers_bps])
    faults = [*_tier_faults(tiers), *_rule_faults(item_rules, unknown)]
    if effective_from < now:
        faults.append(Fault("/effective_from", BEGINS_IN_THE_PAST))
    if latest_from is not None and effective_from <= latest_from:
        faults.append(Fault("/effective_from", BEGINS_TOO_EARLY))
    if worst_total(worst, override) > max_total_bps * BPS:
        faults.append(Fault("", TOO_EXPENSIVE.format(limit=f"{max_total_bps / 100:g}")))
    if override is not None and not override_allowed:
        faults.append(Fault("/recruiter_override", OVERRIDE_WARNING))
    return faults


class Multiplied(NamedTuple):
    """What a plan's version makes of a rate: its highest multiplier, and its override."""

    multiplier_bps: int
    override: Override | None


def draft_faults(tiers: Sequence[Tier], item_rules: Sequence[ItemRule]) -> list[Fault]:
    """Return what keeps a version from being computed by at all."""
    return [*_tier_faults(tiers), *_rule_faults(item_rules, ())]


def campaign_rule_faults(
    *,
    rate_bps: int | None,
    sku_offered: bool,
    plans: Iterable[Multiplied],
    max_total_bps: int,
) -> list[Fault]:
    """Return everything that stands against publishing a campaign's rule.

    `plans` are the versions that pay now or will; `sku_offered` tells whether the campaign has
    the goods.
    """
    faults = [] if sku_offered else [Fault("/sku_id", NOT_IN_CAMPAIGN)]
    rate = rate_bps or 0
    worst = [worst_total(rate * plan.multiplier_bps, plan.override) for plan in plans]
    if max([Fraction(rate * BPS), *worst]) > max_total_bps * BPS:
        faults.append(Fault("/rate_bps", TOO_EXPENSIVE.format(limit=f"{max_total_bps / 100:g}")))
    return faults


def rule_faults(
    kind: RuleKind, rate_bps: int | None, flat_fen_per_unit: int | None
) -> Iterator[Fault]:
    """Yield what a rule of a kind lacks, or says in vain."""
    given = {"rate_bps": rate_bps, "flat_fen_per_unit": flat_fen_per_unit}
    for field, user in (("rate_bps", RuleKind.REPLACE), ("flat_fen_per_unit", RuleKind.FLAT)):
        if kind is user and given[field] is None:
            yield Fault(f"/{field}", MISSING.format(kind=kind.value))
        if kind is not user and given[field] is not None:
            yield Fault(f"/{field}", SUPERFLUOUS.format(kind=kind.value))


def worst_total(worst: int, override: Override | None) -> Fraction:
    """Return what a sale costs at worst with its recruiter's share, in rate x multiplier (bps²)."""
    if override is None:
        return Fraction(worst)
    if override.basis == Basis.COMMISSION:
        return worst + share(worst, override.bps)
    return Fraction(worst + override.bps * BPS)


def _tier_faults(tiers: Sequence[Tier]) -> Iterator[Fault]:
    if not tiers:
        yield Fault("/tiers", NO_TIER)
        return
    if tiers[0].from_fen != 0:
        yield Fault("/tiers/0/0", FIRST_TIER)
    for position, (lower, upper) in enumerate(pairwise(tiers), start=1):
        if upper.from_fen <= lower.from_fen:
            yield Fault(f"/tiers/{position}/0", ASCENDING)


def _rule_faults(item_rules: Sequence[ItemRule], unknown: Collection[ItemRule]) -> Iterator[Fault]:
    seen: set[tuple[TargetKind, str]] = set()
    for position, rule in enumerate(item_rules):
        if (rule.target_kind, rule.target_id) in seen:
            yield Fault(f"/item_rules/{position}/target_id", SECOND_RULE)
        seen.add((rule.target_kind, rule.target_id))
        if rule in unknown:
            yield Fault(f"/item_rules/{position}/target_id", UNKNOWN_TARGET)
        for fault in rule_faults(rule.kind, rule.rate_bps, rule.flat_fen_per_unit):
            yield Fault(f"/item_rules/{position}{fault.pointer}", fault.text)


NO_TIER = Text("至少需要一个阶梯。", "There must be a tier.")
FIRST_TIER = Text("第一个阶梯必须从 0 开始。", "The first tier must begin at 0.")
ASCENDING = Text("阶梯起点必须递增。", "Thresholds must ascend.")
SECOND_RULE = Text("同一对象只能有一条规则。", "There is another rule for this target.")
MISSING = Text("{kind} 规则必须填写此项。", "A rule of kind {kind} needs it.")
SUPERFLUOUS = Text("{kind} 规则不使用此项。", "A rule of kind {kind} has no use for it.")
BEGINS_IN_THE_PAST = Text("生效时间早于发布时间。", "It would take effect before its publication.")
BEGINS_TOO_EARLY = Text(
    "必须晚于已发布的最新版本。", "It must begin after the latest published version."
)
UNKNOWN_TARGET = Text("商品目录中没有这个对象。", "There is no such thing in the catalogue.")
NOT_IN_CAMPAIGN = Text("该活动没有这件商品。", "The campaign does not offer these goods.")
TOO_EXPENSIVE = Text(
    "最坏情况下（含活动规则与招募奖励）的佣金率超过上限 {limit}%。",
    "The highest rate (that of a campaign's rule too) times the highest multiplier, with the "
    "recruiter's override, is above the limit of {limit} %.",
)
OVERRIDE_WARNING = Text(
    "招募奖励在法律顾问确认之前保持关闭（RECRUITER_OVERRIDE_ALLOWED）。"
    "系统至多向销售者的直接招募人支付一级；收取入门费，或按多级团队业绩计酬，"
    "属于《禁止传销条例》第七条所禁止的传销行为。",
    "A recruiter's override stays off until counsel says otherwise (RECRUITER_OVERRIDE_ALLOWED). "
    "At most one level above the seller is ever paid; an entry fee, or pay over several levels, is "
    "pyramid selling under article 7 of the Regulations on the Prohibition of Pyramid Selling.",
)

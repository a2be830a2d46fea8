"""A past month as if a plan had said something else, pure; nothing in the books comes from here.

Each side is what the leader's own sales come to: their lines under the cap, the quota bonus and
the guarantee. What depends on others (ranks, overrides) is on neither side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from groupbuy.commissions.rules.calculation import (
    CompletedLine,
    calculate,
    cap_of,
    earning_versions,
)
from groupbuy.commissions.rules.components import guarantee, quota_bonus
from groupbuy.commissions.rules.estimates import merged
from groupbuy.commissions.rules.monthly import MonthlyExtras
from groupbuy.commissions.rules.terms import (
    Exclusion,
    PlanTerms,
    RuleBook,
    Sold,
    terms_of,
)

SIMULATED = "simulated"
"""The version that re-termed lines name."""
STAYS_OUT = (Exclusion.HOUSE, Exclusion.SUSPICIOUS, Exclusion.SELF_PURCHASE)
"""Reasons that no plan could change."""
NO_EXTRAS = MonthlyExtras()


class PastLine(NamedTuple):
    """A line as it stood at its month's cutoff, and what a plan would ask about it."""

    line: CompletedLine
    level: int | None
    rule_target_id: str | None
    sold: Sold


@dataclass(frozen=True, slots=True)
class Draft:
    """What is tried: `plan_id` whose lines it takes, `multiplier_bps` of a level."""

    plan_id: str
    terms: PlanTerms
    book: RuleBook
    multiplier_bps: Callable[[int], int]
    extras: MonthlyExtras


class PlanMonth(NamedTuple):
    """The terms of a leader's month as a whole: whose plan, and what it paid beside the sales."""

    plan_id: str | None
    extras: MonthlyExtras


class Compared(NamedTuple):
    """What a leader's month was worth, and what it would have been."""

    volume_fen: int
    actual_fen: int
    simulated_fen: int

    @property
    def difference_fen(self) -> int:
        """Return what the leader would have gained (or, below 0, lost)."""
        return self.simulated_fen - self.actual_fen


def compare(
    lines: Sequence[PastLine],
    *,
    draft: Draft,
    month: PlanMonth,
    plans: Mapping[str, PlanTerms],
    plan_of: Mapping[str, str],
) -> Compared:
    """Compare a leader's month with itself under a draft.

    Args:
        lines: the leader's lines of the month.
        draft: what is tried.
        month: the terms of the leader's month.
        plans, plan_of: the terms and the plan of each version.
    """
    affected = month.plan_id == draft.plan_id
    tried = [
        retermed(one, draft)
        if affected or plan_of.get(one.line.plan_version_id or "") == draft.plan_id
        else one.line
        for one in lines
    ]
    volume_fen, actual_fen = _worth([one.line for one in lines], plans, month.extras)
    _, simulated_fen = _worth(
        tried, {**plans, SIMULATED: draft.terms}, draft.extras if affected else month.extras
    )
    return Compared(volume_fen, actual_fen, simulated_fen)


def retermed(one: PastLine, draft: Draft) -> CompletedLine:
    """Return a line with the terms it would have had; a campaign's rule goes before the plan."""
    line = one.line
    if line.reason in STAYS_OUT:
        return line
    multiplier_bps = draft.multiplier_bps(one.level or 1)
    line = line._replace(plan_version_id=SIMULATED, multiplier_bps=multiplier_bps)
    if one.rule_target_id is not None and one.rule_target_id.startswith("ccr_"):
        return line
    terms = terms_of(
        one.sold,
        book=draft.book,
        campaign={},
        for_leader=True,
        commissionable=True,
        planned=True,
    )
    return line._replace(
        kind=terms.kind,
        reason=terms.reason,
        rate_bps=terms.rate_bps,
        flat_fen_per_unit=terms.flat_fen_per_unit,
        counts=terms.counts,
    )


def _worth(
    lines: Sequence[CompletedLine], plans: Mapping[str, PlanTerms], extras: MonthlyExtras
) -> tuple[int, int]:
    """Return a month's volume and what it is worth."""
    month = calculate(
        (line.net(plans) for line in merged(lines)), cap_of(earning_versions(lines), plans)
    )
    worth_fen = month.total_fen + quota_bonus(month.volume_fen, extras.quota)
    return month.volume_fen, worth_fen + guarantee(extras.guarantee_fen, worth_fen)

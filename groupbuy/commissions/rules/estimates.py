"""What a month is worth so far, pure; never posted, only ever read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import NamedTuple

from groupbuy.commissions.rules.calculation import (
    CompletedLine,
    calculate,
    cap_of,
    earning_versions,
)
from groupbuy.commissions.rules.monthly import QuotaBonus
from groupbuy.commissions.rules.terms import (
    PlanTerms,
    RuleKind,
    Tier,
    TierTable,
)


class TierAhead(NamedTuple):
    """The next tier, and how much volume is missing to reach it."""

    from_fen: int
    rate_bps: int
    fen_to_go: int


class QuotaAhead(NamedTuple):
    """The month's quota, and how much volume is missing (0: it is met)."""

    quota_fen: int
    bonus_fen: int
    fen_to_go: int


class Estimate(NamedTuple):
    """A leader's month so far, before bonuses and before the shares of guests.

    `pending_fen` is what completed lines earn, `estimated_fen` what paid ones would add if they
    completed now. The tiers are those of the version that holds now.
    """

    volume_fen: int
    pending_fen: int
    estimated_fen: int
    tier: Tier | None
    next_tier: TierAhead | None
    cap_fen: int | None
    cap_reached: bool
    quota: QuotaAhead | None


def estimate(
    completed: Sequence[CompletedLine],
    paid: Sequence[CompletedLine],
    plans: Mapping[str, PlanTerms],
    *,
    present: PlanTerms | None,
    quota: QuotaBonus | None,
    now: datetime,
) -> Estimate:
    """Estimate a month.

    Args:
        completed: the lines completed in it.
        paid: those that are paid only: they count as if they completed now, after all others.
        plans: the terms that the lines name.
        present: the version that holds now, None without one.
        quota: that of the month's terms.
        now: when.
    """
    completed = merged(completed)
    with_paid = [*completed, *merged(line._replace(completed_at=now) for line in paid)]
    sure = calculate(
        (line.net(plans) for line in completed), cap_of(earning_versions(completed), plans)
    )
    cap_fen = cap_of(earning_versions(with_paid), plans)
    whole = calculate((line.net(plans) for line in with_paid), cap_fen)
    if not with_paid and present is not None:
        cap_fen = present.cap_fen
    reached, ahead = _tiers(present.table, sure.volume_fen) if present else (None, None)
    return Estimate(
        volume_fen=sure.volume_fen,
        pending_fen=sure.total_fen,
        estimated_fen=whole.total_fen - sure.total_fen,
        tier=reached,
        next_tier=ahead,
        cap_fen=cap_fen,
        cap_reached=cap_fen is not None and sure.uncapped_fen >= cap_fen,
        quota=_quota(quota, sure.volume_fen),
    )


def merged(lines: Iterable[CompletedLine]) -> list[CompletedLine]:
    """Return a month's lines in order, neighbours of the same terms as one: it earns the same.

    What does not count toward the volume and still earns by the tiers stays apart: each such line
    begins at the same place.
    """
    ordered = sorted(lines, key=lambda line: (line.completed_at, line.order_line_id))
    result: list[CompletedLine] = []
    for _, neighbours in groupby(ordered, key=_terms):
        together = list(neighbours)
        result.append(
            together[0]._replace(
                base_fen=sum(line.base_fen for line in together),
                quantity=sum(line.quantity for line in together),
                refunded_fen=sum(line.refunded_fen for line in together),
                returned_quantity=sum(line.returned_quantity for line in together),
            )
        )
    return result


def _terms(line: CompletedLine) -> tuple[object, ...]:
    apart = line.order_line_id if line.kind == RuleKind.TIERS and not line.counts else ""
    terms = (line.plan_version_id, line.kind, line.rate_bps, line.flat_fen_per_unit)
    return (*terms, line.counts, line.multiplier_bps, apart)


def _tiers(table: TierTable, volume_fen: int) -> tuple[Tier, TierAhead | None]:
    """Return the tier that a volume has reached, and the next one."""
    for reached, ahead in pairwise(table.tiers):
        if volume_fen < ahead.from_fen:
            return reached, TierAhead(*ahead, fen_to_go=ahead.from_fen - volume_fen)
    return table.tiers[-1], None


def _quota(quota: QuotaBonus | None, volume_fen: int) -> QuotaAhead | None:
    if quota is None:
        return None
    return QuotaAhead(*quota, fen_to_go=max(0, quota.quota_fen - volume_fen))

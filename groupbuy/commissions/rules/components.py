"""What a month pays beside its sales, pure: bonuses, the guarantee, the override, shared sessions.

In the order of domain.md: sales, override, service fee, quota bonus, rank bonus, guarantee.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from groupbuy.commissions.rules.monthly import Override, QuotaBonus
from groupbuy.kernel.clock import Calendar, first_day
from groupbuy.kernel.money import BPS, allocate, half_up, share


def quota_bonus(volume_fen: int, quota: QuotaBonus | None) -> int:
    """Return the bonus of a month's volume: all of it from the quota on (inclusive), or nothing."""
    return quota.bonus_fen if quota is not None and volume_fen >= quota.quota_fen else 0


def rank(entries: Iterable[tuple[str, int, datetime]]) -> list[str]:
    """Return the ids of those who sold anything, the first place first.

    Args:
        entries: (leader_id, net volume in fen, when that volume was reached) of each leader.

    By volume; then who reached it first; then the lower id.
    """
    ranked = sorted(
        (-volume_fen, reached_at, leader_id)
        for leader_id, volume_fen, reached_at in entries
        if volume_fen > 0
    )
    return [leader_id for _, _, leader_id in ranked]


def guarantee(floor_fen: int, sum_fen: int) -> int:
    """Return what is missing from the least that a month comes to."""
    return max(0, floor_fen - sum_fen)


def override_fen(base_fen: int, bps: int) -> int:
    """Return a recruiter's share of one direct recruit's commission or volume of a month."""
    return half_up(share(base_fen, bps))


def override_clawback(base_fen: int, clawed_fen: int, bps: int) -> int:
    """Return what a recruiter gives back when so much of the recruit's base is taken back."""
    return override_fen(base_fen, bps) - override_fen(base_fen - clawed_fen, bps)


def override_due(
    override: Override, *, since: datetime, starts_at: datetime, calendar: Calendar
) -> bool:
    """Tell whether a recruit's month still earns the recruiter an override.

    `since` is when the recruit began, `starts_at` when the month begins. The month of the
    beginning is the first of `override.months`; without such a number there is no end.
    """
    if override.months is None:
        return True
    begun, month = (first_day(calendar.month_of(at)) for at in (since, starts_at))
    elapsed = (month.year - begun.year) * 12 + month.month - begun.month
    return elapsed < override.months


def split(earnings_fen: int, guest_bps: Sequence[int]) -> list[int]:
    """Split what a shared session earned: the host's part first, then each guest's, in order.

    The parts sum exactly; a clawback (negative) is split as its mirror image was.

    Raises:
        ValueError: the guests' shares are more than all of it.
    """
    return allocate(earnings_fen, [BPS - sum(guest_bps), *guest_bps])

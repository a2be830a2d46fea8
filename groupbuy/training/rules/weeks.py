"""Weekly compliance and streaks, pure: three live sessions a week, Monday to Sunday.

Source: docs/domain.md, "Training".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from groupbuy.kernel.money import BPS

WEEK = timedelta(days=7)


def monday(day: date) -> date:
    """Return the first day of the week that a day is in."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Compliance:
    """What a week asked for, and whether it was done."""

    required: int
    compliant: bool
    score_bps: int


def compliance(*, target: int, scheduled: int, excused: int, attended: int) -> Compliance:
    """Return what a week asked for: up to `target` of the sessions that were not excused.

    The score is floored, and full when nothing was asked.
    """
    required = max(0, min(target, scheduled - excused))
    if not required:
        return Compliance(0, True, BPS)
    score_bps = BPS * min(attended, required) // required
    return Compliance(required, attended >= required, score_bps)


@dataclass(frozen=True, slots=True)
class Streak:
    """Compliant weeks in a row: up to now, and the most there ever were."""

    current: int = 0
    best: int = 0


def streak(weeks: Iterable[tuple[Compliance, bool]]) -> Streak:
    """Return the streak of weeks in order, each with whether it has ended.

    A week that asked for nothing neither adds nor breaks; one that has not ended only adds.
    """
    current = best = 0
    for week, ended in weeks:
        if not week.required:
            continue
        if week.compliant:
            current += 1
            best = max(best, current)
        elif ended:
            current = 0
    return Streak(current, best)

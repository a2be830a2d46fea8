"""Adjustments, pure: their states and reasons, when a balance can be written off, their papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class AdjustmentState(StrEnum):
    """An adjustment is proposed by one person and decided by another."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class AdjustmentReason(StrEnum):
    """Why an amount is added to what a leader gets, or taken off it."""

    GOODWILL = "goodwill"
    CORRECTION = "correction"
    BONUS = "bonus"
    DISPUTE = "dispute"
    FRAUD = "fraud"
    PENALTY = "penalty"
    WRITE_OFF = "write_off"
    OTHER = "other"


ADJUSTMENT_MOVES: dict[tuple[AdjustmentState, str], AdjustmentState] = {
    (AdjustmentState.PROPOSED, "approve"): AdjustmentState.APPROVED,
    (AdjustmentState.PROPOSED, "reject"): AdjustmentState.REJECTED,
    (AdjustmentState.PROPOSED, "withdraw"): AdjustmentState.WITHDRAWN,
}

WRITE_OFF_MONTHS = 12
"""Months in a row that must have ended negative before a balance can be written off."""


@dataclass(frozen=True, slots=True)
class Debt:
    """What a leader owes after the last settled month, and since when without a break.

    `since` is the first of the months in a row that ended negative, `month` the last one.
    """

    owed_fen: int
    since: str
    month: str

    @property
    def possible_from(self) -> str:
        """Return the first month after whose settlement the debt can be written off."""
        return _later(self.since, WRITE_OFF_MONTHS - 1)

    @property
    def old_enough(self) -> bool:
        """Tell whether it has lasted long enough."""
        return self.month >= self.possible_from


def debt(carried: Sequence[tuple[str, int]]) -> Debt | None:
    """Return a leader's debt, None without one.

    Args:
        carried: (month, carry_out_fen) of the settled statements, the newest first.
    """
    if not carried or carried[0][1] >= 0:
        return None
    since = carried[0][0]
    for month, carry_out_fen in carried:
        if carry_out_fen >= 0:
            break
        since = month
    return Debt(-carried[0][1], since, carried[0][0])


def _later(month: str, months: int) -> str:
    """Return the month that comes so many months after `YYYY-MM`."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return f"{year:04d}-{number + 1:02d}"

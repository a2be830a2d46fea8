"""How leaders answer their statements, pure: the standing of a statement, and disputes."""

from datetime import datetime, timedelta
from enum import StrEnum

CONFIRM_DAYS = 3
"""After so many days (of 24 hours) an unanswered statement counts as confirmed, unless set."""

DISPUTE_WINDOW = timedelta(days=15)
"""From the issue of a statement on, its lines and the attribution of its orders can be disputed."""


class StandingState(StrEnum):
    """Where a statement stands with its leader; until the month is approved it is a draft."""

    DRAFT = "draft"
    ISSUED = "issued"
    CONFIRMED = "confirmed"
    AUTO_CONFIRMED = "auto_confirmed"
    DISPUTED = "disputed"
    RESOLVED = "resolved"
    FINAL = "final"


class StandingAction(StrEnum):
    """What happens to a statement's standing."""

    ISSUE = "issue"
    CONFIRM = "confirm"
    AUTO_CONFIRM = "auto_confirm"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    FINISH = "finish"


STANDING_MOVES: dict[tuple[StandingState, StandingAction], StandingState] = {
    (StandingState.DRAFT, StandingAction.ISSUE): StandingState.ISSUED,
    (StandingState.ISSUED, StandingAction.CONFIRM): StandingState.CONFIRMED,
    (StandingState.ISSUED, StandingAction.AUTO_CONFIRM): StandingState.AUTO_CONFIRMED,
    (StandingState.ISSUED, StandingAction.DISPUTE): StandingState.DISPUTED,
    (StandingState.CONFIRMED, StandingAction.DISPUTE): StandingState.DISPUTED,
    (StandingState.AUTO_CONFIRMED, StandingAction.DISPUTE): StandingState.DISPUTED,
    (StandingState.DISPUTED, StandingAction.DISPUTE): StandingState.DISPUTED,
    (StandingState.RESOLVED, StandingAction.DISPUTE): StandingState.DISPUTED,
    (StandingState.DISPUTED, StandingAction.RESOLVE): StandingState.RESOLVED,
    (StandingState.CONFIRMED, StandingAction.FINISH): StandingState.FINAL,
    (StandingState.AUTO_CONFIRMED, StandingAction.FINISH): StandingState.FINAL,
    (StandingState.RESOLVED, StandingAction.FINISH): StandingState.FINAL,
}
"""A statement is resolved when the last dispute about it is closed; the lock makes it final."""


def states_before(action: StandingAction) -> list[StandingState]:
    """Return the states in which an action is possible."""
    return [state for state, allowed in STANDING_MOVES if allowed is action]


class DisputeKind(StrEnum):
    """What a leader disputes: how much something earned, or whose an order is."""

    AMOUNT = "amount"
    ATTRIBUTION = "attribution"


class StatementPart(StrEnum):
    """Which list of a statement a disputed position is of."""

    LINE = "line"
    CORRECTION = "correction"
    COMPONENT = "component"


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    UNDER_REVIEW = "under_review"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


UNDECIDED = (DisputeState.OPEN, DisputeState.UNDER_REVIEW)

DISPUTE_MOVES: dict[tuple[DisputeState, str], DisputeState] = {
    (DisputeState.OPEN, "review"): DisputeState.UNDER_REVIEW,
    (DisputeState.UNDER_REVIEW, "uphold"): DisputeState.UPHELD,
    (DisputeState.UNDER_REVIEW, "reject"): DisputeState.REJECTED,
    (DisputeState.OPEN, "withdraw"): DisputeState.WITHDRAWN,
    (DisputeState.UNDER_REVIEW, "withdraw"): DisputeState.WITHDRAWN,
}

DECISIONS = {DisputeState.UPHELD: "uphold", DisputeState.REJECTED: "reject"}
"""What a decider says, and the move that it is."""


def too_late(issued_at: datetime, now: datetime) -> bool:
    """Tell whether a statement can no longer be disputed."""
    return now >= issued_at + DISPUTE_WINDOW


def held_of(amount_fen: int, *, payout_fen: int, held_fen: int, owed_fen: int) -> int:
    """Return how much to hold out of a statement's payout while an amount of it is disputed.

    Never more than it pays, less what is held of it already; and never what is not owed any more,
    because it was paid. Nothing for what took money off.
    """
    return max(0, min(amount_fen, payout_fen - held_fen, owed_fen))

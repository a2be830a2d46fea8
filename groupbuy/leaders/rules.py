"""States of the leaders' world and the allowed moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)


class ApplicationState(StrEnum):
    """Where an application stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class LeaderState(StrEnum):
    """Whether a leader may act as one."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class CommunityPurpose(StrEnum):
    """Why the WeChat group was opened: to stay, or for one activity."""

    LONG_TERM = "long_term"
    SHORT_TERM = "short_term"


class CommunityState(StrEnum):
    """Whether the group still exists."""

    ACTIVE = "active"
    DISBANDED = "disbanded"


class PointState(StrEnum):
    """Whether goods may be sent to a pickup point."""

    OPEN = "open"
    CLOSED = "closed"


APPLICATION_MOVES: dict[tuple[ApplicationState, str], ApplicationState] = {
    (ApplicationState.PENDING, "approve"): ApplicationState.APPROVED,
    (ApplicationState.PENDING, "reject"): ApplicationState.REJECTED,
    (ApplicationState.PENDING, "withdraw"): ApplicationState.WITHDRAWN,
}

LEADER_MOVES: dict[tuple[LeaderState, str], LeaderState] = {
    (LeaderState.ACTIVE, "suspend"): LeaderState.SUSPENDED,
    (LeaderState.SUSPENDED, "reinstate"): LeaderState.ACTIVE,
}


def only_move(moves: Mapping[tuple[State, str], State], action: str) -> tuple[State, State]:
    """Return from where to where an action leads that is possible in one state only."""
    [(before, after)] = [(here, there) for (here, name), there in moves.items() if name == action]
    return before, after


MICRO = 1_000_000
"""Micro-degrees in a degree: coordinates are integers, about 11 cm apart."""

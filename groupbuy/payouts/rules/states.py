"""Where payouts stand: batches, items, attempts, and what else is approved or compared."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from groupbuy.kernel.problems import NotInThisState

State = TypeVar("State", bound=StrEnum)


class AttemptState(StrEnum):
    """How one attempt to pay stands; UNKNOWN is resolved by asking, never by paying again."""

    CREATED = "created"
    SUBMITTED = "submitted"
    AWAITING_USER = "awaiting_user"
    TRANSFERRING = "transferring"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


_A = AttemptState
FINAL = (_A.SUCCEEDED, _A.FAILED, _A.CANCELLED)
"""No news changes these."""
UNPAID = (_A.FAILED, _A.CANCELLED)
"""The definite failures: the posting is reversed, and only now may a new number be tried."""
IN_FLIGHT = tuple(state for state in _A if state not in FINAL)

_NEWS: dict[AttemptState, tuple[AttemptState, ...]] = {
    _A.CREATED: (_A.UNKNOWN, _A.SUBMITTED, _A.AWAITING_USER, _A.TRANSFERRING, *FINAL),
    _A.UNKNOWN: (_A.SUBMITTED, _A.AWAITING_USER, _A.TRANSFERRING, *FINAL),
    _A.SUBMITTED: (_A.AWAITING_USER, _A.TRANSFERRING, *FINAL),
    _A.AWAITING_USER: (_A.TRANSFERRING, *FINAL),
    _A.TRANSFERRING: FINAL,
}

ATTEMPT_MOVES: dict[tuple[AttemptState, str], AttemptState] = {
    (before, after.value): after for before, news in _NEWS.items() for after in news
}
"""What a channel says moves an attempt forward only: whatever comes late is not in the table."""

ITEM_MOVES: dict[tuple[AttemptState, str], AttemptState] = {
    **ATTEMPT_MOVES,
    (_A.CREATED, "drop"): _A.CANCELLED,
    (_A.FAILED, "retry"): _A.CREATED,
    (_A.CANCELLED, "retry"): _A.CREATED,
}
"""An item stands where its latest attempt stands; beside that a person drops or retries it."""


class BatchState(StrEnum):
    """Where a batch stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    EXECUTING = "executing"
    DONE = "done"
    PARTLY_FAILED = "partly_failed"
    CANCELLED = "cancelled"


_B = BatchState
BATCH_MOVES: dict[tuple[BatchState, str], BatchState] = {
    (_B.DRAFT, "remove_item"): _B.DRAFT,
    (_B.DRAFT, "approve"): _B.APPROVED,
    (_B.DRAFT, "cancel"): _B.CANCELLED,
    (_B.APPROVED, "cancel"): _B.CANCELLED,
    (_B.APPROVED, "execute"): _B.EXECUTING,
    (_B.EXECUTING, "finish"): _B.DONE,
    (_B.EXECUTING, "finish_partly"): _B.PARTLY_FAILED,
    (_B.EXECUTING, "retry"): _B.EXECUTING,
    (_B.PARTLY_FAILED, "retry"): _B.EXECUTING,
}

PAYING = (_B.EXECUTING, _B.DONE, _B.PARTLY_FAILED)
"""The states in which a batch's items were, or are being, paid."""


class RegimeState(StrEnum):
    """Where a tax regime stands; an approved one never changes."""

    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


TAX_REGIME_MOVES: dict[tuple[RegimeState, str], RegimeState] = {
    (RegimeState.DRAFT, "approve"): RegimeState.APPROVED,
    (RegimeState.DRAFT, "withdraw"): RegimeState.WITHDRAWN,
}


class ReconciliationState(StrEnum):
    """Where a reconciliation stands: the channel's list is fetched by a job."""

    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"


RECONCILIATION_MOVES: dict[tuple[ReconciliationState, str], ReconciliationState] = {
    (ReconciliationState.REQUESTED, "finish"): ReconciliationState.DONE,
    (ReconciliationState.REQUESTED, "fail"): ReconciliationState.FAILED,
}


class DifferenceState(StrEnum):
    """Whether somebody has cleared a difference up."""

    OPEN = "open"
    RESOLVED = "resolved"


def move(moves: Mapping[tuple[State, str], State], state: State, action: str) -> State:
    """Return the state after an action.

    Raises:
        NotInThisState: the table has no such move.
    """
    if (state, action) not in moves:
        raise NotInThisState(state=state.value, action=action)
    return moves[state, action]


SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


def ask_again(*, since: datetime, now: datetime) -> datetime:
    """Return when to ask again how an attempt stands: after as long as it has lasted.

    The pause is its age, between a minute and an hour: WeChat keeps what waits for the leader's
    confirmation for a day, a bank's answer takes hours.
    """
    return now + min(max(now - since, SHORTEST_PAUSE), LONGEST_PAUSE)

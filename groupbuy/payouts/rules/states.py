"""Where payouts stand."""

from enum import StrEnum


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

"""States of campaigns and group buys, the allowed moves, and what a kind decides about."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class GroupBuyState(StrEnum):
    """Where a group buy stands: the campaign's words from `scheduled` on."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class UnclaimedRule(StrEnum):
    """What becomes of goods of a campaign that nobody fetched."""

    REFUND = "refund"
    KEEP = "keep"


CAMPAIGN_MOVES: dict[tuple[CampaignState, str], CampaignState] = {
    (CampaignState.DRAFT, "schedule"): CampaignState.SCHEDULED,
    (CampaignState.SCHEDULED, "unschedule"): CampaignState.DRAFT,
    (CampaignState.DRAFT, "cancel"): CampaignState.CANCELLED,
    (CampaignState.SCHEDULED, "open"): CampaignState.OPEN,
    (CampaignState.OPEN, "close"): CampaignState.CLOSED,
    (CampaignState.CLOSED, "succeed"): CampaignState.SUCCEEDED,
    (CampaignState.CLOSED, "fail"): CampaignState.FAILED,
    (CampaignState.SUCCEEDED, "fulfil"): CampaignState.FULFILLED,
}

GROUP_BUY_MOVES: dict[tuple[GroupBuyState, str], GroupBuyState] = {
    (GroupBuyState.SCHEDULED, "cancel"): GroupBuyState.CANCELLED,
    (GroupBuyState.SCHEDULED, "open"): GroupBuyState.OPEN,
    (GroupBuyState.OPEN, "close"): GroupBuyState.CLOSED,
    (GroupBuyState.CLOSED, "succeed"): GroupBuyState.SUCCEEDED,
    (GroupBuyState.CLOSED, "fail"): GroupBuyState.FAILED,
    (GroupBuyState.SUCCEEDED, "fulfil"): GroupBuyState.FULFILLED,
}

ON_OFFER = (CampaignState.SCHEDULED, CampaignState.OPEN)
"""States that the clock moves on from; which of them holds is a question of the instant."""

ENDED = (CampaignState.SUCCEEDED, CampaignState.FAILED, CampaignState.FULFILLED)
"""States in which nothing more is sold."""


def state_at(state: str, opens_at: datetime, closes_at: datetime, now: datetime) -> str:
    """Return a campaign's or group buy's state at an instant, however late the tick is.

    It is open in [opens_at, closes_at), to the instant, once it is scheduled.
    """
    if state not in ON_OFFER or now < opens_at:
        return state
    return CampaignState.OPEN if now < closes_at else CampaignState.CLOSED


@dataclass(frozen=True, slots=True)
class GroupBuyFacts:
    """What a kind may look at when it decides about one group buy at closing."""

    group_buy_id: str


def check_times(
    opens_at: datetime,
    closes_at: datetime,
    pickup_from: datetime | None,
    pickup_until: datetime | None,
) -> None:
    """Refuse times that are in the wrong order; the pickup window is given whole or not at all.

    Raises:
        InvalidInput: at `/closes_at` or `/pickup_until`.
    """
    if opens_at >= closes_at:
        raise InvalidInput.at(
            "/closes_at", Text("须晚于开始时间。", "It must be later than opens_at.")
        )
    if pickup_from is None and pickup_until is None:
        return
    if pickup_from is None or pickup_until is None or pickup_from >= pickup_until:
        raise InvalidInput.at(
            "/pickup_until",
            Text(
                "自提起止时间须同时填写，且止晚于起。",
                "pickup_from and pickup_until come together, the first before the second.",
            ),
        )


SHARE_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
SHARE_CODE_LENGTH = 10


def new_share_code() -> str:
    """Return a random share code that can be read aloud and put in a URL (49 bits).

    A WeChat mini-program code carries at most 32 characters (docs/domain.md).
    """
    return "".join(secrets.choice(SHARE_CODE_LETTERS) for _ in range(SHARE_CODE_LENGTH))


def campaign_succeeded(group_buys: Iterable[bool]) -> bool:
    """Tell whether a campaign succeeded: unless each of its group buys failed."""
    outcomes = list(group_buys)
    return any(outcomes) or not outcomes

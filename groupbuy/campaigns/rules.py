"""States of campaigns and group buys, the allowed moves, and what a kind decides about."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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


CAMPAIGN_MOVES: dict[tuple[CampaignState, str], CampaignState] = {
    (CampaignState.DRAFT, "schedule"): CampaignState.SCHEDULED,
    (CampaignState.SCHEDULED, "unschedule"): CampaignState.DRAFT,
    (CampaignState.DRAFT, "cancel"): CampaignState.CANCELLED,
    (CampaignState.SCHEDULED, "open"): CampaignState.OPEN,
    (CampaignState.OPEN, "close"): CampaignState.CLOSED,
    (CampaignState.CLOSED, "succeed"): CampaignState.SUCCEEDED,
    (CampaignState.CLOSED, "fail"): CampaignState.FAILED,
}

GROUP_BUY_MOVES: dict[tuple[GroupBuyState, str], GroupBuyState] = {
    (GroupBuyState.SCHEDULED, "cancel"): GroupBuyState.CANCELLED,
    (GroupBuyState.SCHEDULED, "open"): GroupBuyState.OPEN,
    (GroupBuyState.OPEN, "close"): GroupBuyState.CLOSED,
    (GroupBuyState.CLOSED, "succeed"): GroupBuyState.SUCCEEDED,
    (GroupBuyState.CLOSED, "fail"): GroupBuyState.FAILED,
}

ON_OFFER = (CampaignState.SCHEDULED, CampaignState.OPEN)
"""States in which leaders may host; whether shoppers may order is a question of the instant."""


@dataclass(frozen=True, slots=True)
class GroupBuyFacts:
    """What a kind may look at when it decides about one group buy at closing."""

    group_buy_id: str


SHARE_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
SHARE_CODE_LENGTH = 10


def new_share_code() -> str:
    """Return a random share code that can be read aloud and put in a URL (49 bits).

    A WeChat mini-program code carries at most 32 characters (domain.md 1.10).
    """
    return "".join(secrets.choice(SHARE_CODE_LETTERS) for _ in range(SHARE_CODE_LENGTH))


def campaign_succeeded(group_buys: Iterable[bool]) -> bool:
    """Tell whether a campaign succeeded: unless each of its group buys failed."""
    outcomes = list(group_buys)
    return any(outcomes) or not outcomes

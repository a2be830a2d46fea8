"""States of campaigns and group buys, the allowed moves, price ladders, what a kind decides on."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

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
    (CampaignState.OPEN, "cancel"): CampaignState.CANCELLED,
    (CampaignState.OPEN, "close"): CampaignState.CLOSED,
    (CampaignState.CLOSED, "extend"): CampaignState.OPEN,
    (CampaignState.CLOSED, "succeed"): CampaignState.SUCCEEDED,
    (CampaignState.CLOSED, "fail"): CampaignState.FAILED,
    (CampaignState.SUCCEEDED, "fulfil"): CampaignState.FULFILLED,
}

GROUP_BUY_MOVES: dict[tuple[GroupBuyState, str], GroupBuyState] = {
    (GroupBuyState.SCHEDULED, "cancel"): GroupBuyState.CANCELLED,
    (GroupBuyState.SCHEDULED, "open"): GroupBuyState.OPEN,
    (GroupBuyState.OPEN, "cancel"): GroupBuyState.CANCELLED,
    (GroupBuyState.OPEN, "close"): GroupBuyState.CLOSED,
    (GroupBuyState.CLOSED, "extend"): GroupBuyState.OPEN,
    (GroupBuyState.CLOSED, "succeed"): GroupBuyState.SUCCEEDED,
    (GroupBuyState.CLOSED, "fail"): GroupBuyState.FAILED,
    (GroupBuyState.SUCCEEDED, "fulfil"): GroupBuyState.FULFILLED,
}

ON_OFFER = (CampaignState.SCHEDULED, CampaignState.OPEN)
"""States that the clock moves on from; which of them holds is a question of the instant."""

ENDED = (
    CampaignState.SUCCEEDED,
    CampaignState.FAILED,
    CampaignState.FULFILLED,
    CampaignState.CANCELLED,
)
"""States in which nothing more is sold."""

CHANGEABLE_LATER = {"title", "description", "closes_at", "pickup_from", "pickup_until"}
"""What may be changed about a campaign that is announced or open; it can only close later."""

UNDECIDED = (GroupBuyState.SCHEDULED, GroupBuyState.OPEN, GroupBuyState.CLOSED)
"""States of a group buy whose outcome is not known yet."""

MADE_IT = (GroupBuyState.SUCCEEDED, GroupBuyState.FULFILLED)
"""States of a group buy whose orders are carried out."""

CALLED_OFF = (GroupBuyState.FAILED, GroupBuyState.CANCELLED)
"""States of a group buy whose orders are given back."""


def state_at(state: str, opens_at: datetime, ends_at: datetime, now: datetime) -> str:
    """Return a campaign's or group buy's state at an instant, however late the tick is.

    It is open in [opens_at, ends_at), to the instant, once it is scheduled; it ends when it
    closes, or when its extension does.
    """
    if state not in ON_OFFER or now < opens_at:
        return state
    return CampaignState.OPEN if now < ends_at else CampaignState.CLOSED


@dataclass(frozen=True, slots=True)
class GroupBuyFacts:
    """What was sold in one group buy: paid for, not cancelled, not given back.

    Participants are distinct shoppers who keep at least one unit; units by campaign item.
    """

    group_buy_id: str
    participants: int = 0
    units: int = 0
    units_by_item: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a group buy is on its way to its minimum."""

    measure: str
    minimum: int
    reached: int

    @property
    def missing(self) -> int:
        """Return how much is still missing."""
        return max(0, self.minimum - self.reached)


Step = Mapping[str, int]
"""A step of a price ladder: `from_units` sold in the group buy, each unit costs `price_fen`."""

MAX_STEPS = 20


def check_ladder(ladder: Sequence[Step], *, price_fen: int) -> Text | None:
    """Say what is wrong with a price ladder, None if nothing is; none at all is fine.

    The first step is the price at ordering; each further one needs more units and costs less.
    """
    if not ladder:
        return None
    if ladder[0]["from_units"] > 1 or ladder[0]["price_fen"] != price_fen:
        return Text(
            "第一级须从 0 或 1 件起，价格等于 price_fen。",
            "The first step begins at 0 or 1 units and costs price_fen.",
        )
    for lower, higher in pairwise(ladder):
        rises = higher["from_units"] > max(lower["from_units"], 1)
        if not rises or higher["price_fen"] >= lower["price_fen"]:
            return Text(
                "每一级须件数更多、价格更低。", "Each step needs more units and costs less."
            )
    return None


def price_at(ladder: Sequence[Step], units: int) -> int:
    """Return the price of the highest step that so many units reach; a ladder has one at least."""
    reached = [step for step in ladder if step["from_units"] <= units]
    return reached[-1]["price_fen"] if reached else ladder[0]["price_fen"]


def next_step(ladder: Sequence[Step], units: int) -> dict[str, int] | None:
    """Return the next step and the units that are missing to it, None on the last one."""
    for step in ladder[1:]:
        if step["from_units"] > units:
            return {**step, "units_missing": step["from_units"] - units}
    return None


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

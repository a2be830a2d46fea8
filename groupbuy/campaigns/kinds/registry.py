"""The kinds there are. A new one is its file, one line here, and its test."""

from collections.abc import Sequence
from typing import Protocol

from groupbuy.campaigns.kinds import community
from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.campaigns.rules import GroupBuyFacts


class Kind(Protocol):
    """What makes one kind of campaign differ from the others."""

    def validate(self, campaign: Campaign, items: Sequence[CampaignItem]) -> None:
        """Refuse, by a Problem, to schedule what does not fit the kind."""
        ...

    def outcome(self, group_buy: GroupBuyFacts) -> bool:
        """Tell whether a group buy that has closed succeeded."""
        ...


KINDS: dict[str, Kind] = {
    "community": community,
}

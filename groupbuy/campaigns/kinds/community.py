"""`community`: the ordinary sale in leaders' groups; it always succeeds at closing."""

from collections.abc import Sequence

from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.campaigns.rules import GroupBuyFacts


def validate(campaign: Campaign, items: Sequence[CampaignItem]) -> None:
    """Accept every campaign: nothing is asked beyond what all kinds need."""


def outcome(group_buy: GroupBuyFacts) -> bool:
    """Let every group buy succeed (docs/domain.md, "Campaigns")."""
    return True

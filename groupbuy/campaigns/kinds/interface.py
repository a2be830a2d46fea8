"""What a kind of campaign decides; a kind overrides what it does differently."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.campaigns.rules import GroupBuyFacts, Progress
from groupbuy.kernel.fields import Schema

Terms = Mapping[str, Any]


class NoTerms(Schema):
    """The terms of a kind that has none."""


class Kind:
    """What makes one kind of campaign differ from the others; by itself, nothing does."""

    name: str
    terms: type[Schema] = NoTerms
    """What a campaign of this kind says beyond the others; kept as the campaign's `terms`."""

    waits: bool = False
    """Whether paid orders wait until their group buy is decided."""

    def validate(self, campaign: Campaign, items: Sequence[CampaignItem]) -> None:
        """Refuse, by a Problem, to schedule what does not fit the kind."""

    def outcome(self, terms: Terms, facts: GroupBuyFacts) -> bool:
        """Tell whether a group buy that has closed succeeded."""
        return True

    def extension(self, terms: Terms) -> timedelta | None:
        """Return for how long group buys that missed are open once more, None for not at all."""
        return None

    def progress(self, terms: Terms, facts: GroupBuyFacts) -> Progress | None:
        """Return how far a group buy is on its way to success, None if there is no way to go."""
        return None

    def payable_for(self) -> timedelta | None:
        """Return for how long an unpaid order keeps its goods, None for as long as any order."""
        return None

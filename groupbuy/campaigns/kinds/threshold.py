"""`threshold`: each group buy needs a minimum of participants or of units, or it fails."""

from collections.abc import Sequence
from datetime import timedelta

from marshmallow import fields, validate

from groupbuy.campaigns.errors import CampaignNotReady
from groupbuy.campaigns.kinds.interface import Kind, Terms
from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.campaigns.rules import GroupBuyFacts, Progress
from groupbuy.kernel.fields import Count, Schema

PARTICIPANTS, UNITS = "participants", "units"
LONGEST_EXTENSION = 14 * 24


class ThresholdTerms(Schema):
    """What each group buy must reach by closing, and for how long it may go on if it misses."""

    measure = fields.String(required=True, validate=validate.OneOf([PARTICIPANTS, UNITS]))
    minimum = Count(required=True, minimum=1)
    extension_hours = Count(
        load_default=None, allow_none=True, minimum=1, maximum=LONGEST_EXTENSION
    )


class Threshold(Kind):
    """Paid orders wait until their group buy reached its minimum, or was missed for good."""

    name = "threshold"
    terms = ThresholdTerms
    waits = True

    def validate(self, campaign: Campaign, items: Sequence[CampaignItem]) -> None:
        """Refuse a minimum of units above all stock, and pickup before the outcome is known."""
        terms = campaign.terms
        latest = campaign.closes_at + (self.extension(terms) or timedelta(0))
        faults = []
        if terms["measure"] == UNITS and terms["minimum"] > sum(item.allotment for item in items):
            faults.append("minimum_above_stock")
        if campaign.pickup_from is not None and campaign.pickup_from < latest:
            faults.append("pickup_before_outcome")
        if faults:
            raise CampaignNotReady(faults=faults, sku_ids=[])

    def outcome(self, terms: Terms, facts: GroupBuyFacts) -> bool:
        """Let a group buy succeed that has its minimum."""
        return _reached(terms, facts) >= int(terms["minimum"])

    def extension(self, terms: Terms) -> timedelta | None:
        """Return the hours that the campaign sets, if it does."""
        hours = terms["extension_hours"]
        return None if hours is None else timedelta(hours=hours)

    def progress(self, terms: Terms, facts: GroupBuyFacts) -> Progress | None:
        """Return the minimum and how much of it is reached."""
        return Progress(terms["measure"], int(terms["minimum"]), _reached(terms, facts))


def _reached(terms: Terms, facts: GroupBuyFacts) -> int:
    return facts.participants if terms["measure"] == PARTICIPANTS else facts.units


KIND = Threshold()

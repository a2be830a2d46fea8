"""`flash`: a sale of an instant, with its own stock and a cap per shopper; it always succeeds."""

from collections.abc import Sequence
from datetime import timedelta

from groupbuy.campaigns.errors import CampaignNotReady
from groupbuy.campaigns.kinds.interface import Kind
from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.kernel.settings import settings


class Flash(Kind):
    """Each item has a cap per shopper, and unpaid goods are soon free again."""

    name = "flash"

    def validate(self, campaign: Campaign, items: Sequence[CampaignItem]) -> None:
        """Refuse items without a cap per shopper."""
        uncapped = [item.sku_id for item in items if item.limit_per_shopper is None]
        if uncapped:
            raise CampaignNotReady(faults=["limit_needed"], sku_ids=uncapped)

    def payable_for(self) -> timedelta | None:
        """Keep goods for as long as FLASH_EXPIRY_MINUTES says."""
        return timedelta(minutes=settings().flash_expiry_minutes)


KIND = Flash()

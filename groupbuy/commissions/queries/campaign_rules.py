"""Reads of campaigns' rules."""

from sqlalchemy import select

from groupbuy.commissions.models import CampaignRule, VersionState
from groupbuy.commissions.rules.terms import PublishedRule
from groupbuy.kernel.db import session


def published_rules(campaign_id: str) -> list[PublishedRule]:
    """Return the rules that were ever published for a campaign."""
    query = select(CampaignRule).where(
        CampaignRule.campaign_id == campaign_id, CampaignRule.state == VersionState.PUBLISHED
    )
    return [
        PublishedRule(row.sku_id, row.published_at, row.rule)
        for row in session().scalars(query)
        if row.published_at is not None
    ]

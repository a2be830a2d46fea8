"""Reads of campaigns' rules."""

from datetime import datetime

from sqlalchemy import select

from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.commissions.models import CampaignRule, PlanVersion, VersionState
from groupbuy.commissions.queries.assignments import versions_held
from groupbuy.commissions.rules.publication import Multiplied
from groupbuy.commissions.rules.terms import (
    PublishedRule,
)
from groupbuy.kernel.db import session
from groupbuy.kernel.money import BPS
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound


def campaign_rule(rule_id: str, *, locked: bool = False) -> CampaignRule:
    """Return a campaign's rule, or raise NotFound."""
    query = select(CampaignRule).where(CampaignRule.id == rule_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def campaign_rule_list(
    *, limit: int, cursor: str | None, campaign_id: str | None = None, state: str | None = None
) -> Page[CampaignRule]:
    """Return campaigns' rules, the newest first."""
    query = select(CampaignRule)
    if campaign_id is not None:
        query = query.where(CampaignRule.campaign_id == campaign_id)
    if state is not None:
        query = query.where(CampaignRule.state == state)
    return paginate(query, by=[CampaignRule.id], limit=limit, cursor=cursor, descending=True)


def published_rules(campaign_id: str) -> list[PublishedRule]:
    """Return the rules that were ever published for a campaign, in order of publication."""
    query = select(CampaignRule).where(
        CampaignRule.campaign_id == campaign_id, CampaignRule.state == VersionState.PUBLISHED
    )
    return [
        PublishedRule(row.sku_id, row.published_at, row.rule)
        for row in session().scalars(query.order_by(CampaignRule.published_at, CampaignRule.id))
        if row.published_at is not None
    ]


def campaign_known(campaign_id: str) -> bool:
    """Tell whether there is such a campaign."""
    return session().scalar(select(Campaign.id).where(Campaign.id == campaign_id)) is not None


def offered_in(campaign_id: str, sku_id: str | None) -> bool:
    """Tell whether a campaign offers a SKU; None is all that it offers."""
    query = select(CampaignItem.id).where(
        CampaignItem.campaign_id == campaign_id, CampaignItem.sku_id == sku_id
    )
    return sku_id is None or session().scalar(query) is not None


def campaign_rates(now: datetime) -> list[int]:
    """Return the rates of the published rules of campaigns that have not closed."""
    query = (
        select(CampaignRule.rate_bps)
        .join(Campaign, Campaign.id == CampaignRule.campaign_id)
        .where(
            CampaignRule.state == VersionState.PUBLISHED,
            CampaignRule.rate_bps.is_not(None),
            Campaign.closes_at > now,
        )
    )
    return [rate for rate in session().scalars(query.distinct()) if rate is not None]


def multiplied(now: datetime) -> list[Multiplied]:
    """Return what the plan versions that pay now or will make of a rate."""
    query = select(PlanVersion).where(PlanVersion.id.in_(versions_held(now)))
    return [
        Multiplied(max([BPS, *row.level_multipliers.values()]), row.extras.override)
        for row in session().scalars(query)
    ]

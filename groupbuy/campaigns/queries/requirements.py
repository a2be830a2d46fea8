"""What leaders must be qualified in to host a campaign."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import CTE, exists, or_, select, union

from groupbuy.campaigns.models import Campaign, CampaignItem, HostingRequirement
from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate


def asked_of_hosts(campaign_ids: Collection[str]) -> dict[str, set[str]]:
    """Return the codes of what each campaign asks of its hosts, in one statement.

    Its own requirement, those of all campaigns, and those of the categories of its goods with
    the categories above them. Campaigns that ask for nothing do not occur.
    """
    above = _categories(campaign_ids)
    concerned = or_(
        HostingRequirement.category_id.is_(None),
        exists().where(
            above.c.campaign_id == Campaign.id,
            above.c.category_id == HostingRequirement.category_id,
        ),
    )
    own = select(Campaign.id, Campaign.required_qualification).where(
        Campaign.id.in_(campaign_ids), Campaign.required_qualification.is_not(None)
    )
    general = (
        select(Campaign.id, HostingRequirement.code)
        .join(HostingRequirement, concerned)
        .where(Campaign.id.in_(campaign_ids))
    )
    asked: dict[str, set[str]] = defaultdict(set)
    campaign_id: str
    code: str
    for campaign_id, code in session().execute(union(own, general)):
        asked[campaign_id].add(code)
    return dict(asked)


def requirement_list(*, limit: int, cursor: str | None) -> Page[HostingRequirement]:
    """Return what hosting asks for, the oldest first."""
    by = [HostingRequirement.id]
    return paginate(select(HostingRequirement), by=by, limit=limit, cursor=cursor)


def _categories(campaign_ids: Collection[str]) -> CTE:
    """Return the categories of campaigns' goods, and all above them."""
    begin = (
        select(CampaignItem.campaign_id, Category.id.label("category_id"), Category.parent_id)
        .join(Sku, Sku.id == CampaignItem.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Category, Category.id == Product.category_id)
        .where(CampaignItem.campaign_id.in_(campaign_ids))
        .cte("above", recursive=True)
    )
    above = select(begin.c.campaign_id, Category.id, Category.parent_id).join(
        begin, Category.id == begin.c.parent_id
    )
    return begin.union(above)

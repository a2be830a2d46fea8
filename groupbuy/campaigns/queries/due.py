"""What the sweeps of campaigns and orders find to do."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from groupbuy.campaigns.models import Campaign, CampaignItem, GroupBuy
from groupbuy.campaigns.rules import ENDED, CampaignState, GroupBuyState
from groupbuy.inventory.models import StockPool
from groupbuy.kernel.db import session


def due_campaign_ids(*, now: datetime) -> list[str]:
    """Return the campaigns whose opening or closing has come, in id order."""
    return list(session().scalars(select(Campaign.id).where(is_due(now)).order_by(Campaign.id)))


def is_due(now: datetime) -> ColumnElement[bool]:
    """Select campaigns whose opening or closing has come."""
    return or_(
        and_(Campaign.state == CampaignState.SCHEDULED, Campaign.opens_at <= now),
        and_(
            Campaign.state == CampaignState.OPEN,
            func.coalesce(Campaign.extended_until, Campaign.closes_at) <= now,
        ),
    )


def unsettled_campaign_ids() -> list[str]:
    """Return the campaigns of which a group buy is decided and orders may not be settled yet."""
    decided = or_(Campaign.state.in_(ENDED), Campaign.extended_until.is_not(None))
    query = select(Campaign.id).where(Campaign.settled_at.is_(None), decided)
    return list(session().scalars(query.order_by(Campaign.id)))


def open_group_buy_ids(campaign_id: str) -> list[str]:
    """Return a campaign's group buys that are open by their state, in id order."""
    query = select(GroupBuy.id).where(
        GroupBuy.campaign_id == campaign_id, GroupBuy.state == GroupBuyState.OPEN
    )
    return list(session().scalars(query.order_by(GroupBuy.id)))


def counted_group_buy_ids() -> list[str]:
    """Return the open group buys of which it is counted what they sell, in id order."""
    query = (
        select(GroupBuy.id)
        .join(Campaign, Campaign.id == GroupBuy.campaign_id)
        .where(
            Campaign.state == CampaignState.OPEN,
            Campaign.counted,
            GroupBuy.state == GroupBuyState.OPEN,
        )
    )
    return list(session().scalars(query.order_by(GroupBuy.id)))


def item_ids_with_leftovers() -> list[str]:
    """Return the items of ended campaigns into whose pools something came back, in SKU order."""
    query = (
        select(CampaignItem.id)
        .join(Campaign, Campaign.id == CampaignItem.campaign_id)
        .join(StockPool, StockPool.id == CampaignItem.pool_id)
        .where(Campaign.state.in_(ENDED), StockPool.on_hand > StockPool.reserved)
        .order_by(CampaignItem.sku_id, CampaignItem.id)
    )
    return list(session().scalars(query))

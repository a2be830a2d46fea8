"""What the database says, whatever the session remembers."""

from sqlalchemy import select

from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.catalogue.models import Sku
from groupbuy.inventory.models import HOUSE, StockPool
from groupbuy.kernel.db import session


def available(sku: Sku, owner: str = HOUSE) -> int:
    """Return what an owner has available of a SKU."""
    query = select(StockPool).where(StockPool.sku_id == sku.id, StockPool.owner == owner)
    pool = session().scalars(query, execution_options={"populate_existing": True}).one()
    return pool.available


def states(campaign: Campaign) -> list[str]:
    """Return the campaign's state, then its group buys', as the database has them."""
    group_buys = select(GroupBuy.state).where(GroupBuy.campaign_id == campaign.id)
    own = session().scalars(select(Campaign.state).where(Campaign.id == campaign.id)).one()
    return [own, *session().scalars(group_buys.order_by(GroupBuy.id))]

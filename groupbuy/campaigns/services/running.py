"""What headquarters does to a campaign that is announced or open: more stock, or calling it off."""

from datetime import datetime

from sqlalchemy import select

from groupbuy.campaigns.errors import SomeDecided
from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.campaigns.rules import ON_OFFER, CampaignState, GroupBuyState
from groupbuy.campaigns.services.closing import open_due, return_unsold
from groupbuy.campaigns.services.moving import locked, move, move_group_buys
from groupbuy.inventory import services as inventory
from groupbuy.inventory.services import Allotment
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState
from groupbuy.kernel.texts import Text


def raise_allotment(
    *, campaign_id: str, sku_id: str, units: int, actor: Actor, now: datetime
) -> Campaign:
    """Take more of a SKU from the house for a campaign that is announced or open.

    Raises:
        NotFound: there is no such campaign, or it does not have the SKU.
        NotInThisState: it is a draft, or over.
        NotEnoughStock: the house has less.
    """
    campaign = locked(campaign_id)
    if campaign.state not in ON_OFFER or campaign.ends_at <= now:
        raise NotInThisState(state=campaign.state_at(now), action="allot")
    item = session().scalar(
        select(CampaignItem).where(
            CampaignItem.campaign_id == campaign_id, CampaignItem.sku_id == sku_id
        )
    )
    if item is None:
        raise NotFound
    inventory.allot_all(allotments=[Allotment(sku_id, item.id, units)], actor=actor, now=now)
    item.allotment += units
    audit.record(
        actor=actor, action="campaign.allot", subject=campaign.id, now=now, sku=sku_id, units=units
    )
    session().flush()
    return campaign


def cancel(*, campaign_id: str, reason: str = "", actor: Actor, now: datetime) -> Campaign:
    """Give a draft up, or call an open campaign off, and with it its group buys.

    The orders of an open one are cancelled and refunded by a sweep, unless they are shipped.

    Raises:
        NotInThisState: it is neither a draft nor open.
        InvalidInput: an open one needs a reason.
        SomeDecided: it is extended, and some of its group buys may have succeeded.
    """
    campaign = locked(campaign_id)
    open_due(campaign=campaign, now=now)
    if campaign.extended_until is not None and campaign.state == CampaignState.OPEN:
        raise SomeDecided
    running = campaign.state == CampaignState.OPEN
    if running and not reason:
        raise InvalidInput.at("/reason", Text("请填写取消原因。", "Say why it is called off."))
    move(campaign=campaign, action="cancel", actor=actor, now=now, reason=reason)
    for before in (GroupBuyState.SCHEDULED, GroupBuyState.OPEN):
        move_group_buys(campaign=campaign, before=before, action="cancel", actor=actor, now=now)
    campaign.cancel_reason = reason
    if running:
        campaign.closed_at = now
        session().flush()
        return_unsold(campaign_id=campaign_id, actor=actor, now=now)
    session().flush()
    return campaign

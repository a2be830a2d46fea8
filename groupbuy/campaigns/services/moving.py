"""Moving campaigns and group buys from state to state: by the tables, and noted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.campaigns.rules import CAMPAIGN_MOVES, GROUP_BUY_MOVES, CampaignState, GroupBuyState
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState


def locked(campaign_id: str, *, against_orders: bool = False) -> Campaign:
    """Return a campaign, locked for the rest of the transaction, as it is now.

    Orders may be placed in it meanwhile: they hold stock by then, which may be wanted next. With
    `against_orders` they wait, and those that are being written are waited for; for whoever locks
    nothing more.
    """
    lock = select(Campaign).where(Campaign.id == campaign_id)
    query = lock.with_for_update(key_share=not against_orders)
    campaign = session().scalar(query, execution_options={"populate_existing": True})
    if campaign is None:
        raise NotFound
    return campaign


def move(*, campaign: Campaign, action: str, actor: Actor, now: datetime, **facts: Any) -> None:
    """Move a locked campaign by the table, and note who did it when.

    Raises:
        NotInThisState: the table does not allow it.
    """
    before = CampaignState(campaign.state)
    after = CAMPAIGN_MOVES.get((before, action))
    if after is None:
        raise NotInThisState(state=campaign.state_at(now), action=action)
    campaign.state = after
    audit.record(
        actor=actor,
        action=f"campaign.{action}",
        subject=campaign.id,
        now=now,
        before=before,
        after=after,
        **facts,
    )


def move_group_buys(
    *,
    campaign: Campaign,
    before: GroupBuyState,
    action: str,
    actor: Actor,
    now: datetime,
    only: Collection[str] | None = None,
    **facts: Any,
) -> list[str]:
    """Move a campaign's group buys (or only some) by the table; return the ids of the moved.

    `facts` are further columns to set.
    """
    after = GROUP_BUY_MOVES[before, action]
    moving = update(GroupBuy).where(GroupBuy.campaign_id == campaign.id, GroupBuy.state == before)
    if only is not None:
        moving = moving.where(GroupBuy.id.in_(only))
    moved = sorted(session().scalars(moving.values(state=after, **facts).returning(GroupBuy.id)))
    for group_buy_id in moved:
        audit.record(
            actor=actor,
            action=f"group_buy.{action}",
            subject=group_buy_id,
            now=now,
            before=before,
            after=after,
        )
    return moved

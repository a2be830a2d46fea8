"""How far group buys have come: towards their minimum, and down their price ladders."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.models import Campaign, CampaignItem, GroupBuy, GroupBuyItem
from groupbuy.campaigns.rules import GroupBuyFacts, Progress, next_step, price_at
from groupbuy.kernel.db import session


def orders_wait(kind: str) -> bool:
    """Tell whether orders that are paid in campaigns of a kind wait for the outcome."""
    return KINDS[kind].waits


def progress_of(group_buy: GroupBuy, campaign: Campaign) -> Progress | None:
    """Return how far a group buy is on its way to its minimum, None if it has none."""
    facts = GroupBuyFacts(
        group_buy_id=group_buy.id, participants=group_buy.participants, units=group_buy.units
    )
    return KINDS[campaign.kind].progress(campaign.terms, facts)


def ladders_of(
    group_buys: Sequence[GroupBuy], items: Iterable[CampaignItem]
) -> dict[tuple[str, str], GroupBuyItem]:
    """Return what is known of items with ladders, by (group buy, item), in one statement.

    In none if no item has a ladder.
    """
    if not any(item.ladder for item in items):
        return {}
    query = select(GroupBuyItem).where(GroupBuyItem.group_buy_id.in_([g.id for g in group_buys]))
    rows = session().scalars(query, execution_options={"populate_existing": True})
    return {(row.group_buy_id, row.campaign_item_id): row for row in rows}


def with_ladder(entry: dict[str, Any], sold: GroupBuyItem | None) -> dict[str, Any]:
    """Return an item with where it stands on its ladder, None without one."""
    steps = entry["item"].ladder
    if not steps:
        return entry | {"ladder": None}
    units = sold.units if sold else 0
    return entry | {
        "ladder": {
            "steps": steps,
            "units": units,
            "price_fen": price_at(steps, units),
            "next": next_step(steps, units),
            "final_price_fen": sold.final_price_fen if sold else None,
        }
    }

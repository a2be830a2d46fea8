"""What was sold in group buys: pushed by whoever knows the orders, kept to be shown and decided."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.campaigns.models import CampaignItem, GroupBuy, GroupBuyItem
from groupbuy.campaigns.rules import GroupBuyFacts, Step, price_at
from groupbuy.kernel.db import session


def hold_group_buys(*, group_buy_ids: Sequence[str]) -> dict[str, str]:
    """Lock group buys against being decided and counted by others; return their states by id.

    Orders may still be placed in them. After the order itself, before any stock.
    """
    rows = session().execute(
        select(GroupBuy.id, GroupBuy.state)
        .where(GroupBuy.id.in_(group_buy_ids))
        .order_by(GroupBuy.id)
        .with_for_update(key_share=True)
    )
    return {group_buy_id: state for group_buy_id, state in rows}


def record_counts(*, facts: Sequence[GroupBuyFacts], final: bool = False) -> None:
    """Keep what was sold in some group buys, in all and of each item that has a price ladder.

    Whoever counts while a group buy is open holds it first, so that counts follow each other.
    `final` fixes what each item with a ladder costs.
    """
    if not facts:
        return
    facts = sorted(facts, key=lambda fact: fact.group_buy_id)
    counts = [
        {"id": fact.group_buy_id, "participants": fact.participants, "units": fact.units}
        for fact in facts
    ]
    session().execute(update(GroupBuy), counts)
    ladders = _ladders([fact.group_buy_id for fact in facts])
    rows = [
        {
            "group_buy_id": fact.group_buy_id,
            "campaign_item_id": item_id,
            "units": units,
            "final_price_fen": price_at(ladder, units) if final else None,
        }
        for fact in facts
        for item_id, ladder in ladders[fact.group_buy_id]
        for units in [fact.units_by_item.get(item_id, 0)]
    ]
    if rows:
        session().execute(_UPSERT, rows)


_NEW = insert(GroupBuyItem)
_UPSERT = _NEW.on_conflict_do_update(
    index_elements=["group_buy_id", "campaign_item_id"],
    set_={"units": _NEW.excluded.units, "final_price_fen": _NEW.excluded.final_price_fen},
)


def _ladders(group_buy_ids: Sequence[str]) -> dict[str, list[tuple[str, list[Step]]]]:
    """Return each group buy's items that have a price ladder."""
    found: dict[str, list[tuple[str, list[Step]]]] = {i: [] for i in group_buy_ids}
    rows = session().execute(
        select(GroupBuy.id, CampaignItem.id, CampaignItem.ladder)
        .join(CampaignItem, CampaignItem.campaign_id == GroupBuy.campaign_id)
        .where(GroupBuy.id.in_(group_buy_ids), func.jsonb_array_length(CampaignItem.ladder) > 0)
        .order_by(GroupBuy.id, CampaignItem.id)
    )
    for group_buy_id, item_id, ladder in rows:
        found[group_buy_id].append((item_id, ladder))
    return found

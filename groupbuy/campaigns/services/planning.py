"""Planning campaigns and moving them on at their instants."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm.attributes import flag_modified

from groupbuy.campaigns import queries
from groupbuy.campaigns.errors import CampaignNotReady
from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.models import Campaign, CampaignItem, GroupBuy
from groupbuy.campaigns.rules import (
    CAMPAIGN_MOVES,
    GROUP_BUY_MOVES,
    CampaignState,
    GroupBuyFacts,
    GroupBuyState,
    UnclaimedRule,
    campaign_succeeded,
    check_times,
)
from groupbuy.catalogue import queries as catalogue
from groupbuy.inventory import services as inventory
from groupbuy.inventory.services import Allotment
from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import (
    InvalidInput,
    NotFound,
    NotInThisState,
    StaleVersion,
)
from groupbuy.kernel.texts import Text


def create(
    *,
    kind: str,
    title: str,
    description: str = "",
    opens_at: datetime,
    closes_at: datetime,
    pickup_from: datetime | None = None,
    pickup_until: datetime | None = None,
    one_parcel: bool = False,
    unclaimed_rule: str = UnclaimedRule.KEEP,
    keep_days: int = 7,
    items: Sequence[Mapping[str, Any]] = (),
    actor: Actor,
    now: datetime,
) -> Campaign:
    """Draft a campaign.

    Args:
        items: `sku_id`, `price_fen`, `allotment` (units), and if need be `limit_per_shopper`
            and `earns_commission`.

    Raises:
        InvalidInput: the times are in the wrong order, an item names a SKU that does not exist
            or that another item names too, or there is no such kind.
    """
    if kind not in KINDS:
        raise InvalidInput.at("/kind", Text("没有这种活动。", "There is no such kind."))
    campaign = Campaign(
        kind=kind,
        title=title,
        description=description,
        opens_at=opens_at,
        closes_at=closes_at,
        pickup_from=pickup_from,
        pickup_until=pickup_until,
        one_parcel=one_parcel,
        unclaimed_rule=unclaimed_rule,
        keep_days=keep_days,
    )
    check_times(campaign.opens_at, campaign.closes_at, campaign.pickup_from, campaign.pickup_until)
    session().add(campaign)
    session().flush()
    _replace_items(campaign.id, items)
    audit.record(actor=actor, action="campaign.create", subject=campaign.id, now=now, kind=kind)
    return campaign


def edit(
    *, campaign_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Campaign:
    """Change a draft; `items`, when given, replaces the whole list.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it is not a draft.
        InvalidInput: as for `create`.
    """
    campaign = _locked(campaign_id)
    if campaign.version != if_match:
        raise StaleVersion
    if campaign.state != CampaignState.DRAFT:
        raise NotInThisState(state=campaign.state, action="edit")
    changed = sorted(changes)
    items = changes.pop("items", None)
    for field, value in changes.items():
        setattr(campaign, field, value)
    check_times(campaign.opens_at, campaign.closes_at, campaign.pickup_from, campaign.pickup_until)
    flag_modified(campaign, "title")  # items alone make a new version too
    session().flush()
    if items is not None:
        _replace_items(campaign.id, items)
    audit.record(actor=actor, action="campaign.edit", subject=campaign.id, now=now, changed=changed)
    return campaign


def schedule(*, campaign_id: str, actor: Actor, now: datetime) -> Campaign:
    """Announce a draft, and take its items' stock from the house.

    Raises:
        NotInThisState: it is not a draft.
        CampaignNotReady: no items, it would open in the past, or a SKU is not for sale.
        NotEnoughStock: the house has less of a SKU than its allotment.
    """
    campaign = _locked(campaign_id)
    _move(campaign, "schedule", actor=actor, now=now)
    items = queries.items_of(campaign.id)
    _check_ready(campaign, items, now)
    allotments = [Allotment(item.sku_id, item.id, item.allotment) for item in items]
    pools = inventory.allot_all(allotments=allotments, actor=actor, now=now)
    for item in items:
        item.pool_id = pools[item.id]
    campaign.scheduled_at = now
    session().flush()
    return campaign


def unschedule(*, campaign_id: str, if_match: int, actor: Actor, now: datetime) -> Campaign:
    """Turn a campaign that has not opened back into a draft, and give its stock back.

    Its group buys wait with it: they take orders once it is scheduled again and opens.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it is not scheduled, or its opening has come.
    """
    campaign = _locked(campaign_id)
    if campaign.version != if_match:
        raise StaleVersion
    if campaign.state_at(now) != campaign.state:
        raise NotInThisState(state=campaign.state_at(now), action="unschedule")
    _move(campaign, "unschedule", actor=actor, now=now)
    items = queries.items_of(campaign.id)
    _return_stock(items, actor, now)
    for item in items:
        item.pool_id = None
    campaign.scheduled_at = None
    session().flush()
    return campaign


def cancel(*, campaign_id: str, actor: Actor, now: datetime) -> Campaign:
    """Give a draft up, and with it the group buys that waited for it.

    Raises:
        NotInThisState: it is not a draft.
    """
    campaign = _locked(campaign_id)
    _move(campaign, "cancel", actor=actor, now=now)
    _move_group_buys(campaign, GroupBuyState.SCHEDULED, "cancel", actor=actor, now=now)
    session().flush()
    return campaign


def close(*, campaign_id: str, actor: Actor, now: datetime) -> Campaign:
    """Close an open campaign before its time.

    Raises:
        NotInThisState: it is not open.
    """
    campaign = _locked(campaign_id)
    if campaign.state == CampaignState.SCHEDULED and campaign.opens_at <= now:
        _open(campaign, now)
    _close(campaign, actor, now)
    return campaign


def advance(*, now: datetime) -> int:
    """Open and close every campaign whose instant has come; return how many moved."""
    return sum(advance_one(campaign_id=i, now=now) for i in queries.due_campaign_ids(now=now))


def advance_one(*, campaign_id: str, now: datetime) -> bool:
    """Open or close a campaign if its instant has come; tell whether it moved.

    A campaign that somebody else is moving right now is left to them.
    """
    due = (
        select(Campaign)
        .where(Campaign.id == campaign_id, queries.is_due(now))
        .with_for_update(skip_locked=True)
    )
    campaign = session().scalar(due, execution_options={"populate_existing": True})
    if campaign is None:
        return False
    if campaign.state == CampaignState.SCHEDULED:
        _open(campaign, now)
    if campaign.closes_at <= now:
        _close(campaign, SYSTEM, now)
    return True


def fulfil(*, campaign_id: str, now: datetime) -> None:
    """Record that the last order of a campaign that succeeded is completed or cancelled.

    Raises:
        NotInThisState: it did not succeed, or is fulfilled already.
    """
    campaign = _locked(campaign_id)
    _move(campaign, "fulfil", actor=SYSTEM, now=now)
    _move_group_buys(campaign, GroupBuyState.SUCCEEDED, "fulfil", actor=SYSTEM, now=now)
    session().flush()


def return_leftovers(*, now: datetime) -> int:
    """Give the house what came back into ended campaigns' pools; return the units.

    Orders that were unpaid at closing, or are cancelled after it, bring stock back late.
    """
    owners = queries.item_ids_with_leftovers()
    return inventory.return_allotments(owners=owners, actor=SYSTEM, now=now)


def _locked(campaign_id: str) -> Campaign:
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    campaign = session().scalar(query, execution_options={"populate_existing": True})
    if campaign is None:
        raise NotFound
    return campaign


def _move(campaign: Campaign, action: str, *, actor: Actor, now: datetime) -> None:
    """Move a locked campaign by the table, and note who did it when."""
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
    )


def _move_group_buys(
    campaign: Campaign,
    before: GroupBuyState,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    only: Sequence[str] | None = None,
) -> list[str]:
    """Move a campaign's group buys (or only some) by the table; return the ids of the moved."""
    after = GROUP_BUY_MOVES[before, action]
    moving = update(GroupBuy).where(GroupBuy.campaign_id == campaign.id, GroupBuy.state == before)
    if only is not None:
        moving = moving.where(GroupBuy.id.in_(only))
    moved = list(session().scalars(moving.values(state=after).returning(GroupBuy.id)))
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


def _open(campaign: Campaign, now: datetime) -> None:
    _move(campaign, "open", actor=SYSTEM, now=now)
    campaign.opened_at = now
    _move_group_buys(campaign, GroupBuyState.SCHEDULED, "open", actor=SYSTEM, now=now)
    session().flush()


def _close(campaign: Campaign, actor: Actor, now: datetime) -> None:
    """Close a locked campaign, let its kind decide, and give unsold stock back."""
    _move(campaign, "close", actor=actor, now=now)
    campaign.closed_at = now
    closed = _move_group_buys(campaign, GroupBuyState.OPEN, "close", actor=actor, now=now)
    kind = KINDS[campaign.kind]
    outcomes = {i: kind.outcome(GroupBuyFacts(group_buy_id=i)) for i in closed}
    for succeeded, action in ((True, "succeed"), (False, "fail")):
        ids = [i for i, outcome in outcomes.items() if outcome is succeeded]
        _move_group_buys(campaign, GroupBuyState.CLOSED, action, actor=SYSTEM, now=now, only=ids)
    action = "succeed" if campaign_succeeded(outcomes.values()) else "fail"
    _move(campaign, action, actor=SYSTEM, now=now)
    session().flush()
    _return_stock(queries.items_of(campaign.id), actor, now)


def _return_stock(items: Sequence[CampaignItem], actor: Actor, now: datetime) -> None:
    inventory.return_allotments(owners=[item.id for item in items], actor=actor, now=now)


def _check_ready(campaign: Campaign, items: Sequence[CampaignItem], now: datetime) -> None:
    facts = catalogue.skus_for_sale([item.sku_id for item in items], now=campaign.opens_at)
    unsellable = [item.sku_id for item in items if not facts[item.sku_id].sellable]
    faults = [
        name
        for name, fault in (
            ("no_items", not items),
            ("opens_in_the_past", campaign.opens_at <= now),
            ("not_for_sale", bool(unsellable)),
        )
        if fault
    ]
    if faults:
        raise CampaignNotReady(faults=faults, sku_ids=unsellable)
    KINDS[campaign.kind].validate(campaign, items)


def _replace_items(campaign_id: str, items: Sequence[Mapping[str, Any]]) -> None:
    known = catalogue.sku_titles([item["sku_id"] for item in items])
    seen: set[str] = set()
    for number, item in enumerate(items):
        if item["sku_id"] not in known or item["sku_id"] in seen:
            raise InvalidInput.at(
                f"/items/{number}/sku_id",
                Text("没有这个 SKU，或重复了。", "There is no such SKU, or it comes twice."),
            )
        seen.add(item["sku_id"])
    session().execute(delete(CampaignItem).where(CampaignItem.campaign_id == campaign_id))
    session().add_all(CampaignItem(campaign_id=campaign_id, **item) for item in items)
    session().flush()

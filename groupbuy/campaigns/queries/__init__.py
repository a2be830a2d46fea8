"""Reads of campaigns and group buys."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select

from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.models import Campaign, CampaignItem, GroupBuy
from groupbuy.campaigns.queries.due import counted_group_buy_ids as counted_group_buy_ids
from groupbuy.campaigns.queries.due import due_campaign_ids as due_campaign_ids
from groupbuy.campaigns.queries.due import is_due as is_due
from groupbuy.campaigns.queries.due import item_ids_with_leftovers as item_ids_with_leftovers
from groupbuy.campaigns.queries.due import open_group_buy_ids as open_group_buy_ids
from groupbuy.campaigns.queries.due import unsettled_campaign_ids as unsettled_campaign_ids
from groupbuy.campaigns.queries.invariants import INVARIANTS as INVARIANTS
from groupbuy.campaigns.queries.progress import ladders_of, progress_of, with_ladder
from groupbuy.campaigns.queries.progress import orders_wait as orders_wait
from groupbuy.campaigns.queries.requirements import asked_of_hosts
from groupbuy.campaigns.queries.requirements import requirement_list as requirement_list
from groupbuy.campaigns.rules import ON_OFFER, CampaignState, state_at
from groupbuy.catalogue import queries as catalogue
from groupbuy.inventory.models import StockPool
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import any_id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries as leaders
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What a shopper may order in an open group buy; `pool_id` is where its stock is.

    `available` is how much of it could be reserved when it was read.
    """

    id: str
    sku_id: str
    price_fen: int
    limit_per_shopper: int | None
    pool_id: str
    earns_commission: bool
    available: int


@dataclass(frozen=True, slots=True)
class OpenGroupBuy:
    """A group buy that takes orders at the asked instant; `items` by SKU id.

    `payable_for` is how long its unpaid orders keep their goods, None for as long as any.
    """

    id: str
    campaign_id: str
    leader_id: str
    pickup_point_id: str
    share_code: str
    items: Mapping[str, OpenItem]
    payable_for: timedelta | None = None


def limits_of(item_ids: Sequence[str]) -> dict[str, int | None]:
    """Return how many of each campaign item one shopper may hold, None without limit."""
    rows = session().execute(
        select(CampaignItem.id, CampaignItem.limit_per_shopper).where(CampaignItem.id.in_(item_ids))
    )
    return {item_id: limit for item_id, limit in rows}


def open_group_buy(
    group_buy_id: str, *, now: datetime, sku_ids: Collection[str] | None = None
) -> OpenGroupBuy:
    """Return a group buy that takes orders at `now`, decided by the instant, in two statements.

    `sku_ids` says which of its items are wanted; all of them when left out.

    Raises:
        NotFound: there is no such group buy.
        GroupBuyNotOpen: too early, too late, closed early or taken off the schedule, or its
            leader is suspended.
    """
    row = session().execute(_OPEN, {"group_buy_id": group_buy_id}).one_or_none()
    if row is None:
        raise NotFound
    if not (row.on_offer and row.opens_at <= now < row.ends_at):
        raise GroupBuyNotOpen(opens_at=row.opens_at.isoformat(), closes_at=row.ends_at.isoformat())
    return OpenGroupBuy(
        id=row.id,
        campaign_id=row.campaign_id,
        leader_id=row.leader_id,
        pickup_point_id=row.pickup_point_id,
        share_code=row.share_code,
        items=_open_items(row.campaign_id, sku_ids),
        payable_for=KINDS[row.kind].payable_for(),
    )


def group_buy_by_share_code(code: str) -> GroupBuy | None:
    """Return the group buy that a share code names, in whatever state."""
    return session().scalar(select(GroupBuy).where(GroupBuy.share_code == code))


def group_buys_by_id(ids: Iterable[str]) -> dict[str, GroupBuy]:
    """Return the group buys that exist among these ids, in one statement."""
    rows = session().scalars(select(GroupBuy).where(GroupBuy.id.in_(set(ids))))
    return {row.id: row for row in rows}


def campaign(campaign_id: str) -> Campaign:
    """Return a campaign, or raise NotFound."""
    found = session().get(Campaign, campaign_id)
    if found is None:
        raise NotFound
    return found


def items_of(campaign_id: str) -> list[CampaignItem]:
    """Return a campaign's items in SKU order."""
    query = select(CampaignItem).where(CampaignItem.campaign_id == campaign_id)
    return list(session().scalars(query.order_by(CampaignItem.sku_id)))


def campaign_list(
    *,
    limit: int,
    cursor: str | None,
    kind: str | None = None,
    state: str | None = None,
    q: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[dict[str, Any]]:
    """Return campaigns as headquarters sees them, the newest first, in three statements.

    `q` is part of the title; they open in [since, until).
    """
    conditions: list[ColumnElement[bool]] = []
    if kind is not None:
        conditions.append(Campaign.kind == kind)
    if state is not None:
        conditions.append(Campaign.state == state)
    if q is not None:
        conditions.append(Campaign.title.icontains(q, autoescape=True))
    if since is not None:
        conditions.append(Campaign.opens_at >= since)
    if until is not None:
        conditions.append(Campaign.opens_at < until)
    query = select(Campaign).where(*conditions)
    page = paginate(query, by=[Campaign.id], limit=limit, cursor=cursor, descending=True)
    return Page(_shown_campaigns(page.items), page.next_cursor)


def shown_campaign(campaign_id: str) -> dict[str, Any]:
    """Return one campaign as headquarters sees it, or raise NotFound."""
    return _shown_campaigns([campaign(campaign_id)])[0]


def campaigns_to_host(
    *, leader_id: str, limit: int, cursor: str | None, now: datetime
) -> Page[dict[str, Any]]:
    """Return what a leader may host at `now`, and which own communities do, in six statements."""
    query = select(Campaign).where(Campaign.state.in_(ON_OFFER), Campaign.closes_at > now)
    page = paginate(query, by=[Campaign.id], limit=limit, cursor=cursor)
    communities = leaders.own_active_communities(leader_id)
    hosted = _hosted(leader_id, page.items)
    asked = asked_of_hosts([campaign.id for campaign in page.items])
    shown = [
        entry
        | {
            "state": campaign.state_at(now),
            "qualifications": sorted(asked.get(campaign.id, ())),
            "communities": [
                {"id": c.id, "name": c.name, "group_buy_id": hosted.get((campaign.id, c.id))}
                for c in communities
            ],
        }
        for campaign, entry in zip(page.items, _shown_campaigns(page.items), strict=True)
    ]
    return Page(shown, page.next_cursor)


def own_group_buys(
    *,
    leader_id: str,
    limit: int,
    cursor: str | None,
    now: datetime,
    campaign_id: str | None = None,
    state: str | None = None,
) -> Page[dict[str, Any]]:
    """Return a leader's group buys, the newest first, in a constant number of statements."""
    query = _wanted_group_buys(campaign_id=campaign_id, leader_id=leader_id, state=state)
    page = paginate(query, by=[GroupBuy.id], limit=limit, cursor=cursor, descending=True)
    return Page(_with_communities(shown_group_buys(page.items, now=now)), page.next_cursor)


def group_buys(
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    campaign_id: str | None = None,
    leader_id: str | None = None,
    state: str | None = None,
) -> Page[dict[str, Any]]:
    """Return group buys as headquarters sees them, the newest first, in constant statements."""
    query = _wanted_group_buys(campaign_id=campaign_id, leader_id=leader_id, state=state)
    page = paginate(query, by=[GroupBuy.id], limit=limit, cursor=cursor, descending=True)
    return Page(_with_communities(shown_group_buys(page.items, now=now)), page.next_cursor)


def group_buy(*, group_buy_id: str, now: datetime) -> dict[str, Any]:
    """Return a group buy as headquarters sees it, or raise NotFound."""
    found = _found(session().get(GroupBuy, group_buy_id))
    return _with_communities(shown_group_buys([found], now=now))[0]


def own_group_buy(*, leader_id: str, group_buy_id: str, now: datetime) -> dict[str, Any]:
    """Return a leader's own group buy, or raise NotFound."""
    found = session().get(GroupBuy, group_buy_id)
    if found is None or found.leader_id != leader_id:
        raise NotFound
    return _with_communities(shown_group_buys([found], now=now))[0]


def open_group_buys(*, limit: int, cursor: str | None, now: datetime) -> Page[dict[str, Any]]:
    """Return the group buys that take orders at `now`, in a constant number of statements."""
    query = (
        select(GroupBuy)
        .join(Campaign, Campaign.id == GroupBuy.campaign_id)
        .join(Leader, Leader.id == GroupBuy.leader_id)
        .where(
            Leader.state == LeaderState.ACTIVE,
            Campaign.state.in_(ON_OFFER),
            GroupBuy.state.in_(ON_OFFER),
            Campaign.opens_at <= now,
            _ends_at() > now,
        )
    )
    page = paginate(query, by=[GroupBuy.id], limit=limit, cursor=cursor)
    return Page(shown_group_buys(page.items, now=now), page.next_cursor)


def shop_group_buy(
    *, group_buy_id: str | None = None, share_code: str | None = None, now: datetime
) -> dict[str, Any]:
    """Return a group buy as shoppers see it, by its id or its share code.

    Raises:
        NotFound: there is none, or its campaign is not (or no longer) announced.
    """
    named = GroupBuy.id == group_buy_id if group_buy_id else GroupBuy.share_code == share_code
    hidden = (CampaignState.DRAFT, CampaignState.CANCELLED)
    query = (
        select(GroupBuy)
        .join(Campaign, Campaign.id == GroupBuy.campaign_id)
        .where(named, Campaign.state.not_in(hidden))
    )
    return shown_group_buys([_found(session().scalar(query))], now=now)[0]


def shown_group_buys(group_buys: Sequence[GroupBuy], *, now: datetime) -> list[dict[str, Any]]:
    """Return group buys with campaign, items, progress, leader and point, in five statements.

    In six if an item has a price ladder.
    """
    ids = {row.campaign_id for row in group_buys}
    campaigns = session().scalars(select(Campaign).where(Campaign.id.in_(ids))).all()
    shown = {entry["campaign"].id: entry for entry in _shown_campaigns(campaigns)}
    hosts = leaders.leaders_by_id(row.leader_id for row in group_buys)
    points = leaders.points_by_id(row.pickup_point_id for row in group_buys)
    items = (each["item"] for entry in shown.values() for each in entry["items"])
    ladders = ladders_of(group_buys, items)
    return [
        entry
        | {
            "group_buy": row,
            "state": _group_buy_state(row, entry["campaign"], now),
            "ends_at": row.extended_until or entry["campaign"].closes_at,
            "progress": progress_of(row, entry["campaign"]),
            "items": [with_ladder(i, ladders.get((row.id, i["item"].id))) for i in entry["items"]],
            "leader": hosts[row.leader_id],
            "pickup_point": points[row.pickup_point_id],
        }
        for row in group_buys
        for entry in [shown[row.campaign_id]]
    ]


def _group_buy_state(row: GroupBuy, campaign: Campaign, now: datetime) -> str:
    if campaign.state not in ON_OFFER:
        return row.state
    ends_at = row.extended_until or campaign.closes_at
    return state_at(row.state, campaign.opens_at, ends_at, now)


def _ends_at() -> ColumnElement[datetime]:
    """Select when a group buy takes no more orders."""
    return func.coalesce(GroupBuy.extended_until, Campaign.closes_at)


# Built once: every quote and every order asks them.
_OPEN = (
    select(
        GroupBuy.id,
        GroupBuy.campaign_id,
        GroupBuy.leader_id,
        GroupBuy.pickup_point_id,
        GroupBuy.share_code,
        Campaign.kind,
        Campaign.opens_at,
        _ends_at().label("ends_at"),
        and_(
            Campaign.state.in_(ON_OFFER),
            GroupBuy.state.in_(ON_OFFER),
            Leader.state == LeaderState.ACTIVE,
        ).label("on_offer"),
    )
    .join(Campaign, Campaign.id == GroupBuy.campaign_id)
    .join(Leader, Leader.id == GroupBuy.leader_id)
    .where(GroupBuy.id == bindparam("group_buy_id"))
)
_ITEMS = select(
    CampaignItem.id,
    CampaignItem.sku_id,
    CampaignItem.price_fen,
    CampaignItem.limit_per_shopper,
    CampaignItem.pool_id,
    CampaignItem.earns_commission,
    (StockPool.on_hand - StockPool.reserved).label("available"),
).join(StockPool, StockPool.id == CampaignItem.pool_id)
_ITEMS = _ITEMS.where(CampaignItem.campaign_id == bindparam("campaign_id"))
_WANTED_ITEMS = _ITEMS.where(CampaignItem.sku_id == any_id("sku_ids", "sku"))


def _wanted_group_buys(
    *, campaign_id: str | None, leader_id: str | None, state: str | None
) -> Select[GroupBuy]:
    wanted = {
        GroupBuy.campaign_id: campaign_id,
        GroupBuy.leader_id: leader_id,
        GroupBuy.state: state,
    }
    conditions = (column == value for column, value in wanted.items() if value is not None)
    return select(GroupBuy).where(*conditions)


def _shown_campaigns(campaigns: Sequence[Campaign]) -> list[dict[str, Any]]:
    """Return campaigns with their items and the items' titles, in two statements."""
    items: dict[str, list[CampaignItem]] = {campaign.id: [] for campaign in campaigns}
    query = select(CampaignItem).where(CampaignItem.campaign_id.in_(items))
    for item in session().scalars(query.order_by(CampaignItem.sku_id)):
        items[item.campaign_id].append(item)
    titles = catalogue.sku_titles({item.sku_id for rows in items.values() for item in rows})
    return [
        {
            "campaign": campaign,
            "version": campaign.version,
            "items": [{"item": i, "title": titles[i.sku_id]} for i in items[campaign.id]],
        }
        for campaign in campaigns
    ]


def _with_communities(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = leaders.communities_by_id(entry["group_buy"].community_id for entry in shown)
    return [entry | {"community": known[entry["group_buy"].community_id]} for entry in shown]


def _hosted(leader_id: str, campaigns: Sequence[Campaign]) -> dict[tuple[str, str], str]:
    query = select(GroupBuy).where(
        GroupBuy.leader_id == leader_id,
        GroupBuy.campaign_id.in_([campaign.id for campaign in campaigns]),
    )
    return {(row.campaign_id, row.community_id): row.id for row in session().scalars(query)}


def _open_items(campaign_id: str, sku_ids: Collection[str] | None) -> dict[str, OpenItem]:
    wanted: dict[str, Any] = {"campaign_id": campaign_id}
    if sku_ids is not None:
        wanted["sku_ids"] = list(sku_ids)
    rows = session().execute(_ITEMS if sku_ids is None else _WANTED_ITEMS, wanted)
    return {row.sku_id: OpenItem(**row._mapping) for row in rows}


def _found(group_buy: GroupBuy | None) -> GroupBuy:
    if group_buy is None:
        raise NotFound
    return group_buy

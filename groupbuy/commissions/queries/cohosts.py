"""Reads of group buys that are held together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.commissions.models import Cohost
from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries as leaders

STANDING = (CohostState.PROPOSED, CohostState.AGREED)
"""States in which a guest's share is taken."""


def hosted(group_buy_id: str) -> tuple[GroupBuy, Campaign]:
    """Return a group buy and its campaign, or raise NotFound.

    Who asks waits for whoever asked before: shares are given one after the other.
    """
    query = (
        select(GroupBuy, Campaign)
        .join(Campaign, Campaign.id == GroupBuy.campaign_id)
        .where(GroupBuy.id == group_buy_id)
        .with_for_update(of=GroupBuy, key_share=True)
    )
    row = session().execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


def cohost(cohost_id: str) -> Cohost:
    """Return a proposal, locked, or raise NotFound."""
    query = select(Cohost).where(Cohost.id == cohost_id).with_for_update()
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def shares_taken(group_buy_id: str) -> dict[str, int]:
    """Return the guests' shares of a group buy in bps, proposed or agreed on, by guest."""
    query = select(Cohost.guest_leader_id, Cohost.guest_bps).where(
        Cohost.group_buy_id == group_buy_id, Cohost.state.in_(STANDING)
    )
    return {guest_id: bps for guest_id, bps in session().execute(query)}


def cohost_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    group_buy_id: str | None = None,
    leader_id: str | None = None,
    role: str | None = None,
) -> Page[dict[str, Any]]:
    """Return proposals, the newest first, in three statements.

    `leader_id` is whose they are: as `role` says (`host`, `guest`), or as either.
    """
    query = select(Cohost)
    if state is not None:
        query = query.where(Cohost.state == state)
    if group_buy_id is not None:
        query = query.where(Cohost.group_buy_id == group_buy_id)
    if leader_id is not None:
        parts = {"host": Cohost.host_leader_id, "guest": Cohost.guest_leader_id}
        wanted = [column for name, column in parts.items() if role in (None, name)]
        query = query.where(or_(*(column == leader_id for column in wanted)))
    page = paginate(query, by=[Cohost.id], limit=limit, cursor=cursor, descending=True)
    return Page(_shown(page.items), page.next_cursor)


def shown_cohost(row: Cohost) -> dict[str, Any]:
    """Return a proposal with the names of both and of the campaign."""
    return _shown([row])[0]


def _shown(rows: Sequence[Cohost]) -> list[dict[str, Any]]:
    known = leaders.leaders_by_id(
        leader_id for row in rows for leader_id in (row.host_leader_id, row.guest_leader_id)
    )
    titled = session().execute(
        select(GroupBuy.id, Campaign.title, Campaign.closes_at)
        .join(Campaign, Campaign.id == GroupBuy.campaign_id)
        .where(GroupBuy.id.in_({row.group_buy_id for row in rows}))
    )
    campaigns = {row.id: row for row in titled}
    return [
        {
            "cohost": row,
            "host_name": known[row.host_leader_id].name,
            "guest_name": known[row.guest_leader_id].name,
            "campaign_title": campaigns[row.group_buy_id].title,
            "closes_at": campaigns[row.group_buy_id].closes_at,
        }
        for row in rows
    ]

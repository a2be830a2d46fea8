"""Hosting campaigns: a leader brings one to an own community."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.campaigns.errors import AlreadyHosted, CommunityDisbanded
from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.campaigns.queries.requirements import asked_of_hosts
from groupbuy.campaigns.rules import (
    ON_OFFER,
    CampaignState,
    new_share_code,
)
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import (
    NotFound,
    NotInThisState,
    NotPermitted,
)
from groupbuy.leaders import queries as leaders
from groupbuy.leaders.queries import qualifications


def host(
    *,
    leader_id: str,
    campaign_id: str,
    community_id: str,
    pickup_point_id: str,
    actor: Actor,
    now: datetime,
) -> GroupBuy:
    """Host a campaign in an own community, with goods handed over at an own point.

    Raises:
        NotPermitted: the leader is not active.
        NotFound: the community or the point is not the leader's; the campaign is a draft.
        CommunityDisbanded, PickupPointClosed: it is no longer in use.
        NotInThisState: the campaign is over.
        QualificationMissing: the leader is not qualified in what the campaign asks for.
        AlreadyHosted: the community hosts it already.
    """
    if not leaders.active_leader_ids([leader_id]):
        raise NotPermitted(permission="leader.own")
    if not leaders.own_community(leader_id, community_id).is_active:
        raise CommunityDisbanded
    leaders.own_point(leader_id, pickup_point_id)
    leaders.open_point(pickup_point_id)
    state = _state_to_host(campaign_id, now)
    codes = asked_of_hosts([campaign_id]).get(campaign_id, set())
    qualifications.demand_qualified(leader_id=leader_id, codes=codes, at=now)
    hosting = (
        insert(GroupBuy)
        .values(
            campaign_id=campaign_id,
            community_id=community_id,
            leader_id=leader_id,
            pickup_point_id=pickup_point_id,
            share_code=new_share_code(),
            state=state,
            hosted_at=now,
        )
        .on_conflict_do_nothing(index_elements=["campaign_id", "community_id"])
        .returning(GroupBuy)
    )
    group_buy = session().scalars(hosting).one_or_none()
    if group_buy is None:
        raise AlreadyHosted(group_buy_id=_group_buy_id(campaign_id, community_id))
    audit.record(actor=actor, action="group_buy.host", subject=group_buy.id, now=now)
    return group_buy


def _state_to_host(campaign_id: str, now: datetime) -> str:
    """Return the state in which a group buy joins a campaign, which is kept from moving on."""
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update(read=True)
    campaign = session().scalar(query, execution_options={"populate_existing": True})
    if campaign is None or campaign.state == CampaignState.DRAFT:
        raise NotFound
    if campaign.state not in ON_OFFER or campaign.closes_at <= now:
        state = CampaignState.CLOSED if campaign.extended_until else campaign.state_at(now)
        raise NotInThisState(state=state, action="host")
    return campaign.state


def _group_buy_id(campaign_id: str, community_id: str) -> str | None:
    return session().scalar(
        select(GroupBuy.id).where(
            GroupBuy.campaign_id == campaign_id, GroupBuy.community_id == community_id
        )
    )

"""Campaigns and group buys over HTTP."""

from typing import Any

from groupbuy.campaigns import errors, queries, services
from groupbuy.campaigns.models import HostingRequirement
from groupbuy.campaigns.schemas import (
    AllotmentBody,
    CampaignBody,
    CampaignCancellationBody,
    CampaignEditBody,
    CampaignQuery,
    CampaignSchema,
    CampaignToHostSchema,
    GroupBuyBody,
    GroupBuySchema,
    HostingRequirementBody,
    HostingRequirementSchema,
    OwnGroupBuyQuery,
    OwnGroupBuySchema,
    StaffGroupBuyQuery,
    StaffGroupBuySchema,
)
from groupbuy.inventory.errors import NotEnoughStock
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.leaders.errors import PickupPointClosed, QualificationMissing, UnknownQualification

api = Api("campaigns", __name__, url_prefix="/api/v1", description="Campaigns and group buys")

CAMPAIGN = "/hq/campaigns/<id(cmp):campaign_id>"
REQUIREMENTS = "/hq/hosting-requirements"
EXAMPLE_ID = "0198f3c2a7b47d1e" * 2
EXAMPLE = {
    "kind": "community",
    "title": "周末水果",
    "opens_at": "2026-11-06T08:00:00+08:00",
    "closes_at": "2026-11-07T22:00:00+08:00",
    "pickup_from": "2026-11-08T16:00:00+08:00",
    "pickup_until": "2026-11-08T21:00:00+08:00",
    "items": [
        {
            "sku_id": f"sku_{EXAMPLE_ID}",
            "price_fen": 1990,
            "allotment": 300,
            "limit_per_shopper": 5,
        }
    ],
}


@api.get(
    "/hq/campaigns",
    allow="campaigns.read",
    query=CampaignQuery,
    returns=page_of(CampaignSchema),
)
def list_campaigns(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List campaigns, the newest first."""
    return queries.campaign_list(**query)


@api.post(
    "/hq/campaigns",
    allow="campaigns.edit",
    body=CampaignBody,
    returns=CampaignSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[UnknownQualification],
    example=EXAMPLE,
)
def draft_campaign(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Draft a campaign."""
    with transaction():
        campaign = services.create(**body, actor=actor, now=clock.now())
        return queries.shown_campaign(campaign.id)


@api.get(CAMPAIGN, allow="campaigns.read", returns=CampaignSchema, versioned=True)
def show_campaign(actor: Actor, campaign_id: str) -> dict[str, Any]:
    """Show a campaign."""
    return queries.shown_campaign(campaign_id)


@api.patch(
    CAMPAIGN,
    allow="campaigns.edit",
    body=CampaignEditBody,
    returns=CampaignSchema,
    versioned=True,
    problems=[
        NotInThisState,
        errors.FieldsFixed,
        errors.CampaignNotReady,
        UnknownQualification,
    ],
    example={"title": "周末水果与蔬菜"},
)
def edit_campaign(
    actor: Actor, campaign_id: str, if_match: int, body: dict[str, Any]
) -> dict[str, Any]:
    """Change a draft, or of a later campaign its words, pickup window and a later closing."""
    with transaction():
        services.edit(
            campaign_id=campaign_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
        return queries.shown_campaign(campaign_id)


@api.post(
    f"{CAMPAIGN}/schedule",
    allow="campaigns.edit",
    body=Nothing,
    returns=CampaignSchema,
    versioned=True,
    problems=[NotInThisState, errors.CampaignNotReady, NotEnoughStock],
)
def schedule_campaign(actor: Actor, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Announce a draft: it takes its stock now, and opens and closes by itself."""
    with transaction():
        services.schedule(campaign_id=campaign_id, actor=actor, now=clock.now())
        return queries.shown_campaign(campaign_id)


@api.delete(
    f"{CAMPAIGN}/schedule",
    allow="campaigns.edit",
    returns=CampaignSchema,
    versioned=True,
    problems=[NotInThisState],
)
def unschedule_campaign(actor: Actor, campaign_id: str, if_match: int) -> dict[str, Any]:
    """Turn a campaign that has not opened back into a draft; its stock goes back."""
    with transaction():
        services.unschedule(
            campaign_id=campaign_id, if_match=if_match, actor=actor, now=clock.now()
        )
        return queries.shown_campaign(campaign_id)


@api.post(
    f"{CAMPAIGN}/closing",
    allow="campaigns.edit",
    body=Nothing,
    returns=CampaignSchema,
    versioned=True,
    problems=[NotInThisState],
)
def close_campaign(actor: Actor, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Close an open campaign before its time: it is decided as it stands, without extension."""
    with transaction():
        services.close(campaign_id=campaign_id, actor=actor, now=clock.now())
        return queries.shown_campaign(campaign_id)


@api.post(
    f"{CAMPAIGN}/cancellation",
    allow="campaigns.edit",
    body=CampaignCancellationBody,
    returns=CampaignSchema,
    versioned=True,
    problems=[NotInThisState, errors.SomeDecided],
    example={"reason": "供应商无法供货"},
)
def cancel_campaign(actor: Actor, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a draft up, or call an open campaign off: its orders are cancelled and refunded."""
    with transaction():
        services.cancel(campaign_id=campaign_id, **body, actor=actor, now=clock.now())
        return queries.shown_campaign(campaign_id)


@api.post(
    f"{CAMPAIGN}/allotments",
    allow="campaigns.edit",
    body=AllotmentBody,
    returns=CampaignSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[NotInThisState, NotEnoughStock],
)
def raise_allotment(actor: Actor, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take more of a SKU from the house for a campaign that is announced or open."""
    with transaction():
        services.raise_allotment(campaign_id=campaign_id, **body, actor=actor, now=clock.now())
        return queries.shown_campaign(campaign_id)


@api.get(
    "/hq/group-buys",
    allow="campaigns.read",
    query=StaffGroupBuyQuery,
    returns=page_of(StaffGroupBuySchema),
)
def list_group_buys(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List group buys, the newest first."""
    return queries.group_buys(now=clock.now(), **query)


@api.get(
    "/hq/group-buys/<id(gbu):group_buy_id>",
    allow="campaigns.read",
    returns=StaffGroupBuySchema,
)
def show_any_group_buy(actor: Actor, group_buy_id: str) -> dict[str, Any]:
    """Show a group buy."""
    return queries.group_buy(group_buy_id=group_buy_id, now=clock.now())


@api.get(
    REQUIREMENTS,
    allow="campaigns.read",
    query=PageQuery,
    returns=page_of(HostingRequirementSchema),
)
def list_hosting_requirements(actor: Actor, query: dict[str, Any]) -> Page[HostingRequirement]:
    """List what is asked of hosts, whatever the campaign or for goods of a category."""
    return queries.requirement_list(**query)


@api.post(
    REQUIREMENTS,
    allow="campaigns.edit",
    body=HostingRequirementBody,
    returns=HostingRequirementSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, UnknownQualification],
    example={"qualification": "fresh-goods", "category_id": f"cat_{EXAMPLE_ID}"},
)
def add_hosting_requirement(actor: Actor, body: dict[str, Any]) -> HostingRequirement:
    """Ask a qualification of hosts: of all, or of those whose campaigns have certain goods."""
    with transaction():
        return services.require(
            code=body["qualification"],
            category_id=body["category_id"],
            actor=actor,
            now=clock.now(),
        )


@api.delete(f"{REQUIREMENTS}/<id(hrq):requirement_id>", allow="campaigns.edit")
def drop_hosting_requirement(actor: Actor, requirement_id: str) -> None:
    """Ask for it no longer."""
    with transaction():
        services.drop_requirement(requirement_id=requirement_id, actor=actor, now=clock.now())


@api.get(
    "/leader/campaigns",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(CampaignToHostSchema),
)
def list_campaigns_to_host(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List what may be hosted now, and which of one's communities host it."""
    return queries.campaigns_to_host(leader_id=actor.leader_id, now=clock.now(), **query)


@api.post(
    "/leader/group-buys",
    allow="leader.own",
    body=GroupBuyBody,
    returns=OwnGroupBuySchema,
    status=201,
    idempotent=True,
    problems=[
        NotFound,
        NotInThisState,
        errors.AlreadyHosted,
        errors.CommunityDisbanded,
        PickupPointClosed,
        QualificationMissing,
    ],
    example={
        "campaign_id": f"cmp_{EXAMPLE_ID}",
        "community_id": f"com_{EXAMPLE_ID}",
        "pickup_point_id": f"ppt_{EXAMPLE_ID}",
    },
)
def host_campaign(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Host a campaign in one of one's communities."""
    now, leader_id = clock.now(), actor.leader_id
    with transaction():
        group_buy = services.host(leader_id=leader_id, **body, actor=actor, now=now)
        return queries.own_group_buy(leader_id=leader_id, group_buy_id=group_buy.id, now=now)


@api.get(
    "/leader/group-buys",
    allow="leader.own",
    query=OwnGroupBuyQuery,
    returns=page_of(OwnGroupBuySchema),
)
def list_own_group_buys(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List one's own group buys, the newest first."""
    return queries.own_group_buys(leader_id=actor.leader_id, now=clock.now(), **query)


@api.get(
    "/leader/group-buys/<id(gbu):group_buy_id>",
    allow="leader.own",
    returns=OwnGroupBuySchema,
)
def show_own_group_buy(actor: Actor, group_buy_id: str) -> dict[str, Any]:
    """Show an own group buy."""
    return queries.own_group_buy(
        leader_id=actor.leader_id, group_buy_id=group_buy_id, now=clock.now()
    )


@api.get(
    "/group-buys",
    allow="group_buys.shop",
    query=PageQuery,
    returns=page_of(GroupBuySchema),
    cached=True,
)
def list_open_group_buys(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List the group buys that are open now."""
    return queries.open_group_buys(now=clock.now(), **query)


@api.get(
    "/group-buys/<id(gbu):group_buy_id>",
    allow="group_buys.shop",
    returns=GroupBuySchema,
    cached=True,
)
def show_group_buy(actor: Actor, group_buy_id: str) -> dict[str, Any]:
    """Show a group buy."""
    return queries.shop_group_buy(group_buy_id=group_buy_id, now=clock.now())


@api.get(
    "/group-buys/by-share-code/<string:code>",
    allow="group_buys.shop",
    returns=GroupBuySchema,
    cached=True,
)
def show_shared_group_buy(actor: Actor, code: str) -> dict[str, Any]:
    """Show the group buy that a share code names."""
    return queries.shop_group_buy(share_code=code, now=clock.now())

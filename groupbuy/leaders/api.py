"""Leaders over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.leaders import errors, queries, services
from groupbuy.leaders.models import Community, Leader, LeaderApplication, PickupPoint
from groupbuy.leaders.rules import MICRO
from groupbuy.leaders.schemas import (
    ApplicationBody,
    ApplicationQuery,
    ApplicationSchema,
    CommunityBody,
    CommunityEditBody,
    CommunitySchema,
    LeaderDecisionBody,
    LeaderQuery,
    LeaderSchema,
    OwnApplicationSchema,
    PickupPointBody,
    PickupPointEditBody,
    PickupPointSchema,
    ShopPointQuery,
    ShopPointSchema,
    VerifierSchema,
)

DESCRIPTION = "Applications, leaders, communities, pickup points"
api = Api("leaders", __name__, url_prefix="/api/v1", description=DESCRIPTION)

APPLICATION = "/hq/leader-applications/<id(lap):application_id>"
LEADER = "/hq/leaders/<id(ldr):leader_id>"
COMMUNITY = "/leader/communities/<id(com):community_id>"
POINT = "/leader/pickup-points/<id(ppt):point_id>"


@api.post(
    "/leader-applications",
    allow="leader_applications.own",
    body=ApplicationBody,
    returns=OwnApplicationSchema,
    status=201,
    idempotent=True,
    problems=[errors.AlreadyLeader, errors.ApplicationPending],
    example={
        "name": "Mei",
        "phone": "13800000000",
        "region": "上海市浦东新区花木街道",
        "introduction": "I run the breakfast shop at gate 2.",
    },
)
def apply_as_leader(actor: Actor, body: dict[str, Any]) -> LeaderApplication:
    """Apply to become a leader."""
    with transaction():
        return services.apply(shopper_id=actor.id, **body, now=clock.now())


@api.get(
    "/leader-applications/mine",
    allow="leader_applications.own",
    query=PageQuery,
    returns=page_of(OwnApplicationSchema),
)
def list_own_applications(actor: Actor, query: dict[str, Any]) -> Page[LeaderApplication]:
    """List one's own applications, the newest first."""
    return queries.own_applications(shopper_id=actor.id, **query)


@api.post(
    "/leader-applications/<id(lap):application_id>/withdrawal",
    allow="leader_applications.own",
    body=Nothing,
    returns=OwnApplicationSchema,
    problems=[NotInThisState],
)
def withdraw_application(
    actor: Actor, application_id: str, body: dict[str, Any]
) -> LeaderApplication:
    """Take one's own application back before it is decided."""
    with transaction():
        return services.withdraw(
            application_id=application_id, shopper_id=actor.id, actor=actor, now=clock.now()
        )


@api.get(
    "/hq/leader-applications",
    allow="leaders.read",
    query=ApplicationQuery,
    returns=page_of(ApplicationSchema),
)
def list_applications(actor: Actor, query: dict[str, Any]) -> Page[LeaderApplication]:
    """List applications, the oldest first."""
    return queries.application_list(**query)


@api.get(APPLICATION, allow="leaders.read", returns=ApplicationSchema)
def show_application(actor: Actor, application_id: str) -> LeaderApplication:
    """Show an application."""
    return queries.application(application_id)


@api.post(
    f"{APPLICATION}/approval",
    allow="leaders.decide",
    body=Nothing,
    returns=LeaderSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.AlreadyLeader],
)
def approve_application(actor: Actor, application_id: str, body: dict[str, Any]) -> Leader:
    """Accept an application; the answer is the new leader."""
    with transaction():
        return services.approve(application_id=application_id, actor=actor, now=clock.now())


@api.post(
    f"{APPLICATION}/rejection",
    allow="leaders.decide",
    body=LeaderDecisionBody,
    returns=ApplicationSchema,
    problems=[NotInThisState],
    example={"reason": "We have a leader in this street already."},
)
def reject_application(
    actor: Actor, application_id: str, body: dict[str, Any]
) -> LeaderApplication:
    """Refuse an application and tell why."""
    with transaction():
        return services.reject(application_id=application_id, **body, actor=actor, now=clock.now())


@api.get("/hq/leaders", allow="leaders.read", query=LeaderQuery, returns=page_of(LeaderSchema))
def list_leaders(actor: Actor, query: dict[str, Any]) -> Page[Leader]:
    """List leaders in order of acceptance."""
    return queries.leader_list(**query)


@api.get(LEADER, allow="leaders.read", returns=LeaderSchema)
def show_leader(actor: Actor, leader_id: str) -> Leader:
    """Show a leader."""
    return queries.leader(leader_id)


@api.post(
    f"{LEADER}/suspension",
    allow="leaders.decide",
    body=LeaderDecisionBody,
    returns=LeaderSchema,
    problems=[NotInThisState],
    example={"reason": "Does not answer since Monday."},
)
def suspend_leader(actor: Actor, leader_id: str, body: dict[str, Any]) -> Leader:
    """Stop a leader from selling."""
    with transaction():
        return services.suspend(leader_id=leader_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{LEADER}/reinstatement",
    allow="leaders.decide",
    body=LeaderDecisionBody,
    returns=LeaderSchema,
    problems=[NotInThisState],
    example={"reason": "Back from hospital."},
)
def reinstate_leader(actor: Actor, leader_id: str, body: dict[str, Any]) -> Leader:
    """Let a suspended leader sell again."""
    with transaction():
        return services.reinstate(leader_id=leader_id, **body, actor=actor, now=clock.now())


@api.get("/leader/me", allow="leader.own", returns=LeaderSchema)
def show_own_leadership(actor: Actor) -> Leader:
    """Show oneself as a leader."""
    return queries.leader(actor.leader_id)


@api.get(
    "/leader/communities",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(CommunitySchema),
)
def list_own_communities(actor: Actor, query: dict[str, Any]) -> Page[Community]:
    """List one's own communities."""
    return queries.own_communities(leader_id=actor.leader_id, **query)


@api.post(
    "/leader/communities",
    allow="leader.own",
    body=CommunityBody,
    returns=CommunitySchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={
        "name": "花木路 7 号邻居群",
        "purpose": "long_term",
        "size": 213,
        "tags": ["families", "fruit"],
        "place": "花木路 7 号",
    },
)
def add_community(actor: Actor, body: dict[str, Any]) -> Community:
    """Add a community (one WeChat group)."""
    with transaction():
        return services.add_community(leader_id=actor.leader_id, **body)


@api.get(COMMUNITY, allow="leader.own", returns=CommunitySchema, versioned=True)
def show_own_community(actor: Actor, community_id: str) -> Community:
    """Show an own community."""
    return queries.own_community(actor.leader_id, community_id)


@api.patch(
    COMMUNITY,
    allow="leader.own",
    body=CommunityEditBody,
    returns=CommunitySchema,
    versioned=True,
    example={"size": 240, "state": "active"},
)
def edit_own_community(
    actor: Actor, community_id: str, if_match: int, body: dict[str, Any]
) -> Community:
    """Change an own community; `state: disbanded` ends it."""
    with transaction():
        return services.edit_community(
            leader_id=actor.leader_id, community_id=community_id, if_match=if_match, **body
        )


@api.get(
    "/leader/pickup-points",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(PickupPointSchema),
)
def list_own_points(actor: Actor, query: dict[str, Any]) -> Page[PickupPoint]:
    """List one's own pickup points."""
    return queries.own_points(leader_id=actor.leader_id, **query)


@api.post(
    "/leader/pickup-points",
    allow="leader.own",
    body=PickupPointBody,
    returns=PickupPointSchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={
        "name": "Mei's breakfast shop",
        "address": "花木路 7 号门面",
        "opening_hours": "16:00–21:00",
        "lat": 31_216_500 / MICRO,
        "lng": 121_543_600 / MICRO,
    },
)
def open_own_point(actor: Actor, body: dict[str, Any]) -> PickupPoint:
    """Open a pickup point; the leader is its first verifier."""
    with transaction():
        return services.open_pickup_point(leader_id=actor.leader_id, **body)


@api.get(POINT, allow="leader.own", returns=PickupPointSchema, versioned=True)
def show_own_point(actor: Actor, point_id: str) -> PickupPoint:
    """Show an own pickup point."""
    return queries.own_point(actor.leader_id, point_id)


@api.patch(
    POINT,
    allow="leader.own",
    body=PickupPointEditBody,
    returns=PickupPointSchema,
    versioned=True,
    example={"opening_hours": "15:00–21:00", "state": "open"},
)
def edit_own_point(actor: Actor, point_id: str, if_match: int, body: dict[str, Any]) -> PickupPoint:
    """Change an own pickup point; `state: closed` takes it out of use."""
    with transaction():
        return services.edit_point(
            leader_id=actor.leader_id, point_id=point_id, if_match=if_match, **body
        )


@api.get(
    f"{POINT}/verifiers",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(VerifierSchema),
)
def list_verifiers(actor: Actor, point_id: str, query: dict[str, Any]) -> Page[dict[str, str]]:
    """List who may hand over goods at an own pickup point."""
    return queries.verifiers(leader_id=actor.leader_id, point_id=point_id, **query)


@api.put(
    f"{POINT}/verifiers/<id(shp):shopper_id>",
    allow="leader.own",
    body=Nothing,
    returns=VerifierSchema,
)
def add_verifier(
    actor: Actor, point_id: str, shopper_id: str, body: dict[str, Any]
) -> dict[str, str]:
    """Let a shopper hand over goods at an own pickup point."""
    with transaction():
        return services.add_verifier(
            leader_id=actor.leader_id,
            point_id=point_id,
            shopper_id=shopper_id,
            actor=actor,
            now=clock.now(),
        )


@api.delete(f"{POINT}/verifiers/<id(shp):shopper_id>", allow="leader.own")
def remove_verifier(actor: Actor, point_id: str, shopper_id: str) -> None:
    """Take that right back."""
    with transaction():
        services.remove_verifier(
            leader_id=actor.leader_id,
            point_id=point_id,
            shopper_id=shopper_id,
            actor=actor,
            now=clock.now(),
        )


@api.get(
    "/pickup-points",
    allow="points.shop",
    query=ShopPointQuery,
    returns=page_of(ShopPointSchema),
)
def list_shop_points(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List open pickup points with their leader, the nearest first when `near` is given."""
    return queries.shop_points(**query)

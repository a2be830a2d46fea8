"""Communities and pickup points over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Nothing, Page, PageQuery, page_of
from groupbuy.leaders import queries, services
from groupbuy.leaders.api.surface import api
from groupbuy.leaders.models import Community, PickupPoint
from groupbuy.leaders.rules import MICRO
from groupbuy.leaders.schemas import (
    CommunityBody,
    CommunityEditBody,
    CommunitySchema,
    PickupPointBody,
    PickupPointEditBody,
    PickupPointSchema,
    ShopPointQuery,
    ShopPointSchema,
    VerifierSchema,
)

COMMUNITY = "/leader/communities/<id(com):community_id>"
POINT = "/leader/pickup-points/<id(ppt):point_id>"


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

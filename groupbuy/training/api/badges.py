"""Badges over HTTP, for headquarters and for the leader."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.training import errors
from groupbuy.training.models import Badge, BadgeAward
from groupbuy.training.queries import badges as queries
from groupbuy.training.schemas.badges import (
    BadgeAwardQuery,
    BadgeAwardSchema,
    BadgeBody,
    BadgeDecisionBody,
    BadgeEditBody,
    BadgeQuery,
    BadgeSchema,
    OwnBadgesSchema,
)
from groupbuy.training.services import badges as services

api = Api("training_badges", __name__, url_prefix="/api/v1", description="Badges of leaders")

BADGES = "/hq/badges"
BADGE = f"{BADGES}/<id(bdg):badge_id>"
AWARD = "/hq/badge-awards/<id(bda):award_id>"


@api.get(BADGES, allow="coaching.read", query=BadgeQuery, returns=page_of(BadgeSchema))
def list_badges(actor: Actor, query: dict[str, Any]) -> Page[Badge]:
    """List badges."""
    return queries.badge_list(**query)


@api.post(
    BADGES,
    allow="coaching.edit",
    body=BadgeBody,
    returns=BadgeSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.BadgeCodeTaken],
    example={
        "code": "ten_lessons",
        "title_zh": "勤学",
        "title_en": "Keen",
        "kind": "lessons",
        "needed": 10,
    },
)
def define_badge(actor: Actor, body: dict[str, Any]) -> Badge:
    """Define a badge; whoever has reached it gets it at once."""
    with transaction():
        return services.define(**body, actor=actor, now=clock.now())


@api.get(BADGE, allow="coaching.read", returns=BadgeSchema, versioned=True)
def show_badge(actor: Actor, badge_id: str) -> Badge:
    """Show a badge."""
    return queries.badge(badge_id)


@api.patch(
    BADGE,
    allow="coaching.edit",
    body=BadgeEditBody,
    returns=BadgeSchema,
    versioned=True,
    example={"active": False},
)
def edit_badge(actor: Actor, badge_id: str, if_match: int, body: dict[str, Any]) -> Badge:
    """Change a badge, or award it no longer; who has it keeps it."""
    with transaction():
        return services.edit(
            badge_id=badge_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    "/hq/badge-awards",
    allow="coaching.read",
    query=BadgeAwardQuery,
    returns=page_of(BadgeAwardSchema),
)
def list_badge_awards(actor: Actor, query: dict[str, Any]) -> Page[BadgeAward]:
    """List who won which badge, the newest first."""
    return queries.award_list(**query)


@api.post(
    f"{AWARD}/revocation",
    allow="coaching.edit",
    body=BadgeDecisionBody,
    returns=BadgeAwardSchema,
    problems=[NotInThisState],
    example={"reason": "The lessons were watched by somebody else."},
)
def revoke_badge(actor: Actor, award_id: str, body: dict[str, Any]) -> BadgeAward:
    """Take a badge from a leader; it is not awarded again by itself."""
    with transaction():
        return services.decide(
            award_id=award_id, action="revoke", actor=actor, now=clock.now(), **body
        )


@api.post(
    f"{AWARD}/reinstatement",
    allow="coaching.edit",
    body=BadgeDecisionBody,
    returns=BadgeAwardSchema,
    problems=[NotInThisState],
    example={"reason": "It was the leader after all."},
)
def reinstate_badge(actor: Actor, award_id: str, body: dict[str, Any]) -> BadgeAward:
    """Give a badge back that was revoked."""
    with transaction():
        return services.decide(
            award_id=award_id, action="reinstate", actor=actor, now=clock.now(), **body
        )


@api.get("/leader/badges", allow="training.own", returns=OwnBadgesSchema)
def list_own_badges(actor: Actor) -> dict[str, Any]:
    """List the badges that I have, and what is missing for the others."""
    return {"items": queries.own_badges(actor.leader_id)}

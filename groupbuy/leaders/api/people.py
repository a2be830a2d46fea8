"""Applications and leaders over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Nothing, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.leaders import errors, queries, services
from groupbuy.leaders.api.surface import api
from groupbuy.leaders.models import Leader, LeaderApplication, LeaderStanding
from groupbuy.leaders.schemas import (
    ApplicationBody,
    ApplicationQuery,
    ApplicationSchema,
    LeaderDecisionBody,
    LeaderQuery,
    LeaderSchema,
    LevelBody,
    OwnApplicationSchema,
    RegionBody,
    StandingSchema,
)

APPLICATION = "/hq/leader-applications/<id(lap):application_id>"
LEADER = "/hq/leaders/<id(ldr):leader_id>"


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


@api.get(LEADER, allow="leaders.read", returns=LeaderSchema, versioned=True)
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


@api.put(
    f"{LEADER}/level",
    allow="leaders.decide",
    body=LevelBody,
    returns=LeaderSchema,
    versioned=True,
    problems=[errors.QualificationMissing],
    example={"level": 2, "reason": "Three months above ¥50,000."},
)
def set_leader_level(actor: Actor, leader_id: str, if_match: int, body: dict[str, Any]) -> Leader:
    """Give a leader another level; it counts for what is paid from now on."""
    with transaction():
        return services.set_level(
            leader_id=leader_id, if_match=if_match, **body, actor=actor, now=clock.now()
        )


@api.put(
    f"{LEADER}/region",
    allow="leaders.decide",
    body=RegionBody,
    returns=LeaderSchema,
    versioned=True,
    example={"region": "上海市浦东新区", "reason": "Moved across the river."},
)
def set_leader_region(actor: Actor, leader_id: str, if_match: int, body: dict[str, Any]) -> Leader:
    """Put a leader into another region; it counts for what is paid from now on."""
    with transaction():
        return services.set_region(
            leader_id=leader_id, if_match=if_match, **body, actor=actor, now=clock.now()
        )


@api.get(
    f"{LEADER}/standings",
    allow="leaders.read",
    query=PageQuery,
    returns=page_of(StandingSchema),
)
def list_leader_standings(
    actor: Actor, leader_id: str, query: dict[str, Any]
) -> Page[LeaderStanding]:
    """List which level and region a leader had, since when and why, the newest first."""
    return queries.standing_list(leader_id=leader_id, **query)


@api.get("/leader/me", allow="leader.own", returns=LeaderSchema)
def show_own_leadership(actor: Actor) -> Leader:
    """Show oneself as a leader."""
    return queries.leader(actor.leader_id)

"""What leaders are qualified in, and what levels ask for, over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, PageQuery, page_of
from groupbuy.leaders import errors, queries, services
from groupbuy.leaders.api.surface import api
from groupbuy.leaders.models import LevelRule, Qualification
from groupbuy.leaders.queries import qualifications
from groupbuy.leaders.schemas import (
    LeaderQualificationSchema,
    LevelRuleBody,
    LevelRuleSchema,
    QualificationKindSchema,
    UnqualifiedLeaderSchema,
)

RULES = "/hq/leader-level-rules"


@api.get(
    "/hq/qualifications",
    allow="leaders.read",
    query=PageQuery,
    returns=page_of(QualificationKindSchema),
)
def list_qualifications(actor: Actor, query: dict[str, Any]) -> Page[Qualification]:
    """List what leaders can be qualified in: what certifications were published for."""
    return qualifications.qualification_kinds(**query)


@api.get(
    "/hq/leaders/<id(ldr):leader_id>/qualifications",
    allow="leaders.read",
    query=PageQuery,
    returns=page_of(LeaderQualificationSchema),
)
def list_leader_qualifications(
    actor: Actor, leader_id: str, query: dict[str, Any]
) -> Page[dict[str, Any]]:
    """List what a leader is or was qualified in, the latest first."""
    leader = queries.leader(leader_id)
    return qualifications.qualifications_of(leader_id=leader.id, **query)


@api.get(
    "/leader/qualifications",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(LeaderQualificationSchema),
)
def list_own_qualifications(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List what one is or was qualified in, the latest first."""
    return qualifications.qualifications_of(leader_id=actor.leader_id, **query)


@api.get(RULES, allow="leaders.read", query=PageQuery, returns=page_of(LevelRuleSchema))
def list_level_rules(actor: Actor, query: dict[str, Any]) -> Page[LevelRule]:
    """List what levels ask for, the lowest first."""
    return qualifications.level_rules(**query)


@api.post(
    RULES,
    allow="leaders.decide",
    body=LevelRuleBody,
    returns=LevelRuleSchema,
    status=201,
    idempotent=True,
    problems=[errors.UnknownQualification],
    example={"level": 3, "qualification": "fresh-goods"},
)
def add_level_rule(actor: Actor, body: dict[str, Any]) -> LevelRule:
    """Ask for a qualification before anybody is raised to a level or above."""
    with transaction():
        return services.demand_for_level(
            level=body["level"], code=body["qualification"], actor=actor, now=clock.now()
        )


@api.delete(f"{RULES}/<id(llr):rule_id>", allow="leaders.decide")
def drop_level_rule(actor: Actor, rule_id: str) -> None:
    """Ask for it no longer."""
    with transaction():
        services.drop_level_rule(rule_id=rule_id, actor=actor, now=clock.now())


@api.get(
    "/hq/unqualified-leaders",
    allow="leaders.read",
    query=PageQuery,
    returns=page_of(UnqualifiedLeaderSchema),
)
def list_unqualified_leaders(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List leaders who lack what their level asks for; nobody is lowered by the clock."""
    return qualifications.unqualified(at=clock.now(), **query)

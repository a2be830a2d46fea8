"""Commission plans over HTTP."""

from typing import Any

from groupbuy.commissions import errors, queries, services
from groupbuy.commissions.models import Plan, PlanVersion
from groupbuy.commissions.schemas.plans import (
    PlanCreateBody,
    PlanSchema,
    PublicationBody,
    VersionCreateBody,
    VersionEditBody,
    VersionQuery,
    VersionSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.kernel.settings import settings
from groupbuy.leaders.errors import UnknownQualification

api = Api("commissions", __name__, url_prefix="/api/v1", description="Commission plans")

VERSIONS = "/hq/commission-plans/<id(pln):plan_id>/versions"
VERSION = f"{VERSIONS}/<int(max=1000000):number>"
DRAFT_EXAMPLE: dict[str, Any] = {
    "effective_from": "2026-12-01T00:00:00+08:00",
    "mode": "marginal",
    "tiers": [[0, 500], [1_000_000, 700], [5_000_000, 900]],
    "item_rules": [
        {
            "kind": "replace",
            "target_kind": "category",
            "target_id": f"cat_{'0198f3c2a7b47d1e' * 2}",
            "rate_bps": 200,
        }
    ],
    "level_multipliers": {"2": 12_000},
    "cap_fen": None,
    "quota_bonus": {"quota_fen": 5_000_000, "bonus_fen": 50_000},
    "rank_bonuses": [100_000, 50_000, 20_000],
    "guarantee_fen": 30_000,
    "service_fee_fen": 50,
    "recruiter_override": None,
}


def _limits() -> dict[str, Any]:
    """Return what the settings let a plan promise."""
    present = settings()
    return {
        "max_total_bps": present.max_total_bps,
        "override_allowed": present.recruiter_override_allowed,
    }


@api.get("/hq/commission-plans", allow="plans.read", query=PageQuery, returns=page_of(PlanSchema))
def list_commission_plans(actor: Actor, query: dict[str, Any]) -> Page[Plan]:
    """List plans."""
    return queries.plan_list(**query)


@api.post(
    "/hq/commission-plans",
    allow="plans.edit",
    body=PlanCreateBody,
    returns=PlanSchema,
    status=201,
    idempotent=True,
    problems=[errors.PlanCodeTaken],
    example={"code": "standard", "name": "标准方案"},
)
def create_commission_plan(actor: Actor, body: dict[str, Any]) -> Plan:
    """Create a plan; the first one becomes everybody's."""
    with transaction():
        return services.create_plan(**body, actor=actor, now=clock.now())


@api.get(VERSIONS, allow="plans.read", query=VersionQuery, returns=page_of(VersionSchema))
def list_plan_versions(actor: Actor, plan_id: str, query: dict[str, Any]) -> Page[PlanVersion]:
    """List a plan's versions, the newest first."""
    return queries.version_list(plan_id=plan_id, **query)


@api.post(
    VERSIONS,
    allow="plans.edit",
    body=VersionCreateBody,
    returns=VersionSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[UnknownQualification],
    example=DRAFT_EXAMPLE,
)
def draft_plan_version(actor: Actor, plan_id: str, body: dict[str, Any]) -> PlanVersion:
    """Draft a plan's next version."""
    with transaction():
        return services.create_version(plan_id=plan_id, **body, actor=actor, now=clock.now())


@api.get(VERSION, allow="plans.read", returns=VersionSchema, versioned=True)
def show_plan_version(actor: Actor, plan_id: str, number: int) -> PlanVersion:
    """Show a version."""
    return queries.version(plan_id, number)


@api.patch(
    VERSION,
    allow="plans.edit",
    body=VersionEditBody,
    returns=VersionSchema,
    versioned=True,
    problems=[NotInThisState, UnknownQualification],
    example={"tiers": [[0, 500], [1_000_000, 800]]},
)
def edit_plan_version(
    actor: Actor, plan_id: str, number: int, if_match: int, body: dict[str, Any]
) -> PlanVersion:
    """Change a draft."""
    with transaction():
        return services.edit_version(
            plan_id=plan_id,
            number=number,
            if_match=if_match,
            actor=actor,
            now=clock.now(),
            **body,
        )


@api.delete(VERSION, allow="plans.edit", versioned=True, problems=[NotInThisState])
def discard_plan_version(actor: Actor, plan_id: str, number: int, if_match: int) -> None:
    """Throw a draft away."""
    with transaction():
        services.discard_version(
            plan_id=plan_id, number=number, if_match=if_match, actor=actor, now=clock.now()
        )


@api.post(
    f"{VERSION}/publication",
    allow="plans.publish",
    body=PublicationBody,
    returns=VersionSchema,
    versioned=True,
    problems=[NotInThisState, StaleVersion, errors.PublisherIsAuthor, errors.PlanNotPublishable],
    example={"version": 3},
)
def publish_plan_version(
    actor: Actor, plan_id: str, number: int, body: dict[str, Any]
) -> PlanVersion:
    """Publish a draft as it was read; from then on it never changes."""
    with transaction():
        return services.publish_version(
            plan_id=plan_id,
            number=number,
            if_match=body["version"],
            **_limits(),
            actor=actor,
            now=clock.now(),
        )

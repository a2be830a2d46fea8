"""Campaigns' rules over HTTP."""

from typing import Any

from groupbuy.commissions import errors, queries, services
from groupbuy.commissions.models import CampaignRule
from groupbuy.commissions.schemas.campaign_rules import (
    CampaignRuleBody,
    CampaignRuleEditBody,
    CampaignRuleQuery,
    CampaignRuleSchema,
)
from groupbuy.commissions.schemas.plans import PublicationBody
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.kernel.settings import settings

api = Api(
    "campaign-commission-rules",
    __name__,
    url_prefix="/api/v1",
    description="What campaigns pay in place of the plan",
)

RULES = "/hq/campaign-commission-rules"
RULE = f"{RULES}/<id(ccr):rule_id>"
RULE_EXAMPLE = {
    "campaign_id": f"cmp_{'0198f3c2a7b47d1e' * 2}",
    "sku_id": None,
    "kind": "replace",
    "rate_bps": 1_200,
}


@api.get(
    RULES,
    allow="plans.read",
    query=CampaignRuleQuery,
    returns=page_of(CampaignRuleSchema),
)
def list_campaign_commission_rules(actor: Actor, query: dict[str, Any]) -> Page[CampaignRule]:
    """List campaigns' rules, the newest first."""
    return queries.campaign_rule_list(**query)


@api.post(
    RULES,
    allow="plans.edit",
    body=CampaignRuleBody,
    returns=CampaignRuleSchema,
    status=201,
    idempotent=True,
    versioned=True,
    example=RULE_EXAMPLE,
)
def draft_campaign_commission_rule(actor: Actor, body: dict[str, Any]) -> CampaignRule:
    """Draft how a campaign's goods earn in place of the plan."""
    with transaction():
        return services.create_campaign_rule(**body, actor=actor, now=clock.now())


@api.get(RULE, allow="plans.read", returns=CampaignRuleSchema, versioned=True)
def show_campaign_commission_rule(actor: Actor, rule_id: str) -> CampaignRule:
    """Show a campaign's rule."""
    return queries.campaign_rule(rule_id)


@api.patch(
    RULE,
    allow="plans.edit",
    body=CampaignRuleEditBody,
    returns=CampaignRuleSchema,
    versioned=True,
    problems=[NotInThisState],
    example={"rate_bps": 1_500},
)
def edit_campaign_commission_rule(
    actor: Actor, rule_id: str, if_match: int, body: dict[str, Any]
) -> CampaignRule:
    """Change a draft."""
    with transaction():
        return services.edit_campaign_rule(
            rule_id=rule_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.delete(RULE, allow="plans.edit", versioned=True, problems=[NotInThisState])
def discard_campaign_commission_rule(actor: Actor, rule_id: str, if_match: int) -> None:
    """Throw a draft away."""
    with transaction():
        services.discard_campaign_rule(
            rule_id=rule_id, if_match=if_match, actor=actor, now=clock.now()
        )


@api.post(
    f"{RULE}/publication",
    allow="plans.publish",
    body=PublicationBody,
    returns=CampaignRuleSchema,
    versioned=True,
    problems=[
        NotInThisState,
        StaleVersion,
        errors.PublisherIsAuthor,
        errors.CampaignRuleNotPublishable,
    ],
    example={"version": 1},
)
def publish_campaign_commission_rule(
    actor: Actor, rule_id: str, body: dict[str, Any]
) -> CampaignRule:
    """Publish a draft as it was read: it holds for orders paid from now on."""
    with transaction():
        return services.publish_campaign_rule(
            rule_id=rule_id,
            if_match=body["version"],
            max_total_bps=settings().max_total_bps,
            actor=actor,
            now=clock.now(),
        )

"""What a campaign's goods earn in place of the plan: drafted, and published by a second person."""

from datetime import datetime
from typing import Any

from groupbuy.commissions import queries
from groupbuy.commissions.errors import CampaignRuleNotPublishable, PublisherIsAuthor
from groupbuy.commissions.models import CampaignRule, VersionState
from groupbuy.commissions.rules.publication import (
    NOT_IN_CAMPAIGN,
    Fault,
    campaign_rule_faults,
    rule_faults,
)
from groupbuy.commissions.rules.terms import (
    RuleKind,
)
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text

WRITTEN = ("campaign_rule.draft", "campaign_rule.edit")
"""What makes somebody an author of a rule, as the audit log names it."""

NO_CAMPAIGN = Text("没有这个活动。", "There is no such campaign.")


def create_campaign_rule(
    *,
    campaign_id: str,
    sku_id: str | None,
    kind: str,
    rate_bps: int | None = None,
    flat_fen_per_unit: int | None = None,
    counts: bool = True,
    actor: Actor,
    now: datetime,
) -> CampaignRule:
    """Draft how a campaign's SKU earns, or (None) all of its goods.

    Raises:
        InvalidInput: there is no such campaign, it does not offer the SKU, or the amount does not
            fit the kind.
    """
    if not queries.campaign_known(campaign_id):
        raise InvalidInput.at("/campaign_id", NO_CAMPAIGN)
    rule = CampaignRule(
        campaign_id=campaign_id,
        sku_id=sku_id,
        kind=kind,
        rate_bps=rate_bps,
        flat_fen_per_unit=flat_fen_per_unit,
        counts=counts,
        created_by=actor.label,
        created_at=now,
        edited_by=actor.label,
    )
    _check(rule)
    session().add(rule)
    session().flush()
    _record(rule, "draft", actor, now)
    return rule


def edit_campaign_rule(
    *, rule_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> CampaignRule:
    """Change a draft: its SKU, kind, amount, or whether such lines count.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
        InvalidInput: the campaign does not offer the SKU, or the amount does not fit the kind.
    """
    rule = _draft(rule_id, if_match, "edit")
    with session().no_autoflush:
        for field, value in changes.items():
            setattr(rule, field, value)
        _check(rule)
    rule.edited_by = actor.label
    session().flush()
    _record(rule, "edit", actor, now)
    return rule


def discard_campaign_rule(*, rule_id: str, if_match: int, actor: Actor, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    rule = _draft(rule_id, if_match, "discard")
    _record(rule, "discard", actor, now)
    session().delete(rule)
    session().flush()


def publish_campaign_rule(
    *, rule_id: str, if_match: int, max_total_bps: int, actor: Actor, now: datetime
) -> CampaignRule:
    """Publish a draft as it was when its version was `if_match`: it holds for orders paid from now.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it is not what the publisher read.
        PublisherIsAuthor: the actor wrote or changed it.
        CampaignRuleNotPublishable: with every fault found.
    """
    rule = _draft(rule_id, if_match, "publish")
    wrote = actor.label in (rule.created_by, rule.edited_by)
    if wrote or audit.has_acted(actor, subject=rule.id, actions=WRITTEN):
        raise PublisherIsAuthor
    faults = campaign_rule_faults(
        rate_bps=rule.rate_bps,
        sku_offered=queries.offered_in(rule.campaign_id, rule.sku_id),
        plans=queries.multiplied(now),
        max_total_bps=max_total_bps,
    )
    if faults:
        raise CampaignRuleNotPublishable(errors=_listed(faults))
    rule.state = VersionState.PUBLISHED
    rule.published_by = actor.label
    rule.published_at = now
    session().flush()
    _record(rule, "publish", actor, now)
    return rule


def _draft(rule_id: str, if_match: int, action: str) -> CampaignRule:
    rule = queries.campaign_rule(rule_id, locked=True)
    if rule.state != VersionState.DRAFT:
        raise NotInThisState(state=rule.state, action=action)
    if rule.version != if_match:
        raise StaleVersion
    return rule


def _check(rule: CampaignRule) -> None:
    """Refuse what could not be stored, or is about nothing."""
    faults = list(rule_faults(RuleKind(rule.kind), rule.rate_bps, rule.flat_fen_per_unit))
    if not queries.offered_in(rule.campaign_id, rule.sku_id):
        faults.append(Fault("/sku_id", NOT_IN_CAMPAIGN))
    if faults:
        raise InvalidInput(errors=_listed(faults))


def _listed(faults: list[Fault]) -> list[dict[str, Any]]:
    return [{"pointer": fault.pointer, "detail": fault.text} for fault in faults]


def _record(rule: CampaignRule, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"campaign_rule.{action}",
        subject=rule.id,
        now=now,
        campaign_id=rule.campaign_id,
        sku_id=rule.sku_id,
        kind=rule.kind,
        rate_bps=rule.rate_bps,
        flat_fen_per_unit=rule.flat_fen_per_unit,
        counts=rule.counts,
    )

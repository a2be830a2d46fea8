"""The publication of a plan's version: by a second person, after every check."""

from datetime import datetime

from groupbuy.commissions import queries
from groupbuy.commissions.errors import PlanNotPublishable, PublisherIsAuthor
from groupbuy.commissions.models import PlanVersion, VersionState
from groupbuy.commissions.rules.publication import publication_faults
from groupbuy.commissions.services.planning import WRITTEN, held_draft, note
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session


def publish_version(
    *,
    plan_id: str,
    number: int,
    if_match: int,
    max_total_bps: int,
    override_allowed: bool = False,
    actor: Actor,
    now: datetime,
) -> PlanVersion:
    """Publish a draft as it was when its version was `if_match`; from then on it never changes.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it is not what the publisher read.
        PublisherIsAuthor: the actor wrote or changed it.
        PlanNotPublishable: with every fault found.
    """
    queries.locked_plan(plan_id)
    version = held_draft(plan_id=plan_id, number=number, if_match=if_match, action="publish")
    wrote = actor.label in (version.created_by, version.edited_by)
    if wrote or audit.has_acted(actor, subject=version.id, actions=WRITTEN):
        raise PublisherIsAuthor
    faults = publication_faults(
        tiers=version.table.tiers,
        item_rules=version.rules,
        multipliers_bps=version.level_multipliers.values(),
        effective_from=version.effective_from,
        latest_from=queries.latest_effective_from(plan_id),
        now=now,
        max_total_bps=max_total_bps,
        override=version.extras.override,
        override_allowed=override_allowed,
        unknown=queries.unknown_targets(version.rules),
        campaign_rates_bps=queries.campaign_rates(now),
    )
    if faults:
        raise PlanNotPublishable(
            errors=[{"pointer": fault.pointer, "detail": fault.text} for fault in faults]
        )
    version.state = VersionState.PUBLISHED
    version.published_by = actor.label
    version.published_at = now
    session().flush()
    note(version=version, action="publish", actor=actor, now=now)
    return version

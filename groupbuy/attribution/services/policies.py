"""Policies, from draft to publication."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from groupbuy.attribution import queries
from groupbuy.attribution.errors import PolicyNotPublishable, PolicyPublisherIsAuthor
from groupbuy.attribution.models import AttributionPolicy
from groupbuy.attribution.rules import DEFAULT_POLICY, PolicyState, publication_faults
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState, StaleVersion

WRITTEN = ("attribution_policy.draft", "attribution_policy.edit")
"""What makes somebody an author of a policy, as the audit log names it."""
TOLD = (
    *("priority", "lookback_days", "eligible", "validity_days", "protect_days"),
    *("renew", "self_purchase"),
)


def create_policy(
    *,
    effective_from: datetime,
    priority: Sequence[str] = DEFAULT_POLICY.priority,
    lookback_days: int = DEFAULT_POLICY.lookback_days,
    eligible: str = DEFAULT_POLICY.eligible,
    validity_days: int | None = DEFAULT_POLICY.validity_days,
    protect_days: int | None = DEFAULT_POLICY.protect_days,
    renew: str = DEFAULT_POLICY.renew,
    self_purchase: str = DEFAULT_POLICY.self_purchase,
    actor: Actor,
    now: datetime,
) -> AttributionPolicy:
    """Draft the next policy, which holds from `effective_from` on.

    The rest is as in `rules.Policy`; what is left out is as in the policy of a new system.
    """
    _take_turns()
    last = session().scalar(select(func.max(AttributionPolicy.number)))
    policy = AttributionPolicy(
        number=(last or 0) + 1,
        effective_from=effective_from,
        priority=list(priority),
        lookback_days=lookback_days,
        eligible=eligible,
        validity_days=validity_days,
        protect_days=protect_days,
        renew=renew,
        self_purchase=self_purchase,
        created_by=actor.label,
        created_at=now,
        edited_by=actor.label,
    )
    session().add(policy)
    session().flush()
    _note("draft", policy, actor, now)
    return policy


def edit_policy(
    *, policy_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> AttributionPolicy:
    """Change a draft: any field of `create_policy`.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    policy = _draft(policy_id, if_match, "edit")
    for field, value in changes.items():
        setattr(policy, field, value)
    policy.edited_by = actor.label
    session().flush()
    _note("edit", policy, actor, now)
    return policy


def discard_policy(*, policy_id: str, if_match: int, actor: Actor, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    policy = _draft(policy_id, if_match, "discard")
    _note("discard", policy, actor, now)
    session().delete(policy)
    session().flush()


def publish_policy(
    *, policy_id: str, if_match: int, actor: Actor, now: datetime
) -> AttributionPolicy:
    """Publish a draft as it was when its version was `if_match`; from then on it never changes.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it is not what the publisher read.
        PolicyPublisherIsAuthor: the actor wrote or changed it.
        PolicyNotPublishable: with every fault found.
    """
    policy = _draft(policy_id, if_match, "publish")
    wrote = actor.label in (policy.created_by, policy.edited_by)
    if wrote or audit.has_acted(actor, subject=policy.id, actions=WRITTEN):
        raise PolicyPublisherIsAuthor
    faults = publication_faults(
        effective_from=policy.effective_from, latest_from=queries.latest_effective_from(), now=now
    )
    if faults:
        raise PolicyNotPublishable(
            errors=[{"pointer": fault.pointer, "detail": fault.text} for fault in faults]
        )
    policy.state = PolicyState.PUBLISHED
    policy.published_by = actor.label
    policy.published_at = now
    session().flush()
    _note("publish", policy, actor, now)
    return policy


def _draft(policy_id: str, if_match: int, action: str) -> AttributionPolicy:
    _take_turns()
    policy = queries.policy(policy_id, locked=True)
    if policy.state != PolicyState.DRAFT:
        raise NotInThisState(state=policy.state, action=action)
    if policy.version != if_match:
        raise StaleVersion
    return policy


def _take_turns() -> None:
    """Let policies be written one after the other: it happens a few times a year."""
    session().execute(text("lock table attribution_policies in share row exclusive mode"))


def _note(action: str, policy: AttributionPolicy, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"attribution_policy.{action}",
        subject=policy.id,
        now=now,
        number=policy.number,
        version=policy.version,
        effective_from=policy.effective_from.isoformat(),
        **{name: getattr(policy, name) for name in TOLD},
    )

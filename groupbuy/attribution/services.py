"""Recording touches, deciding orders, renewing locks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from groupbuy.attribution import queries
from groupbuy.attribution.errors import ShareCodeUnknown
from groupbuy.attribution.models import AttributionDecision, AttributionTouch, CustomerLock
from groupbuy.attribution.rules import (
    DEFAULT_POLICY,
    Claim,
    Policy,
    Reason,
    Rule,
    Touch,
    touch_outcome,
    weigh,
    winner,
)
from groupbuy.campaigns import queries as campaigns
from groupbuy.identity.models import Shopper
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.leaders import queries as leader_queries
from groupbuy.leaders.models import Leader


def record_touch(
    *, shopper_id: str, share_code: str, scene: str, now: datetime, policy: Policy = DEFAULT_POLICY
) -> AttributionTouch:
    """Record that a customer came by a share, and open or take over a lock if the rules say so.

    Raises:
        ShareCodeUnknown: no group buy has the code.
    """
    group_buy = campaigns.group_buy_by_share_code(share_code)
    if group_buy is None:
        raise ShareCodeUnknown
    _one_at_a_time(shopper_id)
    leader = leader_queries.leader(group_buy.leader_id)
    held = queries.open_lock(shopper_id)
    lock, lock_leader_active = held if held else (None, False)
    outcome = touch_outcome(
        policy,
        Touch(
            leader_id=leader.id,
            at=now,
            by_leader_self=leader.shopper_id == shopper_id,
            leader_active=leader.state == "active",
            customer_eligible=policy.eligible == "all" or not queries.has_ordered(shopper_id),
        ),
        lock.as_rule() if lock else None,
        lock_leader_active=lock_leader_active,
    )
    touch = AttributionTouch(
        shopper_id=shopper_id,
        leader_id=leader.id,
        group_buy_id=group_buy.id,
        scene=scene,
        at=now,
        result=outcome.reason,
        policy_version=policy.version,
    )
    session().add(touch)
    session().flush()
    if outcome.opened is not None:
        if lock is not None:
            _close(lock, now=now, by=outcome.reason)
        session().add(
            CustomerLock(
                shopper_id=shopper_id,
                leader_id=leader.id,
                touch_id=touch.id,
                locked_at=outcome.opened.locked_at,
                expires_at=outcome.opened.expires_at,
            )
        )
        session().flush()
    return touch


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What deciding needs to know of an order being placed."""

    order_id: str
    shopper_id: str
    host_leader_id: str | None
    group_buy_id: str | None
    pickup_point_id: str
    pickup_leader_id: str | None


def decide(
    *, facts: OrderFacts, actor: Actor, now: datetime, policy: Policy = DEFAULT_POLICY
) -> AttributionDecision:
    """Decide once whose a new order is, and keep every candidate with its reason."""
    held = queries.open_lock(facts.shopper_id)
    touched = queries.best_touch(
        facts.shopper_id, at=now, lookback=timedelta(days=policy.lookback_days)
    )
    known = {facts.host_leader_id, facts.pickup_leader_id}
    known |= {held[0].leader_id if held else None, touched[0].leader_id if touched else None}
    leaders = leader_queries.leaders_by_id(filter(None, known))
    claims = {
        Rule.HOSTED: _claim(leaders, facts.host_leader_id, facts.group_buy_id),
        Rule.PICKUP: _claim(leaders, facts.pickup_leader_id, facts.pickup_point_id),
    }
    if held is not None:
        lock, active = held
        claims[Rule.LOCK] = Claim(lock.leader_id, active, lock.id, lock=lock.as_rule())
    if touched is not None:
        touch, active = touched
        claims[Rule.LINK] = Claim(touch.leader_id, active, touch.id, touched_at=touch.at)
    candidates = weigh(policy, claims, now)
    rule, leader_id = winner(candidates)
    leader = leaders.get(leader_id) if leader_id else None
    self_purchase = leader is not None and leader.shopper_id == facts.shopper_id
    decision = AttributionDecision(
        order_id=facts.order_id,
        revision=1,
        shopper_id=facts.shopper_id,
        leader_id=leader_id,
        rule=rule,
        policy_version=policy.version,
        candidates=[candidate.as_json() for candidate in candidates],
        self_purchase=self_purchase,
        commissionable=leader is not None
        and not (self_purchase and policy.self_purchase == "no_commission"),
        pickup_leader_id=facts.pickup_leader_id,
        recruiter_id=leader.recruiter_id if leader else None,
        leader_level=leader.level if leader else None,
        decided_at=now,
        decided_by=actor.label,
        reason="placed",
    )
    session().add(decision)
    return decision


def as_seen_by(decision: AttributionDecision, *, leader_id: str) -> dict[str, Any]:
    """Return a decision as one of its candidates may see it: the winner's own facts stay theirs."""
    mine = decision.leader_id == leader_id
    seen = {column.key: getattr(decision, column.key) for column in decision.__table__.columns}
    hidden = {} if mine else {"recruiter_id": None, "leader_level": None}
    candidates = [
        candidate if candidate["leader_id"] == leader_id else {**candidate, "evidence_id": None}
        for candidate in decision.candidates
    ]
    return {**seen, **hidden, "candidates": candidates, "mine": mine}


def renew_lock(
    *, shopper_id: str, leader_id: str | None, now: datetime, policy: Policy = DEFAULT_POLICY
) -> None:
    """Extend the expiry, never the protection, of the lock on the leader of a paid order."""
    if policy.renew != "paid_order" or leader_id is None:
        return
    session().execute(
        update(CustomerLock)
        .where(
            CustomerLock.shopper_id == shopper_id,
            CustomerLock.leader_id == leader_id,
            CustomerLock.closed_at.is_(None),
            CustomerLock.expires_at > now,
        )
        .values(expires_at=policy.expiry(now))
    )


def _close(lock: CustomerLock, *, now: datetime, by: Reason) -> None:
    # An expired lock ended when it expired, not when somebody noticed.
    expired = lock.expires_at is not None and lock.expires_at <= now
    lock.closed_at = lock.expires_at if expired else now
    lock.close_reason = "EXPIRED" if expired else by
    session().flush()


def _claim(
    leaders: dict[str, Leader], leader_id: str | None, evidence_id: str | None
) -> Claim | None:
    if leader_id is None:
        return None
    return Claim(leader_id, leaders[leader_id].state == "active", evidence_id)


def _one_at_a_time(shopper_id: str) -> None:
    """Let two touches of one customer happen one after the other."""
    session().execute(
        select(Shopper.id).where(Shopper.id == shopper_id).with_for_update(key_share=True)
    )

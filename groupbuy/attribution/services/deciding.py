"""Deciding whose an order is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from groupbuy.attribution import queries
from groupbuy.attribution.errors import AlreadyTheirs
from groupbuy.attribution.models import AttributionDecision
from groupbuy.attribution.rules import Claim, Rule, weigh, winner
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.rows import insert_new
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leader_queries
from groupbuy.leaders.models import Leader

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What deciding needs to know of an order being placed."""

    order_id: str
    shopper_id: str
    host_leader_id: str | None
    group_buy_id: str | None
    pickup_point_id: str
    pickup_leader_id: str | None


def decide(*, facts: OrderFacts, actor: Actor, now: datetime) -> AttributionDecision:
    """Decide once whose a new order is, and keep every candidate with its reason."""
    policy, held, touched = queries.evidence(facts.shopper_id, at=now)
    known = {facts.host_leader_id, facts.pickup_leader_id}
    known |= {held.lock.leader_id if held else None, touched.leader_id if touched else None}
    leaders = leader_queries.leaders_by_id(filter(None, known))
    claims = {
        Rule.HOSTED: _claim(leaders, facts.host_leader_id, facts.group_buy_id),
        Rule.PICKUP: _claim(leaders, facts.pickup_leader_id, facts.pickup_point_id),
    }
    if held is not None:
        claims[Rule.LOCK] = Claim(held.lock.leader_id, held.active, held.id, lock=held.lock)
    if touched is not None:
        claims[Rule.LINK] = Claim(
            touched.leader_id, touched.active, touched.id, touched_at=touched.at
        )
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
        commissionable=leader is not None and policy.pays(self_purchase=self_purchase),
        pickup_leader_id=facts.pickup_leader_id,
        recruiter_id=leader.recruiter_id if leader else None,
        leader_level=leader.level if leader else None,
        decided_at=now,
        decided_by=actor.label,
        reason="placed",
    )
    insert_new([decision])
    return decision


def reassign(
    *,
    order_id: str,
    leader_id: str | None,
    paid_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
) -> tuple[AttributionDecision, AttributionDecision]:
    """Give a paid order to another leader, None for the house; return the new and old decision.

    The new leader is judged as of when the order was paid, by the policy it was placed under.
    It happens at `now`, or just after the reassignment before it, if this one waited for that.
    The caller holds the order's lock, checks its state, and announces `order_reassigned`.

    Raises:
        AlreadyTheirs: it is this leader's.
        InvalidInput: there is no such leader.
    """
    previous = queries.current_decision(order_id)
    if previous.leader_id == leader_id:
        raise AlreadyTheirs
    now = max(now, previous.decided_at + INSTANT) if previous.revision > 1 else now
    known = leader_queries.leaders_by_id(filter(None, [leader_id]))
    if leader_id is not None and leader_id not in known:
        raise InvalidInput.at("/leader_id", Text("没有这位团长。", "There is no such leader."))
    leader = known.get(leader_id) if leader_id else None
    standing = leader_queries.standing_at(known, paid_at).get(leader_id or "")
    self_purchase = leader is not None and leader.shopper_id == previous.shopper_id
    policy = queries.policy_numbered(previous.policy_version)
    decision = AttributionDecision(
        order_id=order_id,
        revision=previous.revision + 1,
        shopper_id=previous.shopper_id,
        leader_id=leader_id,
        rule=Rule.ASSIGNED if leader else Rule.NONE,
        policy_version=previous.policy_version,
        candidates=previous.candidates,
        self_purchase=self_purchase,
        commissionable=leader is not None and policy.pays(self_purchase=self_purchase),
        pickup_leader_id=previous.pickup_leader_id,
        recruiter_id=standing.recruiter_id if standing else None,
        leader_level=standing.level if standing else None,
        decided_at=now,
        decided_by=actor.label,
        reason=reason,
    )
    session().add(decision)
    session().flush()
    audit.record(
        actor=actor,
        action="order.reassign",
        subject=order_id,
        now=now,
        revision=decision.revision,
        from_leader=previous.leader_id,
        to_leader=leader_id,
        reason=reason,
    )
    return decision, previous


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


def _claim(
    leaders: dict[str, Leader], leader_id: str | None, evidence_id: str | None
) -> Claim | None:
    if leader_id is None:
        return None
    return Claim(leader_id, leaders[leader_id].state == "active", evidence_id)

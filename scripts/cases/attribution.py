"""Cases of customer locks and of whose an order is."""

from datetime import UTC, datetime
from typing import Any

from groupbuy.attribution.rules import (
    Claim,
    Lock,
    Policy,
    Rule,
    Touch,
    touch_outcome,
    weigh,
    winner,
)
from scripts.cases import Operation, call

ANY_TIME = datetime(2025, 9, 1, tzinfo=UTC)


def lock(
    *,
    first: tuple[str, str],
    touch: tuple[str, str] | None,
    at: str | None = None,
    **policy: Any,
) -> dict[str, Any]:
    """Who holds a customer after a first touch and perhaps another leader's."""
    terms = call(Policy, policy)
    held = _touched(terms, first, None)
    if touch is not None:
        held = _touched(terms, touch, held)
    asked_at = datetime.fromisoformat(at or (touch or first)[1])
    active = held is not None and not held.expired(asked_at)
    return {"owner": held.leader_id if held is not None and active else None}


def _touched(policy: Policy, touch: tuple[str, str], held: Lock | None) -> Lock | None:
    leader_id, at = touch
    outcome = touch_outcome(policy, Touch(leader_id, datetime.fromisoformat(at)), held)
    return outcome.opened or held


def attribute(*, order: list[str], cand: dict[str, str | None]) -> dict[str, Any]:
    """Which of the candidates gets an order."""
    policy = Policy(priority=tuple(Rule(rule) for rule in order))
    claims = {
        Rule(rule): Claim(leader_id, leader_active=True) if leader_id else None
        for rule, leader_id in cand.items()
    }
    rule, leader_id = winner(weigh(policy, claims, ANY_TIME))
    return {"leader": leader_id, "rule": rule.value}


OPERATIONS: dict[str, Operation] = {"lock": lock, "attribute": attribute}

"""What people do: put an order on hold, release it, reject it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.holds import queries
from groupbuy.holds.errors import HoldOpen, NothingToHold, PlacerDecides
from groupbuy.holds.models import ONE_OPEN, CommissionHold
from groupbuy.holds.rules import HOLD_MOVES, MANUAL, WORST, HoldState
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.orders import queries as orders
from groupbuy.orders.rules import OrderState


def place_by_hand(*, order_id: str, reason: str, actor: Actor, now: datetime) -> CommissionHold:
    """Hold what an order earns, and tell why.

    Raises:
        NotFound: there is no such order.
        NothingToHold: it earns no leader anything.
        HoldOpen: staff hold it already.
    """
    order = orders.order(order_id)
    if order.leader_id is None or order.paid_at is None or order.state == OrderState.CANCELLED:
        raise NothingToHold
    placed: CommissionHold | None = session().scalar(
        insert(CommissionHold)
        .values(
            order_id=order_id,
            leader_id=order.leader_id,
            rule=MANUAL,
            score=WORST,
            evidence={},
            note=reason,
            placed_at=now,
            placed_by=actor.label,
        )
        .on_conflict_do_nothing(index_elements=["order_id", "rule"], index_where=ONE_OPEN)
        .returning(CommissionHold)
    )
    if placed is None:
        raise HoldOpen
    audit.record(
        actor=actor,
        action="hold.place",
        subject=placed.id,
        now=now,
        order=order_id,
        rule=MANUAL,
        reason=reason,
    )
    return placed


def release(*, hold_id: str, reason: str, actor: Actor, now: datetime) -> CommissionHold:
    """Let what the order earns be paid.

    Raises:
        NotFound: there is no such hold.
        NotInThisState: it is decided, perhaps a moment ago by somebody else.
        PlacerDecides: the actor placed it.
    """
    return _decide(hold_id=hold_id, action="release", reason=reason, actor=actor, now=now)


def reject(*, hold_id: str, reason: str, actor: Actor, now: datetime) -> CommissionHold:
    """Refuse for good to pay what the order earns.

    Raises: as release.
    """
    return _decide(hold_id=hold_id, action="reject", reason=reason, actor=actor, now=now)


def _decide(
    *, hold_id: str, action: str, reason: str, actor: Actor, now: datetime
) -> CommissionHold:
    hold = queries.hold(hold_id)
    if hold.placed_by == actor.label:
        raise PlacerDecides
    before = HoldState.HELD
    decided: CommissionHold | None = session().scalar(
        update(CommissionHold)
        .where(CommissionHold.id == hold_id, CommissionHold.state == before)
        .values(
            state=HOLD_MOVES[before, action],
            decided_at=now,
            decided_by=actor.label,
            reason=reason,
        )
        .returning(CommissionHold),
        execution_options={"populate_existing": True},
    )
    if decided is None:
        raise NotInThisState(state=queries.hold(hold_id).state, action=action)
    audit.record(
        actor=actor,
        action=f"hold.{action}",
        subject=hold_id,
        now=now,
        order=decided.order_id,
        rule=decided.rule,
        reason=reason,
    )
    return decided

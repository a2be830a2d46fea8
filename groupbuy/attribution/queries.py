"""Reads of attribution."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, case, exists, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.expression import literal

from groupbuy.attribution.models import AttributionDecision, AttributionTouch, CustomerLock
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader


def open_lock(shopper_id: str) -> tuple[CustomerLock, bool] | None:
    """Return the shopper's open lock and whether its leader is active."""
    row = (
        session()
        .execute(
            select(CustomerLock, Leader.state == "active")
            .join(Leader, Leader.id == CustomerLock.leader_id)
            .where(CustomerLock.shopper_id == shopper_id, CustomerLock.closed_at.is_(None))
        )
        .one_or_none()
    )
    return None if row is None else (row[0], row[1])


def best_touch(
    shopper_id: str, *, at: datetime, lookback: timedelta
) -> tuple[AttributionTouch, bool] | None:
    """Return the touch that speaks for a link, and whether its leader is active.

    The latest one inside the window whose leader is active; when there is none, the latest of
    all, so that the evidence can say what was wrong with it.
    """
    active = Leader.state == "active"
    latest = (AttributionTouch.at.desc(), AttributionTouch.id.desc())
    usable = and_(active, AttributionTouch.at > at - lookback, AttributionTouch.at <= at)
    row = (
        session()
        .execute(
            select(AttributionTouch, active)
            .join(Leader, Leader.id == AttributionTouch.leader_id)
            .where(AttributionTouch.shopper_id == shopper_id, AttributionTouch.at <= at)
            .order_by(case((usable, 0), else_=1), *latest)
            .limit(1)
        )
        .one_or_none()
    )
    return None if row is None else (row[0], row[1])


def has_ordered(shopper_id: str) -> bool:
    """Tell whether an order of this shopper was ever decided on: then they are not new."""
    return bool(
        session().scalar(select(exists().where(AttributionDecision.shopper_id == shopper_id)))
    )


def current_decision(order_id: str) -> AttributionDecision:
    """Return the decision that counts, or raise NotFound."""
    revisions = history(order_id)
    if not revisions:
        raise NotFound
    return revisions[-1]


def history(order_id: str) -> Sequence[AttributionDecision]:
    """Return every decision on an order, oldest first."""
    return list(
        session().scalars(
            select(AttributionDecision)
            .where(AttributionDecision.order_id == order_id)
            .order_by(AttributionDecision.revision)
        )
    )


def decision_for_leader(*, order_id: str, leader_id: str) -> AttributionDecision:
    """Return the current decision if this leader was a candidate; it is NotFound otherwise."""
    decision = session().scalar(
        select(AttributionDecision)
        .where(
            AttributionDecision.order_id == order_id,
            AttributionDecision.candidates.op("@>")(literal([{"leader_id": leader_id}], JSONB)),
        )
        .order_by(AttributionDecision.revision.desc())
        .limit(1)
    )
    if decision is None:
        raise NotFound
    return decision


INVARIANTS = (
    Invariant(
        "attribution.one_current_revision",
        "every order has a decision, its revisions are numbered 1, 2, 3 … without a gap",
        "select o.id, count(d.id) revisions, max(d.revision) latest from orders o "
        "left join attribution_decisions d on d.order_id = o.id group by o.id "
        "having count(d.id) = 0 or count(d.id) <> max(d.revision)",
    ),
    Invariant(
        "attribution.order_shows_current_leader",
        "the leader on an order is the one of its current decision",
        "select o.id, o.leader_id, d.leader_id decided from orders o "
        "join attribution_decisions d on d.order_id = o.id where d.revision = "
        "(select max(revision) from attribution_decisions l where l.order_id = o.id) "
        "and o.leader_id is distinct from d.leader_id",
    ),
)

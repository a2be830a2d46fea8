"""Reads of attribution."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Interval,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from groupbuy.attribution.models import (
    AttributionDecision,
    AttributionPolicy,
    AttributionTouch,
    CustomerLock,
)
from groupbuy.attribution.rules import DEFAULT_POLICY, Lock, Policy, PolicyState, Rule
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.personal import PersonalData
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState


def policy(policy_id: str, *, locked: bool = False) -> AttributionPolicy:
    """Return a policy as it is now, or raise NotFound."""
    query = select(AttributionPolicy).where(AttributionPolicy.id == policy_id)
    if locked:
        query = query.with_for_update()
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def policy_list(
    *, limit: int, cursor: str | None, state: str | None = None
) -> Page[AttributionPolicy]:
    """Return policies, the newest first."""
    query = select(AttributionPolicy)
    if state is not None:
        query = query.where(AttributionPolicy.state == state)
    by = [AttributionPolicy.number]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def policy_at(at: datetime) -> Policy:
    """Return the policy in force at an instant, the default one before the first."""
    row = session().execute(_POLICY_AT, {"at": at}).one_or_none()
    return DEFAULT_POLICY if row is None else _policy(*row)


def policy_numbered(number: int) -> Policy:
    """Return a published policy by its number; 0 is the default one."""
    if number == DEFAULT_POLICY.version:
        return DEFAULT_POLICY
    query = select(AttributionPolicy).where(AttributionPolicy.number == number)
    return session().scalars(query).one().as_rule()


def latest_effective_from() -> datetime | None:
    """Return when the latest published policy begins, None if there is none."""
    return session().scalar(
        select(func.max(AttributionPolicy.effective_from)).where(
            AttributionPolicy.state == PolicyState.PUBLISHED
        )
    )


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


@dataclass(frozen=True, slots=True)
class LockView:
    """A lock as it stands at an instant.

    `protected_until` is from when on another leader's touch gets the customer, under the policy
    in force at that instant; None for never.
    """

    lock: CustomerLock
    is_open: bool
    protected_until: datetime | None


def lock(lock_id: str) -> CustomerLock:
    """Return a lock as it is now, or raise NotFound."""
    found = session().get(CustomerLock, lock_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def lock_list(
    *,
    limit: int,
    cursor: str | None,
    at: datetime,
    shopper: str | None = None,
    leader: str | None = None,
    open: bool | None = None,
) -> Page[LockView]:
    """Return locks, the newest first, in two statements; open is neither closed nor expired."""
    query = select(CustomerLock)
    if shopper is not None:
        query = query.where(CustomerLock.shopper_id == shopper)
    if leader is not None:
        query = query.where(CustomerLock.leader_id == leader)
    if open is not None:
        query = query.where(open_at(at) if open else not_(open_at(at)))
    page = paginate(query, by=[CustomerLock.id], limit=limit, cursor=cursor, descending=True)
    policy = policy_at(at)
    return Page([_viewed(found, policy, at) for found in page.items], page.next_cursor)


def lock_view(lock: CustomerLock, *, at: datetime) -> LockView:
    """Return a lock as it stands at an instant."""
    return _viewed(lock, policy_at(at), at)


def open_at(at: datetime) -> ColumnElement[bool]:
    """Return the condition of a lock that is in force: neither closed nor expired."""
    lasts = or_(CustomerLock.expires_at.is_(None), CustomerLock.expires_at > at)
    return and_(CustomerLock.closed_at.is_(None), lasts)


def _viewed(lock: CustomerLock, policy: Policy, at: datetime) -> LockView:
    rule = lock.as_rule()
    is_open = lock.closed_at is None and not rule.expired(at)
    return LockView(lock, is_open, rule.protected_until(policy) if is_open else None)


class Held(NamedTuple):
    """A shopper's open lock, and whether its leader is active."""

    id: str
    lock: Lock
    active: bool


class Touched(NamedTuple):
    """The touch that speaks for a link, and whether its leader is active."""

    id: str
    leader_id: str
    at: datetime
    active: bool


class Evidence(NamedTuple):
    """What speaks for one leader or another when a shopper places an order."""

    policy: Policy
    held: Held | None
    touched: Touched | None


def evidence(shopper_id: str, *, at: datetime) -> Evidence:
    """Return the policy in force, the open lock and the best touch of a shopper, in one statement.

    That touch is the latest one inside the window whose leader is active; when there is none, the
    latest of all, so that the evidence can say what was wrong with it.
    """
    row = session().execute(_EVIDENCE, {"shopper_id": shopper_id, "at": at}).one()
    policy = row[:_POLICY]
    held, touched = row[_POLICY : _POLICY + 5], row[_POLICY + 5 :]
    return Evidence(
        DEFAULT_POLICY if policy[0] is None else _policy(*policy),
        None if held[0] is None else Held(held[0], Lock(*held[1:4]), held[4]),
        None if touched[0] is None else Touched(*touched),
    )


def _policy(number: int, priority: Sequence[str], *rest: Any) -> Policy:
    return Policy(number, tuple(map(Rule, priority)), *rest)


def _select_evidence() -> Select[*tuple[Any, ...]]:
    at = _AT
    whose = bindparam("shopper_id", type_=Id("shp"))
    policy = _POLICY_AT.subquery()
    lock = (
        select(
            CustomerLock.id,
            CustomerLock.leader_id,
            CustomerLock.locked_at,
            CustomerLock.expires_at,
            _ACTIVE.label("active"),
        )
        .join(Leader, Leader.id == CustomerLock.leader_id)
        .where(CustomerLock.shopper_id == whose, CustomerLock.closed_at.is_(None))
        .subquery()
    )
    days = func.coalesce(policy.c.lookback_days, DEFAULT_POLICY.lookback_days)
    # In hours, so that no time zone makes a day of it.
    since = at - func.make_interval(0, 0, 0, 0, cast(24 * days, Integer), type_=Interval())
    usable = and_(_ACTIVE, AttributionTouch.at > since)
    touch = (
        select(
            AttributionTouch.id,
            AttributionTouch.leader_id,
            AttributionTouch.at,
            _ACTIVE.label("active"),
        )
        .join(Leader, Leader.id == AttributionTouch.leader_id)
        .where(AttributionTouch.shopper_id == whose, AttributionTouch.at <= at)
        .order_by(
            case((usable, 0), else_=1), AttributionTouch.at.desc(), AttributionTouch.id.desc()
        )
        .limit(1)
        .lateral()
    )
    one = select(literal(1)).subquery()
    return select(*policy.c, *lock.c, *touch.c).select_from(
        one.outerjoin(policy, true()).outerjoin(lock, true()).outerjoin(touch, true())
    )


# Built once: every order asks these. The columns of a policy are the fields of `Policy`.
_AT = bindparam("at", type_=AttributionTouch.at.type)
_POLICY_AT = (
    select(
        AttributionPolicy.number,
        AttributionPolicy.priority,
        AttributionPolicy.lookback_days,
        AttributionPolicy.eligible,
        AttributionPolicy.validity_days,
        AttributionPolicy.protect_days,
        AttributionPolicy.renew,
        AttributionPolicy.self_purchase,
    )
    .where(
        AttributionPolicy.state == PolicyState.PUBLISHED, AttributionPolicy.effective_from <= _AT
    )
    .order_by(AttributionPolicy.effective_from.desc())
    .limit(1)
)
_ACTIVE = Leader.state == LeaderState.ACTIVE
_POLICY = len(fields(Policy))
_EVIDENCE = _select_evidence()


def has_ordered(shopper_id: str) -> bool:
    """Tell whether an order of this shopper was ever decided on: then they are not new."""
    return bool(
        session().scalar(select(exists().where(AttributionDecision.shopper_id == shopper_id)))
    )


def ordered_since(
    shopper_id: InstrumentedAttribute[str], *, since: datetime | None = None
) -> ColumnElement[bool]:
    """Return the condition that a shopper placed an order, at or after an instant if given."""
    placed = exists().where(AttributionDecision.shopper_id == shopper_id)
    return placed if since is None else placed.where(AttributionDecision.decided_at >= since)


def ordered_in(
    shopper_id: InstrumentedAttribute[str], *, group_buy_ids: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a shopper placed an order in one of some group buys.

    Every decision on such an order has its group buy as the evidence of the hosted claim.
    """
    hosted = [
        AttributionDecision.candidates.contains([{"rule": Rule.HOSTED, "evidence_id": one}])
        for one in group_buy_ids
    ]
    return exists().where(AttributionDecision.shopper_id == shopper_id, or_(false(), *hosted))


def current_decision(order_id: str) -> AttributionDecision:
    """Return the decision that counts, or raise NotFound."""
    found = session().scalar(_CURRENT, {"order_id": order_id})
    if found is None:
        raise NotFound
    return found


_CURRENT = (
    select(AttributionDecision)
    .where(AttributionDecision.order_id == bindparam("order_id"))
    .order_by(AttributionDecision.revision.desc())
    .limit(1)
)


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
    """Return the current decision if it concerns this leader; it is NotFound otherwise.

    It concerns whoever was a candidate, and whoever the order was ever given to.
    """
    decisions = history(order_id)
    concerned = {candidate["leader_id"] for d in decisions for candidate in d.candidates}
    concerned |= {decision.leader_id for decision in decisions}
    if leader_id not in concerned:
        raise NotFound
    return decisions[-1]


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


PERSONAL = (
    PersonalData(
        "touches",
        "select at, scene, result from attribution_touches where shopper_id = :shopper order by at",
    ),
    PersonalData(
        "leader_locks",
        "select locked_at, expires_at, closed_at from customer_locks "
        "where shopper_id = :shopper order by locked_at",
    ),
    PersonalData(
        "attribution",
        "select 'ord_' || replace(order_id::text, '-', '') as order_id, rule, decided_at "
        "from attribution_decisions where shopper_id = :shopper order by id",
    ),
)

"""Recording touches, and what they and paid orders do to a customer's lock."""

from datetime import datetime

from sqlalchemy import bindparam, case, func, select, update

from groupbuy.attribution import queries
from groupbuy.attribution.errors import ShareCodeUnknown
from groupbuy.attribution.models import AttributionTouch, CustomerLock
from groupbuy.attribution.rules import Eligibility, Reason, Renewal, Touch, touch_outcome
from groupbuy.campaigns import queries as campaigns
from groupbuy.identity.models import Shopper
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.rows import table_of
from groupbuy.leaders import queries as leader_queries


def record_touch(
    *, shopper_id: str, share_code: str, scene: str, now: datetime
) -> AttributionTouch:
    """Record that a customer came by a share, and open or take over a lock if the rules say so.

    Raises:
        ShareCodeUnknown: no group buy has the code.
    """
    group_buy = campaigns.group_buy_by_share_code(share_code)
    if group_buy is None:
        raise ShareCodeUnknown
    _one_at_a_time(shopper_id)
    policy = queries.policy_at(now)
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
            customer_eligible=policy.eligible == Eligibility.ALL
            or not queries.has_ordered(shopper_id),
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


def close_lock(*, lock_id: str, reason: str, actor: Actor, now: datetime) -> CustomerLock:
    """Free a customer by hand and tell why.

    Raises:
        NotFound: there is no such lock.
        NotInThisState: it is closed or expired.
    """
    _one_at_a_time(queries.lock(lock_id).shopper_id)
    closed: CustomerLock | None = session().scalar(
        update(CustomerLock)
        .where(CustomerLock.id == lock_id, queries.open_at(now))
        .values(
            closed_at=now,
            close_reason=Reason.CLOSED_BY_STAFF,
            closed_by=actor.label,
            close_note=reason,
        )
        .returning(CustomerLock),
        execution_options={"populate_existing": True},
    )
    if closed is None:
        ended = queries.lock(lock_id)
        raise NotInThisState(
            state="expired" if ended.closed_at is None else "closed", action="close"
        )
    audit.record(actor=actor, action="customer_lock.close", subject=lock_id, now=now, reason=reason)
    return closed


def renew_lock(*, shopper_id: str, leader_id: str | None, now: datetime) -> None:
    """Extend the expiry, never the protection, of the lock on the leader of a paid order.

    A policy that has become stricter since gives no less than what was promised before.
    """
    if leader_id is None:
        return
    policy = queries.policy_at(now)
    if policy.renew != Renewal.PAID_ORDER:
        return
    known = {"whose": shopper_id, "leader": leader_id, "now": now, "later": policy.expiry(now)}
    session().execute(_RENEW, known, execution_options={"synchronize_session": False})


_locks = table_of(CustomerLock)
_later = bindparam("later", type_=_locks.c.expires_at.type)
# Built once: every payment of a leader's order does it. Without an end, it never expires.
_RENEW = (
    update(_locks)
    .where(
        _locks.c.shopper_id == bindparam("whose"),
        _locks.c.leader_id == bindparam("leader"),
        _locks.c.closed_at.is_(None),
        _locks.c.expires_at > bindparam("now"),
    )
    .values(expires_at=case((_later.is_not(None), func.greatest(_locks.c.expires_at, _later))))
)


def _close(lock: CustomerLock, *, now: datetime, by: Reason) -> None:
    # An expired lock ended when it expired, not when somebody noticed.
    expired = lock.expires_at is not None and lock.expires_at <= now
    lock.closed_at = lock.expires_at if expired else now
    lock.close_reason = "EXPIRED" if expired else by
    session().flush()


def _one_at_a_time(shopper_id: str) -> None:
    """Let two touches of one customer happen one after the other."""
    session().execute(
        select(Shopper.id).where(Shopper.id == shopper_id).with_for_update(key_share=True)
    )

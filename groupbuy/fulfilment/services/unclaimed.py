"""Goods that nobody fetched in time: reminding, keeping, refunding, giving up.

Whatever ends a parcel holds its orders first, as a redemption does: who comes first decides.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update

from groupbuy.campaigns.rules import UnclaimedRule
from groupbuy.fulfilment import queries
from groupbuy.fulfilment.models import Parcel, PickupProxy, UnclaimedMove, UnclaimedParcel
from groupbuy.fulfilment.queries import UnclaimedView
from groupbuy.fulfilment.rules.parcels import ParcelAction, ParcelState, moved
from groupbuy.fulfilment.rules.pickup import PROXY_MOVES, ProxyAction, ProxyState
from groupbuy.fulfilment.rules.unclaimed import (
    UNCLAIMED_MOVES,
    UNDECIDED,
    UnclaimedAction,
    UnclaimedState,
    due_at,
)
from groupbuy.fulfilment.services.packing import take_out
from groupbuy.fulfilment.services.parcels import move_parcels
from groupbuy.fulfilment.signals import parcel_unclaimed
from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.signals import announce
from groupbuy.kernel.texts import Text
from groupbuy.orders import queries as orders
from groupbuy.orders.errors import RefundOpen
from groupbuy.orders.models import Order
from groupbuy.orders.rules import RefundStatus
from groupbuy.orders.services import after_sales, moving, refunding

KEEP_DAYS = 7
"""So long goods that were bought from the house are kept."""


def remind(*, parcel_id: str, after: timedelta, grace: timedelta, now: datetime) -> bool:
    """Note that a parcel was not fetched in time, and remind its shopper; tell whether it was so.

    The rule of its campaign is applied `grace` later. What is not of a campaign is kept.
    """
    parcel, _ = _hold(parcel_id)
    if parcel.state != ParcelState.READY or parcel.ready_at is None:
        return False
    if queries.unclaimed_of(parcel_id) is not None:
        return False
    until, rule, keep_days = queries.campaign_terms(parcel.campaign_id) or (
        None,
        UnclaimedRule.KEEP,
        KEEP_DAYS,
    )
    due = due_at(ready_at=parcel.ready_at, pickup_until=until, after=after)
    if now < due:
        return False
    row = UnclaimedParcel(
        parcel_id=parcel_id,
        pickup_point_id=parcel.pickup_point_id,
        state=UnclaimedState.REMINDED,
        rule=rule,
        keep_days=keep_days,
        due_at=due,
        next_at=now + grace,
    )
    session().add(row)
    session().flush()
    session().add(
        UnclaimedMove(
            unclaimed_id=row.id,
            from_state=None,
            to_state=row.state,
            action="remind",
            actor=SYSTEM.label,
            reason="",
            at=now,
        )
    )
    session().flush()
    announce(parcel_unclaimed, row, now=now)
    return True


def advance(*, unclaimed_id: str, now: datetime) -> None:
    """Do what is due with an unclaimed parcel: keep or refund it, hand it to people, end it."""
    row, inside = _locked(unclaimed_id)
    if row.state == UnclaimedState.REFUNDING:
        _follow_refund(row, inside, now)
        return
    if row.next_at is None or now < row.next_at:
        return
    if row.state == UnclaimedState.KEPT:
        _move(row, UnclaimedAction.LIST, SYSTEM, now, "nobody came")
    elif row.rule == UnclaimedRule.KEEP:
        until = now + timedelta(days=row.keep_days)
        _keep(row, UnclaimedAction.KEEP, until, SYSTEM, now, "the campaign's rule")
    else:
        _refund(row, inside, SYSTEM, now, "the campaign's rule")


def put_back(*, parcel_id: str, now: datetime) -> None:
    """End the orders of a ready parcel of which all money went back; nobody will fetch them.

    Others that are in it still wait; without any the parcel is returned.
    """
    parcel, inside = _hold(parcel_id)
    if parcel.state != ParcelState.READY:
        return
    ended = [order.id for order in inside if order.refund_status == RefundStatus.FULL]
    if len(ended) == len(inside):
        _return(parcel_id, ended, now)
    else:
        take_out(order_ids=ended, actor=SYSTEM, now=now)
        moving.leave(order_ids=ended, why="refunded in full", actor=SYSTEM, now=now)


def extend(
    *, unclaimed_id: str, until: datetime, reason: str, actor: Actor, now: datetime
) -> UnclaimedView:
    """Keep a parcel until an instant, and remind its shopper again.

    Raises:
        NotFound, NotInThisState.
        InvalidInput: the instant is over.
    """
    if until <= now:
        raise InvalidInput.at("/until", Text("须晚于现在。", "It must be later than now."))
    row, _ = _locked(unclaimed_id)
    _keep(row, UnclaimedAction.EXTEND, until, actor, now, reason)
    return queries.shown_unclaimed([row])[0]


def refund(*, unclaimed_id: str, reason: str, actor: Actor, now: datetime) -> UnclaimedView:
    """Give all money for a parcel back; it is returned once the money is.

    Raises:
        NotFound, NotInThisState.
    """
    row, inside = _locked(unclaimed_id)
    _refund(row, inside, actor, now, reason)
    return queries.shown_unclaimed([row])[0]


def dispose(*, unclaimed_id: str, reason: str, actor: Actor, now: datetime) -> UnclaimedView:
    """Throw a parcel away without giving money back; its orders are completed.

    Raises:
        NotFound, NotInThisState.
        RefundOpen: a refund is under way, or an after-sale is not decided.
    """
    row, inside = _locked(unclaimed_id)
    order_ids = [order.id for order in inside]
    still_open = orders.ids_with_something_open(order_ids)
    if still_open:
        raise RefundOpen(order_ids=sorted(still_open))
    _move(row, UnclaimedAction.DISPOSE, actor, now, reason)
    move_parcels(action=ParcelAction.DISPOSE, which=Parcel.id == row.parcel_id)
    _revoke_proxies(row.parcel_id, now)
    moving.leave(order_ids=order_ids, why=reason, actor=actor, now=now)
    return queries.shown_unclaimed([row])[0]


def fetched(*, parcel_id: str, actor: Actor, now: datetime) -> None:
    """Note that an unclaimed parcel was fetched after all; whoever calls holds its orders."""
    row = queries.unclaimed_of(parcel_id, locked=True)
    if row is not None:
        _move(row, UnclaimedAction.FETCH, actor, now, "")


def not_fetched(*, parcel_id: str, actor: Actor, now: datetime) -> None:
    """Note that the pickup of an unclaimed parcel was taken back."""
    row = queries.unclaimed_of(parcel_id, locked=True)
    if row is not None:
        _move(row, UnclaimedAction.UNDO, actor, now, "the pickup was undone")


def _hold(parcel_id: str) -> tuple[Parcel, list[Order]]:
    """Lock the orders of a parcel, after their payments; return both as they are now."""
    order_ids = queries.orders_of([parcel_id])[parcel_id]
    moving.hold_payments_of(order_ids)
    held = {order.id: order for order in moving.hold(order_ids)}
    parcel = session().get_one(Parcel, parcel_id, populate_existing=True)
    return parcel, [held[order_id] for order_id in queries.orders_of([parcel_id])[parcel_id]]


def _locked(unclaimed_id: str) -> tuple[UnclaimedParcel, list[Order]]:
    row = queries.unclaimed(unclaimed_id)
    _, inside = _hold(row.parcel_id)
    return queries.unclaimed(unclaimed_id, locked=True), inside


def _keep(
    row: UnclaimedParcel,
    action: UnclaimedAction,
    until: datetime,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    _move(row, action, actor, now, reason, next_at=until)
    row.reminders += 1
    session().flush()
    announce(parcel_unclaimed, row, now=now)


def _refund(
    row: UnclaimedParcel, inside: Sequence[Order], actor: Actor, now: datetime, reason: str
) -> None:
    _move(row, UnclaimedAction.REFUND, actor, now, reason)
    order_ids = [order.id for order in inside]
    after_sales.withdraw_all(order_ids=order_ids, why="unclaimed", actor=actor, now=now)
    for order in inside:
        refunding.refund_the_rest(order=order, reason="unclaimed", actor=actor, now=now)


def _follow_refund(row: UnclaimedParcel, inside: Sequence[Order], now: datetime) -> None:
    """End a parcel whose money is back; one whose refund failed is for people to decide."""
    order_ids = [order.id for order in inside]
    if orders.refunds_under_way(order_ids):
        return
    if all(order.refunded_fen == order.total_fen for order in inside):
        _return(row.parcel_id, order_ids, now)
    else:
        _move(row, UnclaimedAction.GIVE_UP, SYSTEM, now, "a refund failed")


def _return(parcel_id: str, order_ids: Sequence[str], now: datetime) -> None:
    move_parcels(action=ParcelAction.RETURN, which=Parcel.id == parcel_id)
    _revoke_proxies(parcel_id, now)
    moving.leave(order_ids=order_ids, why="refunded in full", actor=SYSTEM, now=now)
    row = queries.unclaimed_of(parcel_id, locked=True)
    if row is not None:
        _move(row, UnclaimedAction.RETURN, SYSTEM, now, "refunded in full")


def _revoke_proxies(parcel_id: str, now: datetime) -> None:
    session().execute(
        update(PickupProxy)
        .where(PickupProxy.parcel_id == parcel_id, PickupProxy.state == ProxyState.OPEN)
        .values(state=PROXY_MOVES[ProxyState.OPEN, ProxyAction.REVOKE], ended_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _move(
    row: UnclaimedParcel,
    action: UnclaimedAction,
    actor: Actor,
    now: datetime,
    reason: str,
    next_at: datetime | None = None,
) -> None:
    """Move a locked row by the table, and note who did it when and why."""
    before, target = row.state, moved(UNCLAIMED_MOVES, row.state, action)
    row.state, row.next_at = target, next_at
    session().add(
        UnclaimedMove(
            unclaimed_id=row.id,
            from_state=before,
            to_state=target,
            action=action,
            actor=actor.label,
            reason=reason,
            at=now,
        )
    )
    session().flush()
    if actor != SYSTEM and before in UNDECIDED:
        audit.record(
            actor=actor,
            action=f"unclaimed.{action.value}",
            subject=row.parcel_id,
            now=now,
            before=before,
            after=target,
            reason=reason,
        )

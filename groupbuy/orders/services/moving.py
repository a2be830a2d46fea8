"""Moving orders from state to state: every move is in the table and leaves a row."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Text, any_, bindparam, insert, select, update

from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.rows import table_of
from groupbuy.kernel.signals import announce
from groupbuy.orders import queries
from groupbuy.orders.errors import FullyRefunded, RefundOpen
from groupbuy.orders.models import Order, OrderTransition
from groupbuy.orders.rules import (
    BACKWARD,
    REACHED_AT,
    Action,
    OrderState,
    RefundStatus,
    after,
)
from groupbuy.orders.signals import order_completed
from groupbuy.payments.models import Payment

BATCH = 500


def locked(order_id: str, *, shopper_id: str | None = None) -> Order:
    """Return an order, locked for the rest of the transaction, as it is now.

    Raises:
        NotFound: there is no such order, or it is not that shopper's.
    """
    found = session().scalar(_LOCK, {"order_id": order_id})
    if found is None or (shopper_id is not None and found.shopper_id != shopper_id):
        raise NotFound
    return found


# Built once: every payment does them.
_LOCK = (
    select(Order)
    .where(Order.id == bindparam("order_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_LOCK_PAYMENTS = (
    select(Payment.id)
    .where(Payment.reference == any_(bindparam("order_ids", type_=ARRAY(Text))))
    .order_by(Payment.id)
    .with_for_update()
)
_NOTE = insert(table_of(OrderTransition))


def hold_payments(order_id: str) -> None:
    """Lock an order's payments; always before the order itself.

    News of money lock the payment first and the order after it; whoever may cancel or pay an
    order does the same, so that the two never wait for each other.
    """
    hold_payments_of([order_id])


def hold_payments_of(order_ids: Collection[str]) -> None:
    """Lock the payments of several orders, in id order."""
    session().execute(_LOCK_PAYMENTS, {"order_ids": list(order_ids)})


def move(
    *,
    order: Order,
    action: Action,
    actor: Actor,
    now: datetime,
    why: str = "",
    then: Action | None = None,
    **facts: Any,
) -> Order:
    """Move one order by a conditional UPDATE; `facts` are further columns to set.

    With `then` it goes two steps at once; each leaves its row.

    Raises:
        NotInThisState: the table does not allow it, or somebody else moved the order first.
    """
    before = order.state
    steps = _steps(before, [action] if then is None else [action, then])
    reached = {k: at for _, step, end in steps for k, at in _reached(step, end, now).items()}
    moved = session().scalar(
        update(Order)
        .where(Order.id == order.id, Order.state == before)
        .values(state=steps[-1][2], **reached, **facts)
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if moved is None:
        raise NotInThisState(state=before, action=action.value)
    shared = {"order_id": order.id, "actor": actor.label, "reason": why, "at": now}
    rows = [
        {"from_state": left, "to_state": target, "action": step, **shared}
        for left, step, target in steps
    ]
    session().execute(_NOTE, rows)
    return moved


def _steps(state: str, actions: Sequence[Action]) -> list[tuple[str, Action, OrderState]]:
    """Return what each action leaves and where it leads."""
    steps = []
    for action in actions:
        target = after(state, action)
        steps.append((state, action, target))
        state = target
    return steps


def move_many(
    *,
    order_ids: Sequence[str],
    before: OrderState,
    action: Action,
    actor: Actor,
    now: datetime,
    why: str = "",
    **facts: Any,
) -> list[str]:
    """Move those orders that are in the state `before`, in two statements; return which moved.

    `facts` are further columns to set.
    """
    target = after(before, action)
    moved = sorted(
        session().scalars(
            update(Order)
            .where(Order.id.in_(sorted(order_ids)), Order.state == before)
            .values(state=target, **_reached(action, target, now), **facts)
            .returning(Order.id)
            .execution_options(synchronize_session="fetch")
        )
    )
    if moved:
        rows = [
            {
                "id": new_id("otr"),
                "order_id": order_id,
                "from_state": before,
                "to_state": target,
                "action": action,
                "actor": actor.label,
                "reason": why,
                "at": now,
            }
            for order_id in moved
        ]
        session().execute(insert(OrderTransition), rows)
    return moved


def announce_codes(*, codes: dict[str, str]) -> None:
    """Show each shopper the code to fetch the goods with: order id → code."""
    rows = [{"id": order_id, "pickup_code": code} for order_id, code in sorted(codes.items())]
    session().execute(update(Order), rows)


def hold(order_ids: Collection[str]) -> list[Order]:
    """Lock orders in id order, and before their parcels; return them as they are now."""
    found = session().scalars(
        select(Order)
        .where(Order.id.in_(order_ids))
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


def pick_up(
    *, order_ids: Sequence[str], actor: Actor, now: datetime, after_sale: timedelta
) -> list[str]:
    """Record that goods were handed over, of all orders or none; their after-sale windows begin.

    What was refunded in full stays behind and comes to its end (see `leave`).

    Returns: the orders whose goods were handed over.

    Raises:
        RefundOpen: a refund is under way; `order_ids` names of which.
        FullyRefunded: all the money went back, so the goods stay.
        NotInThisState: an order is not ready for pickup.
    """
    orders = hold(order_ids)
    under_way = queries.refunds_under_way(order_ids)
    if under_way:
        raise RefundOpen(order_ids=under_way)
    kept = [order.id for order in orders if order.refund_status != RefundStatus.FULL]
    if not kept:
        raise FullyRefunded
    for order in orders:
        after(order.state, Action.PICK_UP)
    move_many(
        order_ids=kept,
        before=OrderState.READY_FOR_PICKUP,
        action=Action.PICK_UP,
        actor=actor,
        now=now,
        completes_at=now + after_sale,
    )
    left = [order.id for order in orders if order.id not in kept]
    leave(order_ids=left, why="refunded in full", actor=SYSTEM, now=now)
    return kept


def undo_pick_up(*, order_ids: Sequence[str], actor: Actor, now: datetime) -> None:
    """Take the pickup of orders back, all or none.

    Raises:
        NotInThisState: an order is no longer just picked up.
    """
    for order in hold(order_ids):
        after(order.state, Action.UNDO_PICK_UP)
    move_many(
        order_ids=order_ids,
        before=OrderState.PICKED_UP,
        action=Action.UNDO_PICK_UP,
        actor=actor,
        now=now,
        picked_up_at=None,
        completes_at=None,
    )


def leave(*, order_ids: Sequence[str], why: str, actor: Actor, now: datetime) -> list[str]:
    """End orders that are ready and will not be fetched; return which were.

    They are completed without having been picked up: nothing is owed to anybody any more.
    """
    left = move_many(
        order_ids=order_ids,
        before=OrderState.READY_FOR_PICKUP,
        action=Action.LEAVE,
        actor=actor,
        now=now,
        why=why,
    )
    _announce_completed(left, now)
    return left


def complete_due(*, now: datetime) -> int:
    """Complete a batch of orders whose after-sale window is over; return how many."""
    due = queries.ids_due_to_complete(now=now, limit=BATCH)
    # Asked again now that they are locked: a request may have come in while they were not.
    kept = queries.ids_with_something_open(due)
    moved = move_many(
        order_ids=[order_id for order_id in due if order_id not in kept],
        before=OrderState.PICKED_UP,
        action=Action.COMPLETE,
        actor=SYSTEM,
        now=now,
    )
    _announce_completed(moved, now)
    return len(moved)


def _announce_completed(order_ids: Sequence[str], now: datetime) -> None:
    if order_ids:
        query = select(Order).where(Order.id.in_(order_ids)).order_by(Order.id)
        for order in session().scalars(query.execution_options(populate_existing=True)):
            announce(order_completed, order, now=now)


def _reached(action: Action, state: OrderState, now: datetime) -> dict[str, datetime]:
    column = None if action in BACKWARD else REACHED_AT.get(state)
    return {column: now} if column else {}

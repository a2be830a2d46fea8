"""Receiving and correcting stock, and putting it aside for orders.

Every change of pools is one conditional UPDATE that cannot take what is available below 0.
Pools are locked in id order, so that orders over the same pools wait for each other and do not
deadlock. What a verb did to an order's reservations is told by their state: the same verb again
finds nothing in the state it starts from, and changes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql

from groupbuy.catalogue import queries as catalogue_queries
from groupbuy.catalogue import services as catalogue
from groupbuy.inventory.errors import NotEnoughStock, OutOfStock
from groupbuy.inventory.models import (
    HOUSE,
    MovementKind,
    StockMovement,
    StockPool,
    StockReservation,
)
from groupbuy.inventory.rules import ReservationAction, ReservationState, move_of
from groupbuy.inventory.services import statements
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id, new_uuid, to_uuid
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text

_FRESH = {"populate_existing": True, "synchronize_session": False}


class Level(NamedTuple):
    """What one pool has available now, and by how much that changed."""

    sku_id: str
    owner: str
    available: int
    change: int


def record_by_hand(
    *, sku_id: str, kind: str, quantity: int, reason: str, actor: Actor, now: datetime
) -> StockMovement:
    """Record what staff saw: a receipt or a correction (see `receive` and `correct`)."""
    if kind == MovementKind.RECEIPT:
        return receive(sku_id=sku_id, quantity=quantity, reason=reason, actor=actor, now=now)
    return correct(sku_id=sku_id, delta=quantity, reason=reason, actor=actor, now=now)


def receive(
    *,
    sku_id: str,
    quantity: int,
    reason: str,
    actor: Actor,
    now: datetime,
    reference: str = "",
) -> StockMovement:
    """Add delivered goods to the house pool, which the first receipt of a SKU creates.

    `reference` names what they were delivered for, if it is known.

    Raises:
        InvalidInput: the quantity is not positive, or there is no such SKU.
    """
    if quantity <= 0:
        raise InvalidInput.at(
            "/quantity", Text("入库数量须大于 0。", "A receipt must be greater than 0.")
        )
    pool = _add_to_house(sku_id, quantity)
    movement = _record(
        pool,
        MovementKind.RECEIPT,
        quantity,
        actor=actor,
        now=now,
        reason=reason,
        reference=reference,
    )
    session().flush()
    return movement


def correct(*, sku_id: str, delta: int, reason: str, actor: Actor, now: datetime) -> StockMovement:
    """Change the house pool by what a count found missing (negative) or in excess (positive).

    Raises:
        InvalidInput: the delta is 0, or there is no such SKU.
        NotEnoughStock: less than that is available; what orders hold cannot be written off.
    """
    if delta == 0:
        raise InvalidInput.at(
            "/quantity", Text("更正数量不能为 0。", "A correction must not be 0.")
        )
    pool = _add_to_house(sku_id, delta) if delta > 0 else _take_from_house(sku_id, -delta)
    movement = _record(pool, MovementKind.CORRECTION, delta, actor=actor, now=now, reason=reason)
    session().flush()
    return movement


def reserve(*, order_id: str, demands: Mapping[str, int], now: datetime) -> None:
    """Put {pool_id: quantity} aside for an order, all or nothing.

    It is one statement. A refusal leaves it to the entrance's transaction to take back what was
    put aside; when there is too little from the start, nothing was written.

    Raises:
        OutOfStock: `sku_ids` lists every SKU that there is too little of.
    """
    _apply(demands, reserved=1, held_for=(order_id, now))


def reserve_again(*, order_id: str, now: datetime) -> bool:
    """Put a released order's goods aside once more: all if every pool has enough, else none.

    Returns: whether the order has its goods; True again when asked again.
    """
    try:
        with session().begin_nested():
            again = ReservationAction.HOLD_AGAIN
            demands = _move(order_id, again, held_at=now, settled_at=None)
            _apply(demands, reserved=1)
    except OutOfStock:
        return False
    return bool(demands) or _has_its_goods(order_id)


def sell(*, order_id: str, now: datetime) -> bool:
    """Turn an order's held goods into a sale; tell whether there were any held."""
    return _settle(
        order_id,
        ReservationAction.SELL,
        now=now,
        on_hand=-1,
        reserved=-1,
        kind=MovementKind.SALE,
    )


def release(*, order_id: str, now: datetime) -> bool:
    """Give an order's held goods back to their pools; tell whether there were any held."""
    return _settle(order_id, ReservationAction.RELEASE, now=now, reserved=-1)


def take_back(*, order_id: str, now: datetime) -> bool:
    """Put the goods of a sale that was cancelled before shipping back into their pools.

    Returns: whether there were any sold.
    """
    return _settle(
        order_id,
        ReservationAction.TAKE_BACK,
        now=now,
        on_hand=1,
        kind=MovementKind.CANCELLATION_RETURN,
    )


def _settle(
    order_id: str,
    action: ReservationAction,
    *,
    now: datetime,
    on_hand: int = 0,
    reserved: int = 0,
    kind: MovementKind | None = None,
) -> bool:
    """Move an order's reservations, its pools, and note what left or came, in one statement."""
    start, end = move_of(action)
    figures: dict[str, Any] = {
        "order_id": to_uuid(order_id, "ord"),
        "start": start,
        "end": end,
        "now": now,
        "on_hand": on_hand,
        "reserved": reserved,
    }
    statement = statements.SETTLE
    if kind is not None:
        statement = statements.SETTLE_AND_NOTE
        figures |= {"kind": kind, "actor": SYSTEM.label, "reference": order_id}
    rows = session().execute(statement, figures).all()
    change = on_hand - reserved
    tell_catalogue(Level(row.sku_id, row.owner, row.available, change * row.units) for row in rows)
    return bool(rows)


def _move(order_id: str, action: ReservationAction, **times: datetime | None) -> dict[str, int]:
    """Move an order's reservations that are in the action's state; return {pool_id: quantity}.

    Whoever comes second waits for the rows, and then finds none in the starting state.
    """
    start, end = move_of(action)
    rows = session().execute(
        update(StockReservation)
        .where(StockReservation.order_id == order_id, StockReservation.state == start)
        .values(state=end, **times)
        .returning(StockReservation.pool_id, StockReservation.quantity)
    )
    return {pool_id: quantity for pool_id, quantity in rows}


def _has_its_goods(order_id: str) -> bool:
    states = session().scalars(
        select(StockReservation.state).where(StockReservation.order_id == order_id)
    )
    return bool({ReservationState.HELD, ReservationState.SOLD}.intersection(states))


def _apply(
    quantities: Mapping[str, int],
    *,
    on_hand: int = 0,
    reserved: int = 0,
    held_for: tuple[str, datetime] | None = None,
) -> None:
    """Add `on_hand` and `reserved` times each quantity to its pool, in one statement.

    `held_for` an order, at an instant, its reservations are recorded too.
    """
    if not quantities:
        return
    ordered = sorted(quantities)
    figures: dict[str, Any] = {
        "pool_ids": [to_uuid(pool_id, "pol") for pool_id in ordered],
        "units": [quantities[pool_id] for pool_id in ordered],
        "reservation_ids": [new_uuid() for _ in ordered],
        "needed": reserved - on_hand,
        "on_hand": on_hand,
        "reserved": reserved,
    }
    statement = statements.SHIFT
    if held_for is not None:
        order_id, now = held_for
        statement = statements.RESERVE
        figures |= {"order_id": to_uuid(order_id, "ord"), "now": now}
    rows = session().execute(statement, figures).all()
    done = {row.id: row for row in rows if row.done}
    if len(done) < len(quantities):
        short = [row.sku_id for row in rows if not row.done]
        raise OutOfStock(sku_ids=sorted(short) or _skus_of(set(quantities).difference(done)))
    change = on_hand - reserved
    tell_catalogue(
        Level(row.sku_id, row.owner, row.available, change * quantities[row.id])
        for row in done.values()
    )


def _skus_of(pool_ids: Iterable[str]) -> list[str]:
    """Return the SKUs of pools that were emptied while we waited for them."""
    query = select(StockPool.sku_id).where(StockPool.id.in_(list(pool_ids)))
    return list(session().scalars(query.order_by(StockPool.sku_id)))


def _add_to_house(sku_id: str, quantity: int) -> StockPool:
    pool = _add(sku_id, HOUSE, quantity)
    tell_catalogue([level_of(pool, change=quantity)])
    return pool


def _add(sku_id: str, owner: str, quantity: int) -> StockPool:
    """Add to a pool in one upsert; a pool that is not there yet begins with it."""
    refuse_unknown(sku_id)
    new = postgresql.insert(StockPool).values(
        id=new_id("pol"), sku_id=sku_id, owner=owner, on_hand=quantity, reserved=0
    )
    upsert = new.on_conflict_do_update(
        index_elements=["sku_id", "owner"],
        set_={"on_hand": StockPool.on_hand + new.excluded.on_hand},
    ).returning(StockPool)
    return session().scalars(upsert, execution_options={"populate_existing": True}).one()


def _take_from_house(sku_id: str, quantity: int) -> StockPool:
    refuse_unknown(sku_id)
    statement = (
        update(StockPool)
        .where(
            StockPool.sku_id == sku_id,
            StockPool.owner == HOUSE,
            StockPool.on_hand - StockPool.reserved >= quantity,
        )
        .values(on_hand=StockPool.on_hand - quantity)
        .returning(StockPool)
    )
    pool = session().scalars(statement, execution_options=_FRESH).one_or_none()
    if pool is None:
        raise NotEnoughStock(sku_id=sku_id)
    tell_catalogue([level_of(pool, change=-quantity)])
    return pool


def refuse_unknown(sku_id: str) -> None:
    """Raise InvalidInput unless there is such a SKU."""
    try:
        catalogue_queries.sku(sku_id)
    except NotFound as error:
        raise InvalidInput.at("/sku_id", Text("没有这个 SKU。", "There is no such SKU.")) from error


def _record(
    pool: StockPool,
    kind: MovementKind,
    delta: int,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    reference: str = "",
) -> StockMovement:
    movement = StockMovement(
        pool=pool,
        kind=kind,
        delta=delta,
        reason=reason,
        actor=actor.label,
        reference=reference,
        recorded_at=now,
    )
    session().add(movement)
    return movement


def level_of(pool: StockPool, *, change: int) -> Level:
    """Return a pool's level after a change."""
    return Level(pool.sku_id, pool.owner, pool.available, change)


def tell_catalogue(levels: Iterable[Level]) -> None:
    """Push whether a SKU is in stock, only when its house pool's availability crossed zero."""
    crossed = {
        level.sku_id: level.available > 0
        for level in levels
        if level.owner == HOUSE and (level.available > 0) != (level.available - level.change > 0)
    }
    if crossed:
        catalogue.record_availability(in_stock=crossed)

"""Giving the goods of many orders back at once: statements by the pool, not by the order."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from groupbuy.inventory.models import MovementKind, StockMovement, StockPool, StockReservation
from groupbuy.inventory.rules import ReservationAction, move_of
from groupbuy.inventory.services.stock import level_of, tell_catalogue
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session


def give_back_many(*, order_ids: Sequence[str], now: datetime) -> None:
    """Release what orders hold, and put back what they bought: as `release` and `take_back` do.

    The caller holds the orders, so that nobody else moves their goods.
    """
    held = _move(order_ids, ReservationAction.RELEASE, now)
    sold = _move(order_ids, ReservationAction.TAKE_BACK, now)
    if not held and not sold:
        return
    released, returned = _by_pool(held), _by_pool(sold)
    pools = session().scalars(
        select(StockPool)
        .where(StockPool.id.in_(released.keys() | returned.keys()))
        .order_by(StockPool.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    levels = []
    for pool in pools:
        pool.reserved -= released[pool.id]
        pool.on_hand += returned[pool.id]
        levels.append(level_of(pool, change=released[pool.id] + returned[pool.id]))
    session().flush()
    if sold:
        kind = MovementKind.CANCELLATION_RETURN
        noted = {"kind": kind, "actor": SYSTEM.label, "recorded_at": now}
        movements = [
            {"pool_id": pool_id, "delta": units, "reference": order_id, **noted}
            for order_id, pool_id, units in sold
        ]
        session().execute(insert(StockMovement), movements)
    tell_catalogue(levels)


def _move(
    order_ids: Sequence[str], action: ReservationAction, now: datetime
) -> list[tuple[str, str, int]]:
    """Move reservations that are in the action's state; return (order, pool, units) of each."""
    start, end = move_of(action)
    rows = session().execute(
        update(StockReservation)
        .where(StockReservation.order_id.in_(order_ids), StockReservation.state == start)
        .values(state=end, settled_at=now)
        .returning(StockReservation.order_id, StockReservation.pool_id, StockReservation.quantity)
        .execution_options(synchronize_session=False)
    )
    return sorted((order_id, pool_id, units) for order_id, pool_id, units in rows)


def _by_pool(moved: Sequence[tuple[str, str, int]]) -> Counter[str]:
    units: Counter[str] = Counter()
    for _, pool_id, quantity in moved:
        units[pool_id] += quantity
    return units

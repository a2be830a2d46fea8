"""Many receipts and counts at once, as a sheet brings them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql

from groupbuy.inventory.errors import NotEnoughStock
from groupbuy.inventory.models import HOUSE, MovementKind, StockMovement, StockPool
from groupbuy.inventory.services.stock import level_of, tell_catalogue
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id


class HandMovement(NamedTuple):
    """Units of a SKU that came in (`receipt`) or that a count found (`correction`, signed)."""

    sku_id: str
    kind: MovementKind
    quantity: int
    reason: str


def record_many(*, movements: Sequence[HandMovement], actor: Actor, now: datetime) -> None:
    """Record receipts and corrections of the house's stock, one of a SKU, all or nothing.

    It costs the same few statements for any number of them.

    Raises:
        NotEnoughStock: a correction takes more than is available of a SKU.
    """
    if not movements:
        return
    pools = _locked_houses([movement.sku_id for movement in movements])
    levels = []
    for movement in movements:
        pool = pools[movement.sku_id]
        if pool.available + movement.quantity < 0:
            raise NotEnoughStock(sku_id=movement.sku_id)
        pool.on_hand += movement.quantity
        levels.append(level_of(pool, change=movement.quantity))
    session().flush()
    noted = {"actor": actor.label, "recorded_at": now}
    session().execute(
        insert(StockMovement),
        [
            {
                "pool_id": pools[movement.sku_id].id,
                "kind": movement.kind,
                "delta": movement.quantity,
                "reason": movement.reason,
                **noted,
            }
            for movement in movements
        ],
    )
    tell_catalogue(levels)


def _locked_houses(sku_ids: Sequence[str]) -> dict[str, StockPool]:
    """Return the house's pools of these SKUs, made where there is none, locked in id order."""
    empty = {"owner": HOUSE, "on_hand": 0, "reserved": 0}
    session().execute(
        postgresql.insert(StockPool).on_conflict_do_nothing(index_elements=["sku_id", "owner"]),
        [{"id": new_id("pol"), "sku_id": sku_id, **empty} for sku_id in sorted(sku_ids)],
    )
    query = (
        select(StockPool)
        .where(StockPool.sku_id.in_(sku_ids), StockPool.owner == HOUSE)
        .order_by(StockPool.id)
        .with_for_update()
    )
    fresh = {"populate_existing": True}
    return {pool.sku_id: pool for pool in session().scalars(query, execution_options=fresh)}

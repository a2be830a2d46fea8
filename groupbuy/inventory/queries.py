"""Reads of inventory."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.inventory.models import HOUSE, StockMovement, StockPool
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate


@dataclass(frozen=True, slots=True)
class HouseStock:
    """The house's pool of a SKU, and what can still be reserved of it."""

    pool_id: str
    available: int


def house_stock(sku_ids: Collection[str]) -> dict[str, HouseStock]:
    """Return {sku_id: its pool and what is available}; a SKU never received has none."""
    rows = session().execute(
        select(StockPool.sku_id, StockPool.id, StockPool.on_hand - StockPool.reserved).where(
            StockPool.sku_id.in_(sku_ids), StockPool.owner == HOUSE
        )
    )
    return {sku_id: HouseStock(pool_id, available) for sku_id, pool_id, available in rows}


def house_levels(sku_ids: Collection[str], *, lock: bool = False) -> list[tuple[str, int, int]]:
    """Return (SKU id, on hand, reserved) of the house's pools in id order, locked if asked."""
    query = (
        select(StockPool.sku_id, StockPool.on_hand, StockPool.reserved)
        .where(StockPool.sku_id.in_(sku_ids), StockPool.owner == HOUSE)
        .order_by(StockPool.id)
    )
    rows = session().execute(query.with_for_update() if lock else query)
    return [(sku_id, on_hand, reserved) for sku_id, on_hand, reserved in rows]


def available(pool_ids: Collection[str]) -> dict[str, int]:
    """Return {pool_id: how many units can still be reserved}, in one statement."""
    rows = session().execute(
        select(StockPool.id, StockPool.on_hand - StockPool.reserved).where(
            StockPool.id.in_(pool_ids)
        )
    )
    return {pool_id: units for pool_id, units in rows}


def pool_list(
    *, limit: int, cursor: str | None, sku: str | None = None, low: int | None = None
) -> Page[StockPool]:
    """Return pools in order of creation; `low` keeps those with at most so many available."""
    # Services change pools past the session's objects: read what the database has.
    query = select(StockPool).execution_options(populate_existing=True)
    if sku is not None:
        query = query.where(StockPool.sku_id == sku)
    if low is not None:
        query = query.where(StockPool.on_hand - StockPool.reserved <= low)
    return paginate(query, by=[StockPool.id], limit=limit, cursor=cursor)


def movement_list(*, limit: int, cursor: str | None, sku: str | None = None) -> Page[StockMovement]:
    """Return movements with their pools, newest first, in one statement."""
    query = select(StockMovement)
    if sku is not None:
        pools = select(StockPool.id).where(StockPool.sku_id == sku)
        query = query.where(StockMovement.pool_id.in_(pools))
    return paginate(query, by=[StockMovement.id], limit=limit, cursor=cursor, descending=True)


INVARIANTS = (
    Invariant(
        "stock_on_hand_is_its_movements",
        "What is on hand in a pool equals the sum of its movements.",
        "select p.id, p.on_hand, coalesce(sum(m.delta), 0) as moved from stock_pools p "
        "left join stock_movements m on m.pool_id = p.id "
        "group by p.id having p.on_hand <> coalesce(sum(m.delta), 0)",
    ),
    Invariant(
        "stock_reserved_is_its_reservations",
        "What is reserved in a pool equals the sum of its held reservations.",
        "select p.id, p.reserved, coalesce(sum(r.quantity), 0) as held from stock_pools p "
        "left join stock_reservations r on r.pool_id = p.id and r.state = 'held' "
        "group by p.id having p.reserved <> coalesce(sum(r.quantity), 0)",
    ),
    Invariant(
        "stock_within_bounds",
        "0 <= reserved <= on hand, in every pool.",
        "select id, on_hand, reserved from stock_pools "
        "where reserved < 0 or on_hand < 0 or reserved > on_hand",
    ),
    Invariant(
        "stock_held_for_unpaid_orders",
        "A held reservation belongs to an order whose payment has not ended.",
        "select r.id, r.order_id, o.state from stock_reservations r "
        "left join orders o on o.id = r.order_id "
        "where r.state = 'held' and (o.id is null or o.state <> 'pending_payment')",
    ),
    Invariant(
        "stock_shown_is_stock_available",
        "A SKU is shown as in stock exactly when its house pool has something available.",
        "select s.id, s.in_stock, p.on_hand, p.reserved from skus s "
        "left join stock_pools p on p.sku_id = s.id and p.owner = 'house' "
        "where s.in_stock <> coalesce(p.on_hand > p.reserved, false)",
    ),
)

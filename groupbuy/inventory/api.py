"""Inventory over HTTP, for headquarters."""

from typing import Any

from groupbuy.inventory import errors, queries, services
from groupbuy.inventory.models import StockMovement, StockPool
from groupbuy.inventory.schemas import (
    StockMovementBody,
    StockMovementQuery,
    StockMovementSchema,
    StockPoolSchema,
    StockQuery,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of

api = Api("inventory", __name__, url_prefix="/api/v1", description="Stock and its movements")


@api.get("/hq/stock", allow="stock.read", query=StockQuery, returns=page_of(StockPoolSchema))
def list_stock(actor: Actor, query: dict[str, Any]) -> Page[StockPool]:
    """List stock pools: the house's, and what campaigns were allotted."""
    return queries.pool_list(**query)


@api.get(
    "/hq/stock-movements",
    allow="stock.read",
    query=StockMovementQuery,
    returns=page_of(StockMovementSchema),
)
def list_stock_movements(actor: Actor, query: dict[str, Any]) -> Page[StockMovement]:
    """List movements, newest first."""
    return queries.movement_list(**query)


@api.post(
    "/hq/stock-movements",
    allow="stock.edit",
    body=StockMovementBody,
    returns=StockMovementSchema,
    status=201,
    idempotent=True,
    problems=[errors.NotEnoughStock],
    example={
        "sku_id": "sku_0198f3c2a7b47d1e0198f3c2a7b47d1e",
        "kind": "receipt",
        "quantity": 120,
        "reason": "Delivery of Monday",
    },
)
def record_stock_movement(actor: Actor, body: dict[str, Any]) -> StockMovement:
    """Record a receipt of goods, or a correction after counting."""
    with transaction():
        return services.record_by_hand(**body, actor=actor, now=clock.now())

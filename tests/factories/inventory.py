"""Stock to sell from, made by inventory's own services."""

from groupbuy.catalogue.models import Sku
from groupbuy.inventory import queries, services
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction
from tests.factories import catalogue


def receive(sku: Sku, quantity: int = 100) -> str:
    """Receive goods into the house pool and return the pool's id."""
    with transaction():
        services.receive(
            sku_id=sku.id, quantity=quantity, reason="Delivery", actor=SYSTEM, now=clock.now()
        )
        return queries.house_stock([sku.id])[sku.id].pool_id


def allot(sku: Sku, owner: str, quantity: int = 10) -> str:
    """Allot stock of the house to an owner and return the owner's pool's id."""
    with transaction():
        pool = services.allot(
            sku_id=sku.id, owner=owner, quantity=quantity, actor=SYSTEM, now=clock.now()
        )
        return pool.id


def stocked_sku(quantity: int = 100, *, price_fen: int = 1990) -> Sku:
    """Add a SKU of a product on sale, with goods in the house pool."""
    sku = catalogue.sku(price_fen=price_fen)
    receive(sku, quantity)
    return sku

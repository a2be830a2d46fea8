"""What other domains ask in order to sell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from groupbuy.catalogue.models import Product, Sku
from groupbuy.catalogue.queries.tree import ancestry
from groupbuy.catalogue.rules import sale_title, sold_at
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """What others need to know of a SKU in order to sell it; `category_ids` nearest first.

    `sellable` at the instant that was asked about. No cost: who sells need not know it.
    """

    id: str
    product_id: str
    title: str
    price_fen: int
    member_price_fen: int | None
    weight_g: int | None
    min_quantity: int
    per_shopper_max: int | None
    storage: str
    supplier_id: str | None
    sellable: bool
    category_ids: tuple[str, ...]


def skus_for_sale(sku_ids: Collection[str], *, now: datetime) -> dict[str, SkuFacts]:
    """Return the facts of the SKUs that exist, in one statement; unknown ids are absent."""
    line = ancestry(
        select(Product.category_id)
        .join(Sku, Sku.product_id == Product.id)
        .where(Sku.id.in_(sku_ids))
    )
    path = (
        select(
            func.array_agg(aggregate_order_by(line.c.id, line.c.distance), type_=ARRAY(Id("cat")))
        )
        .where(line.c.origin == Product.category_id)
        .scalar_subquery()
    )
    rows = session().execute(
        select(Sku, Product, path)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.id.in_(sku_ids))
    )
    return {sku.id: _facts(sku, product, category_ids, now) for sku, product, category_ids in rows}


def sku_titles(sku_ids: Collection[str]) -> dict[str, str]:
    """Return how the SKUs that exist are called, in one statement; unknown ids are absent."""
    rows = session().execute(
        select(Sku.id, Product.title, Sku.name)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.id.in_(sku_ids))
    )
    return {sku_id: sale_title(title, name) for sku_id, title, name in rows}


def _facts(sku: Sku, product: Product, category_ids: Sequence[str], now: datetime) -> SkuFacts:
    return SkuFacts(
        id=sku.id,
        product_id=product.id,
        title=sale_title(product.title, sku.name),
        price_fen=sku.price_fen,
        member_price_fen=sku.member_price_fen,
        weight_g=sku.weight_g,
        min_quantity=sku.min_quantity,
        per_shopper_max=sku.per_shopper_max,
        storage=product.storage,
        supplier_id=product.supplier_id,
        sellable=sku.active
        and sold_at(
            now,
            state=product.state,
            sale_from=product.on_sale_from,
            sale_until=product.on_sale_until,
        ),
        category_ids=tuple(category_ids),
    )

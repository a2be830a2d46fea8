"""What other domains ask in order to sell."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from groupbuy.catalogue.models import Product, Sku
from groupbuy.catalogue.queries.tree import ancestry
from groupbuy.catalogue.rules import sale_title, sold_at
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id, any_id


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
    rows = session().execute(_FACTS, {"sku_ids": list(sku_ids)})
    return {row.id: _facts(row, now) for row in rows}


def _select_facts() -> Select[*tuple[Any, ...]]:
    wanted = Sku.id == any_id("sku_ids", "sku")
    line = ancestry(
        select(Product.category_id).join(Sku, Sku.product_id == Product.id).where(wanted)
    )
    path = (
        select(
            func.array_agg(aggregate_order_by(line.c.id, line.c.distance), type_=ARRAY(Id("cat")))
        )
        .where(line.c.origin == Product.category_id)
        .scalar_subquery()
    )
    # Columns, not rows of the tables: every price and every order asks, and no description is read.
    return (
        select(
            Sku.id,
            Sku.product_id,
            Sku.name,
            Sku.price_fen,
            Sku.member_price_fen,
            Sku.weight_g,
            Sku.min_quantity,
            Sku.per_shopper_max,
            Sku.active,
            Product.title,
            Product.storage,
            Product.supplier_id,
            Product.state,
            Product.on_sale_from,
            Product.on_sale_until,
            path.label("category_ids"),
        )
        .join(Product, Product.id == Sku.product_id)
        .where(wanted)
    )


_FACTS = _select_facts()


def sku_titles(sku_ids: Collection[str]) -> dict[str, str]:
    """Return how the SKUs that exist are called, in one statement; unknown ids are absent."""
    rows = session().execute(
        select(Sku.id, Product.title, Sku.name)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.id.in_(sku_ids))
    )
    return {sku_id: sale_title(title, name) for sku_id, title, name in rows}


def _facts(row: Row[*tuple[Any, ...]], now: datetime) -> SkuFacts:
    on_sale = sold_at(
        now, state=row.state, sale_from=row.on_sale_from, sale_until=row.on_sale_until
    )
    return SkuFacts(
        id=row.id,
        product_id=row.product_id,
        title=sale_title(row.title, row.name),
        price_fen=row.price_fen,
        member_price_fen=row.member_price_fen,
        weight_g=row.weight_g,
        min_quantity=row.min_quantity,
        per_shopper_max=row.per_shopper_max,
        storage=row.storage,
        supplier_id=row.supplier_id,
        sellable=row.active and on_sale,
        category_ids=tuple(row.category_ids),
    )

"""Things to sell, made by the catalogue's own services."""

import itertools
from typing import Any

from groupbuy.catalogue import services
from groupbuy.catalogue.models import Brand, Category, Product, Sku, Supplier
from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction

_numbers = itertools.count(1)


def category(name: str = "Fruit", *, parent: Category | None = None, position: int = 0) -> Category:
    """Add a category; a root unless it has a parent."""
    with transaction():
        return services.create_category(
            name=name,
            parent_id=parent.id if parent else None,
            position=position,
            actor=SYSTEM,
            now=clock.now(),
        )


def brand(name: str = "", **details: Any) -> Brand:
    """Add a brand."""
    with transaction():
        return services.create_brand(
            name=name or f"Morning Dew {next(_numbers)}", actor=SYSTEM, now=clock.now(), **details
        )


def supplier(name: str = "", **details: Any) -> Supplier:
    """Add a supplier."""
    with transaction():
        return services.create_supplier(
            name=name or f"Green Valley {next(_numbers)}", actor=SYSTEM, now=clock.now(), **details
        )


def product(
    title: str = "",
    *,
    within: Category | None = None,
    state: ProductState = ProductState.ON_SALE,
    **details: Any,
) -> Product:
    """Add a product, on sale unless said otherwise; a category is made if none is given."""
    with transaction():
        new = services.create_product(
            title=title or f"Strawberries {next(_numbers)}",
            category_id=(within or category()).id,
            actor=SYSTEM,
            now=clock.now(),
            **details,
        )
        for step in _way_to(state):
            move(new, step)
        return new


def move(moved: Product, state: ProductState) -> Product:
    """Move a product to a state that the table allows."""
    return services.edit_product(
        product_id=moved.id,
        if_match=moved.version,
        actor=SYSTEM,
        now=clock.now(),
        state=state.value,
    )


def sku(of: Product | None = None, *, price_fen: int = 1990, **details: Any) -> Sku:
    """Add a SKU; a product on sale is made if none is given. It has no stock yet."""
    with transaction():
        return services.create_sku(
            product_id=(of or product()).id,
            price_fen=price_fen,
            actor=SYSTEM,
            now=clock.now(),
            **details,
        )


def _way_to(state: ProductState) -> list[ProductState]:
    return {
        ProductState.DRAFT: [],
        ProductState.ON_SALE: [ProductState.ON_SALE],
        ProductState.OFF_SALE: [ProductState.ON_SALE, ProductState.OFF_SALE],
        ProductState.ARCHIVED: [ProductState.ARCHIVED],
    }[state]

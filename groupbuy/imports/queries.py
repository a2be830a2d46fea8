"""Reads of imports, and what sheets are made from."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import undefer

from groupbuy.catalogue.models import Brand, Category, Product, Sku, Supplier
from groupbuy.catalogue.rules import ProductState
from groupbuy.imports.models import Import
from groupbuy.inventory.models import HOUSE, StockPool
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound

AT_ONCE = 1_000
PATH = "/"
"""Between the categories of a path."""


def an_import(import_id: str) -> Import:
    """Return an import, or raise NotFound."""
    found = session().get(Import, import_id)
    if found is None:
        raise NotFound
    return found


def locked(import_id: str) -> Import:
    """Return an import with its file, locked for the rest of the transaction."""
    query = select(Import).where(Import.id == import_id).options(undefer(Import.content))
    fresh = {"populate_existing": True}
    found = session().scalar(query.with_for_update(), execution_options=fresh)
    if found is None:
        raise NotFound
    return found


def import_list(
    *, limit: int, cursor: str | None, kind: str | None = None, state: str | None = None
) -> Page[Import]:
    """Return imports, newest first."""
    query = select(Import)
    if kind is not None:
        query = query.where(Import.kind == kind)
    if state is not None:
        query = query.where(Import.state == state)
    return paginate(query, by=[Import.id], limit=limit, cursor=cursor, descending=True)


def skus_named(*, ids: Collection[str], barcodes: Collection[str]) -> dict[str, str | None]:
    """Return {SKU id: barcode} of those named by id or by barcode."""
    named = or_(Sku.id.in_(ids), Sku.barcode.in_(barcodes))
    rows = session().execute(select(Sku.id, Sku.barcode).where(named))
    return {sku_id: barcode for sku_id, barcode in rows}


def locked_skus(sku_ids: Collection[str], *, product_ids: Collection[str] = ()) -> dict[str, Sku]:
    """Return SKUs by id, and all others of these products; their products are locked first.

    Whoever edits a SKU locks its product, so what is returned stays as it is.
    """
    of_skus = select(Sku.product_id).where(Sku.id.in_(sku_ids))
    wanted = or_(Product.id.in_(of_skus), Product.id.in_([i for i in product_ids if i]))
    locked = select(Product.id).where(wanted).order_by(Product.id).with_for_update(key_share=True)
    products = session().scalars(locked).all()
    query = select(Sku).where(Sku.product_id.in_(products)).order_by(Sku.id)
    found = session().scalars(query, execution_options={"populate_existing": True})
    return {sku.id: sku for sku in found}


def products(product_ids: Collection[str]) -> dict[str, Product]:
    """Return the products that exist among these ids."""
    ids = [product_id for product_id in product_ids if is_id(product_id, "prd")]
    query = select(Product).where(Product.id.in_(ids))
    found = session().scalars(query, execution_options={"populate_existing": True})
    return {product.id: product for product in found}


def skus_with_products(*, all_of_them: bool = False) -> Iterator[tuple[Sku, Product]]:
    """Yield SKUs with their products by product, a batch at a time: the active ones, or all.

    What is archived is left out.
    """
    query = (
        select(Sku, Product)
        .join(Product, Product.id == Sku.product_id)
        .where(Product.state != ProductState.ARCHIVED)
        .order_by(Product.id, Sku.id)
    )
    if not all_of_them:
        query = query.where(Sku.active)
    rows = session().execute(query, execution_options={"yield_per": AT_ONCE})
    for row in rows:
        yield row.Sku, row.Product


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id: of all categories with their parents, of active brands and suppliers."""

    categories: dict[str, Category]
    brands: dict[str, str]
    suppliers: dict[str, str]

    def category(self, category_id: str) -> str:
        """Return a category's path from the root, as people write it: 生鲜/蛋类."""
        path, at = [], self.categories.get(category_id)
        while at is not None:
            path.append(at.name)
            at = self.categories.get(at.parent_id or "")
        return PATH.join(reversed(path))

    def category_ids(self) -> dict[str, str]:
        """Return ids by path in small letters, and by id; a path that two have is neither's."""
        ids = {category_id: category_id for category_id in self.categories}
        paths = {category_id: self.category(category_id).casefold() for category_id in ids}
        times = Counter(paths.values())
        return ids | {path: i for i, path in paths.items() if times[path] == 1}


def names() -> Names:
    """Return the names that sheets use, in three statements."""
    return Names(
        {category.id: category for category in session().scalars(select(Category))},
        {row.id: row.name for row in session().scalars(select(Brand).where(Brand.active))},
        {row.id: row.name for row in session().scalars(select(Supplier).where(Supplier.active))},
    )


def stock_rows() -> Iterator[tuple[Any, ...]]:
    """Yield (SKU id, barcode, title, on hand, reserved) of every active SKU, a batch at a time."""
    title = func.trim(func.concat(Product.title, " ", Sku.name))
    query = (
        select(
            Sku.id,
            Sku.barcode,
            title,
            func.coalesce(StockPool.on_hand, 0),
            func.coalesce(StockPool.reserved, 0),
        )
        .join(Product, Product.id == Sku.product_id)
        .outerjoin(StockPool, and_(StockPool.sku_id == Sku.id, StockPool.owner == HOUSE))
        .where(Sku.active)
        .order_by(Sku.id)
    )
    rows = session().execute(query, execution_options={"yield_per": AT_ONCE})
    for row in rows:
        yield tuple(row)

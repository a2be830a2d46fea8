"""Reads of imports, and what sheets are made from."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import undefer

from groupbuy.catalogue.models import Product, Sku
from groupbuy.imports.models import Import
from groupbuy.inventory.models import HOUSE, StockPool
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound

AT_ONCE = 1_000


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

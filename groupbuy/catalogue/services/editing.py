"""What every edit of the catalogue does the same way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from groupbuy.catalogue.models import Brand, Category, Product, Sku, Supplier
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, StaleVersion
from groupbuy.kernel.texts import Text

Row = Brand | Category | Product | Sku | Supplier

_UNKNOWN = {
    Category: Text("没有这个分类。", "There is no such category."),
    Brand: Text("没有这个品牌，或已归档。", "There is no such brand, or it is archived."),
    Supplier: Text("没有这个供应商，或已归档。", "There is no such supplier, or it is archived."),
}


def refuse_stale(row: Row, *, if_match: int) -> None:
    """Raise StaleVersion unless the row is as the caller read it."""
    if row.version != if_match:
        raise StaleVersion


def assign(row: Row, *, changes: Mapping[str, Any]) -> None:
    """Set what changes."""
    for field, value in changes.items():
        setattr(row, field, value)


def record_edit(
    row: Row, *, changes: Mapping[str, Any], action: str, actor: Actor, now: datetime
) -> None:
    """Leave who changed what, in plain JSON."""
    plain = {
        field: value.isoformat() if isinstance(value, datetime) else value
        for field, value in changes.items()
    }
    audit.record(actor=actor, action=action, subject=row.id, now=now, changes=plain)


def hold(kind: type[Category | Brand | Supplier], *, row_id: str, pointer: str) -> None:
    """Refuse an unknown one, or an archived one, and keep a known one until we commit."""
    key_share = {"read": True, "key_share": True}
    found = session().get(kind, row_id, with_for_update=key_share)
    if found is None or not getattr(found, "active", True):
        raise InvalidInput.at(pointer, _UNKNOWN[kind])


def lock_product(product_id: str) -> Product | None:
    """Return a product that nobody else edits, or adds a SKU to, until we commit."""
    return session().get(Product, product_id, with_for_update={"key_share": True})

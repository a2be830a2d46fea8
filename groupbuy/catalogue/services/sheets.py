"""Many products and SKUs at once, as a sheet brings them: what it says has been checked.

It costs a constant number of statements of its own, and one for each row that is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from groupbuy.catalogue.models import Product, Sku
from groupbuy.catalogue.rules import PriceKind
from groupbuy.catalogue.services.editing import assign, record_edit
from groupbuy.catalogue.services.indexing import refresh
from groupbuy.catalogue.services.skus import coded_once, keep_prices
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session


@dataclass(slots=True)
class SkuSheet:
    """What a row says of a SKU: the changes of one that is there, the fields of a new one."""

    sku: Sku | None
    changes: dict[str, Any]

    def value(self, name: str, default: Any) -> Any:
        """Return a field as it will be."""
        return self.changes.get(name, default if self.sku is None else getattr(self.sku, name))

    def distinction(self) -> tuple[Any, ...]:
        """Return what tells it from its product's others: its options, or without any its name."""
        options = self.value("options", {})
        return tuple(sorted(options.items())) or (self.value("name", ""),)


@dataclass(slots=True)
class ProductSheet:
    """What rows say of a product and of its SKUs; an empty text takes a brand or supplier away."""

    product: Product | None
    said: dict[str, Any] = field(default_factory=dict)
    skus: list[SkuSheet] = field(default_factory=list)

    def changes(self) -> dict[str, Any]:
        """Return what will be another value than now."""
        wanted = {name: value or None for name, value in self.said.items()}
        if self.product is None:
            return wanted
        return {k: v for k, v in wanted.items() if v != getattr(self.product, k)}


def write_sheet(*, products: Sequence[ProductSheet], actor: Actor, now: datetime) -> None:
    """Write what a sheet says, with the history of prices and who changed what.

    Raises:
        BarcodeTaken: somebody else took one meanwhile.
    """
    touched = [sheet for sheet in products if sheet.changes() or any(s.changes for s in sheet.skus)]
    with coded_once():
        written = [_write_product(sheet, actor=actor, now=now) for sheet in touched]
        session().flush()
        for sheet, product in zip(touched, written, strict=True):
            for sku in sheet.skus:
                _write_sku(sku, product, actor=actor, now=now)
    refresh(product_ids=[product.id for product in written])


def edit_skus(*, changes: Mapping[str, Mapping[str, Any]], actor: Actor, now: datetime) -> None:
    """Change fields of many SKUs, by id; their products are locked by the caller."""
    found = session().scalars(select(Sku).where(Sku.id.in_(changes)).order_by(Sku.id)).all()
    for sku in found:
        _edit_sku(sku, changes[sku.id], actor=actor, now=now)
    session().flush()
    refresh(product_ids=list({sku.product_id for sku in found}))


def _write_product(sheet: ProductSheet, *, actor: Actor, now: datetime) -> Product:
    changes = sheet.changes()
    if sheet.product is not None:
        if changes:
            assign(sheet.product, changes=changes)
            record_edit(sheet.product, changes=changes, action="product.edit", actor=actor, now=now)
        return sheet.product
    product = Product(**changes)
    session().add(product)
    session().flush()
    audit.record(
        actor=actor, action="product.create", subject=product.id, now=now, title=product.title
    )
    return product


def _write_sku(sheet: SkuSheet, product: Product, *, actor: Actor, now: datetime) -> None:
    if sheet.sku is not None:
        if sheet.changes:
            _edit_sku(sheet.sku, sheet.changes, actor=actor, now=now)
        return
    sku = Sku(product_id=product.id, **sheet.changes)
    session().add(sku)
    session().flush()
    keep_prices(sku, before={}, actor=actor, now=now)
    fen = sku.price_fen
    audit.record(actor=actor, action="sku.create", subject=sku.id, now=now, price_fen=fen)


def _edit_sku(sku: Sku, changes: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    before = {kind: getattr(sku, kind.column) for kind in PriceKind}
    assign(sku, changes=changes)
    keep_prices(sku, before=before, actor=actor, now=now)
    record_edit(sku, changes=changes, action="sku.edit", actor=actor, now=now)

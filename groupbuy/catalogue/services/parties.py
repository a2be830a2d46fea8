"""Editing suppliers and brands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from groupbuy.catalogue import queries
from groupbuy.catalogue.errors import BrandNameTaken, SupplierNameTaken
from groupbuy.catalogue.models import Brand, Product, Supplier
from groupbuy.catalogue.rules import Weight, search_vector
from groupbuy.catalogue.services.editing import assign, record_edit, refuse_stale
from groupbuy.catalogue.services.indexing import refresh_all_of
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import Problem


def create_supplier(
    *,
    name: str,
    contact_name: str = "",
    phone: str = "",
    note: str = "",
    actor: Actor,
    now: datetime,
) -> Supplier:
    """Add a supplier.

    Raises:
        SupplierNameTaken: there is one of this name.
    """
    supplier = Supplier(name=name, contact_name=contact_name, phone=phone, note=note)
    with _named_once(SupplierNameTaken):
        session().add(supplier)
    audit.record(actor=actor, action="supplier.create", subject=supplier.id, now=now, name=name)
    return supplier


def edit_supplier(
    *, supplier_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Supplier:
    """Change a supplier; `active: false` archives it, `active: true` brings it back.

    Raises:
        SupplierNameTaken: another one has the name.
        StaleVersion: it changed since it was read.
    """
    supplier = queries.supplier(supplier_id)
    refuse_stale(supplier, if_match=if_match)
    with _named_once(SupplierNameTaken):
        assign(supplier, changes=changes)
    # Whom to call is personal data, and the log of decisions is for ever.
    kept = {field: value for field, value in changes.items() if field in ("name", "active")}
    record_edit(supplier, changes=kept, action="supplier.edit", actor=actor, now=now)
    return supplier


def create_brand(*, name: str, note: str = "", actor: Actor, now: datetime) -> Brand:
    """Add a brand.

    Raises:
        BrandNameTaken: there is one of this name.
    """
    brand = Brand(name=name, note=note, search=_words(name))
    with _named_once(BrandNameTaken):
        session().add(brand)
    audit.record(actor=actor, action="brand.create", subject=brand.id, now=now, name=name)
    return brand


def edit_brand(
    *, brand_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Brand:
    """Change a brand; `active: false` archives it. Its products are found by the new name.

    Raises:
        BrandNameTaken: another one has the name.
        StaleVersion: it changed since it was read.
    """
    brand = queries.brand(brand_id)
    refuse_stale(brand, if_match=if_match)
    with _named_once(BrandNameTaken):
        assign(brand, changes=changes)
        brand.search = _words(brand.name)
    if "name" in changes:
        refresh_all_of(condition=Product.brand_id == brand_id)
    record_edit(brand, changes=changes, action="brand.edit", actor=actor, now=now)
    return brand


@contextmanager
def _named_once(taken: type[Problem]) -> Iterator[None]:
    try:
        with session().begin_nested():
            yield
    except IntegrityError as error:
        raise taken from error


def _words(name: str) -> str:
    return search_vector([(Weight.TITLE, name)])

"""Editing what is sold."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from groupbuy.catalogue import queries, rules
from groupbuy.catalogue.errors import BarcodeTaken, CategoryCycle, CategoryNotEmpty
from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text


def create_category(
    *, name: str, parent_id: str | None = None, position: int = 0, actor: Actor, now: datetime
) -> Category:
    """Add a category below another, or a root.

    Raises:
        InvalidInput: there is no such parent.
    """
    if parent_id is not None:
        _hold_category(parent_id, "/parent_id")
    category = Category(name=name, parent_id=parent_id, position=position)
    session().add(category)
    session().flush()
    audit.record(actor=actor, action="category.create", subject=category.id, now=now, name=name)
    return category


def edit_category(
    *, category_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Category:
    """Change name, position or parent.

    Raises:
        CategoryCycle: the new parent is the category itself or below it.
        InvalidInput: there is no such parent.
        StaleVersion: it changed since it was read.
    """
    category = queries.category(category_id)
    _refuse_stale(category, if_match)
    if changes.get("parent_id") is not None:
        _refuse_cycle(category_id, changes["parent_id"])
    _assign(category, changes)
    session().flush()
    _record_edit(category, changes, action="category.edit", actor=actor, now=now)
    return category


def delete_category(*, category_id: str, if_match: int, actor: Actor, now: datetime) -> None:
    """Remove a category that nothing hangs on.

    Raises:
        CategoryNotEmpty: it has products or categories below it.
        StaleVersion: it changed since it was read.
    """
    category = queries.category(category_id)
    _refuse_stale(category, if_match)
    try:
        with session().begin_nested():
            session().delete(category)
    except IntegrityError as error:
        raise CategoryNotEmpty from error
    audit.record(actor=actor, action="category.delete", subject=category_id, now=now)


def create_product(
    *,
    category_id: str,
    title: str,
    description: str = "",
    storage: str = rules.Storage.AMBIENT,
    actor: Actor,
    now: datetime,
) -> Product:
    """Add a product, in draft.

    Raises:
        InvalidInput: there is no such category.
    """
    _hold_category(category_id, "/category_id")
    product = Product(
        category_id=category_id, title=title, description=description, storage=storage
    )
    session().add(product)
    session().flush()
    audit.record(actor=actor, action="product.create", subject=product.id, now=now, title=title)
    return product


def edit_product(
    *, product_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Product:
    """Change a product, its state included.

    Raises:
        NotInThisState: the move to the new state is not in the table.
        InvalidInput: there is no such category.
        StaleVersion: it changed since it was read.
    """
    product = queries.product(product_id)
    _refuse_stale(product, if_match)
    state = changes.get("state", product.state)
    if not rules.may_move(product.state, state):
        raise NotInThisState(state=product.state, action=state)
    if "category_id" in changes:
        _hold_category(changes["category_id"], "/category_id")
    _assign(product, changes)
    session().flush()
    _record_edit(product, changes, action="product.edit", actor=actor, now=now)
    return product


def create_sku(
    *,
    product_id: str,
    price_fen: int,
    name: str = "",
    options: Mapping[str, str] | None = None,
    barcode: str | None = None,
    list_price_fen: int | None = None,
    per_shopper_max: int | None = None,
    active: bool = True,
    actor: Actor,
    now: datetime,
) -> Sku:
    """Add a SKU to a product.

    Raises:
        InvalidInput: there is no such product, or the list price is below the price.
        BarcodeTaken: another SKU has the barcode.
    """
    if session().get(Product, product_id) is None:
        raise InvalidInput.at("/product_id", Text("没有这个商品。", "There is no such product."))
    sku = Sku(
        product_id=product_id,
        name=name,
        options=dict(options or {}),
        barcode=barcode,
        price_fen=price_fen,
        list_price_fen=list_price_fen,
        per_shopper_max=per_shopper_max,
        active=active,
    )
    _refuse_low_list_price(price_fen, list_price_fen)
    try:
        with session().begin_nested():
            session().add(sku)
    except IntegrityError as error:
        raise BarcodeTaken from error
    audit.record(actor=actor, action="sku.create", subject=sku.id, now=now, price_fen=price_fen)
    return sku


def edit_sku(*, sku_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any) -> Sku:
    """Change a SKU; `active: false` takes it from sale.

    Raises:
        InvalidInput: the list price is below the price.
        BarcodeTaken: another SKU has the barcode.
        StaleVersion: it changed since it was read.
    """
    sku = queries.sku(sku_id)
    _refuse_stale(sku, if_match)
    _refuse_low_list_price(
        changes.get("price_fen", sku.price_fen), changes.get("list_price_fen", sku.list_price_fen)
    )
    try:
        with session().begin_nested():
            _assign(sku, changes)
    except IntegrityError as error:
        raise BarcodeTaken from error
    _record_edit(sku, changes, action="sku.edit", actor=actor, now=now)
    return sku


def record_availability(*, in_stock: Mapping[str, bool]) -> None:
    """Note which SKUs came into or ran out of stock: inventory's push, no edit of staff's.

    The version stays as it is, so that selling out does not spoil an edit in progress.
    """
    for value in (True, False):
        sku_ids = [sku_id for sku_id, available in in_stock.items() if available is value]
        if sku_ids:
            session().execute(update(Sku).where(Sku.id.in_(sku_ids)).values(in_stock=value))


def _refuse_stale(row: Category | Product | Sku, if_match: int) -> None:
    if row.version != if_match:
        raise StaleVersion


def _refuse_cycle(category_id: str, parent_id: str) -> None:
    # Two moves at once could close a circle that neither of them sees: moves go one by one.
    session().execute(text("lock table categories in share row exclusive mode"))
    _hold_category(parent_id, "/parent_id")
    if parent_id in session().scalars(queries.subtree(category_id)).all():
        raise CategoryCycle


def _refuse_low_list_price(price_fen: int, list_price_fen: int | None) -> None:
    if list_price_fen is not None and list_price_fen < price_fen:
        raise InvalidInput.at(
            "/list_price_fen",
            Text("划线价不能低于售价。", "The list price must not be below the price."),
        )


def _hold_category(category_id: str, pointer: str) -> None:
    """Refuse an unknown category, and keep a known one from being deleted until we commit."""
    key_share = {"read": True, "key_share": True}
    if session().get(Category, category_id, with_for_update=key_share) is None:
        raise InvalidInput.at(pointer, Text("没有这个分类。", "There is no such category."))


def _assign(row: Category | Product | Sku, changes: Mapping[str, Any]) -> None:
    for field, value in changes.items():
        setattr(row, field, value)


def _record_edit(
    row: Category | Product | Sku,
    changes: Mapping[str, Any],
    *,
    action: str,
    actor: Actor,
    now: datetime,
) -> None:
    audit.record(actor=actor, action=action, subject=row.id, now=now, changes=dict(changes))

"""Editing products."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from groupbuy.catalogue import queries, rules
from groupbuy.catalogue.models import Brand, Category, Product, Supplier
from groupbuy.catalogue.services.editing import assign, hold, record_edit, refuse_stale
from groupbuy.catalogue.services.indexing import refresh
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.media import services as media

_SEARCHED = {"title", "description", "category_id", "brand_id"}


def create_product(
    *,
    category_id: str,
    title: str,
    description: str = "",
    storage: str = rules.Storage.AMBIENT,
    brand_id: str | None = None,
    supplier_id: str | None = None,
    on_sale_from: datetime | None = None,
    on_sale_until: datetime | None = None,
    picture_ids: Sequence[str] = (),
    actor: Actor,
    now: datetime,
) -> Product:
    """Add a product, in draft.

    Raises:
        InvalidInput: there is no such category, brand, supplier or picture, or the window is empty.
    """
    fields = {
        "category_id": category_id,
        "brand_id": brand_id,
        "supplier_id": supplier_id,
        "on_sale_from": on_sale_from,
        "on_sale_until": on_sale_until,
    }
    _check(fields)
    product = Product(
        id=new_id("prd"), title=title, description=description, storage=storage, **fields
    )
    if picture_ids:
        _show(product, picture_ids, actor)
    session().add(product)
    session().flush()
    refresh(product_ids=[product.id])
    audit.record(actor=actor, action="product.create", subject=product.id, now=now, title=title)
    return product


def edit_product(
    *, product_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Product:
    """Change a product, its state included.

    Raises:
        NotInThisState: the move to the new state is not in the table.
        InvalidInput: there is no such category, brand, supplier or picture, or the window is empty.
        StaleVersion: it changed since it was read.
    """
    product = queries.product(product_id)
    refuse_stale(product, if_match=if_match)
    state = changes.get("state", product.state)
    if not rules.may_move(product.state, state):
        raise NotInThisState(state=product.state, action=state)
    window = {name: getattr(product, name) for name in ("on_sale_from", "on_sale_until")}
    # What a product has had may stay, even if it is archived by now.
    changed = {k: v for k, v in changes.items() if getattr(product, k) != v}
    _check(window | changed)
    if "picture_ids" in changed:
        _show(product, changed["picture_ids"], actor)
    assign(product, changes=changes)
    session().flush()
    if _SEARCHED & changed.keys():
        refresh(product_ids=[product_id])
    record_edit(product, changes=changes, action="product.edit", actor=actor, now=now)
    return product


def move_products(
    *, product_ids: Sequence[str], state: str, actor: Actor, now: datetime
) -> list[Product]:
    """Bring several products into a state, all or none; those that are there already stay.

    Raises:
        InvalidInput: there is no such product.
        NotInThisState: with the `product_ids` whose move is not in the table.
    """
    locked = (
        select(Product)
        .where(Product.id.in_(product_ids))
        .order_by(Product.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    products = {product.id: product for product in session().scalars(locked)}
    for number, product_id in enumerate(product_ids):
        if product_id not in products:
            unknown = Text("没有这个商品。", "There is no such product.")
            raise InvalidInput.at(f"/product_ids/{number}", unknown)
    stuck = [p for p in products.values() if not rules.may_move(p.state, state)]
    if stuck:
        raise NotInThisState(
            state=stuck[0].state, action=state, product_ids=[product.id for product in stuck]
        )
    for product in products.values():
        if product.state != state:
            product.state = state
            change = {"state": state}
            record_edit(product, changes=change, action="product.edit", actor=actor, now=now)
    session().flush()
    return [products[product_id] for product_id in dict.fromkeys(product_ids)]


def _show(product: Product, picture_ids: Sequence[str], actor: Actor) -> None:
    """Make exactly these the product's pictures, in this order."""
    media.claim(
        picture_ids=picture_ids,
        owner=product.id,
        actor=actor,
        public=True,
        pointer="/picture_ids",
    )
    product.picture_ids = list(picture_ids)


def _check(fields: Mapping[str, Any]) -> None:
    """Check what is to be: whatever is named must be there, the window must have a length."""
    for field, kind in (("category_id", Category), ("brand_id", Brand), ("supplier_id", Supplier)):
        if fields.get(field) is not None:
            hold(kind, row_id=fields[field], pointer=f"/{field}")
    begin, end = fields["on_sale_from"], fields["on_sale_until"]
    if begin is not None and end is not None and begin >= end:
        raise InvalidInput.at(
            "/on_sale_until",
            Text("下架时间须晚于上架时间。", "The sale must end after it begins."),
        )

"""Reads of the catalogue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, ColumnElement, Select, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased

from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.catalogue.rules import ProductState, in_tree_order, sale_title
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound


@dataclass(frozen=True, slots=True)
class ProductOnSale:
    """A product with its active SKUs, as shoppers see it."""

    id: str
    category_id: str
    title: str
    description: str
    storage: str
    skus: Sequence[Sku]


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """What others need to know of a SKU in order to sell it; `category_ids` nearest first."""

    id: str
    product_id: str
    title: str
    price_fen: int
    member_price_fen: int | None
    per_shopper_max: int | None
    storage: str
    sellable: bool
    category_ids: tuple[str, ...]


def category(category_id: str) -> Category:
    """Return a category, or raise NotFound."""
    found = session().get(Category, category_id)
    if found is None:
        raise NotFound
    return found


def product(product_id: str) -> Product:
    """Return a product, or raise NotFound."""
    found = session().get(Product, product_id)
    if found is None:
        raise NotFound
    return found


def sku(sku_id: str) -> Sku:
    """Return a SKU, or raise NotFound."""
    found = session().get(Sku, sku_id)
    if found is None:
        raise NotFound
    return found


def category_tree() -> list[Category]:
    """Return every category, each before those below it, siblings in their order."""
    return in_tree_order(session().scalars(select(Category)))


def category_list(
    *, limit: int, cursor: str | None, parent: str | None = None, q: str | None = None
) -> Page[Category]:
    """Return categories in order of creation."""
    query = select(Category)
    if parent is not None:
        query = query.where(Category.parent_id == parent)
    if q is not None:
        query = query.where(Category.name.icontains(q, autoescape=True))
    return paginate(query, by=[Category.id], limit=limit, cursor=cursor)


def product_list(
    *,
    limit: int,
    cursor: str | None,
    category: str | None = None,
    state: str | None = None,
    q: str | None = None,
) -> Page[Product]:
    """Return products in order of creation."""
    query = _matching(select(Product), category=category, q=q)
    if state is not None:
        query = query.where(Product.state == state)
    return paginate(query, by=[Product.id], limit=limit, cursor=cursor)


def sku_list(
    *,
    limit: int,
    cursor: str | None,
    product: str | None = None,
    barcode: str | None = None,
    active: bool | None = None,
    in_stock: bool | None = None,
) -> Page[Sku]:
    """Return SKUs in order of creation."""
    query = select(Sku)
    if product is not None:
        query = query.where(Sku.product_id == product)
    if barcode is not None:
        query = query.where(Sku.barcode == barcode)
    if active is not None:
        query = query.where(Sku.active.is_(active))
    if in_stock is not None:
        query = query.where(Sku.in_stock.is_(in_stock))
    return paginate(query, by=[Sku.id], limit=limit, cursor=cursor)


def products_on_sale(
    *,
    limit: int,
    cursor: str | None,
    category: str | None = None,
    q: str | None = None,
    in_stock: bool | None = None,
) -> Page[ProductOnSale]:
    """Return what shoppers can see, newest first, in two statements: products, then their SKUs.

    `in_stock` asks whether at least one active SKU is in stock.
    """
    query = _matching(select(Product).where(_on_sale()), category=category, q=q)
    if in_stock is not None:
        stocked = _has_active_sku(Sku.in_stock.is_(True))
        query = query.where(stocked if in_stock else ~stocked)
    page = paginate(query, by=[Product.id], limit=limit, cursor=cursor, descending=True)
    return Page(_with_skus(page.items), page.next_cursor)


def product_on_sale(product_id: str) -> ProductOnSale:
    """Return one product that shoppers can see, or raise NotFound."""
    found = session().scalars(select(Product).where(Product.id == product_id, _on_sale())).all()
    if not found:
        raise NotFound
    return _with_skus(found)[0]


def skus_for_sale(sku_ids: Collection[str]) -> dict[str, SkuFacts]:
    """Return the facts of the SKUs that exist, in one statement; unknown ids are absent."""
    line = _ancestry(
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
    return {sku.id: _facts(sku, product, category_ids) for sku, product, category_ids in rows}


def subtree(category_id: str) -> Select[str]:
    """Select the ids of a category and of all below it."""
    line = select(Category.id).where(Category.id == category_id).cte("subtree", recursive=True)
    below = aliased(Category)
    line = line.union(select(below.id).join(line, below.parent_id == line.c.id))
    return select(line.c.id)


def _facts(sku: Sku, product: Product, category_ids: Sequence[str]) -> SkuFacts:
    return SkuFacts(
        id=sku.id,
        product_id=product.id,
        title=sale_title(product.title, sku.name),
        price_fen=sku.price_fen,
        member_price_fen=sku.member_price_fen,
        per_shopper_max=sku.per_shopper_max,
        storage=product.storage,
        sellable=sku.active and product.state == ProductState.ON_SALE,
        category_ids=tuple(category_ids),
    )


def _ancestry(category_ids: Select[str]) -> CTE:
    """Return rows (origin, id, distance): each category's line up to its root."""
    line = (
        select(
            Category.id.label("origin"),
            Category.id,
            Category.parent_id,
            literal(0).label("distance"),
        )
        .where(Category.id.in_(category_ids))
        .cte("ancestry", recursive=True)
    )
    above = aliased(Category)
    return line.union_all(
        select(line.c.origin, above.id, above.parent_id, line.c.distance + 1).join(
            line, above.id == line.c.parent_id
        )
    )


def _matching(query: Select[Product], *, category: str | None, q: str | None) -> Select[Product]:
    if category is not None:
        query = query.where(Product.category_id.in_(subtree(category)))
    if q is not None:
        query = query.where(Product.title.icontains(q, autoescape=True))
    return query


def _on_sale() -> ColumnElement[bool]:
    return (Product.state == ProductState.ON_SALE) & _has_active_sku()


def _has_active_sku(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Sku.product_id == Product.id, Sku.active.is_(True), *conditions)


def _with_skus(products: Sequence[Product]) -> list[ProductOnSale]:
    skus: dict[str, list[Sku]] = {product.id: [] for product in products}
    active = select(Sku).where(Sku.product_id.in_(skus), Sku.active).order_by(Sku.id)
    for sku in session().scalars(active):
        skus[sku.product_id].append(sku)
    return [
        ProductOnSale(
            id=product.id,
            category_id=product.category_id,
            title=product.title,
            description=product.description,
            storage=product.storage,
            skus=skus[product.id],
        )
        for product in products
    ]

"""What shoppers read of the catalogue, at an instant: what is on sale then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from groupbuy.catalogue.models import Brand, Category, Product, Sku
from groupbuy.catalogue.queries.searching import found_by, rank_of
from groupbuy.catalogue.queries.tree import subtree
from groupbuy.catalogue.rules import ProductState, Sort, in_tree_order, summed_upward
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import any_id
from groupbuy.kernel.pagination import Page, paginate, paginate_ranked
from groupbuy.kernel.problems import NotFound

SUGGESTIONS = 10
"""At most so many are suggested, of categories and brands a few."""

_NAMES = 3


@dataclass(frozen=True, slots=True)
class ProductOnSale:
    """A product with its active SKUs, as shoppers see it."""

    id: str
    category_id: str
    brand: Brand | None
    title: str
    description: str
    storage: str
    on_sale_from: datetime | None
    on_sale_until: datetime | None
    picture_ids: Sequence[str]
    skus: Sequence[Sku]


@dataclass(frozen=True, slots=True)
class CategoryOnSale:
    """A category, with how many products are on sale in it and below."""

    id: str
    parent_id: str | None
    name: str
    product_count: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What somebody may mean who begins to type."""

    kind: str
    id: str
    text: str


def category_tree(*, now: datetime) -> list[CategoryOnSale]:
    """Return every category, each before those below it, siblings in their order."""
    ordered = in_tree_order(session().scalars(select(Category)))
    counted = select(Product.category_id, func.count()).where(_on_sale(now))
    rows = session().execute(counted.group_by(Product.category_id))
    counts = summed_upward(ordered, {category_id: number for category_id, number in rows})
    return [CategoryOnSale(c.id, c.parent_id, c.name, counts[c.id]) for c in ordered]


def brands_on_sale(
    *, limit: int, cursor: str | None, now: datetime, category: str | None = None
) -> Page[Brand]:
    """Return the brands of what is on sale, by name."""
    products = exists().where(Product.brand_id == Brand.id, _on_sale(now), *_within(category))
    return paginate(
        select(Brand).where(products), by=[Brand.name, Brand.id], limit=limit, cursor=cursor
    )


def products_on_sale(
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    category: str | None = None,
    brand: str | None = None,
    q: str | None = None,
    storage: str | None = None,
    in_stock: bool | None = None,
    price_from_fen: int | None = None,
    price_to_fen: int | None = None,
    sort: str | None = None,
) -> Page[ProductOnSale]:
    """Return what shoppers can see, in two statements: products, then their SKUs.

    Args:
        in_stock: whether at least one active SKU is in stock.
        price_from_fen, price_to_fen: what the cheapest active SKU may be, both included.
        sort: see `Sort`; by relevance if there is a `q`, else newest first, unless said.
    """
    query = select(Product).where(_on_sale(now), *_within(category))
    for column, value in ((Product.brand_id, brand), (Product.storage, storage)):
        if value is not None:
            query = query.where(column == value)
    if in_stock is not None:
        stocked = exists().where(Sku.product_id == Product.id, Sku.active, Sku.in_stock)
        query = query.where(stocked if in_stock else ~stocked)
    if price_from_fen is not None:
        query = query.where(Product.lowest_price_fen >= price_from_fen)
    if price_to_fen is not None:
        query = query.where(Product.lowest_price_fen <= price_to_fen)
    if q is not None:
        query = query.where(found_by(q, Product.search))
    page = _sorted(query.options(joinedload(Product.brand)), q, sort, limit=limit, cursor=cursor)
    return Page(_with_skus(page.items), page.next_cursor)


def product_on_sale(product_id: str, *, now: datetime) -> ProductOnSale:
    """Return one product that shoppers can see, or raise NotFound."""
    query = select(Product).where(Product.id == product_id, _on_sale(now))
    found = session().scalars(query.options(joinedload(Product.brand))).all()
    if not found:
        raise NotFound
    return _with_skus(found)[0]


def suggestions(q: str, *, now: datetime) -> list[Suggestion]:
    """Return categories, brands and products with a word that begins so, in one statement.

    What begins with all of `q` comes first, then the newest.
    """
    below = aliased(Category)
    worth_a_look = or_(
        exists().where(below.parent_id == Category.id),
        exists().where(Product.category_id == Category.id, _on_sale(now)),
    )
    sold = exists().where(Product.brand_id == Brand.id, _on_sale(now))
    parts = (
        _suggested("category", Category, Category.name, q, worth_a_look, _NAMES),
        _suggested("brand", Brand, Brand.name, q, sold, _NAMES),
        _suggested("product", Product, Product.title, q, _on_sale(now), SUGGESTIONS),
    )
    rows = session().execute(union_all(*parts)).all()
    found = {
        (row.kind, row.text): Suggestion(row.kind, f"{_PREFIX[row.kind]}_{row.id.hex}", row.text)
        for row in sorted(rows, key=lambda row: not row.begins)
    }
    return list(found.values())[:SUGGESTIONS]


_PREFIX = {"category": "cat", "brand": "brd", "product": "prd"}


def _suggested(
    kind: str, table: Any, text: Any, q: str, condition: ColumnElement[bool], limit: int
) -> Select[Any]:
    begins = text.istartswith(q, autoescape=True)
    row_id = type_coerce(table.id, Uuid())
    return (
        select(
            literal(kind).label("kind"),
            row_id.label("id"),
            text.label("text"),
            begins.label("begins"),
        )
        .where(found_by(q, table.search, within="A"), condition)
        .order_by(begins.desc(), row_id.desc())
        .limit(limit)
    )


def _sorted(
    query: Select[Product], q: str | None, sort: str | None, *, limit: int, cursor: str | None
) -> Page[Product]:
    if sort is None:
        sort = Sort.NEWEST if q is None else Sort.RELEVANCE
    if sort == Sort.RELEVANCE:
        rank = rank_of(q or "", Product.search)
        return paginate_ranked(query, rank=rank, by=Product.id, limit=limit, cursor=cursor)
    by = [Product.id] if sort == Sort.NEWEST else [Product.lowest_price_fen, Product.id]
    falling = sort != Sort.PRICE
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=falling)


def _on_sale(now: datetime) -> ColumnElement[bool]:
    """Say in SQL what `rules.sold_at` says, of a product that has an active SKU."""
    return and_(
        Product.state == ProductState.ON_SALE,
        Product.lowest_price_fen.is_not(None),
        or_(Product.on_sale_from.is_(None), Product.on_sale_from <= now),
        or_(Product.on_sale_until.is_(None), Product.on_sale_until > now),
    )


def _within(category: str | None) -> list[ColumnElement[bool]]:
    return [] if category is None else [Product.category_id.in_(subtree(category))]


def _with_skus(products: Sequence[Product]) -> list[ProductOnSale]:
    skus: dict[str, list[Sku]] = {product.id: [] for product in products}
    for sku in session().scalars(_ACTIVE_SKUS, {"product_ids": list(skus)}):
        skus[sku.product_id].append(sku)
    return [
        ProductOnSale(
            id=product.id,
            category_id=product.category_id,
            brand=product.brand,
            title=product.title,
            description=product.description,
            storage=product.storage,
            on_sale_from=product.on_sale_from,
            on_sale_until=product.on_sale_until,
            picture_ids=product.picture_ids,
            skus=skus[product.id],
        )
        for product in products
    ]


# Built once: every list and every product asks it.
_ACTIVE_SKUS = (
    select(Sku).where(Sku.product_id == any_id("product_ids", "prd"), Sku.active).order_by(Sku.id)
)

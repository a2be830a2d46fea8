"""What shoppers read of the catalogue, at an instant: what is on sale then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from groupbuy.catalogue.models import Brand, Category, Product, Sku
from groupbuy.catalogue.queries.searching import found_by, matches, rank_of
from groupbuy.catalogue.queries.tree import subtree
from groupbuy.catalogue.rules import (
    ProductState,
    Sort,
    in_tree_order,
    search_query,
    summed_upward,
)
from groupbuy.kernel.db import Instant, session
from groupbuy.kernel.ids import Id, any_id
from groupbuy.kernel.pagination import Page, SortKey, paged, paginate, read_page
from groupbuy.kernel.problems import NotFound

SUGGESTIONS = 10
"""At most so many are suggested, of categories and brands a few."""

_NAMES = 3


@dataclass(frozen=True, slots=True)
class BrandOnSale:
    """A brand as shoppers see it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ProductOnSale:
    """A product with its active SKUs, as shoppers see it; each a row of what they see of it."""

    id: str
    category_id: str
    brand: BrandOnSale | None
    title: str
    description: str
    storage: str
    on_sale_from: datetime | None
    on_sale_until: datetime | None
    picture_ids: Sequence[str]
    skus: Sequence[Row[*tuple[Any, ...]]]


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
    asked = {
        "category": category,
        "brand": brand,
        "storage": storage,
        "in_stock": in_stock or None,
        "sold_out": in_stock is False or None,
        "price_from_fen": price_from_fen,
        "price_to_fen": price_to_fen,
        "words": None if q is None else search_query(q) or "",
    }
    given = {name: value for name, value in asked.items() if value is not None}
    order = Sort(sort or (Sort.NEWEST if q is None else Sort.RELEVANCE))
    page = read_page(
        _listing(frozenset(given), order, bool(cursor)),
        {**given, "now": now},
        by=_ORDER[order],
        limit=limit,
        cursor=cursor,
    )
    return Page(_with_skus(page.items), page.next_cursor)


def product_on_sale(product_id: str, *, now: datetime) -> ProductOnSale:
    """Return one product that shoppers can see, or raise NotFound."""
    found = session().execute(_ONE, {"product_id": product_id, "now": now}).all()
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


def _on_sale(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Say in SQL what `rules.sold_at` says, of a product that has an active SKU."""
    return and_(
        Product.state == ProductState.ON_SALE,
        Product.lowest_price_fen.is_not(None),
        or_(Product.on_sale_from.is_(None), Product.on_sale_from <= now),
        or_(Product.on_sale_until.is_(None), Product.on_sale_until > now),
    )


def _within(category: str | None) -> list[ColumnElement[bool]]:
    return [] if category is None else [Product.category_id.in_(subtree(category))]


def _with_skus(products: Sequence[Row[*tuple[Any, ...]]]) -> list[ProductOnSale]:
    skus: dict[str, list[Row[*tuple[Any, ...]]]] = {product.id: [] for product in products}
    for sku in session().execute(_ACTIVE_SKUS, {"product_ids": list(skus)}):
        skus[sku.product_id].append(sku)
    return [
        ProductOnSale(
            id=product.id,
            category_id=product.category_id,
            brand=BrandOnSale(product.brand_id, product.brand_name) if product.brand_id else None,
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


# Statements are built once, and what differs is a parameter: building one costs more than running
# it. They read columns: what shoppers see is not what a whole Product and Sku hold.
_NOW = bindparam("now", type_=Instant())
_STOCKED = exists().where(Sku.product_id == Product.id, Sku.active, Sku.in_stock)
_WORDS = bindparam("words", type_=Text())

_FILTERS = {
    "category": Product.category_id.in_(subtree(bindparam("category", type_=Id("cat")))),
    "brand": Product.brand_id == bindparam("brand"),
    "storage": Product.storage == bindparam("storage"),
    "in_stock": _STOCKED,
    "sold_out": ~_STOCKED,
    "price_from_fen": Product.lowest_price_fen >= bindparam("price_from_fen"),
    "price_to_fen": Product.lowest_price_fen <= bindparam("price_to_fen"),
    "words": matches(Product.search, _WORDS),
}

_RANK = rank_of(Product.search, _WORDS).label("rank")

_ORDER: dict[Sort, list[SortKey]] = {
    Sort.NEWEST: [Product.id],
    Sort.PRICE: [Product.lowest_price_fen, Product.id],
    Sort.PRICE_FALLING: [Product.lowest_price_fen, Product.id],
    Sort.RELEVANCE: [_RANK, Product.id],
}

_PRODUCTS = (
    select(
        Product.id,
        Product.category_id,
        Brand.id.label("brand_id"),
        Brand.name.label("brand_name"),
        Product.title,
        Product.description,
        Product.storage,
        Product.on_sale_from,
        Product.on_sale_until,
        Product.picture_ids,
        Product.lowest_price_fen,
    )
    .outerjoin(Product.brand)
    .where(_on_sale(_NOW))
)

_ONE = _PRODUCTS.where(Product.id == bindparam("product_id"))

_ACTIVE_SKUS = (
    select(
        Sku.id,
        Sku.product_id,
        Sku.name,
        Sku.options,
        Sku.price_fen,
        Sku.list_price_fen,
        Sku.member_price_fen,
        Sku.weight_g,
        Sku.min_quantity,
        Sku.per_shopper_max,
        Sku.in_stock,
    )
    .where(Sku.product_id == any_id("product_ids", "prd"), Sku.active)
    .order_by(Sku.id)
)


@lru_cache(maxsize=256)
def _listing(given: frozenset[str], sort: Sort, after: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement of a list with these filters, in this order."""
    query = _PRODUCTS.where(*(_FILTERS[name] for name in sorted(given)))
    if sort == Sort.RELEVANCE:
        query = query.add_columns(_RANK)
    return paged(query, by=_ORDER[sort], after=after, descending=sort != Sort.PRICE)

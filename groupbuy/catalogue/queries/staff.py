"""What headquarters reads of the catalogue."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from groupbuy.catalogue.models import Brand, Category, Product, Sku, SkuPrice, Supplier
from groupbuy.catalogue.queries.searching import found_by
from groupbuy.catalogue.queries.tree import subtree
from groupbuy.kernel.db import Base, session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound

Entity = TypeVar("Entity", bound=Base)


def category(category_id: str) -> Category:
    """Return a category, or raise NotFound."""
    return _found(Category, category_id)


def supplier(supplier_id: str) -> Supplier:
    """Return a supplier, or raise NotFound."""
    return _found(Supplier, supplier_id)


def brand(brand_id: str) -> Brand:
    """Return a brand, or raise NotFound."""
    return _found(Brand, brand_id)


def product(product_id: str) -> Product:
    """Return a product, or raise NotFound."""
    return _found(Product, product_id)


def sku(sku_id: str) -> Sku:
    """Return a SKU, or raise NotFound."""
    return _found(Sku, sku_id)


def nearest_sibling(sku: Sku) -> Sku | None:
    """Return another active SKU of the product: the same once more if there is one, else any."""
    alike = and_(Sku.options == sku.options, or_(Sku.options != {}, Sku.name == sku.name))
    others = select(Sku).where(
        Sku.product_id == sku.product_id, Sku.active, Sku.id.is_distinct_from(sku.id)
    )
    return session().scalars(others.order_by(alike.desc(), Sku.id).limit(1)).one_or_none()


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


def supplier_list(
    *, limit: int, cursor: str | None, q: str | None = None, active: bool | None = None
) -> Page[Supplier]:
    """Return suppliers in order of creation; `q` is part of the name or of whom to call."""
    query = select(Supplier)
    if q is not None:
        parts = (Supplier.name, Supplier.contact_name, Supplier.phone)
        query = query.where(or_(*(part.icontains(q, autoescape=True) for part in parts)))
    query = _equal(query, {Supplier.active: active})
    return paginate(query, by=[Supplier.id], limit=limit, cursor=cursor)


def brand_list(
    *, limit: int, cursor: str | None, q: str | None = None, active: bool | None = None
) -> Page[Brand]:
    """Return brands in order of creation."""
    query = select(Brand)
    if q is not None:
        query = query.where(Brand.name.icontains(q, autoescape=True))
    query = _equal(query, {Brand.active: active})
    return paginate(query, by=[Brand.id], limit=limit, cursor=cursor)


def product_list(
    *, limit: int, cursor: str | None, barcode: str | None = None, **filters: Any
) -> Page[Product]:
    """Return products in order of creation.

    `filters` are category (or any below it), brand, supplier, state, storage and q.
    """
    query = _of_products(select(Product), **filters)
    if barcode is not None:
        query = query.where(Product.id.in_(select(Sku.product_id).where(Sku.barcode == barcode)))
    return paginate(query, by=[Product.id], limit=limit, cursor=cursor)


def sku_list(
    *,
    limit: int,
    cursor: str | None,
    product: str | None = None,
    barcode: str | None = None,
    active: bool | None = None,
    in_stock: bool | None = None,
    **filters: Any,
) -> Page[Sku]:
    """Return SKUs in order of creation; `filters` are those of the product list."""
    query = _equal(
        select(Sku),
        {
            Sku.product_id: product,
            Sku.barcode: barcode,
            Sku.active: active,
            Sku.in_stock: in_stock,
        },
    )
    if any(value is not None for value in filters.values()):
        query = query.where(Sku.product_id.in_(_of_products(select(Product.id), **filters)))
    return paginate(query, by=[Sku.id], limit=limit, cursor=cursor)


def price_list(
    *, sku_id: str, limit: int, cursor: str | None, kind: str | None = None
) -> Page[SkuPrice]:
    """Return the changes of a SKU's prices, the latest first, or raise NotFound."""
    sku(sku_id)
    query = _equal(select(SkuPrice).where(SkuPrice.sku_id == sku_id), {SkuPrice.kind: kind})
    return paginate(query, by=[SkuPrice.id], limit=limit, cursor=cursor, descending=True)


def product_count() -> int:
    """Return how many products there are."""
    return session().scalar(select(func.count()).select_from(Product)) or 0


def _of_products(
    query: Select[Any],
    *,
    category: str | None = None,
    brand: str | None = None,
    supplier: str | None = None,
    state: str | None = None,
    storage: str | None = None,
    q: str | None = None,
) -> Select[Any]:
    query = _equal(
        query,
        {
            Product.brand_id: brand,
            Product.supplier_id: supplier,
            Product.state: state,
            Product.storage: storage,
        },
    )
    if category is not None:
        query = query.where(Product.category_id.in_(subtree(category)))
    if q is not None:
        query = query.where(found_by(q, Product.search))
    return query


def _equal(query: Select[Any], wanted: dict[Any, Any]) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [
        column == value for column, value in wanted.items() if value is not None
    ]
    return query.where(*conditions)


def _found(kind: type[Entity], row_id: str) -> Entity:
    found = session().get(kind, row_id)
    if found is None:
        raise NotFound
    return found

"""The catalogue over HTTP: headquarters edit it, everyone reads it."""

from typing import Any

from groupbuy.catalogue import errors, queries, services
from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.catalogue.queries import ProductOnSale
from groupbuy.catalogue.schemas import (
    CategoryCreateBody,
    CategoryEditBody,
    CategoryQuery,
    CategorySchema,
    CategoryTreeSchema,
    ProductCreateBody,
    ProductEditBody,
    ProductOnSaleQuery,
    ProductOnSaleSchema,
    ProductQuery,
    ProductSchema,
    SkuCreateBody,
    SkuEditBody,
    SkuQuery,
    SkuSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState

api = Api("catalogue", __name__, url_prefix="/api/v1", description="Categories, products, SKUs")


@api.get("/categories", allow="catalogue.shop", returns=CategoryTreeSchema, cached=True)
def show_category_tree(actor: Actor) -> dict[str, Any]:
    """Show the category tree as a flat list, each category before those below it."""
    return {"items": queries.category_tree()}


@api.get(
    "/products",
    allow="catalogue.shop",
    query=ProductOnSaleQuery,
    returns=page_of(ProductOnSaleSchema),
    cached=True,
)
def list_products_on_sale(actor: Actor, query: dict[str, Any]) -> Page[ProductOnSale]:
    """List what is on sale, newest first; a category includes those below it."""
    return queries.products_on_sale(**query)


@api.get(
    "/products/<id(prd):product_id>",
    allow="catalogue.shop",
    returns=ProductOnSaleSchema,
    cached=True,
)
def show_product_on_sale(actor: Actor, product_id: str) -> ProductOnSale:
    """Show a product that is on sale."""
    return queries.product_on_sale(product_id)


@api.get(
    "/hq/categories",
    allow="catalogue.read",
    query=CategoryQuery,
    returns=page_of(CategorySchema),
)
def list_categories(actor: Actor, query: dict[str, Any]) -> Page[Category]:
    """List categories."""
    return queries.category_list(**query)


@api.post(
    "/hq/categories",
    allow="catalogue.edit",
    body=CategoryCreateBody,
    returns=CategorySchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={"name": "Fruit", "position": 1},
)
def create_category(actor: Actor, body: dict[str, Any]) -> Category:
    """Add a category."""
    with transaction():
        return services.create_category(**body, actor=actor, now=clock.now())


@api.get(
    "/hq/categories/<id(cat):category_id>",
    allow="catalogue.read",
    returns=CategorySchema,
    versioned=True,
)
def show_category(actor: Actor, category_id: str) -> Category:
    """Show a category."""
    return queries.category(category_id)


@api.patch(
    "/hq/categories/<id(cat):category_id>",
    allow="catalogue.edit",
    body=CategoryEditBody,
    returns=CategorySchema,
    versioned=True,
    problems=[errors.CategoryCycle],
    example={"name": "Fruit and berries"},
)
def edit_category(actor: Actor, category_id: str, if_match: int, body: dict[str, Any]) -> Category:
    """Change a category, or move it below another."""
    with transaction():
        return services.edit_category(
            category_id=category_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.delete(
    "/hq/categories/<id(cat):category_id>",
    allow="catalogue.edit",
    versioned=True,
    problems=[errors.CategoryNotEmpty],
)
def delete_category(actor: Actor, category_id: str, if_match: int) -> None:
    """Remove a category that has no products and no categories below it."""
    with transaction():
        services.delete_category(
            category_id=category_id, if_match=if_match, actor=actor, now=clock.now()
        )


@api.get("/hq/products", allow="catalogue.read", query=ProductQuery, returns=page_of(ProductSchema))
def list_products(actor: Actor, query: dict[str, Any]) -> Page[Product]:
    """List products in any state."""
    return queries.product_list(**query)


@api.post(
    "/hq/products",
    allow="catalogue.edit",
    body=ProductCreateBody,
    returns=ProductSchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={
        "category_id": "cat_0198f3c2a7b47d1e0198f3c2a7b47d1e",
        "title": "Strawberries",
        "description": "Picked this morning",
        "storage": "chilled",
    },
)
def create_product(actor: Actor, body: dict[str, Any]) -> Product:
    """Add a product, in draft."""
    with transaction():
        return services.create_product(**body, actor=actor, now=clock.now())


@api.get(
    "/hq/products/<id(prd):product_id>",
    allow="catalogue.read",
    returns=ProductSchema,
    versioned=True,
)
def show_product(actor: Actor, product_id: str) -> Product:
    """Show a product in any state."""
    return queries.product(product_id)


@api.patch(
    "/hq/products/<id(prd):product_id>",
    allow="catalogue.edit",
    body=ProductEditBody,
    returns=ProductSchema,
    versioned=True,
    problems=[NotInThisState],
    example={"state": "on_sale"},
)
def edit_product(actor: Actor, product_id: str, if_match: int, body: dict[str, Any]) -> Product:
    """Change a product: put it on sale, take it off, archive it for good."""
    with transaction():
        return services.edit_product(
            product_id=product_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get("/hq/skus", allow="catalogue.read", query=SkuQuery, returns=page_of(SkuSchema))
def list_skus(actor: Actor, query: dict[str, Any]) -> Page[Sku]:
    """List SKUs."""
    return queries.sku_list(**query)


@api.post(
    "/hq/skus",
    allow="catalogue.edit",
    body=SkuCreateBody,
    returns=SkuSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.BarcodeTaken],
    example={
        "product_id": "prd_0198f3c2a7b47d1e0198f3c2a7b47d1e",
        "name": "500 g",
        "options": {"weight": "500 g"},
        "barcode": "6901234567892",
        "price_fen": 1990,
        "list_price_fen": 2590,
        "per_shopper_max": 5,
    },
)
def create_sku(actor: Actor, body: dict[str, Any]) -> Sku:
    """Add a SKU to a product."""
    with transaction():
        return services.create_sku(**body, actor=actor, now=clock.now())


@api.get("/hq/skus/<id(sku):sku_id>", allow="catalogue.read", returns=SkuSchema, versioned=True)
def show_sku(actor: Actor, sku_id: str) -> Sku:
    """Show a SKU."""
    return queries.sku(sku_id)


@api.patch(
    "/hq/skus/<id(sku):sku_id>",
    allow="catalogue.edit",
    body=SkuEditBody,
    returns=SkuSchema,
    versioned=True,
    problems=[errors.BarcodeTaken],
    example={"price_fen": 1890},
)
def edit_sku(actor: Actor, sku_id: str, if_match: int, body: dict[str, Any]) -> Sku:
    """Change a SKU; `active: false` takes it from sale."""
    with transaction():
        return services.edit_sku(
            sku_id=sku_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )

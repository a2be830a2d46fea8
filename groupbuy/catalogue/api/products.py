"""Headquarters' products over HTTP."""

from typing import Any

from groupbuy.catalogue import queries, services
from groupbuy.catalogue.api.surface import EXAMPLE_ID, api
from groupbuy.catalogue.models import Product
from groupbuy.catalogue.schemas.products import (
    ProductCreateBody,
    ProductEditBody,
    ProductMovesBody,
    ProductMovesSchema,
    ProductQuery,
    ProductSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, page_of
from groupbuy.kernel.problems import NotInThisState


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
        "category_id": f"cat_{EXAMPLE_ID}",
        "brand_id": f"brd_{EXAMPLE_ID}",
        "supplier_id": f"sup_{EXAMPLE_ID}",
        "title": "Strawberries",
        "description": "Picked this morning",
        "storage": "chilled",
        "on_sale_from": "2026-04-01T00:00:00+08:00",
        "on_sale_until": "2026-06-01T00:00:00+08:00",
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


@api.post(
    "/hq/products/moves",
    allow="catalogue.edit",
    body=ProductMovesBody,
    returns=ProductMovesSchema,
    idempotent=True,
    problems=[NotInThisState],
    example={"product_ids": [f"prd_{EXAMPLE_ID}"], "state": "archived"},
)
def move_products(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Bring up to 100 products into a state, all or none: put on sale, take off, archive."""
    with transaction():
        return {"items": services.move_products(**body, actor=actor, now=clock.now())}

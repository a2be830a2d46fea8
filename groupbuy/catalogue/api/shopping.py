"""The catalogue as shoppers see it over HTTP, without a login."""

from typing import Any

from groupbuy.catalogue import queries
from groupbuy.catalogue.api.surface import api
from groupbuy.catalogue.models import Brand
from groupbuy.catalogue.queries import ProductOnSale
from groupbuy.catalogue.schemas.categories import CategoryTreeSchema
from groupbuy.catalogue.schemas.parties import BrandOnSaleQuery, BrandOnSaleSchema
from groupbuy.catalogue.schemas.shopping import (
    ProductOnSaleQuery,
    ProductOnSaleSchema,
    SuggestionQuery,
    SuggestionsSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Page, page_of


@api.get("/categories", allow="catalogue.shop", returns=CategoryTreeSchema, cached=True)
def show_category_tree(actor: Actor) -> dict[str, Any]:
    """Show the category tree as a flat list, each category before those below it."""
    return {"items": queries.category_tree(now=clock.now())}


@api.get(
    "/brands",
    allow="catalogue.shop",
    query=BrandOnSaleQuery,
    returns=page_of(BrandOnSaleSchema),
    cached=True,
)
def list_brands_on_sale(actor: Actor, query: dict[str, Any]) -> Page[Brand]:
    """List the brands of what is on sale, by name."""
    return queries.brands_on_sale(**query, now=clock.now())


@api.get(
    "/products",
    allow="catalogue.shop",
    query=ProductOnSaleQuery,
    returns=page_of(ProductOnSaleSchema),
    cached=True,
)
def list_products_on_sale(actor: Actor, query: dict[str, Any]) -> Page[ProductOnSale]:
    """List what is on sale now; a category includes those below it."""
    return queries.products_on_sale(**query, now=clock.now())


@api.get(
    "/products/suggestions",
    allow="catalogue.shop",
    query=SuggestionQuery,
    returns=SuggestionsSchema,
    cached=True,
)
def suggest_products(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Suggest categories, brands and products on sale of which a word begins so."""
    return {"items": queries.suggestions(query["q"], now=clock.now())}


@api.get(
    "/products/<id(prd):product_id>",
    allow="catalogue.shop",
    returns=ProductOnSaleSchema,
    cached=True,
)
def show_product_on_sale(actor: Actor, product_id: str) -> ProductOnSale:
    """Show a product that is on sale now."""
    return queries.product_on_sale(product_id, now=clock.now())

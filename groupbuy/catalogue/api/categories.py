"""Headquarters' category tree over HTTP."""

from typing import Any

from groupbuy.catalogue import errors, queries, services
from groupbuy.catalogue.api.surface import api
from groupbuy.catalogue.models import Category
from groupbuy.catalogue.schemas.categories import (
    CategoryCreateBody,
    CategoryEditBody,
    CategoryQuery,
    CategorySchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, page_of


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
    problems=[errors.CategoryTooDeep],
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
    problems=[errors.CategoryCycle, errors.CategoryTooDeep],
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

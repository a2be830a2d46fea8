"""Headquarters' SKUs and the history of their prices over HTTP."""

from typing import Any

from groupbuy.catalogue import errors, queries, services
from groupbuy.catalogue.api.surface import EXAMPLE_ID, api
from groupbuy.catalogue.models import Sku, SkuPrice
from groupbuy.catalogue.schemas.skus import (
    SkuCreateBody,
    SkuEditBody,
    SkuPriceQuery,
    SkuPriceSchema,
    SkuQuery,
    SkuSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, page_of

PROBLEMS = [errors.BarcodeTaken, errors.SkuNotDistinct, errors.OptionNamesDiffer]


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
    problems=PROBLEMS,
    example={
        "product_id": f"prd_{EXAMPLE_ID}",
        "name": "500 g",
        "options": {"weight": "500 g"},
        "barcode": "6901234567892",
        "price_fen": 1990,
        "list_price_fen": 2590,
        "member_price_fen": 1890,
        "cost_fen": 1200,
        "weight_g": 520,
        "min_quantity": 1,
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
    problems=PROBLEMS,
    example={"price_fen": 1890},
)
def edit_sku(actor: Actor, sku_id: str, if_match: int, body: dict[str, Any]) -> Sku:
    """Change a SKU; `active: false` takes it from sale."""
    with transaction():
        return services.edit_sku(
            sku_id=sku_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    "/hq/skus/<id(sku):sku_id>/prices",
    allow="catalogue.read",
    query=SkuPriceQuery,
    returns=page_of(SkuPriceSchema),
)
def list_sku_prices(actor: Actor, sku_id: str, query: dict[str, Any]) -> Page[SkuPrice]:
    """List who changed a SKU's prices, when and from what to what, the latest first."""
    return queries.price_list(sku_id=sku_id, **query)

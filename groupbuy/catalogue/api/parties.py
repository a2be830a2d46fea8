"""Headquarters' suppliers and brands over HTTP."""

from typing import Any

from groupbuy.catalogue import errors, queries, services
from groupbuy.catalogue.api.surface import api
from groupbuy.catalogue.models import Brand, Supplier
from groupbuy.catalogue.schemas.parties import (
    BrandCreateBody,
    BrandEditBody,
    BrandQuery,
    BrandSchema,
    SupplierCreateBody,
    SupplierEditBody,
    SupplierQuery,
    SupplierSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, page_of


@api.get(
    "/hq/suppliers",
    allow="catalogue.read",
    query=SupplierQuery,
    returns=page_of(SupplierSchema),
)
def list_suppliers(actor: Actor, query: dict[str, Any]) -> Page[Supplier]:
    """List suppliers."""
    return queries.supplier_list(**query)


@api.post(
    "/hq/suppliers",
    allow="catalogue.edit",
    body=SupplierCreateBody,
    returns=SupplierSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.SupplierNameTaken],
    example={
        "name": "Green Valley Farm",
        "contact_name": "Li Wei",
        "phone": "+86 571 8888 0000",
    },
)
def create_supplier(actor: Actor, body: dict[str, Any]) -> Supplier:
    """Add a supplier."""
    with transaction():
        return services.create_supplier(**body, actor=actor, now=clock.now())


@api.get(
    "/hq/suppliers/<id(sup):supplier_id>",
    allow="catalogue.read",
    returns=SupplierSchema,
    versioned=True,
)
def show_supplier(actor: Actor, supplier_id: str) -> Supplier:
    """Show a supplier."""
    return queries.supplier(supplier_id)


@api.patch(
    "/hq/suppliers/<id(sup):supplier_id>",
    allow="catalogue.edit",
    body=SupplierEditBody,
    returns=SupplierSchema,
    versioned=True,
    problems=[errors.SupplierNameTaken],
    example={"active": False},
)
def edit_supplier(actor: Actor, supplier_id: str, if_match: int, body: dict[str, Any]) -> Supplier:
    """Change a supplier; `active: false` archives it, `active: true` restores it."""
    with transaction():
        return services.edit_supplier(
            supplier_id=supplier_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    "/hq/brands",
    allow="catalogue.read",
    query=BrandQuery,
    returns=page_of(BrandSchema),
)
def list_brands(actor: Actor, query: dict[str, Any]) -> Page[Brand]:
    """List brands."""
    return queries.brand_list(**query)


@api.post(
    "/hq/brands",
    allow="catalogue.edit",
    body=BrandCreateBody,
    returns=BrandSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.BrandNameTaken],
    example={"name": "晨露 Morning Dew"},
)
def create_brand(actor: Actor, body: dict[str, Any]) -> Brand:
    """Add a brand."""
    with transaction():
        return services.create_brand(**body, actor=actor, now=clock.now())


@api.get(
    "/hq/brands/<id(brd):brand_id>",
    allow="catalogue.read",
    returns=BrandSchema,
    versioned=True,
)
def show_brand(actor: Actor, brand_id: str) -> Brand:
    """Show a brand."""
    return queries.brand(brand_id)


@api.patch(
    "/hq/brands/<id(brd):brand_id>",
    allow="catalogue.edit",
    body=BrandEditBody,
    returns=BrandSchema,
    versioned=True,
    problems=[errors.BrandNameTaken],
    example={"active": False},
)
def edit_brand(actor: Actor, brand_id: str, if_match: int, body: dict[str, Any]) -> Brand:
    """Change a brand; `active: false` archives it, `active: true` restores it."""
    with transaction():
        return services.edit_brand(
            brand_id=brand_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )

"""Delivery routes and their sheets over HTTP."""

from typing import Any

from groupbuy.fulfilment import errors, queries, services
from groupbuy.fulfilment.queries import RouteView, ShipmentView
from groupbuy.fulfilment.rules import routes
from groupbuy.fulfilment.rules.routes import RouteSheet
from groupbuy.fulfilment.schemas.routes import (
    RouteBody,
    RouteEditBody,
    RouteQuery,
    RouteSchema,
    RouteSheetFileQuery,
    RouteSheetQuery,
    RouteSheetSchema,
    ShipmentRouteBody,
)
from groupbuy.fulfilment.schemas.shipments import ShipmentSchema
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import PDF, SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, Page, language, page_of
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.kernel.texts import Text

api = Api("routes", __name__, url_prefix="/api/v1", description="Delivery routes")

ROUTE = "/hq/routes/<id(rou):route_id>"
NAME = Text("送货单-{name}", "delivery-{name}")


@api.get("/hq/routes", allow="shipments.read", query=RouteQuery, returns=page_of(RouteSchema))
def list_routes(actor: Actor, query: dict[str, Any]) -> Page[RouteView]:
    """List delivery routes."""
    return queries.route_list(**query)


@api.post(
    "/hq/routes",
    allow="shipments.edit",
    body=RouteBody,
    returns=RouteSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.RouteNameTaken],
)
def create_route(actor: Actor, body: dict[str, Any]) -> RouteView:
    """Add a route: pickup points in the order in which a van comes to them."""
    with transaction():
        return services.create_route(**body, actor=actor, now=clock.now())


@api.get(ROUTE, allow="shipments.read", returns=RouteSchema, versioned=True)
def show_route(actor: Actor, route_id: str) -> RouteView:
    """Show a route."""
    return queries.show_routes([queries.route(route_id)])[0]


@api.patch(
    ROUTE,
    allow="shipments.edit",
    body=RouteEditBody,
    returns=RouteSchema,
    versioned=True,
    problems=[errors.RouteNameTaken, InvalidInput],
    example={"name": "浦东二线", "state": "active"},
)
def edit_route(actor: Actor, route_id: str, if_match: int, body: dict[str, Any]) -> RouteView:
    """Change a route; `pickup_point_ids` replaces its stops, `state: retired` ends it."""
    with transaction():
        return services.edit_route(
            route_id=route_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.put(
    "/hq/shipments/<id(shm):shipment_id>/route",
    allow="shipments.edit",
    body=ShipmentRouteBody,
    returns=ShipmentSchema,
    problems=[NotInThisState, errors.NotOnRoute],
)
def assign_route(actor: Actor, shipment_id: str, body: dict[str, Any]) -> ShipmentView:
    """Let a shipment travel on a route, or on none."""
    with transaction():
        return services.assign_route(shipment_id=shipment_id, **body, actor=actor, now=clock.now())


@api.get(f"{ROUTE}/sheet", allow="shipments.read", query=RouteSheetQuery, returns=RouteSheetSchema)
def show_route_sheet(actor: Actor, route_id: str, query: dict[str, Any]) -> RouteSheet:
    """Show what a route's van brings where: the shipments that have not arrived."""
    return routes.only(queries.route_sheet(route_id), **query)


@api.get(f"{ROUTE}/sheet/file", allow="shipments.read", query=RouteSheetFileQuery, files=SHEETS)
def download_route_sheet(actor: Actor, route_id: str, query: dict[str, Any]) -> Download:
    """Download a route's sheet, a row for each storage kind of each shipment."""
    sheet = queries.route_sheet(route_id)
    rows = routes.sheet_rows(sheet, cold_chain=query["cold_chain"], language=language())
    return sheet_download(
        rows=rows_of(rows, routes.SHEET_COLUMNS),
        columns=routes.SHEET_COLUMNS,
        format=query["format"],
        name=NAME.format(name=sheet.name).to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.get(f"{ROUTE}/sheet/pdf", allow="shipments.read", query=RouteSheetQuery, files=[PDF])
def print_route_sheet(actor: Actor, route_id: str, query: dict[str, Any]) -> Download:
    """Print a route's sheet with lines to sign on, the cold chain apart."""
    sheet = queries.route_sheet(route_id)
    paper = routes.sheet_paper(sheet, language(), **query, created=clock.now())
    return Download(paper, PDF, f"{NAME.format(name=sheet.name).to(language())}.pdf")

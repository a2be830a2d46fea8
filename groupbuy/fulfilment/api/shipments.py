"""Shipments over HTTP."""

from typing import Any

from groupbuy.fulfilment import errors, queries, services
from groupbuy.fulfilment.models import Shortage
from groupbuy.fulfilment.queries import ParcelView, ShipmentView
from groupbuy.fulfilment.schemas.shipments import (
    PackingBody,
    ParcelQuery,
    ParcelSchema,
    RemovalBody,
    ShipmentBody,
    ShipmentCancellationBody,
    ShipmentEditBody,
    ShipmentQuery,
    ShipmentSchema,
    ShortageBody,
    ShortageSchema,
    ShortagesSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState

api = Api("shipments", __name__, url_prefix="/api/v1", description="Shipments and their parcels")

SHIPMENT = "/hq/shipments/<id(shm):shipment_id>"
PACKING = [errors.NothingToShip, errors.OrdersNotWaiting, errors.BasketElsewhere]


@api.get(
    "/hq/shipments", allow="shipments.read", query=ShipmentQuery, returns=page_of(ShipmentSchema)
)
def list_shipments(actor: Actor, query: dict[str, Any]) -> Page[ShipmentView]:
    """List shipments, newest first."""
    return queries.shipments(**query)


@api.post(
    "/hq/shipments",
    allow="shipments.edit",
    body=ShipmentBody,
    returns=ShipmentSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[NotFound, *PACKING],
    example={"pickup_point_id": "ppt_0198f3c2a7b47d1e0198f3c2a7b47d1e", "cold_chain": False},
)
def create_shipment(actor: Actor, body: dict[str, Any]) -> ShipmentView:
    """Pack the paid orders that wait for a pickup point, or some of them."""
    with transaction():
        return services.create_shipment(**body, actor=actor, now=clock.now())


@api.get(SHIPMENT, allow="shipments.read", returns=ShipmentSchema, versioned=True)
def show_shipment(actor: Actor, shipment_id: str) -> ShipmentView:
    """Show a shipment."""
    return queries.show([queries.shipment(shipment_id)])[0]


@api.patch(
    SHIPMENT,
    allow="shipments.edit",
    body=ShipmentEditBody,
    returns=ShipmentSchema,
    versioned=True,
    example={"note": "冷链车后到", "crates": {"ambient": 6, "frozen": 1}},
)
def edit_shipment(
    actor: Actor, shipment_id: str, if_match: int, body: dict[str, Any]
) -> ShipmentView:
    """Note something about a shipment, or how many crates it has."""
    with transaction():
        return services.edit_shipment(
            shipment_id=shipment_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    f"{SHIPMENT}/parcels",
    allow="shipments.read",
    query=ParcelQuery,
    returns=page_of(ParcelSchema),
)
def list_parcels(actor: Actor, shipment_id: str, query: dict[str, Any]) -> Page[ParcelView]:
    """List the parcels of a shipment by their numbers."""
    return queries.parcels(shipment_id=shipment_id, **query)


@api.post(
    f"{SHIPMENT}/orders",
    allow="shipments.edit",
    body=PackingBody,
    returns=ShipmentSchema,
    idempotent=True,
    problems=[NotInThisState, *PACKING],
    example={"order_ids": ["ord_0198f3c2a7b47d1e0198f3c2a7b47d1e"]},
)
def add_orders_to_shipment(actor: Actor, shipment_id: str, body: dict[str, Any]) -> ShipmentView:
    """Pack what was paid since into a shipment that is still prepared."""
    with transaction():
        return services.add_orders(shipment_id=shipment_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{SHIPMENT}/removals",
    allow="shipments.edit",
    body=RemovalBody,
    returns=ShipmentSchema,
    idempotent=True,
    problems=[NotInThisState],
)
def remove_order_from_shipment(
    actor: Actor, shipment_id: str, body: dict[str, Any]
) -> ShipmentView:
    """Take an order out of a shipment that is still prepared; it waits to be packed again."""
    with transaction():
        return services.remove_order(shipment_id=shipment_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{SHIPMENT}/cancellation",
    allow="shipments.edit",
    body=ShipmentCancellationBody,
    returns=ShipmentSchema,
    problems=[NotInThisState],
)
def cancel_shipment(actor: Actor, shipment_id: str, body: dict[str, Any]) -> ShipmentView:
    """Give up a shipment that is still prepared; its orders wait to be packed again."""
    with transaction():
        return services.cancel_shipment(
            shipment_id=shipment_id, **body, actor=actor, now=clock.now()
        )


@api.post(
    f"{SHIPMENT}/dispatch",
    allow="shipments.edit",
    returns=ShipmentSchema,
    problems=[NotInThisState],
)
def dispatch_shipment(actor: Actor, shipment_id: str) -> ShipmentView:
    """Send a shipment off: its orders are shipped."""
    with transaction():
        return services.dispatch(shipment_id=shipment_id, actor=actor, now=clock.now())


@api.post(
    f"{SHIPMENT}/arrival",
    allow="shipments.edit",
    returns=ShipmentSchema,
    problems=[NotInThisState],
)
def record_arrival(actor: Actor, shipment_id: str) -> ShipmentView:
    """Record that a shipment is at its pickup point: its orders can be fetched."""
    with transaction():
        return services.arrive(shipment_id=shipment_id, actor=actor, now=clock.now())


@api.get(
    f"{SHIPMENT}/shortages",
    allow="shipments.read",
    query=PageQuery,
    returns=page_of(ShortageSchema),
)
def list_shortages(actor: Actor, shipment_id: str, query: dict[str, Any]) -> Page[Shortage]:
    """List what a shipment lacked, as it was recorded."""
    return queries.shortages(shipment_id=shipment_id, **query)


@api.post(
    f"{SHIPMENT}/shortages",
    allow="shipments.edit",
    body=ShortageBody,
    returns=ShortagesSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.ShortageExceedsShipment],
)
def record_shortages(
    actor: Actor, shipment_id: str, body: dict[str, Any]
) -> dict[str, list[Shortage]]:
    """Record what a shipment lacked; a negative quantity takes back what was recorded."""
    with transaction():
        rows = services.record_shortages(
            shipment_id=shipment_id, **body, actor=actor, now=clock.now()
        )
        return {"items": rows}

"""Fulfilment over HTTP."""

from datetime import timedelta
from typing import Any

from groupbuy.fulfilment import errors, queries, services
from groupbuy.fulfilment.models import Parcel, Redemption
from groupbuy.fulfilment.queries import ShipmentView
from groupbuy.fulfilment.schemas import (
    ParcelQuery,
    ParcelSchema,
    RedemptionBody,
    RedemptionSchema,
    ShipmentBody,
    ShipmentQuery,
    ShipmentSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, caller_key, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.orders.errors import FullyRefunded, RefundOpen

api = Api("fulfilment", __name__, url_prefix="/api/v1", description="Shipments and pickup")


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
    problems=[NotFound, errors.NothingToShip],
)
def create_shipment(actor: Actor, body: dict[str, Any]) -> ShipmentView:
    """Pack the paid orders that wait for a pickup point."""
    with transaction():
        return services.create_shipment(**body, actor=actor, now=clock.now())


@api.get("/hq/shipments/<id(shm):shipment_id>", allow="shipments.read", returns=ShipmentSchema)
def show_shipment(actor: Actor, shipment_id: str) -> ShipmentView:
    """Show a shipment."""
    return queries.show([queries.shipment(shipment_id)])[0]


@api.get(
    "/hq/shipments/<id(shm):shipment_id>/parcels",
    allow="shipments.read",
    query=ParcelQuery,
    returns=page_of(ParcelSchema),
)
def list_parcels(actor: Actor, shipment_id: str, query: dict[str, Any]) -> Page[Parcel]:
    """List the parcels of a shipment."""
    return queries.parcels(shipment_id=shipment_id, **query)


@api.post(
    "/hq/shipments/<id(shm):shipment_id>/dispatch",
    allow="shipments.edit",
    returns=ShipmentSchema,
    problems=[NotInThisState],
)
def dispatch_shipment(actor: Actor, shipment_id: str) -> ShipmentView:
    """Send a shipment off: its orders are shipped."""
    with transaction():
        return services.dispatch(shipment_id=shipment_id, actor=actor, now=clock.now())


@api.post(
    "/hq/shipments/<id(shm):shipment_id>/arrival",
    allow="shipments.edit",
    returns=ShipmentSchema,
    problems=[NotInThisState],
)
def record_arrival(actor: Actor, shipment_id: str) -> ShipmentView:
    """Record that a shipment is at its pickup point: its orders can be fetched."""
    with transaction():
        return services.arrive(shipment_id=shipment_id, actor=actor, now=clock.now())


@api.post(
    "/leader/redemptions",
    allow="pickups.redeem",
    body=RedemptionBody,
    returns=RedemptionSchema,
    status=201,
    idempotent=True,
    limits=["60/minute"],
    limit_by=caller_key,
    problems=[
        NotFound,
        NotInThisState,
        errors.PickupCodeUnknown,
        errors.AlreadyHandedOver,
        RefundOpen,
        FullyRefunded,
    ],
)
def redeem_code(actor: Actor, body: dict[str, Any]) -> Redemption:
    """Hand a parcel over against its code; for verifiers of the pickup point."""
    after_sale = timedelta(hours=settings().after_sale_hours)
    with transaction():
        return services.redeem(**body, actor=actor, now=clock.now(), after_sale=after_sale)


@api.post(
    "/leader/redemptions/<id(rdm):redemption_id>/undo",
    allow="pickups.redeem",
    returns=RedemptionSchema,
    problems=[NotInThisState, errors.AlreadyUndone, errors.UndoTooLate],
)
def undo_redemption(actor: Actor, redemption_id: str) -> Redemption:
    """Take a pickup back, a few minutes long."""
    within = timedelta(minutes=settings().pickup_undo_minutes)
    with transaction():
        return services.undo(
            redemption_id=redemption_id, actor=actor, now=clock.now(), within=within
        )

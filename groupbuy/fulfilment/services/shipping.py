"""Sending shipments off, their arrival, and what was missing then."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update

from groupbuy.fulfilment import queries
from groupbuy.fulfilment.errors import ShortageExceedsShipment
from groupbuy.fulfilment.models import Parcel, Shipment, Shortage
from groupbuy.fulfilment.queries import ShipmentView
from groupbuy.fulfilment.rules.parcels import (
    ParcelAction,
    ParcelState,
    ShipmentAction,
    ShipmentState,
    after,
)
from groupbuy.fulfilment.services.parcels import move_parcels
from groupbuy.fulfilment.signals import goods_missing
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.kernel.signals import announce
from groupbuy.orders.rules import Action, OrderState
from groupbuy.orders.services import moving


def dispatch(*, shipment_id: str, actor: Actor, now: datetime) -> ShipmentView:
    """Send a shipment off; its orders are shipped and can no longer be cancelled.

    Raises:
        NotFound, NotInThisState.
    """
    shipment = _move(shipment_id, ShipmentAction.DISPATCH, dispatched_at=now)
    order_ids = _hold_orders(shipment_id)
    move_parcels(action=ParcelAction.DISPATCH, which=Parcel.shipment_id == shipment_id)
    moving.move_many(
        order_ids=order_ids,
        before=OrderState.PREPARING,
        action=Action.SHIP,
        actor=actor,
        now=now,
    )
    return queries.show([shipment])[0]


def arrive(*, shipment_id: str, actor: Actor, now: datetime) -> ShipmentView:
    """Record that a shipment is at its pickup point; shoppers see their codes.

    Raises:
        NotFound, NotInThisState.
    """
    shipment = _move(shipment_id, ShipmentAction.ARRIVE, arrived_at=now)
    order_ids = _hold_orders(shipment_id)
    move_parcels(action=ParcelAction.ARRIVE, which=Parcel.shipment_id == shipment_id, ready_at=now)
    moving.move_many(
        order_ids=order_ids,
        before=OrderState.SHIPPED,
        action=Action.ARRIVE,
        actor=actor,
        now=now,
    )
    moving.announce_codes(codes=queries.codes_of(shipment_id, state=ParcelState.READY))
    return queries.show([shipment])[0]


def edit_shipment(
    *, shipment_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> ShipmentView:
    """Change the note of a shipment, or how many crates it has of each storage kind.

    Raises:
        NotFound: no such shipment.
        StaleVersion: it changed since it was read.
    """
    shipment = queries.locked_shipment(shipment_id)
    if shipment.version != if_match:
        raise StaleVersion
    for field, value in changes.items():
        setattr(shipment, field, value)
    shipment.version += 1
    session().flush()
    audit.record(
        actor=actor, action="shipment.edit", subject=shipment_id, now=now, changed=sorted(changes)
    )
    return queries.show([shipment])[0]


def record_shortages(
    *,
    shipment_id: str,
    lines: Sequence[Mapping[str, Any]],
    note: str,
    actor: Actor,
    now: datetime,
) -> list[Shortage]:
    """Record what a shipment lacked, by SKU; a negative quantity takes back what was recorded.

    It changes no order: whoever serves shoppers corrects theirs.

    Args:
        lines: `sku_id` and `quantity` each.

    Raises:
        NotFound: no such shipment.
        NotInThisState: it has not left yet.
        ShortageExceedsShipment: more than it should hold, or less than nothing, would be missing.
    """
    shipment = queries.locked_shipment(shipment_id)
    if shipment.state not in (ShipmentState.IN_TRANSIT, ShipmentState.ARRIVED):
        raise NotInThisState(state=shipment.state, action="record_shortages")
    packed = queries.units_in(shipment_id)
    missing = queries.units_missing(shipment_id)
    for line in lines:
        sku_id = line["sku_id"]
        total = missing.get(sku_id, 0) + line["quantity"]
        if not 0 <= total <= packed.get(sku_id, 0):
            raise ShortageExceedsShipment(
                sku_id=sku_id, packed=packed.get(sku_id, 0), missing=missing.get(sku_id, 0)
            )
    rows = [
        Shortage(
            shipment_id=shipment_id,
            sku_id=line["sku_id"],
            quantity=line["quantity"],
            note=note,
            recorded_at=now,
            recorded_by=actor.label,
        )
        for line in lines
    ]
    session().add_all(rows)
    session().flush()
    audit.record(
        actor=actor,
        action="shipment.shortages",
        subject=shipment_id,
        now=now,
        units={line["sku_id"]: line["quantity"] for line in lines},
    )
    announce(goods_missing, shipment, shortages=rows, now=now)
    return rows


def _move(shipment_id: str, action: ShipmentAction, **reached: datetime) -> Shipment:
    shipment = queries.shipment(shipment_id)
    before = shipment.state
    moved = session().scalar(
        update(Shipment)
        .where(Shipment.id == shipment_id, Shipment.state == before)
        .values(state=after(before, action), version=Shipment.version + 1, **reached)
        .returning(Shipment)
        .execution_options(populate_existing=True)
    )
    if moved is None:
        raise NotInThisState(state=before, action=action.value)
    return moved


def _hold_orders(shipment_id: str) -> list[str]:
    """Lock a shipment's orders, before its parcels: a cancellation does so too.

    What was cancelled while we waited for its lock is no longer in it.
    """
    moving.hold(queries.orders_in([shipment_id]))
    return queries.orders_in([shipment_id])

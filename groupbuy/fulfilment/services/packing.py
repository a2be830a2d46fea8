"""Packing paid orders into the parcels of a shipment, and taking them out again."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from groupbuy.fulfilment import queries
from groupbuy.fulfilment.errors import BasketElsewhere, NothingToShip, OrdersNotWaiting
from groupbuy.fulfilment.models import Parcel, ParcelOrder, Shipment
from groupbuy.fulfilment.queries import ShipmentView, Waiting
from groupbuy.fulfilment.rules.parcels import (
    PARCEL_TRANSITIONS,
    ParcelAction,
    ParcelState,
    ShipmentState,
)
from groupbuy.fulfilment.services import codes
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.orders.rules import Action, OrderState
from groupbuy.orders.services import moving

BATCH = 5_000


def create_shipment(
    *,
    pickup_point_id: str,
    campaign_id: str | None = None,
    cold_chain: bool | None = None,
    order_ids: Sequence[str] | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> ShipmentView:
    """Pack the paid orders that wait for a pickup point, or some of them, into a new shipment.

    Args:
        campaign_id: only this campaign's.
        cold_chain: only those with something chilled or frozen, or only those without.
        order_ids: only these.

    Raises:
        NotFound: no such pickup point.
        OrdersNotWaiting: one of the chosen orders does not wait there.
        NothingToShip: no order waits.
        BasketElsewhere: all that waits belongs into parcels that other shipments prepare.
    """
    codes.one_at_a_time(pickup_point_id=pickup_point_id)
    waiting = _claim(pickup_point_id, campaign_id, cold_chain, order_ids)
    baskets = queries.open_baskets(pickup_point_id)
    elsewhere = {baskets[order.basket][1] for order in waiting if order.basket in baskets}
    waiting = [order for order in waiting if order.basket not in baskets]
    if not waiting:
        raise BasketElsewhere(shipment_ids=sorted(elsewhere)) if elsewhere else NothingToShip
    shipment = Shipment(
        pickup_point_id=pickup_point_id,
        campaign_id=campaign_id,
        state=ShipmentState.PREPARING,
        note=note,
        created_at=now,
        created_by=actor.label,
    )
    session().add(shipment)
    session().flush()
    _pack(shipment, waiting, {}, actor, now)
    return queries.show([shipment])[0]


def add_orders(
    *,
    shipment_id: str,
    cold_chain: bool | None = None,
    order_ids: Sequence[str] | None = None,
    actor: Actor,
    now: datetime,
) -> ShipmentView:
    """Pack what was paid since into a shipment that is still prepared.

    Where the campaign says one parcel for each shopper, it goes into the parcel that is there.

    Raises:
        NotFound: no such shipment.
        NotInThisState: it is on its way already.
        OrdersNotWaiting, NothingToShip, BasketElsewhere: see `create_shipment`.
    """
    codes.one_at_a_time(pickup_point_id=queries.shipment(shipment_id).pickup_point_id)
    shipment = preparing(shipment_id=shipment_id, action="pack")
    waiting = _claim(shipment.pickup_point_id, shipment.campaign_id, cold_chain, order_ids)
    baskets = queries.open_baskets(shipment.pickup_point_id)
    others = {basket: found[1] for basket, found in baskets.items() if found[1] != shipment_id}
    elsewhere = {others[order.basket] for order in waiting if order.basket in others}
    waiting = [order for order in waiting if order.basket not in others]
    if not waiting:
        raise BasketElsewhere(shipment_ids=sorted(elsewhere)) if elsewhere else NothingToShip
    own = {basket: found[0] for basket, found in baskets.items() if found[1] == shipment_id}
    _pack(shipment, waiting, own, actor, now)
    return queries.show([shipment])[0]


def remove_order(
    *, shipment_id: str, order_id: str, reason: str, actor: Actor, now: datetime
) -> ShipmentView:
    """Take an order out of a shipment that is still prepared; it waits to be packed again.

    Raises:
        NotFound: no such shipment, or the order is not in it.
        NotInThisState: the shipment is on its way already.
    """
    shipment = preparing(shipment_id=shipment_id, action="unpack")
    moving.hold([order_id])
    if order_id not in queries.orders_in([shipment_id]):
        raise NotFound
    take_out(order_ids=[order_id], actor=actor, now=now)
    _unpack([order_id], reason, actor, now)
    audit.record(
        actor=actor,
        action="shipment.remove_order",
        subject=shipment_id,
        now=now,
        order_id=order_id,
        reason=reason,
    )
    return queries.show([shipment])[0]


def cancel_shipment(*, shipment_id: str, reason: str, actor: Actor, now: datetime) -> ShipmentView:
    """Give up a shipment that is still prepared; its orders wait to be packed again.

    Raises:
        NotFound: no such shipment.
        NotInThisState: it is on its way already.
    """
    shipment = preparing(shipment_id=shipment_id, action="cancel")
    order_ids = queries.orders_in([shipment_id])
    moving.hold(order_ids)
    take_out(order_ids=order_ids, actor=actor, now=now)
    _unpack(order_ids, reason, actor, now)
    shipment.state, shipment.cancelled_at = ShipmentState.CANCELLED, now
    shipment.version += 1
    session().flush()
    audit.record(actor=actor, action="shipment.cancel", subject=shipment_id, now=now, reason=reason)
    return queries.show([shipment])[0]


def take_out(*, order_ids: Sequence[str], actor: Actor, now: datetime) -> None:
    """Take orders out of the parcels they are in; a parcel that is prepared and empty is cancelled.

    Whoever calls holds the orders. Parcels are locked in id order, so that of two orders that
    leave one parcel the second sees that it is the last.
    """
    inside = select(ParcelOrder.parcel_id).where(
        ParcelOrder.order_id.in_(order_ids), ParcelOrder.removed_at.is_(None)
    )
    held = select(Parcel.id).where(Parcel.id.in_(inside)).order_by(Parcel.id).with_for_update()
    parcel_ids = list(session().scalars(held))
    if not parcel_ids:
        return
    session().execute(
        update(ParcelOrder)
        .where(ParcelOrder.order_id.in_(order_ids), ParcelOrder.removed_at.is_(None))
        .values(removed_at=now, removed_by=actor.label)
        .execution_options(synchronize_session="fetch")
    )
    filled = select(ParcelOrder.parcel_id).where(ParcelOrder.removed_at.is_(None))
    target = PARCEL_TRANSITIONS[ParcelState.PREPARING, ParcelAction.CANCEL]
    session().execute(
        update(Parcel)
        .where(
            Parcel.id.in_(parcel_ids),
            Parcel.state == ParcelState.PREPARING,
            Parcel.id.not_in(filled.where(ParcelOrder.parcel_id.in_(parcel_ids))),
        )
        .values(state=target)
        .execution_options(synchronize_session="fetch")
    )


def preparing(*, shipment_id: str, action: str) -> Shipment:
    """Return a shipment that is still prepared, locked.

    Raises:
        NotFound: no such shipment.
        NotInThisState: it is on its way, or cancelled.
    """
    shipment = queries.locked_shipment(shipment_id)
    if shipment.state != ShipmentState.PREPARING:
        raise NotInThisState(state=shipment.state, action=action)
    return shipment


def _claim(
    pickup_point_id: str,
    campaign_id: str | None,
    cold_chain: bool | None,
    order_ids: Sequence[str] | None,
) -> list[Waiting]:
    waiting = queries.waiting_orders(
        pickup_point_id=pickup_point_id,
        campaign_id=campaign_id,
        cold_chain=cold_chain,
        order_ids=order_ids,
        limit=BATCH,
    )
    others = set(order_ids or ()) - {order.id for order in waiting}
    if others:
        raise OrdersNotWaiting(order_ids=sorted(others))
    return waiting


def _pack(
    shipment: Shipment,
    waiting: Sequence[Waiting],
    own: dict[tuple[str, ...], str],
    actor: Actor,
    now: datetime,
) -> None:
    """Put waiting orders into parcels: into those that are there, else new ones, all at once."""
    moving.move_many(
        order_ids=[order.id for order in waiting],
        before=OrderState.PAID,
        action=Action.PREPARE,
        actor=actor,
        now=now,
    )
    packed = sorted(waiting, key=lambda order: order.place)
    new: dict[tuple[str, ...], Waiting] = {}
    for order in packed:
        if order.basket not in own:
            new.setdefault(order.basket, order)
    drawn = codes.draw(pickup_point_id=shipment.pickup_point_id, count=len(new))
    first = queries.parcels_counted(shipment.id) + 1
    parcels = own | {basket: new_id("pcl") for basket in new}
    rows = [
        _row(parcels[basket], shipment, number, order, code)
        for number, ((basket, order), code) in enumerate(
            zip(new.items(), drawn, strict=True), first
        )
    ]
    if rows:
        session().execute(insert(Parcel), rows)
    _put_in(packed, parcels, actor, now)


def _row(
    parcel_id: str, shipment: Shipment, number: int, order: Waiting, code: str
) -> dict[str, object]:
    return {
        "id": parcel_id,
        "shipment_id": shipment.id,
        "number": number,
        "pickup_point_id": shipment.pickup_point_id,
        "shopper_id": order.shopper_id,
        "campaign_id": order.campaign_id,
        "code": code,
        "state": ParcelState.PREPARING,
    }


def _put_in(
    packed: Iterable[Waiting], parcels: dict[tuple[str, ...], str], actor: Actor, now: datetime
) -> None:
    rows = [
        {
            "id": new_id("pco"),
            "parcel_id": parcels[order.basket],
            "order_id": order.id,
            "packed_at": now,
            "packed_by": actor.label,
        }
        for order in packed
    ]
    session().execute(insert(ParcelOrder), rows)


def _unpack(order_ids: Sequence[str], reason: str, actor: Actor, now: datetime) -> None:
    moving.move_many(
        order_ids=order_ids,
        before=OrderState.PREPARING,
        action=Action.UNPACK,
        actor=actor,
        now=now,
        why=reason,
    )

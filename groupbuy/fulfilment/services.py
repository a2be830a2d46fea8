"""Shipping, arriving, handing over."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from groupbuy.fulfilment import queries
from groupbuy.fulfilment.errors import (
    AlreadyHandedOver,
    AlreadyUndone,
    NothingToShip,
    PickupCodeUnknown,
    UndoTooLate,
)
from groupbuy.fulfilment.models import Parcel, Redemption, Shipment
from groupbuy.fulfilment.queries import ShipmentView
from groupbuy.fulfilment.rules import (
    ParcelAction,
    ParcelState,
    ShipmentAction,
    ShipmentState,
    after,
    new_code,
    parcel_move,
)
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.leaders import queries as leaders
from groupbuy.leaders.models import PickupPoint
from groupbuy.orders.models import Order
from groupbuy.orders.rules import Action, OrderState
from groupbuy.orders.services import moving

BATCH = 5_000


def create_shipment(
    *, pickup_point_id: str, campaign_id: str | None, actor: Actor, now: datetime
) -> ShipmentView:
    """Pack the paid orders that wait for a pickup point (of one campaign, if named).

    Those of group buys that had to make it first are being prepared already.

    Raises:
        NotFound: no such pickup point.
        NothingToShip: no order waits.
    """
    _one_at_a_time(pickup_point_id)
    unpacked = and_(
        Order.state == OrderState.PREPARING, ~exists().where(Parcel.order_id == Order.id)
    )
    waiting = select(Order.id).where(
        Order.pickup_point_id == pickup_point_id, or_(Order.state == OrderState.PAID, unpacked)
    )
    if campaign_id is not None:
        waiting = waiting.where(Order.campaign_id == campaign_id)
    claimed = waiting.order_by(Order.id).limit(BATCH).with_for_update()
    order_ids = list(session().scalars(claimed))
    moving.move_many(
        order_ids=order_ids, before=OrderState.PAID, action=Action.PREPARE, actor=actor, now=now
    )
    if not order_ids:
        raise NothingToShip
    shipment = Shipment(
        pickup_point_id=pickup_point_id,
        campaign_id=campaign_id,
        state=ShipmentState.PREPARING,
        created_at=now,
        created_by=actor.label,
    )
    session().add(shipment)
    session().flush()
    taken = queries.open_codes(pickup_point_id)
    for order_id in order_ids:
        code = new_code(taken)
        taken.add(code)
        session().add(
            Parcel(
                order_id=order_id,
                shipment_id=shipment.id,
                pickup_point_id=pickup_point_id,
                code=code,
                state=ParcelState.PREPARING,
            )
        )
    session().flush()
    return ShipmentView(shipment, {ParcelState.PREPARING: len(order_ids)})


def dispatch(*, shipment_id: str, actor: Actor, now: datetime) -> ShipmentView:
    """Send a shipment off; its orders are shipped and can no longer be cancelled.

    Raises:
        NotFound, NotInThisState.
    """
    shipment = _move(shipment_id, ShipmentAction.DISPATCH, dispatched_at=now)
    _hold_orders(shipment_id)
    parcels = _move_parcels(ParcelAction.DISPATCH, Parcel.shipment_id == shipment_id)
    moving.move_many(
        order_ids=list(parcels),
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
    _hold_orders(shipment_id)
    codes = _move_parcels(ParcelAction.ARRIVE, Parcel.shipment_id == shipment_id)
    moving.move_many(
        order_ids=list(codes),
        before=OrderState.SHIPPED,
        action=Action.ARRIVE,
        actor=actor,
        now=now,
    )
    moving.announce_codes(codes=codes)
    return queries.show([shipment])[0]


def redeem(
    *, pickup_point_id: str, code: str, actor: Actor, now: datetime, after_sale: timedelta
) -> Redemption:
    """Hand a parcel over against its code.

    Raises:
        NotFound: the actor is not a verifier of this point.
        PickupCodeUnknown, AlreadyHandedOver: no parcel waits under the code.
        RefundOpen: a refund of the order is under way.
    """
    if not leaders.is_verifier(point_id=pickup_point_id, shopper_id=actor.id):
        raise NotFound
    parcel = queries.waiting_parcel(pickup_point_id=pickup_point_id, code=code)
    if parcel is None:
        done = queries.last_handed_over(pickup_point_id=pickup_point_id, code=code)
        if done is None:
            raise PickupCodeUnknown
        raise AlreadyHandedOver(redeemed_at=done.redeemed_at.isoformat())
    moving.pick_up(order_id=parcel.order_id, actor=actor, now=now, after_sale=after_sale)
    _move_parcels(ParcelAction.HAND_OVER, Parcel.id == parcel.id)
    redemption = Redemption(
        parcel_id=parcel.id,
        order_id=parcel.order_id,
        pickup_point_id=pickup_point_id,
        redeemed_at=now,
        redeemed_by=actor.label,
    )
    session().add(redemption)
    session().flush()
    return redemption


def undo(*, redemption_id: str, actor: Actor, now: datetime, within: timedelta) -> Redemption:
    """Take a pickup back, by a verifier of the point, for a few minutes.

    Raises:
        NotFound: it is another point's.
        AlreadyUndone, UndoTooLate.
    """
    redemption = queries.redemption(redemption_id)
    if not leaders.is_verifier(point_id=redemption.pickup_point_id, shopper_id=actor.id):
        raise NotFound
    if redemption.undone_at is not None:
        raise AlreadyUndone
    if now >= redemption.redeemed_at + within:
        raise UndoTooLate
    moving.undo_pick_up(order_id=redemption.order_id, actor=actor, now=now)
    redemption.undone_at, redemption.undone_by = now, actor.label
    _move_parcels(ParcelAction.TAKE_BACK, Parcel.id == redemption.parcel_id)
    session().flush()
    return redemption


def cancel_parcel(*, order_id: str) -> None:
    """Take a cancelled order's goods out of its shipment."""
    _move_parcels(ParcelAction.CANCEL, Parcel.order_id == order_id)


def _move(shipment_id: str, action: ShipmentAction, **reached: datetime) -> Shipment:
    shipment = queries.shipment(shipment_id)
    before = shipment.state
    moved = session().scalar(
        update(Shipment)
        .where(Shipment.id == shipment_id, Shipment.state == before)
        .values(state=after(before, action), **reached)
        .returning(Shipment)
        .execution_options(populate_existing=True)
    )
    if moved is None:
        raise NotInThisState(state=before, action=action.value)
    return moved


def _hold_orders(shipment_id: str) -> None:
    """Lock a shipment's orders, in id order and before its parcels: a cancellation does so too."""
    packed = select(Parcel.order_id).where(Parcel.shipment_id == shipment_id)
    session().execute(
        select(Order.id).where(Order.id.in_(packed)).order_by(Order.id).with_for_update()
    )


def _move_parcels(action: ParcelAction, which: ColumnElement[bool]) -> dict[str, str]:
    """Move those parcels that are in the action's state; return order id → code, ids ascending."""
    before, target = parcel_move(action)
    rows = session().execute(
        update(Parcel)
        .where(which, Parcel.state == before)
        .values(state=target)
        .returning(Parcel.order_id, Parcel.code)
        .execution_options(synchronize_session="fetch")
    )
    return {order_id: code for order_id, code in sorted((row[0], row[1]) for row in rows)}


def _one_at_a_time(pickup_point_id: str) -> None:
    """Let shipments of one point be packed one after the other: codes are unique there."""
    known = session().scalar(
        select(PickupPoint.id)
        .where(PickupPoint.id == pickup_point_id)
        .with_for_update(key_share=True)
    )
    if known is None:
        raise NotFound

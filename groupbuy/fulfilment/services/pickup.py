"""Handing parcels over, to their shoppers or to whom those send, and taking that back."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from groupbuy.fulfilment import queries
from groupbuy.fulfilment.errors import (
    AlreadyHandedOver,
    AlreadyUndone,
    PickupCodeElsewhere,
    PickupCodeUnknown,
    ProxyGiven,
    UndoTooLate,
)
from groupbuy.fulfilment.models import Parcel, PickupProxy, Redemption
from groupbuy.fulfilment.queries import RedemptionView
from groupbuy.fulfilment.rules.parcels import ParcelAction, ParcelState, moved
from groupbuy.fulfilment.rules.pickup import (
    PROXY_MOVES,
    PickedUpBy,
    ProxyAction,
    ProxyState,
    read_code,
)
from groupbuy.fulfilment.services import codes, unclaimed
from groupbuy.fulfilment.services.packing import take_out
from groupbuy.fulfilment.services.parcels import move_parcels
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.leaders import queries as leaders
from groupbuy.orders.services import moving


def redeem(
    *, pickup_point_id: str, code: str, actor: Actor, now: datetime, after_sale: timedelta
) -> RedemptionView:
    """Hand a parcel over, with all orders in it, against its code or what a scanner read of it.

    An order of which everything was refunded stays behind.

    Raises:
        NotFound: the actor is not a verifier of this point.
        PickupCodeElsewhere: what was scanned names another point.
        PickupCodeUnknown, AlreadyHandedOver: no parcel waits under the code.
        RefundOpen: a refund of an order in it is under way.
        FullyRefunded: everything in it was refunded.
    """
    if not leaders.is_verifier(point_id=pickup_point_id, shopper_id=actor.id):
        raise NotFound
    named, digits = read_code(code)
    if named not in (None, pickup_point_id):
        raise PickupCodeElsewhere(pickup_point_id=named)
    found = queries.waiting_parcel(pickup_point_id=pickup_point_id, code=digits)
    if found is None:
        done = queries.last_handed_over(pickup_point_id=pickup_point_id, code=digits)
        if done is None:
            raise PickupCodeUnknown
        raise AlreadyHandedOver(redeemed_at=done.redeemed_at.isoformat())
    parcel, proxy = found
    inside = queries.orders_of([parcel.id])[parcel.id]
    fetched = moving.pick_up(order_ids=inside, actor=actor, now=now, after_sale=after_sale)
    left = [order_id for order_id in inside if order_id not in fetched]
    take_out(order_ids=left, actor=SYSTEM, now=now)
    move_parcels(action=ParcelAction.HAND_OVER, which=Parcel.id == parcel.id)
    unclaimed.fetched(parcel_id=parcel.id, actor=actor, now=now)
    _end_proxy(parcel.id, ProxyAction.USE if proxy else ProxyAction.REVOKE, now)
    redemption = Redemption(
        parcel_id=parcel.id,
        pickup_point_id=pickup_point_id,
        picked_up_by=PickedUpBy.PROXY if proxy else PickedUpBy.SHOPPER,
        proxy_id=proxy.id if proxy else None,
        redeemed_at=now,
        redeemed_by=actor.label,
    )
    session().add(redemption)
    session().flush()
    return queries.shown_redemption(redemption)


def undo(*, redemption_id: str, actor: Actor, now: datetime, within: timedelta) -> RedemptionView:
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
    inside = queries.orders_of([redemption.parcel_id])[redemption.parcel_id]
    moving.undo_pick_up(order_ids=inside, actor=actor, now=now)
    redemption.undone_at, redemption.undone_by = now, actor.label
    move_parcels(action=ParcelAction.TAKE_BACK, which=Parcel.id == redemption.parcel_id)
    unclaimed.not_fetched(parcel_id=redemption.parcel_id, actor=actor, now=now)
    if redemption.proxy_id is not None:
        _move_proxy(redemption.proxy_id, ProxyAction.UNDO, None)
    session().flush()
    return queries.shown_redemption(redemption)


def name_proxy(
    *, order_id: str, shopper_id: str, name: str, note: str, now: datetime
) -> PickupProxy:
    """Let somebody else fetch the parcel of an own order, with a code of their own.

    Raises:
        NotFound: it is not the shopper's order.
        NotInThisState: it is not ready for pickup.
        ProxyGiven: somebody else may fetch it already.
    """
    parcel = queries.own_parcel(order_id, shopper_id=shopper_id)
    codes.one_at_a_time(pickup_point_id=parcel.pickup_point_id)
    moving.hold(queries.orders_of([parcel.id])[parcel.id])
    session().refresh(parcel)
    if parcel.state != ParcelState.READY:
        raise NotInThisState(state=parcel.state, action="name_proxy")
    if queries.open_proxy(parcel.id) is not None:
        raise ProxyGiven
    (code,) = codes.draw(pickup_point_id=parcel.pickup_point_id, count=1)
    proxy = PickupProxy(
        parcel_id=parcel.id,
        pickup_point_id=parcel.pickup_point_id,
        name=name,
        note=note,
        code=code,
        state=ProxyState.OPEN,
        given_at=now,
    )
    session().add(proxy)
    session().flush()
    return proxy


def revoke_proxy(*, order_id: str, proxy_id: str, shopper_id: str, now: datetime) -> PickupProxy:
    """Take that back; the proxy's code is good for nothing any more.

    Raises:
        NotFound: it is not the shopper's.
        NotInThisState: it was used, or revoked before.
    """
    proxy = queries.own_proxy(order_id, proxy_id, shopper_id=shopper_id)
    moving.hold(queries.orders_of([proxy.parcel_id])[proxy.parcel_id])
    return _move_proxy(proxy_id, ProxyAction.REVOKE, now)


def _end_proxy(parcel_id: str, action: ProxyAction, now: datetime) -> None:
    """Use up whoever could fetch a parcel; one who did not come first can come no more."""
    proxy = queries.open_proxy(parcel_id)
    if proxy is not None:
        _move_proxy(proxy.id, action, now)


def _move_proxy(proxy_id: str, action: ProxyAction, ended_at: datetime | None) -> PickupProxy:
    proxy = (
        session()
        .scalars(
            select(PickupProxy).where(PickupProxy.id == proxy_id),
            execution_options={"populate_existing": True},
        )
        .one()
    )
    before, target = proxy.state, moved(PROXY_MOVES, proxy.state, action)
    after = session().scalar(
        update(PickupProxy)
        .where(PickupProxy.id == proxy_id, PickupProxy.state == before)
        .values(state=target, ended_at=ended_at)
        .returning(PickupProxy)
        .execution_options(populate_existing=True)
    )
    if after is None:
        raise NotInThisState(state=before, action=action.value)
    return after

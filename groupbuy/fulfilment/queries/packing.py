"""What waits to be packed, and what is in parcels."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, and_, cast, exists, func, or_, select

from groupbuy.campaigns.models import Campaign
from groupbuy.catalogue.models import Product
from groupbuy.catalogue.rules import Storage
from groupbuy.fulfilment.models import Parcel, ParcelOrder, PickupProxy, Shortage
from groupbuy.fulfilment.rules.parcels import OPEN_PARCELS, ParcelState
from groupbuy.fulfilment.rules.pickup import ProxyState
from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.rules import OrderState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paid order that waits: in which basket it goes, and its place among the others.

    Orders of one basket share a parcel; the place is leader, shopper, order.
    """

    id: str
    shopper_id: str
    campaign_id: str | None
    basket: tuple[str, ...]
    place: tuple[str, ...]


def waiting_orders(
    *,
    pickup_point_id: str,
    campaign_id: str | None,
    cold_chain: bool | None,
    order_ids: Sequence[str] | None,
    limit: int,
) -> list[Waiting]:
    """Return the paid orders that wait for a pickup point, locked, the oldest first.

    Those of group buys that had to make it first are being prepared already.
    """
    packed = exists().where(ParcelOrder.order_id == Order.id, ParcelOrder.removed_at.is_(None))
    prepared = and_(Order.state == OrderState.PREPARING, ~packed)
    query = (
        select(Order, Campaign.one_parcel, Leader.name, Shopper.name)
        .join(Shopper, Shopper.id == Order.shopper_id)
        .outerjoin(Leader, Leader.id == Order.leader_id)
        .outerjoin(Campaign, Campaign.id == Order.campaign_id)
        .where(
            Order.pickup_point_id == pickup_point_id,
            or_(Order.state == OrderState.PAID, prepared),
        )
    )
    if campaign_id is not None:
        query = query.where(Order.campaign_id == campaign_id)
    if order_ids is not None:
        query = query.where(Order.id.in_(order_ids))
    if cold_chain is not None:
        cold = exists().where(
            OrderLine.order_id == Order.id,
            Product.id == OrderLine.product_id,
            Product.storage != Storage.AMBIENT,
        )
        query = query.where(cold if cold_chain else ~cold)
    rows = session().execute(query.order_by(Order.id).limit(limit).with_for_update(of=Order))
    return [
        Waiting(
            id=order.id,
            shopper_id=order.shopper_id,
            campaign_id=order.campaign_id,
            basket=_basket(order.shopper_id, order.campaign_id) if one_parcel else (order.id,),
            place=(leader or "", order.leader_id or "", shopper, order.shopper_id, order.id),
        )
        for order, one_parcel, leader, shopper in rows
    ]


def open_baskets(pickup_point_id: str) -> dict[tuple[str, ...], tuple[str, str]]:
    """Return the parcels into which later orders of a shopper go: basket → parcel, shipment."""
    rows = session().execute(
        select(Parcel.shopper_id, Parcel.campaign_id, Parcel.id, Parcel.shipment_id)
        .join(Campaign, Campaign.id == Parcel.campaign_id)
        .where(
            Parcel.pickup_point_id == pickup_point_id,
            Parcel.state == ParcelState.PREPARING,
            Campaign.one_parcel,
        )
    )
    return {
        _basket(shopper_id, campaign_id): (parcel_id, shipment_id)
        for shopper_id, campaign_id, parcel_id, shipment_id in rows
    }


def _basket(shopper_id: str, campaign_id: str | None) -> tuple[str, ...]:
    return (shopper_id, campaign_id or "")


def open_codes(pickup_point_id: str) -> set[str]:
    """Return the codes that are in use at a pickup point, of parcels and of proxies."""
    parcels = select(Parcel.code).where(
        Parcel.pickup_point_id == pickup_point_id, Parcel.state.in_(OPEN_PARCELS)
    )
    proxies = select(PickupProxy.code).where(
        PickupProxy.pickup_point_id == pickup_point_id, PickupProxy.state == ProxyState.OPEN
    )
    return set(session().scalars(parcels.union(proxies)))


def parcels_counted(shipment_id: str) -> int:
    """Return the highest number that a parcel of a shipment has, 0 if there is none."""
    query = select(func.max(Parcel.number)).where(Parcel.shipment_id == shipment_id)
    return session().scalar(query) or 0


def orders_in(shipment_ids: Collection[str]) -> list[str]:
    """Return the orders that are in the parcels of shipments, in id order."""
    return list(
        session().scalars(
            select(ParcelOrder.order_id)
            .join(Parcel, Parcel.id == ParcelOrder.parcel_id)
            .where(Parcel.shipment_id.in_(shipment_ids), ParcelOrder.removed_at.is_(None))
            .order_by(ParcelOrder.order_id)
        )
    )


def codes_of(shipment_id: str, *, state: ParcelState) -> dict[str, str]:
    """Return order → pickup code of a shipment's parcels in a state."""
    rows = session().execute(
        select(ParcelOrder.order_id, Parcel.code)
        .join(Parcel, Parcel.id == ParcelOrder.parcel_id)
        .where(
            Parcel.shipment_id == shipment_id,
            Parcel.state == state,
            ParcelOrder.removed_at.is_(None),
        )
    )
    return {order_id: code for order_id, code in rows}


def units_in(shipment_id: str) -> dict[str, int]:
    """Return how many units of each SKU the orders of a shipment have, before any return."""
    rows = session().execute(
        select(OrderLine.sku_id, cast(func.sum(OrderLine.quantity), BigInteger))
        .join(ParcelOrder, ParcelOrder.order_id == OrderLine.order_id)
        .join(Parcel, Parcel.id == ParcelOrder.parcel_id)
        .where(Parcel.shipment_id == shipment_id, ParcelOrder.removed_at.is_(None))
        .group_by(OrderLine.sku_id)
    )
    return {sku_id: units for sku_id, units in rows}


def units_missing(shipment_id: str) -> dict[str, int]:
    """Return how many units of each SKU were recorded as missing from a shipment."""
    rows = session().execute(
        select(Shortage.sku_id, cast(func.sum(Shortage.quantity), BigInteger))
        .where(Shortage.shipment_id == shipment_id)
        .group_by(Shortage.sku_id)
    )
    return {sku_id: units for sku_id, units in rows}

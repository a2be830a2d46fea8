"""Shipments and their parcels."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from groupbuy.fulfilment.models import Parcel, ParcelOrder, Shipment, Shortage
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound


@dataclass(frozen=True)
class ShipmentView:
    """A shipment and how many of its parcels stand where."""

    shipment: Shipment
    parcels: dict[str, int]

    @property
    def version(self) -> int:
        """Return the version of the shipment."""
        return self.shipment.version


@dataclass(frozen=True)
class ParcelView:
    """A parcel and the orders in it."""

    parcel: Parcel
    order_ids: Sequence[str]


def shipment(shipment_id: str) -> Shipment:
    """Return a shipment, or raise NotFound."""
    found = session().get(Shipment, shipment_id)
    if found is None:
        raise NotFound
    return found


def locked_shipment(shipment_id: str) -> Shipment:
    """Return a shipment, locked, as it is now, or raise NotFound."""
    query = select(Shipment).where(Shipment.id == shipment_id).with_for_update()
    found = session().scalar(query, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound
    return found


def show(shipments: Sequence[Shipment]) -> list[ShipmentView]:
    """Count the parcels of some shipments in one statement."""
    counts: dict[str, dict[str, int]] = {found.id: {} for found in shipments}
    rows = session().execute(
        select(Parcel.shipment_id, Parcel.state, func.count())
        .where(Parcel.shipment_id.in_(list(counts)))
        .group_by(Parcel.shipment_id, Parcel.state)
    )
    for shipment_id, state, count in rows:
        counts[shipment_id][state] = count
    return [ShipmentView(found, counts[found.id]) for found in shipments]


def shipments(
    *,
    limit: int,
    cursor: str | None,
    pickup_point_id: str | None = None,
    campaign_id: str | None = None,
    route_id: str | None = None,
    state: str | None = None,
) -> Page[ShipmentView]:
    """Return shipments, newest first."""
    wanted = {
        Shipment.pickup_point_id: pickup_point_id,
        Shipment.campaign_id: campaign_id,
        Shipment.route_id: route_id,
        Shipment.state: state,
    }
    query = select(Shipment)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    page = paginate(query, by=[Shipment.id], limit=limit, cursor=cursor, descending=True)
    return Page(show(page.items), page.next_cursor)


def parcels(
    *, shipment_id: str, limit: int, cursor: str | None, state: str | None = None
) -> Page[ParcelView]:
    """Return the parcels of a shipment by their numbers."""
    shipment(shipment_id)
    query = select(Parcel).where(Parcel.shipment_id == shipment_id)
    if state is not None:
        query = query.where(Parcel.state == state)
    page = paginate(query, by=[Parcel.number], limit=limit, cursor=cursor)
    inside = orders_of(parcel.id for parcel in page.items)
    return Page([ParcelView(p, inside[p.id]) for p in page.items], page.next_cursor)


def orders_of(parcel_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the orders in each of these parcels, in id order, in one statement."""
    inside: dict[str, list[str]] = defaultdict(list)
    rows = session().execute(
        select(ParcelOrder.parcel_id, ParcelOrder.order_id)
        .where(ParcelOrder.parcel_id.in_(list(parcel_ids)), ParcelOrder.removed_at.is_(None))
        .order_by(ParcelOrder.order_id)
    )
    for parcel_id, order_id in rows:
        inside[parcel_id].append(order_id)
    return inside


def shortages(*, shipment_id: str, limit: int, cursor: str | None) -> Page[Shortage]:
    """Return what a shipment lacked, as it was recorded."""
    shipment(shipment_id)
    query = select(Shortage).where(Shortage.shipment_id == shipment_id)
    return paginate(query, by=[Shortage.id], limit=limit, cursor=cursor)

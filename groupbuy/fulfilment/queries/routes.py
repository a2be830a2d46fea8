"""Delivery routes, and what travels on them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select

from groupbuy.catalogue.models import Product
from groupbuy.fulfilment.models import Parcel, ParcelOrder, Route, RouteStop, Shipment
from groupbuy.fulfilment.rules.parcels import ON_THE_WAY
from groupbuy.fulfilment.rules.routes import Load, RouteSheet, SheetShipment, SheetStop
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries as leaders
from groupbuy.orders.models import OrderLine


@dataclass(frozen=True)
class RouteView:
    """A route with its stops in their order."""

    route: Route
    stops: Sequence[RouteStop]

    @property
    def version(self) -> int:
        """Return the version of the route."""
        return self.route.version


def route(route_id: str) -> Route:
    """Return a route, or raise NotFound."""
    found = session().get(Route, route_id)
    if found is None:
        raise NotFound
    return found


def locked_route(route_id: str) -> Route:
    """Return a route, locked, as it is now, or raise NotFound."""
    query = select(Route).where(Route.id == route_id).with_for_update()
    found = session().scalar(query, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound
    return found


def route_named(name: str) -> str | None:
    """Return the route that has a name."""
    return session().scalar(select(Route.id).where(Route.name == name))


def route_list(*, limit: int, cursor: str | None, state: str | None = None) -> Page[RouteView]:
    """Return routes in order of creation, with their stops."""
    query = select(Route)
    if state is not None:
        query = query.where(Route.state == state)
    page = paginate(query, by=[Route.id], limit=limit, cursor=cursor)
    return Page(show_routes(page.items), page.next_cursor)


def show_routes(routes: Sequence[Route]) -> list[RouteView]:
    """Return routes with their stops, in one statement."""
    stops: dict[str, list[RouteStop]] = defaultdict(list)
    rows = session().scalars(
        select(RouteStop)
        .where(RouteStop.route_id.in_([found.id for found in routes]))
        .order_by(RouteStop.position)
    )
    for stop in rows:
        stops[stop.route_id].append(stop)
    return [RouteView(found, stops[found.id]) for found in routes]


def route_sheet(route_id: str) -> RouteSheet:
    """Return what a route's van brings where: the shipments that have not arrived."""
    (view,) = show_routes([route(route_id)])
    query = (
        select(Shipment)
        .where(Shipment.route_id == route_id, Shipment.state.in_(ON_THE_WAY))
        .order_by(Shipment.id)
    )
    shipments = list(session().scalars(query))
    loads = _loads([shipment.id for shipment in shipments])
    points = leaders.points_by_id(
        {stop.pickup_point_id for stop in view.stops} | {s.pickup_point_id for s in shipments}
    )
    # A stop that was taken off the route still gets what was to travel on it, at the end.
    order = [stop.pickup_point_id for stop in view.stops]
    order += [point_id for point_id in sorted(points) if point_id not in order]
    return RouteSheet(
        name=view.route.name,
        note=view.route.note,
        stops=[
            SheetStop(
                position=position,
                point_id=point_id,
                point=points[point_id].name,
                address=points[point_id].address,
                opening_hours=points[point_id].opening_hours,
                shipments=[
                    SheetShipment(s.id, s.state, s.note, s.crates, loads[s.id])
                    for s in shipments
                    if s.pickup_point_id == point_id
                ],
            )
            for position, point_id in enumerate(order, 1)
        ],
    )


def _loads(shipment_ids: Sequence[str]) -> dict[str, dict[str, Load]]:
    """Return by shipment and storage kind how many parcels hold such goods, and the units."""
    units = OrderLine.quantity - OrderLine.returned_quantity
    rows = session().execute(
        select(
            Parcel.shipment_id,
            Product.storage,
            func.count(Parcel.id.distinct()),
            cast(func.sum(units), BigInteger),
        )
        .join(ParcelOrder, ParcelOrder.parcel_id == Parcel.id)
        .join(OrderLine, OrderLine.order_id == ParcelOrder.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(Parcel.shipment_id.in_(shipment_ids), ParcelOrder.removed_at.is_(None), units > 0)
        .group_by(Parcel.shipment_id, Product.storage)
    )
    loads: dict[str, dict[str, Load]] = defaultdict(dict)
    for shipment_id, storage, parcels, count in rows:
        loads[shipment_id][storage] = Load(parcels, count)
    return loads

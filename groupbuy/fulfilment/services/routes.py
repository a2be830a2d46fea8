"""Delivery routes, and which shipments travel on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm.attributes import flag_modified

from groupbuy.fulfilment import queries
from groupbuy.fulfilment.errors import NotOnRoute, RouteNameTaken
from groupbuy.fulfilment.models import Route, RouteStop
from groupbuy.fulfilment.queries import RouteView, ShipmentView
from groupbuy.fulfilment.rules.parcels import ON_THE_WAY
from groupbuy.fulfilment.rules.routes import RouteState
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders


def create_route(
    *, name: str, note: str, pickup_point_ids: Sequence[str], actor: Actor, now: datetime
) -> RouteView:
    """Add a route that stops at pickup points in this order.

    Raises:
        RouteNameTaken: another route has the name.
        InvalidInput: there is no such point.
    """
    _refuse_taken(name, None)
    route = Route(name=name, note=note, created_at=now)
    session().add(route)
    session().flush()
    _stop_at(route.id, pickup_point_ids)
    audit.record(actor=actor, action="route.create", subject=route.id, now=now)
    return queries.show_routes([route])[0]


def edit_route(
    *, route_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> RouteView:
    """Change a route; `pickup_point_ids` replaces its stops, `state: retired` ends it.

    Raises:
        NotFound: no such route.
        StaleVersion: it changed since it was read.
        RouteNameTaken, InvalidInput: see `create_route`.
    """
    route = queries.locked_route(route_id)
    if route.version != if_match:
        raise StaleVersion
    changed = sorted(changes)
    stops = changes.pop("pickup_point_ids", None)
    if "name" in changes:
        _refuse_taken(changes["name"], route_id)
    for field, value in changes.items():
        setattr(route, field, value)
    flag_modified(route, "name")  # stops alone make a new version too
    session().flush()
    if stops is not None:
        session().execute(delete(RouteStop).where(RouteStop.route_id == route_id))
        _stop_at(route_id, stops)
    audit.record(actor=actor, action="route.edit", subject=route_id, now=now, changed=changed)
    return queries.show_routes([route])[0]


def assign_route(
    *, shipment_id: str, route_id: str | None, actor: Actor, now: datetime
) -> ShipmentView:
    """Let a shipment travel on a route, or with None on none.

    Raises:
        NotFound: no such shipment, or no such route.
        NotInThisState: it has arrived, or was given up.
        NotOnRoute: the route does not stop at its pickup point, or is retired.
    """
    shipment = queries.locked_shipment(shipment_id)
    if shipment.state not in ON_THE_WAY:
        raise NotInThisState(state=shipment.state, action="assign_route")
    if route_id is not None:
        (view,) = queries.show_routes([queries.locked_route(route_id)])
        if view.route.state != RouteState.ACTIVE or shipment.pickup_point_id not in {
            stop.pickup_point_id for stop in view.stops
        }:
            raise NotOnRoute
    shipment.route_id = route_id
    shipment.version += 1
    session().flush()
    audit.record(actor=actor, action="shipment.route", subject=shipment_id, now=now, route=route_id)
    return queries.show([shipment])[0]


def _refuse_taken(name: str, route_id: str | None) -> None:
    if queries.route_named(name) not in (None, route_id):
        raise RouteNameTaken


def _stop_at(route_id: str, pickup_point_ids: Sequence[str]) -> None:
    known = leaders.points_by_id(pickup_point_ids)
    for number, point_id in enumerate(pickup_point_ids):
        if point_id not in known:
            raise InvalidInput.at(
                f"/pickup_point_ids/{number}",
                Text("没有这个自提点。", "There is no such pickup point."),
            )
    session().add_all(
        RouteStop(route_id=route_id, pickup_point_id=point_id, position=position)
        for position, point_id in enumerate(pickup_point_ids, 1)
    )
    session().flush()

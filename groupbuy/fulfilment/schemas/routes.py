"""What delivery routes take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates

from groupbuy.fulfilment.rules.routes import RouteState
from groupbuy.fulfilment.schemas.lists import FORMAT, STORAGE
from groupbuy.fulfilment.schemas.shipments import SHIPMENT_STATE, CratesSchema
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.sheets import Format

_ROUTE_STATE = validate.OneOf([state.value for state in RouteState])
_STOPS = validate.Length(min=1, max=200)


class _Stops(Schema):
    @validates("pickup_point_ids")
    def each_once(self, value: list[str], **kwargs: Any) -> None:
        """Refuse a point named twice."""
        if len(set(value)) < len(value):
            raise ValidationError("Name each pickup point once.")


class RouteBody(_Stops):
    """A route: its name, and its stops in their order."""

    name = Words(required=True, maximum=50)
    note = Words(minimum=0, maximum=500, load_default="")
    pickup_point_ids = fields.List(IdField("ppt"), required=True, validate=_STOPS)


class RouteEditBody(_Stops):
    """What may be changed about a route; fields left out stay."""

    name = Words(maximum=50)
    note = Words(minimum=0, maximum=500)
    pickup_point_ids = fields.List(IdField("ppt"), validate=_STOPS)
    state = fields.String(validate=_ROUTE_STATE)


class RouteStopSchema(Schema):
    """A stop of a route."""

    pickup_point_id = IdField("ppt", required=True)


class RouteSchema(Schema):
    """A route with its stops."""

    id = IdField("rou", required=True, attribute="route.id")
    name = fields.String(required=True, attribute="route.name")
    note = fields.String(required=True, attribute="route.note")
    state = fields.String(required=True, attribute="route.state", validate=_ROUTE_STATE)
    pickup_point_ids = fields.Pluck(
        RouteStopSchema, "pickup_point_id", many=True, required=True, attribute="stops"
    )
    created_at = Moment(required=True, attribute="route.created_at")
    version = fields.Integer(required=True)


class RouteQuery(PageQuery):
    """Filters of the list of routes."""

    state = fields.String(load_default=None, validate=_ROUTE_STATE)


class ShipmentRouteBody(Schema):
    """On which route a shipment travels, null for none."""

    route_id = IdField("rou", required=True, allow_none=True)


class RouteSheetQuery(Schema):
    """Whether only the cold chain is wanted, or only the rest."""

    cold_chain = fields.Boolean(load_default=None)


class RouteSheetFileQuery(RouteSheetQuery):
    """In which format a sheet is wanted."""

    format = fields.String(load_default=Format.XLSX, validate=FORMAT)


class LoadSchema(Schema):
    """Goods of one storage kind: parcels that hold any, and units."""

    parcels = fields.Integer(required=True)
    units = fields.Integer(required=True)


class SheetShipmentSchema(Schema):
    """A shipment on a sheet."""

    id = IdField("shm", required=True)
    state = fields.String(required=True, validate=SHIPMENT_STATE)
    note = fields.String(required=True)
    crates = fields.Nested(CratesSchema, required=True)
    goods = fields.Dict(
        keys=fields.String(validate=STORAGE), values=fields.Nested(LoadSchema), required=True
    )


class SheetStopSchema(Schema):
    """A stop on a sheet."""

    position = fields.Integer(required=True)
    point_id = IdField("ppt", required=True)
    point = fields.String(required=True)
    address = fields.String(required=True)
    opening_hours = fields.String(required=True)
    shipments = fields.List(fields.Nested(SheetShipmentSchema), required=True)


class RouteSheetSchema(Schema):
    """What a route's van brings where: the shipments that have not arrived."""

    name = fields.String(required=True)
    note = fields.String(required=True)
    stops = fields.List(fields.Nested(SheetStopSchema), required=True)

"""What shipments take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates, validates_schema

from groupbuy.fulfilment.rules.parcels import ParcelState, ShipmentState
from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words

SHIPMENT_STATE = validate.OneOf([state.value for state in ShipmentState])
PARCEL_STATE = validate.OneOf([state.value for state in ParcelState])
_AT_MOST = validate.Length(min=1, max=5_000)


class PackingBody(Schema):
    """Which paid orders to pack: all, those with or without the cold chain, or chosen ones."""

    cold_chain = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})
    order_ids = fields.List(IdField("ord"), load_default=None, allow_none=True, validate=_AT_MOST)


class ShipmentBody(PackingBody):
    """A new shipment: paid orders for a pickup point, of one campaign if named."""

    pickup_point_id = IdField("ppt", required=True)
    campaign_id = IdField("cmp", load_default=None, allow_none=True)
    note = Words(minimum=0, maximum=500, load_default="")


class CratesSchema(Schema):
    """How many crates a shipment has of each storage kind."""

    ambient = Count(maximum=10_000)
    chilled = Count(maximum=10_000)
    frozen = Count(maximum=10_000)


class ShipmentEditBody(Schema):
    """What may be changed about a shipment; fields left out stay."""

    note = Words(minimum=0, maximum=500)
    crates = fields.Nested(CratesSchema)


class ShipmentSchema(Schema):
    """A shipment and its parcels by state."""

    id = IdField("shm", required=True, attribute="shipment.id")
    pickup_point_id = IdField("ppt", required=True, attribute="shipment.pickup_point_id")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="shipment.campaign_id")
    route_id = IdField("rou", required=True, allow_none=True, attribute="shipment.route_id")
    state = fields.String(required=True, attribute="shipment.state", validate=SHIPMENT_STATE)
    note = fields.String(required=True, attribute="shipment.note")
    crates = fields.Nested(CratesSchema, required=True, attribute="shipment.crates")
    created_at = Moment(required=True, attribute="shipment.created_at")
    dispatched_at = Moment(required=True, allow_none=True, attribute="shipment.dispatched_at")
    arrived_at = Moment(required=True, allow_none=True, attribute="shipment.arrived_at")
    cancelled_at = Moment(required=True, allow_none=True, attribute="shipment.cancelled_at")
    parcels = fields.Dict(
        keys=fields.String(validate=PARCEL_STATE), values=fields.Integer(), required=True
    )
    version = fields.Integer(required=True)


class ShipmentQuery(PageQuery):
    """Filters of the shipment list."""

    pickup_point_id = IdField("ppt", load_default=None)
    campaign_id = IdField("cmp", load_default=None)
    route_id = IdField("rou", load_default=None)
    state = fields.String(load_default=None, validate=SHIPMENT_STATE)


class ParcelQuery(PageQuery):
    """Filters of a shipment's parcels."""

    state = fields.String(load_default=None, validate=PARCEL_STATE)


class ParcelSchema(Schema):
    """A parcel as headquarters sees it; the code is between shopper and pickup point."""

    id = IdField("pcl", required=True, attribute="parcel.id")
    number = fields.Integer(required=True, attribute="parcel.number")
    shopper_id = IdField("shp", required=True, attribute="parcel.shopper_id")
    order_ids = fields.List(IdField("ord"), required=True)
    state = fields.String(required=True, attribute="parcel.state", validate=PARCEL_STATE)


class RemovalBody(Schema):
    """An order that is not to be shipped yet, and why."""

    order_id = IdField("ord", required=True)
    reason = Words(required=True, maximum=200)


class ShipmentCancellationBody(Schema):
    """Why a shipment is given up."""

    reason = Words(required=True, maximum=200)


class ShortageLineBody(Schema):
    """Units of a SKU that were missing; a negative quantity takes back what was recorded."""

    sku_id = IdField("sku", required=True)
    quantity = Count(minimum=-1_000_000, required=True)

    @validates("quantity")
    def not_nothing(self, value: int, **kwargs: Any) -> None:
        """Refuse 0."""
        if value == 0:
            raise ValidationError("It must not be 0.")


class ShortageBody(Schema):
    """What a shipment lacked."""

    lines = fields.List(
        fields.Nested(ShortageLineBody), required=True, validate=validate.Length(min=1, max=200)
    )
    note = Words(minimum=0, maximum=500, load_default="")

    @validates_schema
    def each_sku_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a SKU named twice."""
        ids = [line["sku_id"] for line in data.get("lines", [])]
        if len(set(ids)) < len(ids):
            raise ValidationError("Name each SKU once.", "lines")


class ShortageSchema(Schema):
    """What was missing of a SKU, who said so and when."""

    id = IdField("sht", required=True)
    sku_id = IdField("sku", required=True)
    quantity = fields.Integer(required=True)
    note = fields.String(required=True)
    recorded_at = Moment(required=True)
    recorded_by = fields.String(required=True)


class ShortagesSchema(Schema):
    """The shortages that were recorded now."""

    items = fields.List(fields.Nested(ShortageSchema), required=True)

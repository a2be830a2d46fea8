"""What fulfilment takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.fulfilment.rules import ParcelState, ShipmentState
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema

SHIPMENT_STATES = [state.value for state in ShipmentState]


class ShipmentBody(Schema):
    """Which orders to pack: those paid for a pickup point, of one campaign if named."""

    pickup_point_id = IdField("ppt", required=True)
    campaign_id = IdField("cmp", load_default=None, allow_none=True)


class ShipmentSchema(Schema):
    """A shipment and its parcels by state."""

    id = IdField("shm", required=True, attribute="shipment.id")
    pickup_point_id = IdField("ppt", required=True, attribute="shipment.pickup_point_id")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="shipment.campaign_id")
    state = fields.String(
        required=True, attribute="shipment.state", validate=validate.OneOf(SHIPMENT_STATES)
    )
    created_at = Moment(required=True, attribute="shipment.created_at")
    dispatched_at = Moment(required=True, allow_none=True, attribute="shipment.dispatched_at")
    arrived_at = Moment(required=True, allow_none=True, attribute="shipment.arrived_at")
    parcels = fields.Dict(
        keys=fields.String(validate=validate.OneOf([state.value for state in ParcelState])),
        values=fields.Integer(),
        required=True,
    )


class ShipmentQuery(PageQuery):
    """Filters of the shipment list."""

    pickup_point_id = IdField("ppt", load_default=None)
    campaign_id = IdField("cmp", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(SHIPMENT_STATES))


class ParcelQuery(PageQuery):
    """Filters of a shipment's parcels."""

    state = fields.String(
        load_default=None, validate=validate.OneOf([state.value for state in ParcelState])
    )


class ParcelSchema(Schema):
    """A parcel as headquarters sees it; the code is between shopper and pickup point."""

    id = IdField("pcl", required=True)
    order_id = IdField("ord", required=True)
    state = fields.String(required=True)


class RedemptionBody(Schema):
    """The code that a shopper shows at a pickup point."""

    pickup_point_id = IdField("ppt", required=True)
    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^\d{8}$", error="A pickup code has 8 digits."),
        metadata={"example": "40316257"},
    )


class RedemptionSchema(Schema):
    """A parcel was handed over."""

    id = IdField("rdm", required=True)
    order_id = IdField("ord", required=True)
    pickup_point_id = IdField("ppt", required=True)
    redeemed_at = Moment(required=True)
    undone_at = Moment(required=True, allow_none=True)

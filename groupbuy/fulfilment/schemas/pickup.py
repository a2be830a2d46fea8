"""What handing over takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.fulfilment.rules.parcels import ParcelState
from groupbuy.fulfilment.rules.pickup import PickedUpBy, ProxyState
from groupbuy.fulfilment.schemas.shipments import PARCEL_STATE
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words


class RedemptionBody(Schema):
    """The code that somebody shows at a pickup point: 8 digits, or what a scanner read of it."""

    pickup_point_id = IdField("ppt", required=True)
    code = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^(?:gb:ppt_[0-9a-f]{32}:)?[0-9]{8}$(?!\n)", error="A pickup code has 8 digits."
        ),
        metadata={"example": "40316257"},
    )


class RedemptionSchema(Schema):
    """A parcel was handed over, with all orders in it."""

    id = IdField("rdm", required=True, attribute="redemption.id")
    parcel_id = IdField("pcl", required=True, attribute="redemption.parcel_id")
    order_ids = fields.List(IdField("ord"), required=True)
    pickup_point_id = IdField("ppt", required=True, attribute="redemption.pickup_point_id")
    picked_up_by = fields.String(
        required=True,
        attribute="redemption.picked_up_by",
        validate=validate.OneOf([by.value for by in PickedUpBy]),
    )
    picked_up_name = fields.String(required=True)
    redeemed_at = Moment(required=True, attribute="redemption.redeemed_at")
    undone_at = Moment(required=True, allow_none=True, attribute="redemption.undone_at")


class PickupSchema(Schema):
    """How an order's goods can be fetched; `code` and `scannable` (for a QR code) when ready."""

    parcel_id = IdField("pcl", required=True, attribute="parcel.id")
    pickup_point_id = IdField("ppt", required=True, attribute="parcel.pickup_point_id")
    state = fields.String(required=True, attribute="parcel.state", validate=PARCEL_STATE)
    order_ids = fields.List(IdField("ord"), required=True)
    ready_at = Moment(required=True, allow_none=True, attribute="parcel.ready_at")
    code = fields.String(required=True, allow_none=True)
    scannable = fields.String(required=True, allow_none=True)
    redemption = fields.Nested(RedemptionSchema, required=True, allow_none=True)


class ProxyBody(Schema):
    """Who shall fetch the goods instead."""

    name = Words(required=True, maximum=50)
    note = Words(minimum=0, maximum=200, load_default="")


class ProxySchema(Schema):
    """Somebody who may fetch the goods, with a code of their own."""

    id = IdField("pxy", required=True)
    name = fields.String(required=True)
    note = fields.String(required=True)
    code = fields.String(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf([state.value for state in ProxyState])
    )
    given_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class WaitingParcelQuery(PageQuery):
    """A pickup point, and in which state its parcels are wanted."""

    pickup_point_id = IdField("ppt", required=True)
    state = fields.String(load_default=ParcelState.READY, validate=PARCEL_STATE)


class WaitingParcelSchema(Schema):
    """A parcel at a pickup point; the code is the shopper's to show."""

    id = IdField("pcl", required=True, attribute="parcel.id")
    shipment_id = IdField("shm", required=True, attribute="parcel.shipment_id")
    number = fields.Integer(required=True, attribute="parcel.number")
    state = fields.String(required=True, attribute="parcel.state", validate=PARCEL_STATE)
    shopper = fields.String(required=True)
    order_ids = fields.List(IdField("ord"), required=True)
    units = fields.Integer(required=True)
    cold_chain = fields.Boolean(required=True)
    ready_at = Moment(required=True, allow_none=True, attribute="parcel.ready_at")

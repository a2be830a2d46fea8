"""What lists, slips and their files take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.catalogue.rules import Storage
from groupbuy.fulfilment.schemas.shipments import PARCEL_STATE
from groupbuy.kernel.http import IdField, PageQuery, Schema
from groupbuy.kernel.sheets import Format

STORAGE = validate.OneOf([storage.value for storage in Storage])
_NUMBER = validate.Range(min=1, max=1_000_000)
FORMAT = validate.OneOf([format.value for format in Format])


class _ColdChain(Schema):
    cold_chain = fields.Boolean(
        load_default=None,
        metadata={"description": "true: only chilled and frozen goods; false: only others"},
    )


class _Numbers(_ColdChain):
    first = fields.Integer(load_default=None, validate=_NUMBER)
    last = fields.Integer(load_default=None, validate=_NUMBER)


class _Parcels(_Numbers):
    shipment_id = IdField("shm", load_default=None)
    campaign_id = IdField("cmp", load_default=None)
    pickup_point_id = IdField("ppt", load_default=None)

    @validates_schema
    def of_something(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a list of everything."""
        if not any(data.get(f"{name}_id") for name in ("shipment", "campaign", "pickup_point")):
            raise ValidationError("Name a shipment, a campaign or a pickup point.")


class _File(Schema):
    format = fields.String(load_default=Format.XLSX, validate=FORMAT)


class PickQuery(_Parcels, PageQuery):
    """Whose parcels; with neither a shipment nor a state, those that are open."""


class PickFileQuery(_Parcels, _File):
    """Whose parcels, in which format."""


class PickPaperQuery(_Parcels):
    """Whose parcels, by their numbers if they are too many for one paper."""


class LeaderPickQuery(_ColdChain, PageQuery):
    """Which of the leader's points."""

    pickup_point_id = IdField("ppt", load_default=None)


class LeaderPickPaperQuery(_Numbers):
    """Which of the leader's points."""

    pickup_point_id = IdField("ppt", load_default=None)


class SlipQuery(_Numbers, PageQuery):
    """Which parcels of a shipment."""


class SlipFileQuery(_Numbers, _File):
    """Which parcels of a shipment, in which format."""


class SlipPaperQuery(_Numbers):
    """Which parcels of a shipment."""


class PickLineSchema(Schema):
    """Units of a SKU in a parcel."""

    sku_id = IdField("sku", required=True)
    title = fields.String(required=True)
    option = fields.String(required=True)
    storage = fields.String(required=True, validate=STORAGE)
    quantity = fields.Integer(required=True)


class PickParcelSchema(Schema):
    """A parcel with what is in it; `leader` sold it, null for the house."""

    id = IdField("pcl", required=True)
    shipment_id = IdField("shm", required=True)
    number = fields.Integer(required=True)
    state = fields.String(required=True, validate=PARCEL_STATE)
    point_id = IdField("ppt", required=True)
    point = fields.String(required=True)
    leader_id = IdField("ldr", required=True, allow_none=True)
    leader = fields.String(required=True, allow_none=True)
    shopper_id = IdField("shp", required=True)
    shopper = fields.String(required=True)
    lines = fields.List(fields.Nested(PickLineSchema), required=True)

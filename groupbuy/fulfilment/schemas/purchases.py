"""What purchase lists and orders to suppliers take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.fulfilment.rules.purchases import PurchaseState
from groupbuy.fulfilment.schemas.lists import FORMAT, STORAGE
from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.sheets import Format

_LINES = validate.Length(max=500)


class _Bought(Schema):
    campaign_id = IdField("cmp", load_default=None, allow_none=True)
    paid_from = Moment(load_default=None, allow_none=True, data_key="from")
    paid_until = Moment(load_default=None, allow_none=True, data_key="until")
    storage = fields.String(load_default=None, allow_none=True, validate=STORAGE)
    supplier_id = IdField("sup", load_default=None, allow_none=True)


class NeedQuery(_Bought, PageQuery):
    """Which orders count, by campaign and by when they were paid; and which goods."""


class NeedFileQuery(_Bought):
    """Which orders count and which goods, in which format."""

    format = fields.String(load_default=Format.XLSX, validate=FORMAT)


class NeedPaperQuery(_Bought):
    """Which orders count, and which goods."""


class NeedSchema(Schema):
    """What orders need of a SKU; `to_buy` is what is neither on hand nor ordered."""

    sku_id = IdField("sku", required=True)
    title = fields.String(required=True)
    option = fields.String(required=True)
    storage = fields.String(required=True, validate=STORAGE)
    supplier_id = IdField("sup", required=True, allow_none=True)
    supplier = fields.String(required=True, allow_none=True)
    cost_fen = fields.Integer(required=True, allow_none=True)
    needed = fields.Integer(required=True)
    on_hand = fields.Integer(required=True)
    ordered = fields.Integer(required=True)
    to_buy = fields.Integer(required=True)


class PurchaseLineBody(Schema):
    """Units of a SKU."""

    sku_id = IdField("sku", required=True)
    quantity = Count(minimum=1, required=True)


class _Lines(Schema):
    @validates_schema
    def each_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a SKU named twice."""
        ids = [line["sku_id"] for line in data.get("lines", [])]
        if len(set(ids)) < len(ids):
            raise ValidationError("Name each SKU once.", "lines")


class PurchaseBody(_Bought, _Lines):
    """What is ordered from a supplier; without lines whatever is to be bought of its goods.

    Without a supplier it is for goods that have none.
    """

    note = Words(minimum=0, maximum=500, load_default="")
    lines = fields.List(fields.Nested(PurchaseLineBody), load_default=list, validate=_LINES)
    supersedes_id = IdField("pur", load_default=None, allow_none=True)


class PurchaseReceiptBody(_Lines):
    """Goods that came for an order to a supplier."""

    lines = fields.List(
        fields.Nested(PurchaseLineBody), required=True, validate=validate.Length(min=1, max=500)
    )
    note = Words(required=True, maximum=200)


class PurchaseClosingBody(Schema):
    """Why nothing more is to come."""

    reason = Words(required=True, maximum=200)


class PurchaseLineSchema(Schema):
    """Units of a SKU that were ordered, what was needed and on hand then, and what came."""

    sku_id = IdField("sku", required=True)
    title = fields.String(required=True)
    option = fields.String(required=True)
    storage = fields.String(required=True, validate=STORAGE)
    cost_fen = fields.Integer(required=True, allow_none=True)
    amount_fen = fields.Integer(required=True, allow_none=True)
    needed = fields.Integer(required=True)
    on_hand = fields.Integer(required=True)
    quantity = fields.Integer(required=True)
    received = fields.Integer(required=True)
    difference = fields.Integer(required=True)


class PurchaseClosingSchema(Schema):
    """That nothing more is to come, and why."""

    reason = fields.String(required=True)
    closed_at = Moment(required=True)
    closed_by = fields.String(required=True)


class PurchaseSchema(Schema):
    """An order to a supplier."""

    id = IdField("pur", required=True, attribute="order.id")
    number = fields.Integer(required=True, attribute="order.number")
    supplier_id = IdField("sup", required=True, allow_none=True, attribute="order.supplier_id")
    supplier = fields.String(required=True, attribute="order.supplier")
    note = fields.String(required=True, attribute="order.note")
    state = fields.String(
        required=True, validate=validate.OneOf([state.value for state in PurchaseState])
    )
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="order.campaign_id")
    supersedes_id = IdField("pur", required=True, allow_none=True, attribute="order.supersedes_id")
    superseded_by = IdField("pur", required=True, allow_none=True)
    fixed_at = Moment(required=True, attribute="order.fixed_at")
    fixed_by = fields.String(required=True, attribute="order.fixed_by")
    closing = fields.Nested(PurchaseClosingSchema, required=True, allow_none=True)
    lines = fields.List(fields.Nested(PurchaseLineSchema), required=True)


class PurchaseQuery(PageQuery):
    """Filters of the orders to suppliers."""

    campaign_id = IdField("cmp", load_default=None)
    supplier_id = IdField("sup", load_default=None)


class PurchaseFileQuery(Schema):
    """In which format an order to a supplier is wanted."""

    format = fields.String(load_default=Format.XLSX, validate=FORMAT)


class PurchaseReceiptSchema(Schema):
    """Goods that came; `movement_id` put them into the house."""

    id = IdField("prc", required=True)
    sku_id = IdField("sku", required=True)
    quantity = fields.Integer(required=True)
    movement_id = IdField("mov", required=True)
    note = fields.String(required=True)
    received_at = Moment(required=True)
    received_by = fields.String(required=True)

"""What corrections take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.orders.rules.corrections import CorrectedState, CorrectionKind, CorrectionState
from groupbuy.orders.schemas.after_sales import EXAMPLE_LINE

KINDS = [kind.value for kind in CorrectionKind]
CORRECTION_STATES = [state.value for state in CorrectionState]
CORRECTED_STATES = [state.value for state in CorrectedState]
PLACES = ("campaign_id", "group_buy_id", "pickup_point_id")
HEAVIEST_G = 10_000_000


class FoundLineSchema(Schema):
    """A line, and how many of its units are missing: none where its weight is corrected."""

    order_line_id = IdField("orl", required=True)
    quantity = Count(load_default=0, minimum=0, maximum=999)


class CorrectionBody(Schema):
    """What was found, and where.

    `shortage`: units are missing; `weight`: `delivered_g` came of `ordered_g`. Either `lines`, or
    `sku_id` in at least one of `campaign_id`, `group_buy_id`, `pickup_point_id`: then every line
    of it, and of a shortage all units.
    """

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    reason = Words(required=True, maximum=200)
    lines = fields.List(
        fields.Nested(FoundLineSchema),
        load_default=None,
        validate=validate.Length(min=1, max=500),
        metadata={"example": [{"order_line_id": EXAMPLE_LINE, "quantity": 1}]},
    )
    sku_id = IdField("sku", load_default=None, metadata={"example": None}, allow_none=True)
    campaign_id = IdField("cmp", load_default=None, metadata={"example": None}, allow_none=True)
    group_buy_id = IdField("gbu", load_default=None, metadata={"example": None}, allow_none=True)
    pickup_point_id = IdField("ppt", load_default=None, metadata={"example": None}, allow_none=True)
    ordered_g = Count(
        load_default=None,
        minimum=1,
        maximum=HEAVIEST_G,
        metadata={"example": None},
        allow_none=True,
    )
    delivered_g = Count(
        load_default=None,
        minimum=0,
        maximum=HEAVIEST_G,
        metadata={"example": None},
        allow_none=True,
    )

    @validates_schema
    def lines_or_place(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Want either lines or a SKU in a place."""
        place = [name for name in PLACES if data.get(name)]
        if data.get("lines") is not None:
            if data.get("sku_id") or place:
                raise ValidationError("Give either lines or a SKU in a place.", "lines")
        elif not data.get("sku_id") or not place:
            raise ValidationError("Give lines, or a SKU and where.", "sku_id")

    @validates_schema
    def weighed_or_counted(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Want grams for a weight, units for a shortage; each line once."""
        ordered, delivered = data.get("ordered_g"), data.get("delivered_g")
        weight = data.get("kind") == CorrectionKind.WEIGHT
        if weight and (ordered is None or delivered is None or delivered >= ordered):
            raise ValidationError("Give ordered_g and less delivered_g.", "delivered_g")
        if not weight and (ordered is not None or delivered is not None):
            raise ValidationError("Grams are for kind weight.", "ordered_g")
        lines = data.get("lines") or []
        if any((line["quantity"] == 0) != weight for line in lines):
            raise ValidationError("Give units for a shortage, none for a weight.", "lines")
        if len({line["order_line_id"] for line in lines}) < len(lines):
            raise ValidationError("Name each line once.", "lines")


class CorrectionSchema(Schema):
    """A correction with how many of its orders stand where, and what they come to."""

    id = IdField("cor", required=True, attribute="correction.id")
    kind = fields.String(required=True, attribute="correction.kind", validate=validate.OneOf(KINDS))
    state = fields.String(
        required=True, attribute="correction.state", validate=validate.OneOf(CORRECTION_STATES)
    )
    reason = fields.String(required=True, attribute="correction.reason")
    leader_id = IdField("ldr", required=True, allow_none=True, attribute="correction.leader_id")
    sku_id = IdField("sku", required=True, allow_none=True, attribute="correction.sku_id")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="correction.campaign_id")
    group_buy_id = IdField(
        "gbu", required=True, allow_none=True, attribute="correction.group_buy_id"
    )
    pickup_point_id = IdField(
        "ppt", required=True, allow_none=True, attribute="correction.pickup_point_id"
    )
    ordered_g = fields.Integer(required=True, allow_none=True, attribute="correction.ordered_g")
    delivered_g = fields.Integer(required=True, allow_none=True, attribute="correction.delivered_g")
    created_by = fields.String(required=True, attribute="correction.created_by")
    created_at = Moment(required=True, attribute="correction.created_at")
    started_at = Moment(required=True, allow_none=True, attribute="correction.started_at")
    ended_at = Moment(required=True, allow_none=True, attribute="correction.ended_at")
    amount_fen = fields.Integer(required=True)
    orders = fields.Dict(
        keys=fields.String(validate=validate.OneOf(CORRECTED_STATES)),
        values=fields.Integer(),
        required=True,
    )


class CorrectedLineSchema(Schema):
    """What is given back of a line."""

    order_line_id = IdField("orl", required=True)
    quantity = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)


class CorrectedOrderSchema(Schema):
    """One order of a correction; `why` says why it was left out."""

    order_id = IdField("ord", required=True, attribute="row.order_id")
    state = fields.String(
        required=True, attribute="row.state", validate=validate.OneOf(CORRECTED_STATES)
    )
    amount_fen = fields.Integer(required=True, attribute="row.amount_fen")
    why = fields.String(required=True, attribute="row.why")
    after_sale_id = IdField("afs", required=True, allow_none=True, attribute="row.after_sale_id")
    lines = fields.List(fields.Nested(CorrectedLineSchema), required=True)


class CorrectionQuery(PageQuery):
    """Filters of a leader's corrections."""

    state = fields.String(load_default=None, validate=validate.OneOf(CORRECTION_STATES))
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))


class StaffCorrectionQuery(CorrectionQuery):
    """Filters of headquarters' list."""

    leader_id = IdField("ldr", load_default=None)


class CorrectedOrderQuery(PageQuery):
    """Filters of the orders of a correction."""

    state = fields.String(load_default=None, validate=validate.OneOf(CORRECTED_STATES))

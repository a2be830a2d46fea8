"""What after-sales take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.orders.rules.after_sales import AfterSaleKind, AfterSaleReason, AfterSaleState
from groupbuy.orders.schemas.orders import ReturnSchema

MAX_PICTURES = 9

AFTER_SALE_STATES = [state.value for state in AfterSaleState]
AFTER_SALE_KINDS = [kind.value for kind in AfterSaleKind]
REASONS = [reason.value for reason in AfterSaleReason]
EXAMPLE_LINE = "orl_0198f3c2a7b47d1e0198f3c2a7b47d1e"


class AfterSaleBody(Schema):
    """What is wrong with which goods: by line and quantity or amount, with pictures."""

    lines = fields.List(
        fields.Nested(ReturnSchema),
        required=True,
        validate=validate.Length(min=1, max=200),
        metadata={"example": [{"order_line_id": EXAMPLE_LINE, "quantity": 1}]},
    )
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    words = Words(load_default="", minimum=0, maximum=500)
    picture_ids = fields.List(
        IdField("pic"), load_default=list, validate=validate.Length(max=MAX_PICTURES)
    )

    @validates_schema
    def each_line_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a line named twice."""
        ids = [line["order_line_id"] for line in data.get("lines", [])]
        if len(set(ids)) < len(ids):
            raise ValidationError("Name each line once.", "lines")


class AfterSaleLineSchema(Schema):
    """What is asked for of a line, and what was approved."""

    order_line_id = IdField("orl", required=True, attribute="asked.order_line_id")
    sku_id = IdField("sku", required=True, attribute="line.sku_id")
    title = fields.String(required=True, attribute="line.title")
    quantity = fields.Integer(required=True, attribute="asked.quantity")
    amount_fen = fields.Integer(required=True, attribute="asked.amount_fen")
    approved_quantity = fields.Integer(
        required=True, allow_none=True, attribute="asked.approved_quantity"
    )
    approved_fen = fields.Integer(required=True, allow_none=True, attribute="asked.approved_fen")


class AfterSaleSchema(Schema):
    """An after-sale with its lines."""

    id = IdField("afs", required=True, attribute="case.id")
    order_id = IdField("ord", required=True, attribute="case.order_id")
    kind = fields.String(
        required=True, attribute="case.kind", validate=validate.OneOf(AFTER_SALE_KINDS)
    )
    state = fields.String(
        required=True, attribute="case.state", validate=validate.OneOf(AFTER_SALE_STATES)
    )
    reason = fields.String(required=True, attribute="case.reason")
    words = fields.String(required=True, attribute="case.words")
    amount_fen = fields.Integer(required=True, attribute="case.amount_fen")
    approved_fen = fields.Integer(required=True, allow_none=True, attribute="case.approved_fen")
    refund_id = IdField("orf", required=True, allow_none=True, attribute="case.refund_id")
    requested_at = Moment(required=True, attribute="case.requested_at")
    decide_by = Moment(required=True, attribute="case.decide_by")
    return_by = Moment(required=True, allow_none=True, attribute="case.return_by")
    ended_at = Moment(required=True, allow_none=True, attribute="case.ended_at")
    picture_ids = fields.List(IdField("pic"), required=True)
    lines = fields.List(fields.Nested(AfterSaleLineSchema), required=True)


class AfterSaleStepSchema(Schema):
    """One move of an after-sale."""

    from_state = fields.String(required=True, allow_none=True)
    to_state = fields.String(required=True)
    action = fields.String(required=True)
    reason = fields.String(required=True)
    at = Moment(required=True)


class AfterSaleNoteSchema(Schema):
    """What the shopper or staff wrote."""

    by_staff = fields.Boolean(required=True)
    words = fields.String(required=True)
    at = Moment(required=True)


class AfterSaleDetailSchema(AfterSaleSchema):
    """An after-sale as its shopper sees it."""

    moves = fields.List(fields.Nested(AfterSaleStepSchema), required=True)
    notes = fields.List(fields.Nested(AfterSaleNoteSchema), required=True)


class StaffAfterSaleStepSchema(AfterSaleStepSchema):
    """One move of an after-sale, with who made it."""

    actor = fields.String(required=True)


class StaffAfterSaleNoteSchema(AfterSaleNoteSchema):
    """What was written, with who wrote it."""

    author = fields.String(required=True)


class StaffAfterSaleSchema(AfterSaleSchema):
    """An after-sale as headquarters lists it."""

    requested_by = fields.String(required=True, attribute="case.requested_by")
    escalated_at = Moment(required=True, allow_none=True, attribute="case.escalated_at")
    shopper_id = IdField("shp", required=True, attribute="order.shopper_id")
    leader_id = IdField("ldr", required=True, allow_none=True, attribute="order.leader_id")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="order.campaign_id")
    order_state = fields.String(required=True, attribute="order.state")


class LeaderAfterSaleSchema(StaffAfterSaleSchema):
    """An after-sale as a leader lists it; its pictures are for the shopper and headquarters."""

    class Meta(StaffAfterSaleSchema.Meta):
        """Leave out what a leader cannot open."""

        exclude = ("picture_ids",)


class StaffAfterSaleDetailSchema(StaffAfterSaleSchema):
    """An after-sale as headquarters sees it."""

    moves = fields.List(fields.Nested(StaffAfterSaleStepSchema), required=True)
    notes = fields.List(fields.Nested(StaffAfterSaleNoteSchema), required=True)


class AfterSaleQuery(PageQuery):
    """Filters of one's own after-sales."""

    state = fields.String(load_default=None, validate=validate.OneOf(AFTER_SALE_STATES))
    kind = fields.String(load_default=None, validate=validate.OneOf(AFTER_SALE_KINDS))
    order_id = IdField("ord", load_default=None)


class LeaderAfterSaleQuery(AfterSaleQuery):
    """Filters of a leader's list; `overdue`: nobody decided in time."""

    reason = fields.String(load_default=None, validate=validate.OneOf(REASONS))
    overdue = fields.Boolean(load_default=None)


class StaffAfterSaleQuery(LeaderAfterSaleQuery):
    """Filters of headquarters' list."""

    leader_id = IdField("ldr", load_default=None)
    campaign_id = IdField("cmp", load_default=None)
    shopper_id = IdField("shp", load_default=None)


class ApprovedLineSchema(Schema):
    """What is approved of a line: at most what was asked for."""

    order_line_id = IdField("orl", required=True)
    amount_fen = Fen(required=True)


class AfterSaleApprovalBody(Schema):
    """Less for some lines, if so; whether the goods must come back; a word to the shopper."""

    lines = fields.List(
        fields.Nested(ApprovedLineSchema), load_default=list, validate=validate.Length(max=200)
    )
    return_needed = fields.Boolean(load_default=False)
    words = Words(load_default="", minimum=0, maximum=500)


class AfterSaleRejectionBody(Schema):
    """Why; the shopper reads it."""

    reason = Words(required=True, maximum=500)


class AfterSaleWithdrawalBody(Schema):
    """Why, in the shopper's words."""

    reason = Words(load_default="", minimum=0, maximum=200)


class AfterSaleNoteBody(Schema):
    """What to say about an after-sale."""

    words = Words(required=True, maximum=500)

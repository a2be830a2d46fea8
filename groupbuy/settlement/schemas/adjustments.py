"""What adjustments take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from groupbuy.kernel.fields import Base64Field
from groupbuy.kernel.http import (
    Count,
    Fen,
    IdField,
    Moment,
    MonthField,
    PageQuery,
    Schema,
    Words,
)
from groupbuy.settlement.rules.adjustments import AdjustmentReason, AdjustmentState
from groupbuy.settlement.rules.attachments import ATTACHMENT_BYTES, ATTACHMENTS, BEGINNINGS

PROPOSAL_BYTES = (ATTACHMENTS + 1) * ATTACHMENT_BYTES * 4 // 3
"""How long a body with all its files can be: base64 is a third longer."""

_REASONS = validate.OneOf([reason.value for reason in AdjustmentReason])
_STATES = validate.OneOf([state.value for state in AdjustmentState])


def _not_zero(value: int) -> None:
    if value == 0:
        raise ValidationError("Must not be 0.")


class SignedFen(Fen):
    """An amount in fen that may be negative, but never 0."""

    def __init__(self, **options: Any) -> None:
        super().__init__(minimum=-Fen.MAX, **options)
        self.validators.append(_not_zero)


class AdjustmentAttachmentBody(Schema):
    """A file that shows why an adjustment is right."""

    name = Words(required=True, maximum=120)
    media_type = fields.String(
        required=True,
        validate=validate.OneOf(list(BEGINNINGS)),
        metadata={"example": "application/pdf"},
    )
    content = Base64Field(maximum=ATTACHMENT_BYTES, required=True)


class AdjustmentBody(Schema):
    """An adjustment that is proposed."""

    leader_id = IdField("ldr", required=True)
    amount_fen = SignedFen(required=True)
    reason_code = fields.String(required=True, validate=_REASONS)
    reason = Words(required=True, maximum=500)
    attachments = fields.List(
        fields.Nested(AdjustmentAttachmentBody),
        load_default=list,
        validate=validate.Length(max=ATTACHMENTS),
    )


class AdjustmentEditBody(Schema):
    """What is to change of a proposal."""

    amount_fen = SignedFen()
    reason_code = fields.String(validate=_REASONS)
    reason = Words(maximum=500)


class AdjustmentApprovalBody(Schema):
    """Which version was read."""

    version = Count(required=True, minimum=1)


class AdjustmentRejectionBody(Schema):
    """Why a proposal is rejected."""

    reason = Words(required=True, maximum=500)


class AdjustmentReversalBody(Schema):
    """Why an approved adjustment is undone."""

    reason = Words(required=True, maximum=500)


class AdjustmentQuery(PageQuery):
    """Filters of adjustments; `month` is the one whose statements book them."""

    state = fields.String(load_default=None, validate=_STATES)
    leader = IdField("ldr", load_default=None)
    reason_code = fields.String(load_default=None, validate=_REASONS)
    month = MonthField(load_default=None)


class AdjustmentAttachmentSchema(Schema):
    """A file of an adjustment, without its content."""

    id = IdField("att", required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    added_by = fields.String(required=True)
    added_at = Moment(required=True)


class AdjustmentBookingSchema(Schema):
    """In which statement an adjustment stands."""

    statement_id = IdField("sts", required=True)
    month = MonthField(required=True)
    settled = fields.Boolean(
        required=True, metadata={"description": "false while the month is a draft"}
    )


class AdjustmentSchema(Schema):
    """An amount that two people decide beside the calculation."""

    id = IdField("adj", required=True, attribute="row.id")
    leader_id = IdField("ldr", required=True, attribute="row.leader_id")
    amount_fen = fields.Integer(
        required=True,
        attribute="row.amount_fen",
        metadata={"description": "fen: added to what the leader gets, or taken off it"},
    )
    reason_code = fields.String(required=True, attribute="row.reason_code", validate=_REASONS)
    reason = fields.String(required=True, attribute="row.reason")
    state = fields.String(required=True, attribute="row.state", validate=_STATES)
    reverses_id = IdField("adj", required=True, allow_none=True, attribute="row.reverses_id")
    reversed_by = IdField(
        "adj",
        required=True,
        allow_none=True,
        metadata={"description": "the adjustment that undoes it, or is proposed to"},
    )
    attachments = fields.List(fields.Nested(AdjustmentAttachmentSchema), required=True)
    proposed_by = fields.String(required=True, attribute="row.proposed_by")
    proposed_at = Moment(required=True, attribute="row.proposed_at")
    edited_by = fields.String(required=True, attribute="row.edited_by")
    decided_by = fields.String(required=True, allow_none=True, attribute="row.decided_by")
    decided_at = Moment(required=True, allow_none=True, attribute="row.decided_at")
    withdrawn_by = fields.String(required=True, allow_none=True, attribute="row.withdrawn_by")
    withdrawn_at = Moment(required=True, allow_none=True, attribute="row.withdrawn_at")
    note = fields.String(
        required=True, attribute="row.note", metadata={"description": "why it was rejected"}
    )
    booked = fields.Nested(
        AdjustmentBookingSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null until the month of its approval is calculated"},
    )
    version = fields.Integer(required=True, attribute="row.version")

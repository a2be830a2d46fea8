"""What a leader's earnings look like over HTTP."""

from marshmallow import fields

from groupbuy.kernel.http import IdField, Moment, MonthField, Schema
from groupbuy.payouts.rules.earnings import EarningState
from groupbuy.payouts.schemas.fields import one_of, shown_fen


class ReachedTierSchema(Schema):
    """The tier that a month has reached."""

    from_fen = shown_fen("the volume it begins at")
    rate_bps = fields.Integer(required=True)


class NextTierSchema(ReachedTierSchema):
    """The tier after it, and how far it is."""

    fen_to_go = shown_fen("volume still missing")


class NextQuotaSchema(Schema):
    """The month's target."""

    quota_fen = shown_fen()
    bonus_fen = shown_fen("what reaching it earns")
    fen_to_go = shown_fen("volume still missing, 0 when reached")


class EarningsSchema(Schema):
    """A leader's month from the estimate to the money; estimates are never posted."""

    month = MonthField(required=True)
    estimated_fen = shown_fen("what is paid, and not handed over yet, would add")
    pending_fen = shown_fen("what completed sales earn so far; 0 once settled")
    settled_fen = shown_fen("what the month's statement came to, before what was carried in")
    carried_fen = shown_fen("of the statement, carried into the next month")
    paying_fen = shown_fen("on its way to you, before tax")
    paid_fen = shown_fen("has reached you, before tax")
    statement_id = IdField("sts", required=True, allow_none=True)
    volume_fen = fields.Integer(required=True, attribute="estimate.volume_fen")
    tier = fields.Nested(
        ReachedTierSchema, required=True, allow_none=True, attribute="estimate.tier"
    )
    next_tier = fields.Nested(
        NextTierSchema, required=True, allow_none=True, attribute="estimate.next_tier"
    )
    cap_fen = fields.Integer(required=True, allow_none=True, attribute="estimate.cap_fen")
    cap_reached = fields.Boolean(required=True, attribute="estimate.cap_reached")
    quota = fields.Nested(
        NextQuotaSchema, required=True, allow_none=True, attribute="estimate.quota"
    )


class EarningsQuery(Schema):
    """Which month; the present one when left out."""

    month = MonthField(load_default=None)


class EarningLineSchema(Schema):
    """One sale and where its commission stands."""

    order_id = IdField("ord", required=True)
    order_line_id = IdField("orl", required=True)
    paid_at = Moment(required=True)
    completed_at = Moment(required=True, allow_none=True)
    base_fen = shown_fen("what was paid for it")
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "why it earns nothing"}
    )
    state = fields.String(required=True, validate=one_of(EarningState))
    statement_id = IdField("sts", required=True, allow_none=True)
    settled_fen = fields.Integer(required=True, allow_none=True)
    left_fen = shown_fen("what is left of it after later refunds")

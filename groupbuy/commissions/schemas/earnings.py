"""What a leader's month is worth so far, over HTTP."""

from marshmallow import fields

from groupbuy.commissions.schemas.common import amount
from groupbuy.kernel.http import MonthField, Schema


class TierReachedSchema(Schema):
    """The tier that the month's volume has reached."""

    from_fen = amount()
    rate_bps = fields.Integer(required=True)


class TierAheadSchema(TierReachedSchema):
    """The next tier."""

    fen_to_go = amount("volume missing to reach it")


class QuotaAheadSchema(Schema):
    """The month's quota."""

    quota_fen = amount()
    bonus_fen = amount()
    fen_to_go = amount("volume missing; 0: it is met")


class EstimateSchema(Schema):
    """A month so far, before bonuses and before the shares of guests; nothing of it is posted."""

    month = MonthField(required=True)
    volume_fen = amount("what the completed lines add up to, net of refunds")
    pending_fen = amount("what they earn so far")
    estimated_fen = amount("what is paid only would add if it completed now")
    tier = fields.Nested(TierReachedSchema, required=True, allow_none=True)
    next_tier = fields.Nested(TierAheadSchema, required=True, allow_none=True)
    cap_fen = amount("the most in a month; null: no limit", allow_none=True)
    cap_reached = fields.Boolean(required=True)
    quota = fields.Nested(QuotaAheadSchema, required=True, allow_none=True)


class MonthQuery(Schema):
    """Which month; the present one when left out."""

    month = MonthField(load_default=None)

"""How far a campaign's closing has come, over HTTP."""

from marshmallow import fields

from groupbuy.kernel.http import Count, Fen, IdField, Moment, Schema


class ClosingSchema(Schema):
    """How far a campaign's orders are settled, and the refunds that this takes.

    `orders` are all of the campaign's, `settled` those of which nothing is left to be done,
    `unpaid` those that still wait for their payment. `settled_at` says that nothing can come.
    """

    campaign_id = IdField("cmp", required=True, attribute="campaign.id")
    state = fields.String(required=True)
    closed_at = Moment(required=True, allow_none=True, attribute="campaign.closed_at")
    extended_until = Moment(required=True, allow_none=True, attribute="campaign.extended_until")
    settled_at = Moment(required=True, allow_none=True, attribute="campaign.settled_at")
    orders = Count(required=True)
    settled = Count(required=True)
    unpaid = Count(required=True)
    refunds_requested = Count(required=True)
    refunds_succeeded = Count(required=True)
    refunds_failed = Count(required=True)
    refunds_fen = Fen(required=True)

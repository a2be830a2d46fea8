"""What quotes take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, Schema
from groupbuy.pricing.rules import MAX_LINES


class WantedLineSchema(Schema):
    """One SKU and how many of it."""

    sku_id = IdField("sku", required=True)
    quantity = Count(required=True, minimum=1, maximum=999)


class QuoteBody(Schema):
    """A basket, and one coupon of one's own: from the house when `group_buy_id` is left out."""

    group_buy_id = IdField("gbu", load_default=None, allow_none=True)
    lines = fields.List(
        fields.Nested(WantedLineSchema),
        required=True,
        validate=validate.Length(min=1, max=MAX_LINES),
    )
    coupon_id = IdField("cpn", load_default=None, allow_none=True)
    pickup_point_id = IdField("ppt", load_default=None, allow_none=True)


class EffectSchema(Schema):
    """What one step of the price gave: by how much, from where, in words.

    `platform_fen` is the part of a discount that the platform pays for.
    """

    step = fields.String(required=True, metadata={"example": "reduction"})
    source = fields.String(
        required=True, metadata={"description": "sku, member, house, or an id of what gave it"}
    )
    effect_fen = fields.Integer(required=True)
    platform_fen = fields.Integer(required=True)
    text = fields.String(required=True)


class QuotedLineSchema(Schema):
    """A line with its price explained; a gift is a line at price 0."""

    sku_id = fields.String(required=True)
    title = fields.String(required=True)
    quantity = fields.Integer(required=True)
    gift = fields.Boolean(required=True)
    unit_price_fen = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)
    effects = fields.List(fields.Nested(EffectSchema), required=True)


class UsableCouponSchema(Schema):
    """A coupon of one's own that applies to this basket, and what it would save."""

    coupon_id = IdField("cpn", required=True)
    title = fields.String(required=True)
    saves_fen = fields.Integer(required=True)
    expires_at = Moment(required=True)


class PlainQuoteSchema(Schema):
    """A price: goods by their unit prices, less the discount, plus delivery, are the total."""

    goods_fen = fields.Integer(required=True)
    discount_fen = fields.Integer(required=True)
    delivery_fen = fields.Integer(required=True)
    total_fen = fields.Integer(required=True)
    digest = fields.String(
        required=True, metadata={"description": "changes when anything in the quote does"}
    )
    lines = fields.List(fields.Nested(QuotedLineSchema), required=True)
    delivery_effects = fields.List(fields.Nested(EffectSchema), required=True)


class QuoteSchema(PlainQuoteSchema):
    """A quote; send `total_fen` back as `quote_total_fen` when placing the order.

    Send `digest` as `quote_digest` too, and a gift that is gone by then is told as well.
    """

    usable_coupons = fields.List(fields.Nested(UsableCouponSchema), required=True)

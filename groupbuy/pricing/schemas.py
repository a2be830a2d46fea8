"""What pricing takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Schema
from groupbuy.pricing.rules import MAX_LINES


class WantedLineSchema(Schema):
    """One SKU and how many of it."""

    sku_id = IdField("sku", required=True)
    quantity = Count(required=True, minimum=1, maximum=999)


class QuoteBody(Schema):
    """A basket: from the house when `group_buy_id` is left out."""

    group_buy_id = IdField("gbu", load_default=None, allow_none=True)
    lines = fields.List(
        fields.Nested(WantedLineSchema),
        required=True,
        validate=validate.Length(min=1, max=MAX_LINES),
    )
    pickup_point_id = IdField("ppt", load_default=None, allow_none=True)


class EffectSchema(Schema):
    """What one step of the price gave to a line."""

    step = fields.String(required=True)
    source = fields.String(required=True)
    effect_fen = fields.Integer(required=True)


class QuotedLineSchema(Schema):
    """A line with its price explained."""

    sku_id = fields.String(required=True, attribute="offer.sku_id")
    title = fields.String(required=True, attribute="offer.title")
    quantity = fields.Integer(required=True)
    unit_price_fen = fields.Integer(required=True, attribute="offer.unit_price_fen")
    amount_fen = fields.Integer(required=True)
    effects = fields.List(fields.Nested(EffectSchema), required=True)


class QuoteSchema(Schema):
    """A quote; send `total_fen` back as `quote_total_fen` when placing the order."""

    total_fen = fields.Integer(required=True)
    lines = fields.List(fields.Nested(QuotedLineSchema), required=True)

"""What carts take and give over HTTP."""

from marshmallow import fields

from groupbuy.kernel.http import Count, IdField, Moment, Schema
from groupbuy.orders.rules.carts import MOST_UNITS


class CartQuery(Schema):
    """Which cart: that of a group buy, or of the house shop when left out."""

    group_buy_id = IdField("gbu", load_default=None)


class CartLineBody(Schema):
    """How many units shall be in the cart; to have none, DELETE the line."""

    quantity = Count(
        required=True,
        minimum=1,
        maximum=MOST_UNITS,
        error=f"Give 1 to {MOST_UNITS}; to have none, DELETE the line.",
    )
    group_buy_id = IdField("gbu", load_default=None, allow_none=True)


class CartLineSchema(Schema):
    """A line as it would be ordered now."""

    sku_id = IdField("sku", required=True, attribute="line.sku_id")
    title = fields.String(required=True)
    quantity = fields.Integer(required=True, attribute="line.quantity")
    for_sale = fields.Boolean(required=True)
    in_stock = fields.Boolean(
        required=True, metadata={"description": "there is enough for the quantity"}
    )
    limit_left = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "how many this shopper may still order; null: any number"},
    )
    unit_price_fen = fields.Integer(required=True, allow_none=True)
    amount_fen = fields.Integer(required=True, allow_none=True)
    added_at = Moment(required=True, attribute="line.added_at")


class CartSchema(Schema):
    """A cart; `total_fen` is of what is for sale. `open` is false when nothing can be ordered."""

    group_buy_id = IdField("gbu", required=True, allow_none=True)
    open = fields.Boolean(required=True)
    total_fen = fields.Integer(required=True)
    lines = fields.List(fields.Nested(CartLineSchema), required=True, attribute="items")


class CartSummarySchema(Schema):
    """A cart with how much is in it."""

    group_buy_id = IdField("gbu", required=True, allow_none=True, attribute="cart.group_buy_id")
    open = fields.Boolean(required=True)
    line_count = fields.Integer(required=True)
    unit_count = fields.Integer(required=True)
    changed_at = Moment(required=True, attribute="cart.changed_at")

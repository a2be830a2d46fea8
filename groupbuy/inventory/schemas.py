"""What inventory takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.inventory.models import MovementKind
from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words

_KIND = validate.OneOf([kind.value for kind in MovementKind])
_BY_HAND = validate.OneOf([MovementKind.RECEIPT.value, MovementKind.CORRECTION.value])
_MOST = 1_000_000


class StockPoolSchema(Schema):
    """A pool; `owner` is `house` or the id of a campaign's item."""

    id = IdField("pol", required=True)
    sku_id = IdField("sku", required=True)
    owner = fields.String(required=True, metadata={"example": "house"})
    on_hand = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    available = fields.Integer(required=True)


class StockQuery(PageQuery):
    """Filters of the pool list."""

    sku = IdField("sku", load_default=None)
    low = fields.Integer(
        load_default=None,
        validate=validate.Range(min=0, max=_MOST),
        metadata={"description": "only pools with at most so many available"},
    )


class StockMovementSchema(Schema):
    """One change of what is on hand."""

    id = IdField("mov", required=True)
    pool_id = IdField("pol", required=True)
    sku_id = IdField("sku", required=True, attribute="pool.sku_id")
    owner = fields.String(required=True, attribute="pool.owner", metadata={"example": "house"})
    kind = fields.String(required=True, validate=_KIND)
    delta = fields.Integer(required=True)
    reason = fields.String(required=True)
    actor = fields.String(required=True)
    reference = fields.String(
        required=True, metadata={"description": "the order or the campaign's item"}
    )
    recorded_at = Moment(required=True)


class StockMovementBody(Schema):
    """A receipt (quantity > 0) or a correction (signed, not 0) of the house's stock."""

    sku_id = IdField("sku", required=True)
    kind = fields.String(required=True, validate=_BY_HAND)
    quantity = Count(required=True, minimum=-_MOST, maximum=_MOST)
    reason = Words(required=True, maximum=200)


class StockMovementQuery(PageQuery):
    """Filters of the movement list."""

    sku = IdField("sku", load_default=None)

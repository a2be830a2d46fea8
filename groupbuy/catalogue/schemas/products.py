"""What products take and give over HTTP, for staff."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from groupbuy.catalogue.rules import ProductState, Storage
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words

STORAGE = validate.OneOf([storage.value for storage in Storage])
_STATE = validate.OneOf([state.value for state in ProductState])
PICTURES = {"description": "in the order they are shown; see GET /pictures/{id}"}
MOST_PICTURES = 12
MOST_MOVED = 100
"""Products that may be moved at once."""


def _different(picture_ids: list[str]) -> None:
    if len(set(picture_ids)) < len(picture_ids):
        raise ValidationError("A picture comes twice.")


def _pictures(**presence: Any) -> fields.List[Any]:
    return fields.List(
        IdField("pic"),
        validate=[validate.Length(max=MOST_PICTURES), _different],
        metadata=PICTURES,
        **presence,
    )


class ProductSchema(Schema):
    """A product as staff see it."""

    id = IdField("prd", required=True)
    category_id = IdField("cat", required=True)
    brand_id = IdField("brd", required=True, allow_none=True)
    supplier_id = IdField("sup", required=True, allow_none=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    storage = fields.String(required=True, validate=STORAGE)
    state = fields.String(required=True, validate=_STATE)
    on_sale_from = Moment(required=True, allow_none=True)
    on_sale_until = Moment(required=True, allow_none=True)
    picture_ids = fields.List(IdField("pic"), required=True, metadata=PICTURES)
    version = fields.Integer(required=True)


class ProductCreateBody(Schema):
    """A new product, in draft; with a window it is on sale only in [from, until)."""

    category_id = IdField("cat", required=True)
    brand_id = IdField("brd", load_default=None, allow_none=True)
    supplier_id = IdField("sup", load_default=None, allow_none=True)
    title = Words(required=True, maximum=100)
    description = Words(load_default="", minimum=0, maximum=5_000)
    storage = fields.String(load_default=Storage.AMBIENT.value, validate=STORAGE)
    on_sale_from = Moment(load_default=None, allow_none=True)
    on_sale_until = Moment(load_default=None, allow_none=True)
    picture_ids = _pictures(load_default=list)


class ProductEditBody(Schema):
    """What may be changed about a product; fields left out stay."""

    category_id = IdField("cat")
    brand_id = IdField("brd", allow_none=True)
    supplier_id = IdField("sup", allow_none=True)
    title = Words(maximum=100)
    description = Words(minimum=0, maximum=5_000)
    storage = fields.String(validate=STORAGE)
    state = fields.String(validate=_STATE)
    on_sale_from = Moment(allow_none=True)
    on_sale_until = Moment(allow_none=True)
    picture_ids = _pictures()


class ProductMovesBody(Schema):
    """Products that are to come into one state, all or none."""

    product_ids = fields.List(
        IdField("prd"), required=True, validate=validate.Length(min=1, max=MOST_MOVED)
    )
    state = fields.String(required=True, validate=_STATE)


class ProductMovesSchema(Schema):
    """The products as they are now."""

    items = fields.List(fields.Nested(ProductSchema), required=True)


class ProductFilters(PageQuery):
    """What both the product list and the SKU list of staff are filtered by."""

    category = IdField(
        "cat", load_default=None, metadata={"description": "this category or any below it"}
    )
    brand = IdField("brd", load_default=None)
    supplier = IdField("sup", load_default=None)
    state = fields.String(load_default=None, validate=_STATE)
    storage = fields.String(load_default=None, validate=STORAGE)
    barcode = Words(load_default=None, maximum=50)
    q = Words(
        load_default=None,
        maximum=100,
        metadata={"description": "words of the product, as shoppers search"},
    )


class ProductQuery(ProductFilters):
    """Filters of the staff's product list."""

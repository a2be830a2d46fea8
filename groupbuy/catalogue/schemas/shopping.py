"""What shoppers ask of the catalogue, and what they are told. Never what goods cost us."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.catalogue.rules import Sort
from groupbuy.catalogue.schemas.parties import BrandOnSaleSchema
from groupbuy.catalogue.schemas.products import PICTURES, STORAGE
from groupbuy.kernel.http import Fen, IdField, Moment, PageQuery, Schema, Words


class SkuOnSaleSchema(Schema):
    """A SKU as shoppers see it."""

    id = IdField("sku", required=True)
    name = fields.String(required=True)
    options = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    price_fen = Fen(required=True)
    list_price_fen = Fen(required=True, allow_none=True)
    member_price_fen = Fen(required=True, allow_none=True)
    weight_g = fields.Integer(required=True, allow_none=True)
    min_quantity = fields.Integer(required=True)
    per_shopper_max = fields.Integer(required=True, allow_none=True)
    in_stock = fields.Boolean(required=True)


class ProductOnSaleSchema(Schema):
    """A product as shoppers see it; with a window it is on sale only in [from, until)."""

    id = IdField("prd", required=True)
    category_id = IdField("cat", required=True)
    brand = fields.Nested(BrandOnSaleSchema, required=True, allow_none=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    storage = fields.String(required=True, validate=STORAGE)
    on_sale_from = Moment(required=True, allow_none=True)
    on_sale_until = Moment(required=True, allow_none=True)
    picture_ids = fields.List(IdField("pic"), required=True, metadata=PICTURES)
    skus = fields.List(fields.Nested(SkuOnSaleSchema), required=True)


class ProductOnSaleQuery(PageQuery):
    """Filters of the shoppers' product list."""

    category = IdField(
        "cat", load_default=None, metadata={"description": "this category or any below it"}
    )
    brand = IdField("brd", load_default=None)
    q = Words(
        load_default=None,
        maximum=100,
        metadata={"description": "words, Chinese or other; all must be found, the last may begin"},
    )
    storage = fields.String(load_default=None, validate=STORAGE)
    in_stock = fields.Boolean(load_default=None)
    price_from_fen = fields.Integer(load_default=None, validate=validate.Range(0, Fen.MAX))
    price_to_fen = fields.Integer(
        load_default=None,
        validate=validate.Range(0, Fen.MAX),
        metadata={"description": "included, like price_from_fen, of the cheapest SKU"},
    )
    sort = fields.String(
        load_default=None,
        validate=validate.OneOf([sort.value for sort in Sort]),
        metadata={"description": "relevance (the default) only with q; else newest unless said"},
    )

    @validates_schema
    def check_sort(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse relevance to nothing."""
        if data.get("sort") == Sort.RELEVANCE and data.get("q") is None:
            raise ValidationError("Relevance needs a q.", "sort")


class SuggestionQuery(Schema):
    """What was typed so far."""

    q = Words(required=True, maximum=50)


class SuggestionSchema(Schema):
    """A category, a brand or a product that may be meant."""

    kind = fields.String(required=True, validate=validate.OneOf(["category", "brand", "product"]))
    id = fields.String(required=True)
    text = fields.String(required=True)


class SuggestionsSchema(Schema):
    """At most 10, what begins with all that was typed first."""

    items = fields.List(fields.Nested(SuggestionSchema), required=True)

"""What SKUs take and give over HTTP, for staff."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from groupbuy.catalogue.rules import (
    BARCODE_LENGTH,
    MOST_PER_ORDER,
    NAME_LENGTH,
    OPTION_NAME_LENGTH,
    OPTION_VALUE_LENGTH,
    OPTIONS,
    WEIGHT_G,
    PriceKind,
    right_check_digit,
)
from groupbuy.catalogue.schemas.products import ProductFilters
from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema, Words

_KIND = validate.OneOf([kind.value for kind in PriceKind])


class SkuSchema(Schema):
    """A SKU as staff see it."""

    id = IdField("sku", required=True)
    product_id = IdField("prd", required=True)
    name = fields.String(required=True)
    options = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    barcode = fields.String(required=True, allow_none=True)
    price_fen = Fen(required=True)
    list_price_fen = Fen(required=True, allow_none=True)
    member_price_fen = Fen(required=True, allow_none=True)
    cost_fen = Fen(required=True, allow_none=True)
    weight_g = fields.Integer(required=True, allow_none=True)
    min_quantity = fields.Integer(required=True)
    per_shopper_max = fields.Integer(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    in_stock = fields.Boolean(required=True)
    version = fields.Integer(required=True)


def _options(**presence: object) -> fields.Dict:
    return fields.Dict(
        keys=Words(maximum=OPTION_NAME_LENGTH),
        values=Words(maximum=OPTION_VALUE_LENGTH),
        validate=validate.Length(max=OPTIONS),
        metadata={"example": {"weight": "500 g"}},
        **presence,  # type: ignore[arg-type]
    )


def _check_digit(barcode: str) -> None:
    if not right_check_digit(barcode):
        raise ValidationError("Not an EAN or UPC: the last digit does not fit the others.")


class Barcode(Words):
    """A barcode; of 8, 12 or 13 digits it is an EAN or UPC, of which the last digit must fit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(maximum=BARCODE_LENGTH, **options)
        self.validators.append(_check_digit)


class SkuCreateBody(Schema):
    """A new SKU of a product; `options` names the same things for all SKUs of the product."""

    product_id = IdField("prd", required=True)
    name = Words(load_default="", minimum=0, maximum=NAME_LENGTH)
    options = _options(load_default=dict)
    barcode = Barcode(load_default=None, allow_none=True)
    price_fen = Fen(required=True)
    list_price_fen = Fen(load_default=None, allow_none=True)
    member_price_fen = Fen(load_default=None, allow_none=True)
    cost_fen = Fen(load_default=None, allow_none=True)
    weight_g = Count(load_default=None, allow_none=True, minimum=1, maximum=WEIGHT_G)
    min_quantity = Count(load_default=1, minimum=1, maximum=MOST_PER_ORDER)
    per_shopper_max = Count(load_default=None, allow_none=True, minimum=1)
    active = fields.Boolean(load_default=True)


class SkuEditBody(Schema):
    """What may be changed about a SKU; fields left out stay."""

    name = Words(minimum=0, maximum=NAME_LENGTH)
    options = _options()
    barcode = Barcode(allow_none=True)
    price_fen = Fen()
    list_price_fen = Fen(allow_none=True)
    member_price_fen = Fen(allow_none=True)
    cost_fen = Fen(allow_none=True)
    weight_g = Count(allow_none=True, minimum=1, maximum=WEIGHT_G)
    min_quantity = Count(minimum=1, maximum=MOST_PER_ORDER)
    per_shopper_max = Count(allow_none=True, minimum=1)
    active = fields.Boolean()


class SkuQuery(ProductFilters):
    """Filters of the SKU list: its own, and those of its product."""

    product = IdField("prd", load_default=None)
    active = fields.Boolean(load_default=None)
    in_stock = fields.Boolean(load_default=None)


class SkuPriceSchema(Schema):
    """One change of one price: null before the first, null when it was taken away."""

    id = IdField("skp", required=True)
    kind = fields.String(required=True, validate=_KIND)
    old_fen = Fen(required=True, allow_none=True)
    new_fen = Fen(required=True, allow_none=True)
    changed_at = Moment(required=True)
    changed_by = fields.String(required=True)


class SkuPriceQuery(PageQuery):
    """Filters of a SKU's price history."""

    kind = fields.String(load_default=None, validate=_KIND)

"""What promotions and coupons share over HTTP: a title, and what they are about."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Schema, Words
from groupbuy.pricing.rules.scopes import Goods, Place

GOODS = validate.OneOf([goods.value for goods in Goods])
PLACE = validate.OneOf([place.value for place in Place])
MOST_GOODS = validate.Length(max=500)
_GOODS_IDS = {"description": "ids of categories (with all below them), products or SKUs"}


def switch(**options: Any) -> fields.Boolean:
    """Declare a JSON true or false."""
    return fields.Boolean(truthy={True}, falsy={False}, **options)


def id_list(**options: Any) -> fields.List[Any]:
    """Declare a list of ids of whatever `goods` says."""
    one = fields.String(validate=validate.Length(max=40))
    metadata = {**_GOODS_IDS, "example": []}
    return fields.List(one, validate=MOST_GOODS, metadata=metadata, **options)


class ScopedBody(Schema):
    """A title, and what it is about: everything unless said otherwise."""

    title_zh = Words(required=True, maximum=60)
    title_en = Words(required=True, maximum=60)
    goods = fields.String(load_default=Goods.ALL.value, validate=GOODS)
    goods_ids = id_list(load_default=list)
    place = fields.String(load_default=Place.EVERYWHERE.value, validate=PLACE)
    campaign_id = IdField("cmp", load_default=None, allow_none=True, metadata={"example": None})


class ScopedEditBody(Schema):
    """What may be changed of a draft; fields left out stay."""

    title_zh = Words(maximum=60)
    title_en = Words(maximum=60)
    goods = fields.String(validate=GOODS)
    goods_ids = id_list()
    place = fields.String(validate=PLACE)
    campaign_id = IdField("cmp", allow_none=True, metadata={"example": None})

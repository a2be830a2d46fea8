"""What the catalogue takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.catalogue.rules import ProductState, Storage
from groupbuy.kernel.http import Count, Fen, IdField, PageQuery, Schema, Words

_STORAGE = validate.OneOf([storage.value for storage in Storage])
_STATE = validate.OneOf([state.value for state in ProductState])


class CategorySchema(Schema):
    """A category."""

    id = IdField("cat", required=True)
    parent_id = IdField("cat", required=True, allow_none=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True)
    version = fields.Integer(required=True)


class CategoryCreateBody(Schema):
    """A new category; a root when `parent_id` is left out."""

    parent_id = IdField("cat", load_default=None, allow_none=True)
    name = Words(required=True, maximum=50)
    position = Count(load_default=0)


class CategoryEditBody(Schema):
    """What may be changed about a category; fields left out stay."""

    parent_id = IdField("cat", allow_none=True)
    name = Words(maximum=50)
    position = Count()


class CategoryQuery(PageQuery):
    """Filters of the category list."""

    parent = IdField("cat", load_default=None)
    q = Words(load_default=None, maximum=50, metadata={"description": "part of the name"})


class CategoryNodeSchema(Schema):
    """A category as shoppers see it."""

    id = IdField("cat", required=True)
    parent_id = IdField("cat", required=True, allow_none=True)
    name = fields.String(required=True)


class CategoryTreeSchema(Schema):
    """The whole tree, each category before those below it, siblings in their order."""

    items = fields.List(fields.Nested(CategoryNodeSchema), required=True)


class ProductSchema(Schema):
    """A product as staff see it."""

    id = IdField("prd", required=True)
    category_id = IdField("cat", required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    storage = fields.String(required=True, validate=_STORAGE)
    state = fields.String(required=True, validate=_STATE)
    version = fields.Integer(required=True)


class ProductCreateBody(Schema):
    """A new product, in draft."""

    category_id = IdField("cat", required=True)
    title = Words(required=True, maximum=100)
    description = Words(load_default="", minimum=0, maximum=5_000)
    storage = fields.String(load_default=Storage.AMBIENT.value, validate=_STORAGE)


class ProductEditBody(Schema):
    """What may be changed about a product; fields left out stay."""

    category_id = IdField("cat")
    title = Words(maximum=100)
    description = Words(minimum=0, maximum=5_000)
    storage = fields.String(validate=_STORAGE)
    state = fields.String(validate=_STATE)


class ProductQuery(PageQuery):
    """Filters of the staff's product list."""

    category = IdField(
        "cat", load_default=None, metadata={"description": "this category or any below it"}
    )
    state = fields.String(load_default=None, validate=_STATE)
    q = Words(load_default=None, maximum=100, metadata={"description": "part of the title"})


class SkuSchema(Schema):
    """A SKU as staff see it."""

    id = IdField("sku", required=True)
    product_id = IdField("prd", required=True)
    name = fields.String(required=True)
    options = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    barcode = fields.String(required=True, allow_none=True)
    price_fen = Fen(required=True)
    list_price_fen = Fen(required=True, allow_none=True)
    per_shopper_max = fields.Integer(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    in_stock = fields.Boolean(required=True)
    version = fields.Integer(required=True)


def _options(**presence: object) -> fields.Dict:
    return fields.Dict(
        keys=Words(maximum=30),
        values=Words(maximum=50),
        validate=validate.Length(max=8),
        metadata={"example": {"weight": "500 g"}},
        **presence,  # type: ignore[arg-type]
    )


class SkuCreateBody(Schema):
    """A new SKU of a product."""

    product_id = IdField("prd", required=True)
    name = Words(load_default="", minimum=0, maximum=50)
    options = _options(load_default=dict)
    barcode = Words(load_default=None, allow_none=True, maximum=50)
    price_fen = Fen(required=True)
    list_price_fen = Fen(load_default=None, allow_none=True)
    per_shopper_max = Count(load_default=None, allow_none=True, minimum=1)
    active = fields.Boolean(load_default=True)


class SkuEditBody(Schema):
    """What may be changed about a SKU; fields left out stay."""

    name = Words(minimum=0, maximum=50)
    options = _options()
    barcode = Words(allow_none=True, maximum=50)
    price_fen = Fen()
    list_price_fen = Fen(allow_none=True)
    per_shopper_max = Count(allow_none=True, minimum=1)
    active = fields.Boolean()


class SkuQuery(PageQuery):
    """Filters of the SKU list."""

    product = IdField("prd", load_default=None)
    barcode = Words(load_default=None, maximum=50)
    active = fields.Boolean(load_default=None)
    in_stock = fields.Boolean(load_default=None)


class SkuOnSaleSchema(Schema):
    """A SKU as shoppers see it."""

    id = IdField("sku", required=True)
    name = fields.String(required=True)
    options = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    price_fen = Fen(required=True)
    list_price_fen = Fen(required=True, allow_none=True)
    in_stock = fields.Boolean(required=True)


class ProductOnSaleSchema(Schema):
    """A product as shoppers see it."""

    id = IdField("prd", required=True)
    category_id = IdField("cat", required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    storage = fields.String(required=True, validate=_STORAGE)
    skus = fields.List(fields.Nested(SkuOnSaleSchema), required=True)


class ProductOnSaleQuery(PageQuery):
    """Filters of the shoppers' product list."""

    category = IdField(
        "cat", load_default=None, metadata={"description": "this category or any below it"}
    )
    q = Words(load_default=None, maximum=100, metadata={"description": "part of the title"})
    in_stock = fields.Boolean(load_default=None)

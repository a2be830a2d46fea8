"""What categories take and give over HTTP."""

from marshmallow import fields

from groupbuy.kernel.http import Count, IdField, PageQuery, Schema, Words


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
    product_count = fields.Integer(
        required=True, metadata={"description": "products on sale in it and below it"}
    )


class CategoryTreeSchema(Schema):
    """The whole tree, each category before those below it, siblings in their order."""

    items = fields.List(fields.Nested(CategoryNodeSchema), required=True)

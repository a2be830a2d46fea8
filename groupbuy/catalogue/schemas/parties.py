"""What suppliers and brands take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, PageQuery, Schema, Words

_PHONE = validate.Regexp(r"^(\+?[0-9][0-9 -]{4,19})?$", error="Not a phone number.")


class SupplierSchema(Schema):
    """A supplier."""

    id = IdField("sup", required=True)
    name = fields.String(required=True)
    contact_name = fields.String(required=True)
    phone = fields.String(required=True)
    note = fields.String(required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class SupplierCreateBody(Schema):
    """A new supplier."""

    name = Words(required=True, maximum=100)
    contact_name = Words(load_default="", minimum=0, maximum=50)
    phone = fields.String(load_default="", validate=_PHONE)
    note = Words(load_default="", minimum=0, maximum=1_000)


class SupplierEditBody(Schema):
    """What may be changed about a supplier; `active: false` archives, `active: true` restores."""

    name = Words(maximum=100)
    contact_name = Words(minimum=0, maximum=50)
    phone = fields.String(validate=_PHONE)
    note = Words(minimum=0, maximum=1_000)
    active = fields.Boolean()


class SupplierQuery(PageQuery):
    """Filters of the supplier list."""

    q = Words(
        load_default=None,
        maximum=100,
        metadata={"description": "part of the name, the contact's name or the phone number"},
    )
    active = fields.Boolean(load_default=None)


class BrandSchema(Schema):
    """A brand."""

    id = IdField("brd", required=True)
    name = fields.String(required=True)
    note = fields.String(required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class BrandCreateBody(Schema):
    """A new brand."""

    name = Words(required=True, maximum=100)
    note = Words(load_default="", minimum=0, maximum=1_000)


class BrandEditBody(Schema):
    """What may be changed about a brand; `active: false` archives, `active: true` restores."""

    name = Words(maximum=100)
    note = Words(minimum=0, maximum=1_000)
    active = fields.Boolean()


class BrandQuery(PageQuery):
    """Filters of the brand list."""

    q = Words(load_default=None, maximum=100, metadata={"description": "part of the name"})
    active = fields.Boolean(load_default=None)


class BrandOnSaleSchema(Schema):
    """A brand as shoppers see it."""

    id = IdField("brd", required=True)
    name = fields.String(required=True)


class BrandOnSaleQuery(PageQuery):
    """Filters of the shoppers' brand list."""

    category = IdField(
        "cat", load_default=None, metadata={"description": "this category or any below it"}
    )

"""What identity takes and gives over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.identity.rules import STAFF_ROLES
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words


class WeChatLoginBody(Schema):
    """A code from `wx.login`."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=200))


class StaffLoginBody(Schema):
    """Email and password of a member of staff."""

    email = fields.Email(required=True, validate=validate.Length(max=200))
    password = fields.String(
        required=True, load_only=True, validate=validate.Length(min=1, max=200)
    )


class ShopperSchema(Schema):
    """A shopper as they see themselves."""

    id = IdField("shp", required=True)
    name = fields.String(required=True)
    registered_at = Moment(required=True)
    member_until = Moment(required=True, allow_none=True)


class MembershipBody(Schema):
    """Until when a shopper is a member, and why."""

    member_until = Moment(required=True, allow_none=True)
    reason = Words(required=True, maximum=200)


class MembershipSchema(Schema):
    """Until when a shopper is a member; null if they never were or no longer are."""

    id = IdField("shp", required=True)
    member_until = Moment(required=True, allow_none=True)


class ShopperEditBody(Schema):
    """What shoppers may change about themselves."""

    name = Words(required=True, minimum=0, maximum=50)


class PersonalExportSchema(Schema):
    """All that is kept about a shopper: rows by what they are."""

    sections = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()), required=True)


class ErasureBody(Schema):
    """Erasing cannot be undone: say so."""

    confirmed = fields.Boolean(required=True, validate=validate.Equal(True))


class ErasureSchema(Schema):
    """It is erased; the token of this request is worth nothing any more."""

    erased_at = Moment(required=True)


class ShopperLoginSchema(Schema):
    """A begun login; the token is shown this once."""

    token = fields.String(required=True)
    expires_at = Moment(required=True)
    shopper = fields.Nested(ShopperSchema, required=True)


class StaffSchema(Schema):
    """A member of staff."""

    id = IdField("stf", required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(STAFF_ROLES))
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)


class StaffLoginSchema(Schema):
    """A begun login; the token is shown this once."""

    token = fields.String(required=True)
    expires_at = Moment(required=True)
    staff = fields.Nested(StaffSchema, required=True)


class StaffCreateBody(Schema):
    """A new member of staff."""

    email = fields.Email(required=True, validate=validate.Length(max=200))
    name = Words(required=True, maximum=100)
    role = fields.String(required=True, validate=validate.OneOf(STAFF_ROLES))
    password = fields.String(
        required=True, load_only=True, validate=validate.Length(min=10, max=200)
    )


class StaffEditBody(Schema):
    """What may be changed about a member of staff; fields left out stay."""

    name = Words(maximum=100)
    role = fields.String(validate=validate.OneOf(STAFF_ROLES))
    active = fields.Boolean()
    password = fields.String(load_only=True, validate=validate.Length(min=10, max=200))


class StaffQuery(PageQuery):
    """Filters of the staff list."""

    role = fields.String(load_default=None, validate=validate.OneOf(STAFF_ROLES))
    active = fields.Boolean(load_default=None)


def _digest(what: str, **options: Any) -> fields.String:
    metadata = {"description": f"SHA-256, hexadecimal, {what}", "example": "9f" * 32}
    return fields.String(required=True, metadata=metadata, **options)


class AuditEntrySchema(Schema):
    """One decision by a person or by the system."""

    id = IdField("aud", required=True)
    at = Moment(required=True)
    actor_kind = fields.String(required=True)
    actor_id = fields.String(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True)
    facts = fields.Dict(required=True)
    sequence = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "its place in the chain; null for some seconds, until it has one"},
    )
    previous = _digest("of the entry before it in the chain", allow_none=True)
    digest = _digest("of its content with its place and the digest before", allow_none=True)


class AuditHeadSchema(Schema):
    """The end of the chain: whoever notes it can later prove that nothing before was changed."""

    sequence = fields.Integer(required=True, metadata={"description": "0 while nothing is linked"})
    digest = _digest("of the last linked entry")
    unlinked = fields.Integer(
        required=True, metadata={"description": "entries that wait for their place"}
    )


class AuditQuery(PageQuery):
    """Filters of the audit log; `since` is included, `until` is not."""

    subject = Words(load_default=None, maximum=100)
    actor_id = Words(load_default=None, maximum=100)
    action = Words(load_default=None, maximum=100)
    since = Moment(load_default=None)
    until = Moment(load_default=None)


class RoleSchema(Schema):
    """A role and what it may do."""

    role = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)


class RoleListSchema(Schema):
    """Every role."""

    items = fields.List(fields.Nested(RoleSchema), required=True)

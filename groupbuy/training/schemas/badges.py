"""What badges take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.training.rules.incentives import AwardState, BadgeKind
from groupbuy.training.schemas.coaching import Told

_KINDS = validate.OneOf([kind.value for kind in BadgeKind])
_AWARD_STATES = validate.OneOf([state.value for state in AwardState])


class BadgeBody(Schema):
    """A badge, and how much of what it is for."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$(?!\n)", error="Not a code like ten_a."),
        metadata={"example": "ten_lessons"},
    )
    title_zh = Words(required=True)
    title_en = Words(required=True)
    kind = fields.String(required=True, validate=_KINDS)
    needed = Count(required=True, minimum=1)


class BadgeEditBody(Schema):
    """What is to change of a badge; what is left out stays."""

    title_zh = Words()
    title_en = Words()
    needed = Count(minimum=1)
    active = fields.Boolean()


class BadgeQuery(PageQuery):
    """Filters of badges."""

    active = fields.Boolean(load_default=None)


class BadgeSchema(Schema):
    """A badge as headquarters defines it."""

    id = IdField("bdg", required=True)
    code = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    kind = fields.String(required=True, validate=_KINDS)
    needed = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class BadgeAwardQuery(PageQuery):
    """Filters of awards."""

    badge = IdField("bdg", load_default=None)
    leader = IdField("ldr", load_default=None)
    state = fields.String(load_default=None, validate=_AWARD_STATES)


class BadgeAwardSchema(Schema):
    """Who won which badge; why it was revoked or given back."""

    id = IdField("bda", required=True)
    badge_id = IdField("bdg", required=True)
    leader_id = IdField("ldr", required=True)
    awarded_at = Moment(required=True)
    state = fields.String(required=True, validate=_AWARD_STATES)
    decided_at = Moment(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)


class BadgeDecisionBody(Schema):
    """Why a badge is revoked or given back."""

    reason = Words(required=True, maximum=500)


class OwnBadgeSchema(Schema):
    """A badge that I have, or what is missing."""

    id = IdField("bdg", required=True, attribute="badge.id")
    title = Told(required=True, attribute="badge.title")
    kind = fields.String(required=True, attribute="badge.kind", validate=_KINDS)
    needed = fields.Integer(required=True, attribute="badge.needed")
    reached = fields.Integer(required=True)
    awarded_at = Moment(required=True, allow_none=True)
    missing = Told(required=True, allow_none=True)


class OwnBadgesSchema(Schema):
    """The badges that I have or can win."""

    items = fields.List(fields.Nested(OwnBadgeSchema), required=True)

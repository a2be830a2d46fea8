"""What notices take and give over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, language
from groupbuy.kernel.texts import Text
from groupbuy.notices.rules import CARE, KINDS, NoticeState

KIND_NAMES = [kind.value for kind in KINDS]
CARE_NAMES = [kind.value for kind in CARE]
STATES = [state.value for state in NoticeState]


class NoticeWords(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class OwnNoticeSchema(Schema):
    """A notice as the person reads it."""

    id = IdField("ntc", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KIND_NAMES))
    title = NoticeWords(required=True)
    body = NoticeWords(required=True)
    link = fields.String(required=True, metadata={"description": "what it leads to, or empty"})
    told_at = Moment(required=True, attribute="due_at")
    read_at = Moment(required=True, allow_none=True)


class OwnNoticeQuery(PageQuery):
    """Filters of a person's notices."""

    unread = fields.Boolean(load_default=None)


class NoticeSchema(Schema):
    """A notice as headquarters sees it: not what it says."""

    id = IdField("ntc", required=True)
    shopper_id = IdField("shp", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KIND_NAMES))
    key = fields.String(required=True, metadata={"description": "the occasion"})
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(
        required=True, metadata={"description": "why it comes later, or never; else empty"}
    )
    created_at = Moment(required=True)
    due_at = Moment(required=True)
    useful_until = Moment(required=True, allow_none=True)
    settled_at = Moment(required=True, allow_none=True)
    read_at = Moment(required=True, allow_none=True)
    attempts = fields.Integer(required=True)


class NoticeQuery(PageQuery):
    """Filters of headquarters' list of notices."""

    kind = fields.String(load_default=None, validate=validate.OneOf(KIND_NAMES))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    shopper = IdField("shp", load_default=None)


class NoticePreferenceSchema(Schema):
    """A kind of notice, and whether the person wants it."""

    kind = fields.String(required=True, validate=validate.OneOf(KIND_NAMES))
    title = NoticeWords(required=True)
    optional = fields.Boolean(required=True, metadata={"description": "may be turned off"})
    wanted = fields.Boolean(required=True)


class NoticePreferencesSchema(Schema):
    """Every kind of notice."""

    items = fields.List(fields.Nested(NoticePreferenceSchema), required=True)


class NoticePreferencesBody(Schema):
    """The kinds that the person does not want; all others are wanted."""

    muted = fields.List(
        fields.String(validate=validate.OneOf(CARE_NAMES)),
        required=True,
        validate=validate.Length(max=len(CARE_NAMES)),
    )

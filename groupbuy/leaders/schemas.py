"""What leaders takes and gives over HTTP."""

import re
from fractions import Fraction
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words, language
from groupbuy.kernel.money import half_up
from groupbuy.leaders.rules import (
    MICRO,
    ApplicationState,
    CommunityPurpose,
    CommunityState,
    LeaderState,
    PointState,
)

_PHONE = validate.Regexp(r"^\+?[0-9][0-9 -]{4,19}$", error="Not a phone number.")
_PLACE = re.compile(r"^(-?\d{1,2}(?:\.\d{1,6})?),(-?\d{1,3}(?:\.\d{1,6})?)$")


class Degrees(fields.Float):
    """A coordinate: decimal degrees outside, integer micro-degrees inside."""

    def __init__(self, limit: int, **options: Any) -> None:
        self.limit = limit
        super().__init__(
            metadata={
                "description": "decimal degrees, WGS 84",
                "example": 31_230_400 / MICRO if limit == 90 else 121_473_700 / MICRO,
            },
            error_messages={"range": f"Must be between -{limit} and {limit} degrees."},
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        degrees = super()._deserialize(value, attr, data, **kwargs)
        if degrees is None or abs(degrees) > self.limit:
            raise self.make_error("range")
        return half_up(Fraction(str(degrees)) * MICRO)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None else value / MICRO


class QualificationCode(fields.String):
    """The code of a certification, which is that of the qualification it gives."""

    def __init__(self, **options: Any) -> None:
        form = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,49}$(?!\n)", error="a-z, 0-9, -")
        super().__init__(validate=form, metadata={"example": "fresh-goods"}, **options)


class Place(fields.String):
    """A place `lat,lng` in decimal degrees, read as a pair of micro-degrees."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            metadata={"description": "lat,lng in decimal degrees", "example": "31.2304,121.4737"},
            error_messages={"form": "Not a place of the form lat,lng in decimal degrees."},
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        match = _PLACE.match(super()._deserialize(value, attr, data, **kwargs))
        if match is None:
            raise self.make_error("form")
        latitude, longitude = (int(Fraction(part) * MICRO) for part in match.groups())
        if abs(latitude) > 90 * MICRO or abs(longitude) > 180 * MICRO:
            raise self.make_error("form")
        return latitude, longitude


class ApplicationBody(Schema):
    """A shopper's application; only headquarters will see the phone number."""

    name = Words(required=True, maximum=50)
    phone = fields.String(required=True, load_only=True, validate=_PHONE)
    region = Words(required=True, maximum=100)
    introduction = Words(minimum=0, maximum=1000, load_default="")
    recruiter_id = IdField("ldr", load_default=None, allow_none=True)


class OwnApplicationSchema(Schema):
    """An application as its shopper sees it."""

    id = IdField("lap", required=True)
    name = fields.String(required=True)
    region = fields.String(required=True)
    introduction = fields.String(required=True)
    recruiter_id = IdField("ldr", required=True, allow_none=True)
    applied_at = Moment(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(ApplicationState)))
    decided_at = Moment(required=True, allow_none=True)
    reason = fields.String(required=True)


class ApplicationSchema(OwnApplicationSchema):
    """An application as headquarters sees it."""

    shopper_id = IdField("shp", required=True)
    phone = fields.String(required=True)
    decided_by = IdField("stf", required=True, allow_none=True)


class ApplicationQuery(PageQuery):
    """Filters of the list of applications."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(ApplicationState)))


class LeaderDecisionBody(Schema):
    """Why."""

    reason = Words(required=True, maximum=500)


class LeaderSchema(Schema):
    """A leader."""

    id = IdField("ldr", required=True)
    shopper_id = IdField("shp", required=True)
    name = fields.String(required=True)
    level = fields.Integer(required=True)
    region = fields.String(required=True)
    recruiter_id = IdField("ldr", required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(list(LeaderState)))
    since = Moment(required=True)
    version = fields.Integer(required=True)


class LevelBody(Schema):
    """A leader's new level, and why."""

    level = Count(required=True, minimum=1, maximum=99)
    reason = Words(required=True, maximum=500)


class RegionBody(Schema):
    """A leader's new region, and why."""

    region = Words(required=True, maximum=100)
    reason = Words(required=True, maximum=500)


class StandingSchema(Schema):
    """Which level and region a leader had from an instant on."""

    id = IdField("lst", required=True)
    level = fields.Integer(required=True)
    region = fields.String(required=True)
    from_at = Moment(required=True)
    decided_by = fields.String(required=True)
    reason = fields.String(required=True)


class LeaderQuery(PageQuery):
    """Filters of the list of leaders."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(LeaderState)))
    q = Words(
        minimum=0,
        maximum=50,
        load_default=None,
        metadata={"description": "part of the name or the region"},
    )


class CommunityEditBody(Schema):
    """What may be changed about a community; fields left out stay."""

    name = Words(maximum=100)
    purpose = fields.String(validate=validate.OneOf(list(CommunityPurpose)))
    size = Count(maximum=10_000, metadata={"description": "members"})
    tags = fields.List(Words(maximum=20), validate=validate.Length(max=10))
    place = Words(minimum=0, maximum=200)
    state = fields.String(validate=validate.OneOf(list(CommunityState)))


class CommunityBody(Schema):
    """A new community."""

    name = Words(required=True, maximum=100)
    purpose = fields.String(required=True, validate=validate.OneOf(list(CommunityPurpose)))
    size = Count(maximum=10_000, load_default=0, metadata={"description": "members"})
    tags = fields.List(Words(maximum=20), load_default=list, validate=validate.Length(max=10))
    place = Words(minimum=0, maximum=200, load_default="")


class CommunitySchema(Schema):
    """A community."""

    id = IdField("com", required=True)
    name = fields.String(required=True)
    purpose = fields.String(required=True, validate=validate.OneOf(list(CommunityPurpose)))
    size = fields.Integer(required=True)
    tags = fields.List(fields.String(), required=True)
    place = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(CommunityState)))
    version = fields.Integer(required=True)


class _Coordinates(Schema):
    """Latitude and longitude, both or none."""

    lat = Degrees(90, attribute="latitude", allow_none=True)
    lng = Degrees(180, attribute="longitude", allow_none=True)

    @validates_schema
    def _both_or_none(self, data: dict[str, Any], **kwargs: Any) -> None:
        given = [name for name in ("latitude", "longitude") if name in data]
        if len(given) == 1 or (data.get("latitude") is None) != (data.get("longitude") is None):
            raise ValidationError("lat and lng come together.", "lat")


class PickupPointBody(_Coordinates):
    """A new pickup point."""

    name = Words(required=True, maximum=100)
    address = Words(required=True, maximum=300)
    opening_hours = Words(minimum=0, maximum=200, load_default="")


class PickupPointEditBody(_Coordinates):
    """What may be changed about a pickup point; fields left out stay."""

    name = Words(maximum=100)
    address = Words(maximum=300)
    opening_hours = Words(minimum=0, maximum=200)
    state = fields.String(validate=validate.OneOf(list(PointState)))


class PickupPointSchema(Schema):
    """A pickup point as its leader sees it."""

    id = IdField("ppt", required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    opening_hours = fields.String(required=True)
    lat = Degrees(90, attribute="latitude", required=True, allow_none=True)
    lng = Degrees(180, attribute="longitude", required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(list(PointState)))
    version = fields.Integer(required=True)


class VerifierSchema(Schema):
    """A shopper who may hand over goods at a point."""

    shopper_id = IdField("shp", required=True)
    name = fields.String(required=True)


class PointLeaderSchema(Schema):
    """Who runs a pickup point."""

    id = IdField("ldr", required=True)
    name = fields.String(required=True)


class ShopPointSchema(Schema):
    """A pickup point as shoppers see it."""

    id = IdField("ppt", required=True, attribute="point.id")
    name = fields.String(required=True, attribute="point.name")
    address = fields.String(required=True, attribute="point.address")
    opening_hours = fields.String(required=True, attribute="point.opening_hours")
    lat = Degrees(90, required=True, allow_none=True, attribute="point.latitude")
    lng = Degrees(180, required=True, allow_none=True, attribute="point.longitude")
    leader = fields.Nested(PointLeaderSchema, required=True)
    distance_m = fields.Integer(
        required=True, allow_none=True, metadata={"description": "metres; only with near"}
    )


class ShopPointQuery(PageQuery):
    """Where to look; with `near`, the nearest points come first and there is one page."""

    near = Place(load_default=None)

    @validates_schema
    def _near_is_one_page(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data["near"] is not None and data["cursor"] is not None:
            raise ValidationError("There is one page when near is given.", "cursor")


class QualificationKindSchema(Schema):
    """What leaders can be qualified in."""

    code = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)


class TitleInWords(fields.String):
    """A title in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return super()._serialize(value.to(language()), attr, obj, **kwargs)


class LeaderQualificationSchema(Schema):
    """That a leader is qualified from an instant on, until another, or until it was ended."""

    id = IdField("lqf", required=True, attribute="held.id")
    code = fields.String(required=True, attribute="held.code")
    title = TitleInWords(required=True)
    from_at = Moment(required=True, attribute="held.from_at")
    until_at = Moment(required=True, allow_none=True, attribute="held.until_at")
    ended_at = Moment(required=True, allow_none=True, attribute="held.ended_at")


class LevelRuleBody(Schema):
    """What is asked for before a leader is raised to a level or above."""

    level = Count(required=True, minimum=2, maximum=99)
    qualification = QualificationCode(required=True)


class LevelRuleSchema(Schema):
    """What a level asks for."""

    id = IdField("llr", required=True)
    level = fields.Integer(required=True)
    qualification = fields.String(required=True, attribute="code")
    created_by = fields.String(required=True)
    created_at = Moment(required=True)


class UnqualifiedLeaderSchema(Schema):
    """A leader who lacks something that the level asks for."""

    leader = fields.Nested(LeaderSchema, required=True)
    missing = fields.List(fields.Nested(QualificationKindSchema), required=True)

"""What requests and answers are made of: the base schema and our own field types."""

import base64
import binascii
import re
from typing import Any, ClassVar, cast

import marshmallow as ma
from marshmallow import fields, validate

from groupbuy.kernel.dumping import PlannedSchema
from groupbuy.kernel.ids import to_uuid
from groupbuy.kernel.pagination import DEFAULT_LIMIT, MAX_LIMIT

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Schema(PlannedSchema):
    """Base of every schema: unknown fields are refused, field order is kept."""

    class Meta:
        """Refuse what we do not know."""

        unknown = ma.RAISE


class IdField(fields.String):
    """A public id of one type, checked by form; whether it exists is the service's question."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        metadata = {"example": f"{prefix}_{'0198f3c2a7b47d1e' * 2}", **options.pop("metadata", {})}
        super().__init__(
            metadata=metadata,
            error_messages={"form": f"Not an id of the form {prefix}_…"},
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            to_uuid(text, self.prefix)
        except ValueError as error:
            raise self.make_error("form") from error
        return text


class Fen(fields.Integer):
    """An amount in fen: a JSON integer, never a float or a string."""

    MAX: ClassVar[int] = 10**13

    def __init__(self, *, minimum: int = 0, **options: Any) -> None:
        bounds = validate.Range(min=minimum, max=self.MAX)
        metadata = {"description": "fen (1/100 yuan)", **options.pop("metadata", {})}
        super().__init__(strict=True, validate=bounds, metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool | str | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Count(fields.Integer):
    """A JSON integer between two bounds; `error` says what to do where that is not plain."""

    def __init__(
        self,
        *,
        minimum: int = 0,
        maximum: int = 1_000_000,
        error: str | None = None,
        **options: Any,
    ) -> None:
        bounds = validate.Range(min=minimum, max=maximum, error=error)
        super().__init__(strict=True, validate=bounds, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Words(fields.String):
    """A text that a person typed: trimmed, with a length, without control characters."""

    def __init__(self, *, minimum: int = 1, maximum: int = 200, **options: Any) -> None:
        super().__init__(
            validate=validate.Length(min=minimum, max=maximum),
            error_messages={"control": "Control characters are not allowed."},
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if _CONTROL.search(text):
            raise self.make_error("control")
        return text


class Base64Field(fields.String):
    """The content of a small file, in base64: 1 to `maximum` bytes."""

    def __init__(self, *, maximum: int, **options: Any) -> None:
        self.maximum = maximum
        super().__init__(
            metadata={"format": "byte", "example": base64.b64encode(b"%PDF-1.7").decode()},
            error_messages={"content": f"Not base64 of 1 to {maximum} bytes."},
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            content = base64.b64decode(text.encode("ascii", "replace"), validate=True)
        except binascii.Error as error:
            raise self.make_error("content") from error
        if not 0 < len(content) <= self.maximum:
            raise self.make_error("content")
        return content


YEARS = range(1900, 2100)
"""What a date may be of: at the ends of the calendar nothing can be reckoned with, or read back."""


class Moment(fields.AwareDateTime):
    """An RFC 3339 instant with an offset, of a year that can be reckoned with."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", error_messages={"years": OUT_OF_YEARS}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        at = super()._deserialize(value, attr, data, **kwargs)
        if at.year not in YEARS:
            raise self.make_error("years")
        return at


class Day(fields.Date):
    """A local day, of a year that can be reckoned with."""

    def __init__(self, **options: Any) -> None:
        super().__init__(error_messages={"years": OUT_OF_YEARS}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        day = super()._deserialize(value, attr, data, **kwargs)
        if day.year not in YEARS:
            raise self.make_error("years")
        return day


OUT_OF_YEARS = f"Must be of the years {YEARS[0]} to {YEARS[-1]}."


class MonthField(fields.String):
    """A month `YYYY-MM` of the business time zone."""

    def __init__(self, **options: Any) -> None:
        form = validate.Regexp(r"^(20|19)\d\d-(0[1-9]|1[0-2])$(?!\n)", error="Not a month YYYY-MM.")
        super().__init__(validate=form, metadata={"example": "2026-11"}, **options)


class PageQuery(Schema):
    """The query of every list; lists with filters inherit from it."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT, validate=validate.Range(min=1, max=MAX_LIMIT)
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(max=500),
        metadata={"description": "next_cursor of the page before"},
    )


class Nothing(Schema):
    """An empty JSON object: the body of an action that needs no word."""


_pages: dict[type[ma.Schema], type[ma.Schema]] = {}


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """Return the schema of a page of items."""
    if item not in _pages:
        name = f"{item.__name__.removesuffix('Schema')}Page"
        members = {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        }
        _pages[item] = cast(type[ma.Schema], type(name, (Schema,), members))
    return _pages[item]


class ProblemSchema(ma.Schema):
    """An RFC 9457 problem document; extension members depend on the type."""

    type = fields.String(required=True, metadata={"example": "/problems/not-found"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String()
    errors = fields.List(fields.Dict())
    trace_id = fields.String()

"""Examples for the API description, made from the schemas, so that none can be out of date.

A field's own `metadata["example"]` comes first; a test loads every example of a request through
its schema.
"""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from groupbuy.kernel.fields import Fen

INSTANT = "2026-11-21T09:00:00+08:00"
AMOUNT_FEN = 1990


def request_example(schema: type[ma.Schema]) -> dict[str, Any]:
    """Return a body that the schema accepts."""
    taken = {name: field for name, field in schema().fields.items() if not field.dump_only}
    return {field.data_key or name: _value(field, request_example) for name, field in taken.items()}


def answer_example(schema: type[ma.Schema]) -> dict[str, Any]:
    """Return an answer as the schema writes it."""
    given = {name: field for name, field in schema().fields.items() if not field.load_only}
    return {field.data_key or name: _value(field, answer_example) for name, field in given.items()}


def _value(field: fields.Field[Any], nested: Any) -> Any:
    if "example" in field.metadata:
        return field.metadata["example"]
    if isinstance(field, fields.Nested):
        one = nested(type(field.schema))
        return [one] if field.many else one
    if isinstance(field, fields.List):
        return [_value(field.inner, nested)]
    choice = next((v for v in field.validators if isinstance(v, validate.OneOf)), None)
    if choice is not None:
        return str(next(iter(choice.choices)))
    return _plain(field)


def _plain(field: fields.Field[Any]) -> Any:
    least = next((v.min for v in field.validators if isinstance(v, validate.Range)), None)
    match field:
        case fields.Boolean():
            return True
        case Fen():
            return max(AMOUNT_FEN, int(least or 0))
        case fields.Integer():
            return max(1, int(least or 0))
        case fields.Float():
            return float(least or 1)
        case fields.DateTime():
            return INSTANT
        case fields.Email():
            return "hua@groupbuy.example"
        case fields.Dict():
            return {}
    return _text(field)


def _text(field: fields.Field[Any]) -> str:
    shortest = next((v.min for v in field.validators if isinstance(v, validate.Length)), None)
    longest = next((v.max for v in field.validators if isinstance(v, validate.Length)), None)
    if isinstance(field, fields.Date):
        return INSTANT[:10]
    words = "example".ljust(shortest or 0, ".")
    return words[: longest or len(words)]

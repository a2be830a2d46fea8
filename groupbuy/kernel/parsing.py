"""Reading requests as strictly as answers are written: nothing unknown, nothing malformed."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import marshmallow as ma
import orjson
from flask import request
from webargs.flaskparser import FlaskParser

from groupbuy.kernel.problems import InvalidInput, MalformedRequest


class StrictParser(FlaskParser):
    """webargs' parser that refuses unknown query parameters too, and what PostgreSQL would.

    JSON is read as strictly as it is written: no NaN, no lone surrogates, no endless nesting.
    """

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
    }

    def load_json(self, req: Any, schema: ma.Schema) -> Any:
        """Parse the body, or raise MalformedRequest."""
        raw = req.get_data(cache=True)
        if not raw:
            return ma.missing
        if not req.is_json:
            # Not read would be lost without a word.
            raise MalformedRequest
        try:
            parsed = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise MalformedRequest from None
        if b"\\u0000" in raw and _holds_nul(parsed):
            raise MalformedRequest
        return parsed

    def _get_schema(self, argmap: Any, req: Any) -> ma.Schema:
        """Return the one instance of a schema: making one costs more than reading by it."""
        return _instance(argmap)

    def load_querystring(self, req: Any, schema: ma.Schema) -> Any:
        """Read the query, or raise MalformedRequest."""
        if any(_holds_nul(values) for values in req.args.listvalues()):
            raise MalformedRequest
        return super().load_querystring(req, schema)


@cache
def _instance(schema: type[ma.Schema]) -> ma.Schema:
    return schema()


def _holds_nul(value: Any) -> bool:
    """Tell whether a text anywhere inside holds a NUL, which no text column can."""
    if isinstance(value, dict):
        return any(_holds_nul(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


def nothing_unknown(call: Callable[..., Any], *, body: bool, query: bool) -> Callable[..., Any]:
    """Refuse every field where none is known: not read, it would be lost without a word.

    What has a schema is left to the schema.
    """

    @wraps(call)
    def checked(*args: Any, **kwargs: Any) -> Any:
        unknown = [] if query else list(request.args)
        unknown += [] if body else _fields_of_body()
        if unknown:
            raise InvalidInput.unknown(unknown)
        return call(*args, **kwargs)

    return checked


def _fields_of_body() -> list[str]:
    raw = request.get_data(cache=True)
    if not raw:
        return []
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise MalformedRequest from None
    if not isinstance(parsed, dict):
        raise MalformedRequest
    return list(parsed)

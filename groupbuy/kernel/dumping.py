"""Turning results into what JSON is made of, with each schema looked at once.

marshmallow asks every field of every row anew where its value is, and whether there is one. What
we answer with are few kinds of fields: a schema's plan keeps for each its key, how to get at the
value, and how to turn it, and a page of rows is then a loop over that. All values of a row are
got at once where it has them all, and a value that JSON takes as it is costs no call. A field of
another kind is left to marshmallow.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.decorators import POST_DUMP, PRE_DUMP
from marshmallow.utils import get_value
from sqlalchemy import Row

Getter = Callable[[Any], Any]
Turn = Callable[[Any, Any], Any]
"""Takes a value and the object it is of."""

Step = tuple[str, frozenset[type], Turn]
"""A key, the types of values that stay as they are, and how the others are turned."""


class PlannedSchema(ma.Schema):
    """A schema that dumps by its plan; the answers are marshmallow's."""

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        plan: Plan | None = self.__dict__.get("_plan")
        if plan is None:
            plan = self.__dict__["_plan"] = Plan(self)
        if many and obj is not None:
            return [plan.dumped(row) for row in obj]
        return plan.dumped(obj)


class Plan:
    """What a schema does with a row, field by field."""

    def __init__(self, schema: PlannedSchema) -> None:
        self._steps: list[Step] = []
        self._getters: list[Getter] = []
        self._plain: set[type] = set()
        ours = type(schema).get_attribute is ma.Schema.get_attribute
        paths = []
        for name, field in schema.dump_fields.items():
            path = field.attribute if field.attribute is not None else name
            key = field.data_key if field.data_key is not None else name
            if ours and field._CHECK_ATTRIBUTE and field.dump_default is ma.missing:
                paths.append(path)
                self._getters.append(_getter(path))
                self._steps.append((key, *_turned(name, field)))
            else:
                self._getters.append(_serializing(schema, name, field))
                self._steps.append((key, frozenset(), _as_it_is))
        whole = len(paths) == len(self._steps)
        self._attributes = attrgetter(*paths) if whole and len(paths) > 1 else None
        flat = self._attributes and not any("." in path for path in paths)
        self._items = itemgetter(*paths) if flat else None

    def dumped(self, obj: Any) -> dict[str, Any]:
        """Return one row as JSON takes it."""
        values = self._values(obj)
        if values is None:
            return self._one_by_one(obj)
        return {
            key: value if type(value) in kept else turn(value, obj)
            for (key, kept, turn), value in zip(self._steps, values, strict=True)
        }

    def _values(self, obj: Any) -> Sequence[Any] | None:
        """Return all values at once, or None if they cannot be got so, or not all are there."""
        kind = type(obj)
        get: Getter | None = None
        if kind is dict:
            get = self._items
        elif kind in self._plain or not hasattr(kind, "__getitem__") or issubclass(kind, Row):
            # A row of the database has a place for each column, but their names are attributes.
            self._plain.add(kind)
            get = self._attributes
        try:
            return get(obj) if get else None
        except (AttributeError, KeyError):
            return None

    def _one_by_one(self, obj: Any) -> dict[str, Any]:
        dumped = {}
        for (key, kept, turn), value_of in zip(self._steps, self._getters, strict=True):
            value = value_of(obj)
            if value is not ma.missing:
                dumped[key] = value if type(value) in kept else turn(value, obj)
        return dumped


def _serializing(schema: PlannedSchema, name: str, field: fields.Field[Any]) -> Getter:
    return lambda obj: field.serialize(name, obj, schema.get_attribute)


def _getter(path: str) -> Getter:
    """Return what gets a value as marshmallow does: by key, else by attribute."""
    first, _, rest = path.partition(".")
    onward = _getter(rest) if rest else None

    def get(obj: Any) -> Any:
        kind = type(obj)
        if kind is dict:
            found = obj[first] if first in obj else getattr(obj, first, ma.missing)
        elif not hasattr(kind, "__getitem__"):
            found = getattr(obj, first, ma.missing)
        else:
            found = get_value(obj, first)
        return found if onward is None else onward(found)

    return get


_JSON: frozenset[type] = frozenset({str, int, bool, type(None), float, dict, list})
_NOTHING: frozenset[type] = frozenset({type(None)})


def _turned(name: str, field: fields.Field[Any]) -> tuple[frozenset[type], Turn]:
    """Return the types of values that a field leaves as they are, and what it does with others."""
    kind: Any = type(field)._serialize
    if kind is fields.Field._serialize:
        return _JSON, _as_it_is
    if kind.__module__ != fields.__name__:
        return frozenset(), _left(name, field)
    # None is None to every kind of field that marshmallow has.
    if kind is fields.String._serialize:
        return _NOTHING | {str}, _left(name, field)
    if isinstance(field, fields.Integer) and not field.as_string:
        return _NOTHING | {int}, _left(name, field)
    if isinstance(field, fields.List) and kind is fields.List._serialize:
        return _NOTHING, _each(*_turned(name, field.inner))
    if isinstance(field, fields.Nested) and kind is fields.Nested._serialize:
        return _NOTHING, _nested(name, field)
    return _NOTHING, _left(name, field)


def _left(name: str, field: fields.Field[Any]) -> Turn:
    return lambda value, obj: field._serialize(value, name, obj)


def _each(kept: frozenset[type], turn: Turn) -> Turn:
    return lambda value, obj: [one if type(one) in kept else turn(one, obj) for one in value]


def _nested(name: str, field: fields.Nested) -> Turn:
    """Return what dumps by the inner schema's plan, unless that has hooks of its own."""
    inner = field.schema
    hooks = inner._hooks[PRE_DUMP] or inner._hooks[POST_DUMP]
    if hooks or not isinstance(inner, PlannedSchema) or type(inner).dump is not ma.Schema.dump:
        return _left(name, field)
    many = bool(inner.many or field.many)
    return lambda value, obj: inner._serialize(value, many=many)


def _as_it_is(value: Any, obj: Any) -> Any:
    return value

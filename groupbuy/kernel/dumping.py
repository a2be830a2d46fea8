"""Turning results into what JSON is made of, with each schema looked at once.

marshmallow asks every field of every row anew where its value is, and whether there is one. What
we answer with are few kinds of fields: a schema's plan keeps for each its key, how to get at the
value, and how to turn it, and a page of rows is then a loop over that. A field of another kind is
left to marshmallow.
"""

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.utils import get_value

Turn = Callable[[Any, Any], Any]
"""Takes a value and the object it is of."""

Step = tuple[str, Callable[[Any], Any], Turn]


class PlannedSchema(ma.Schema):
    """A schema that dumps by its plan; the answers are marshmallow's."""

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        if many and obj is not None:
            return [self._serialize(row) for row in obj]
        plan: list[Step] | None = self.__dict__.get("_plan")
        if plan is None:
            plan = self.__dict__["_plan"] = [
                self._step(name, field) for name, field in self.dump_fields.items()
            ]
        dumped = {}
        for key, value_of, turn in plan:
            value = value_of(obj)
            if value is not ma.missing:
                dumped[key] = turn(value, obj)
        return dumped

    def _step(self, name: str, field: fields.Field[Any]) -> Step:
        key = field.data_key if field.data_key is not None else name
        ours = type(self).get_attribute is ma.Schema.get_attribute
        if not (ours and field._CHECK_ATTRIBUTE and field.dump_default is ma.missing):
            return key, lambda obj: field.serialize(name, obj, self.get_attribute), _as_it_is
        path = field.attribute if field.attribute is not None else name
        return key, _getter(path), _turn(name, field)


def _getter(path: str) -> Callable[[Any], Any]:
    """Return what gets a value as marshmallow does: by key, else by attribute."""
    first, _, rest = path.partition(".")
    onward = _getter(rest) if rest else None
    plain: set[type] = set()

    def get(obj: Any) -> Any:
        kind = type(obj)
        if kind is dict:
            found = obj[first] if first in obj else getattr(obj, first, ma.missing)
        elif kind in plain or not hasattr(kind, "__getitem__"):
            plain.add(kind)
            found = getattr(obj, first, ma.missing)
        else:
            found = get_value(obj, first)
        return found if onward is None else onward(found)

    return get


def _turn(name: str, field: fields.Field[Any]) -> Turn:
    """Return what a field does with its value."""
    kind = type(field)._serialize
    if kind is fields.Field._serialize:
        return _as_it_is
    if isinstance(field, fields.String) and kind is fields.String._serialize:
        return _quick(str, field, name)
    if isinstance(field, fields.Integer) and kind is fields.Integer._serialize:
        return _left(name, field) if field.as_string else _quick(int, field, name)
    if isinstance(field, fields.List) and kind is fields.List._serialize:
        inner = _turn(name, field.inner)
        return lambda value, obj: None if value is None else [inner(one, obj) for one in value]
    return _left(name, field)


def _left(name: str, field: fields.Field[Any]) -> Turn:
    return lambda value, obj: field._serialize(value, name, obj)


def _quick(kind: type, field: fields.Field[Any], name: str) -> Turn:
    """Return what passes on a value that is of this very type, and leaves others to the field."""
    return lambda value, obj: value if type(value) is kind else field._serialize(value, name, obj)


def _as_it_is(value: Any, obj: Any) -> Any:
    return value

"""Public ids: a type prefix and a time-ordered UUID, stored as a native `uuid`.

`ord_0198f3…` in Python and in the API, 16 bytes in the database. New ids ascend within a process
(UUID version 7 of RFC 9562 with a counter), so "in id order" is also "in order of creation".
"""

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Dialect, ForeignKey, Uuid, any_, bindparam
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

_lock = threading.Lock()
_last = 0


def new_uuid() -> uuid.UUID:
    """Return a version 7 UUID greater than every one this process made before."""
    global _last
    with _lock:
        milliseconds, random = time.time_ns() // 1_000_000, secrets.randbits(74)
        value = milliseconds << 80 | 7 << 76 | random >> 62 << 64
        value |= 2 << 62 | random & (1 << 62) - 1
        if value <= _last:
            value = _last + 1
        _last = value
    return uuid.UUID(int=value)


def new_id(prefix: str) -> str:
    """Return a new public id such as `ord_0198f3…` (prefix, underscore, 32 hex digits)."""
    return f"{prefix}_{new_uuid().hex}"


_NAMESPACE = uuid.UUID("5c1fd1c7-2f0b-5a55-9d7e-0a4d2f4b7a10")


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id that these parts always give: a recalculation writes the same rows."""
    return f"{prefix}_{uuid.uuid5(_NAMESPACE, '/'.join((prefix, *parts))).hex}"


def to_uuid(public_id: str, prefix: str) -> uuid.UUID:
    """Read a public id.

    Raises:
        ValueError: it is not an id of this prefix.
    """
    head, _, digits = public_id.partition("_")
    if head != prefix or len(digits) != 32 or digits != digits.lower():
        raise ValueError(f"not an id of the form {prefix}_…: {public_id!r}")
    return uuid.UUID(hex=digits)


def is_id(text: str, prefix: str) -> bool:
    """Tell whether a text has the form of a public id of this prefix."""
    try:
        to_uuid(text, prefix)
    except ValueError:
        return False
    return True


class Id(TypeDecorator[str]):
    """A public id on the Python side, a `uuid` column in PostgreSQL."""

    impl = Uuid
    cache_ok = True

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> uuid.UUID | None:
        """Turn the public id into the stored value."""
        return None if value is None else to_uuid(value, self.prefix)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:
        """Return what turns the stored value into the public id: one call, as there are so many."""
        prefix = self.prefix

        def read(value: uuid.UUID | None) -> str | None:
            return None if value is None else f"{prefix}_{value.int:032x}"

        return read


def any_id(name: str, prefix: str) -> ColumnElement[Any]:
    """Return what a column equals that is one of a list of ids, given as parameter `name`.

    Unlike `in_` it makes one statement, whatever the length of the list.
    """
    return any_(bindparam(name, type_=ARRAY(Id(prefix))))


def primary_id(prefix: str) -> MappedColumn[str]:
    """Declare the primary key of a table whose rows the API names."""
    return mapped_column(Id(prefix), primary_key=True, default=lambda: new_id(prefix))


def reference(
    prefix: str, target: str, *, index: bool = False, **options: Any
) -> MappedColumn[Any]:
    """Declare a foreign key to another table's public id, by the table's name."""
    return mapped_column(Id(prefix), ForeignKey(target), index=index, **options)

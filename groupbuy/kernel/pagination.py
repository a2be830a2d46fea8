"""Keyset pages: stable under inserts, constant in cost however deep the reader goes."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from groupbuy.kernel.db import Instant, session
from groupbuy.kernel.ids import Id, is_id
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text

Item = TypeVar("Item")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page and the cursor of the next, None on the last."""

    items: Sequence[Item]
    next_cursor: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    """Return an opaque cursor of the last row's sort values."""
    plain = [{"t": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, width: int) -> list[Any]:
    """Read a cursor of this list.

    Raises:
        InvalidInput: it is not one.
    """
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in raw]
    except (ValueError, TypeError, KeyError) as error:
        raise _invalid_cursor() from error
    if len(values) != width:
        raise _invalid_cursor()
    return values


def paginate(
    query: Select[Item],
    *,
    by: Sequence[InstrumentedAttribute[Any]],
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    descending: bool = False,
) -> Page[Item]:
    """Run one statement that reads one page of an entity.

    Args:
        query: selects exactly one entity.
        by: columns of that entity, the last unique; all in the same direction.
        limit: at most this many items.
        cursor: where the previous page ended.
        descending: newest first.
    """
    query = query.order_by(*(column.desc() if descending else column.asc() for column in by))
    if cursor:
        query = query.where(_after(by, decode_cursor(cursor, len(by)), descending))
    rows = list(session().scalars(query.limit(limit + 1)))
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor([getattr(last, column.key) for column in by]))


def paginate_ranked(
    query: Select[Item],
    *,
    rank: ColumnElement[int],
    by: InstrumentedAttribute[Any],
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Item]:
    """Run one statement that reads one page of an entity, the highest rank first.

    Args:
        query: selects exactly one entity.
        rank: a whole number, reckoned for each row; a page begins exactly where one ended.
        by: a unique column of that entity, falling too: among equals the newest comes first.
        limit: at most this many items.
        cursor: where the previous page ended.
    """
    if cursor:
        query = query.where(_after([rank, by], decode_cursor(cursor, 2), descending=True))
    ordered = query.add_columns(rank.label("rank")).order_by(rank.desc(), by.desc())
    rows = session().execute(ordered.limit(limit + 1)).all()
    items = [row[0] for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(items, None)
    return Page(items, encode_cursor([rows[limit - 1].rank, getattr(items[-1], by.key)]))


def _after(
    by: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    values: Sequence[Any],
    descending: bool,
) -> ColumnElement[bool]:
    if not all(_fits(column.type, value) for column, value in zip(by, values, strict=True)):
        raise _invalid_cursor()
    place = tuple_(*by)
    bound = tuple_(*values, types=[column.type for column in by])
    return place < bound if descending else place > bound


def _fits(kind: TypeEngine[Any], value: Any) -> bool:
    """Tell whether a value that a caller sent can be compared with a column."""
    if isinstance(kind, Instant):
        return isinstance(value, datetime) and value.tzinfo is not None
    if isinstance(kind, Id):
        return isinstance(value, str) and is_id(value, kind.prefix)
    if isinstance(value, str):
        return kind.python_type is str and "\0" not in value
    return type(value) is kind.python_type is int and value.bit_length() < 64


def _invalid_cursor() -> InvalidInput:
    return InvalidInput.at(
        "/cursor", Text("游标无效，请从第一页开始。", "Not a cursor of this list; begin anew.")
    )

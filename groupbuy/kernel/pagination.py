"""Keyset pages: stable under inserts, constant in cost however deep the reader goes."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Integer, Label, Row, Select, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from groupbuy.kernel.db import Instant, session
from groupbuy.kernel.ids import Id, is_id
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text

Item = TypeVar("Item")
SortKey = InstrumentedAttribute[Any] | Label[Any]

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
    statement = paged(query, by=by, after=bool(cursor), descending=descending)
    rows = session().scalars(statement, _place(by, limit, cursor))
    return _cut(list(rows), by, limit)


def paged(
    query: Select[*tuple[Any, ...]],
    *,
    by: Sequence[SortKey],
    after: bool,
    descending: bool = False,
) -> Select[*tuple[Any, ...]]:
    """Return the statement of a page that `read_page` reads: the first one, or one `after` it.

    It names neither the place nor the size, so what is asked often can be built once.
    """
    query = query.order_by(*(column.desc() if descending else column.asc() for column in by))
    if after:
        bound = tuple_(*(bindparam(f"after_{n}", type_=key.type) for n, key in enumerate(by)))
        query = query.where(tuple_(*by) < bound if descending else tuple_(*by) > bound)
    return query.limit(bindparam("page_rows", type_=Integer))


def read_page(
    statement: Select[*tuple[Any, ...]],
    parameters: Mapping[str, Any],
    *,
    by: Sequence[SortKey],
    limit: int,
    cursor: str | None,
) -> Page[Row[*tuple[Any, ...]]]:
    """Run a statement made by `paged` and return its rows, which hold the columns of `by`."""
    rows = session().execute(statement, {**parameters, **_place(by, limit, cursor)})
    return _cut(rows.all(), by, limit)


def _cut(rows: Sequence[Item], by: Sequence[SortKey], limit: int) -> Page[Item]:
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor([getattr(last, str(key.key)) for key in by]))


def _place(by: Sequence[SortKey], limit: int, cursor: str | None) -> dict[str, Any]:
    """Return the parameters of a page: where it begins, and one row more than it shows."""
    values = decode_cursor(cursor, len(by)) if cursor else []
    if not all(_fits(key.type, value) for key, value in zip(by, values, strict=False)):
        raise _invalid_cursor()
    return {f"after_{n}": value for n, value in enumerate(values)} | {"page_rows": limit + 1}


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

"""Writing new rows at the cost of their INSERT.

A flush looks through the whole session and orders what it finds, which costs several times what
the statement does. Where the order is known, as when an order is placed, this does the same
without asking.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Insert, Table
from sqlalchemy.orm import make_transient_to_detached

from groupbuy.kernel.db import Base, session


def insert_new(rows: Sequence[Base]) -> None:
    """Insert new rows of one table in one statement; they belong to the session from then on.

    The defaults of the model are applied. Not for tables that fill columns by themselves.
    """
    if not rows:
        return
    statement, defaults = _plan(type(rows[0]))
    for row in rows:
        for name, default in defaults.items():
            if name not in row.__dict__:
                setattr(row, name, default())
    session().execute(statement, [{name: row.__dict__[name] for name in defaults} for row in rows])
    for row in rows:
        make_transient_to_detached(row)
    session().add_all(rows)


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that need none of its entities."""
    return cast(Table, model.__table__)


@lru_cache(maxsize=256)
def _plan(model: type[Base]) -> tuple[Insert, dict[str, Callable[[], Any]]]:
    """Return a table's INSERT, and what each column is when nothing is said."""
    table = table_of(model)
    return table.insert(), {column.name: _default(column.default) for column in table.columns}


def _default(default: Any) -> Callable[[], Any]:
    if default is None:
        return lambda: None
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)

"""Personal data: what each domain keeps about a shopper, and what erasing it means there.

A domain lists its part in `queries.py` as `PERSONAL`; identity shows and erases them all. What
must be kept (an order, its money: accounting law) keeps only an id that leads to nobody any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, text

from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id
from groupbuy.kernel.texts import Text

EXTENSION = "groupbuy.personal"


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One kind of personal data; every SQL text has the parameter `:shopper`.

    Args:
        name: what it is called in an export.
        rows: SQL of what is kept, one row each; empty where it is shown as part of another.
        obstacle: why it cannot be erased yet, for people, and SQL that finds a row while it is so.
        erase: SQL statements that erase it, in this order.
    """

    name: str
    rows: str = ""
    obstacle: tuple[Text, str] | None = None
    erase: tuple[str, ...] = ()


def known() -> Sequence[PersonalData]:
    """Return what every domain has listed."""
    parts: Sequence[PersonalData] = current_app.extensions[EXTENSION]
    return parts


def export(*, shopper_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return all that is kept about a shopper by name, one statement each."""
    return {part.name: _rows(part.rows, shopper_id) for part in known() if part.rows}


def obstacles(*, shopper_id: str) -> list[Text]:
    """Return why a shopper's data cannot be erased at the moment, nothing if it can."""
    found = [part.obstacle for part in known() if part.obstacle is not None]
    return [reason for reason, sql in found if _rows(sql, shopper_id)]


def erase(*, shopper_id: str) -> None:
    """Erase what can be erased; the domains above go first."""
    for part in reversed(known()):
        for sql in part.erase:
            session().execute(_statement(sql), {"shopper": shopper_id})


def _rows(sql: str, shopper_id: str) -> list[dict[str, Any]]:
    rows = session().execute(_statement(sql), {"shopper": shopper_id})
    return [dict(row) for row in rows.mappings()]


def _statement(sql: str) -> Any:
    return text(sql).bindparams(bindparam("shopper", type_=Id("shp")))

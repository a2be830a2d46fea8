"""Changing a row that somebody read before."""

from typing import Any, TypeVar

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import StaleVersion
from groupbuy.leaders.models import Community, Leader, PickupPoint

Edited = TypeVar("Edited", Community, Leader, PickupPoint)


def edited(*, row: Edited, if_match: int, changes: dict[str, Any]) -> Edited:
    """Change a row if it is still at the version that was read."""
    session().refresh(row, with_for_update=True)
    if row.version != if_match:
        raise StaleVersion
    for field, value in changes.items():
        setattr(row, field, value)
    session().flush()
    return row

"""Which orders are held back, and which were found improper, at a cutoff."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from groupbuy.holds import queries as holds
from groupbuy.kernel.db import session


class Holding(NamedTuple):
    """The orders held at an instant, and when others were found improper until then."""

    held: frozenset[str]
    forfeited: Mapping[str, datetime]


def holding(cutoff_at: datetime) -> Holding:
    """Return what is held and what was forfeited as of a cutoff."""
    found = holds.holds_at(cutoff_at)
    rows = session().execute(
        select(found.c.order_id, found.c.held, found.c.rejected_at).where(
            found.c.held | found.c.rejected
        )
    )
    held, forfeited = set(), {}
    for order_id, on_hold, rejected_at in rows:
        if on_hold:
            held.add(order_id)
        if rejected_at is not None:
            forfeited[order_id] = rejected_at
    return Holding(frozenset(held), forfeited)

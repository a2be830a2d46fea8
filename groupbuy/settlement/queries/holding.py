"""Which orders are held back, and which were found improper, at a cutoff."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class Forfeit(NamedTuple):
    """When an order was found improper, and by which hold."""

    at: datetime
    hold_id: str


class Holding(NamedTuple):
    """The orders held at an instant, and those found improper until then."""

    held: frozenset[str]
    forfeited: Mapping[str, Forfeit]


def holding(cutoff_at: datetime) -> Holding:
    """Return what is held and what was forfeited as of a cutoff."""
    return Holding(frozenset(), {})

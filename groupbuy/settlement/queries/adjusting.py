"""Reads of adjustments."""

from typing import Any, NamedTuple

from groupbuy.settlement.models import SettlementPeriod


class Booked(NamedTuple):
    """An approved adjustment as a statement books it."""

    id: str
    leader_id: str
    amount_fen: int
    write_off: bool
    inputs: dict[str, Any]


def adjustments_of(period: SettlementPeriod) -> list[Booked]:
    """Return the adjustments approved in a period's window, in order."""
    return []

"""Cases of rounding and allocation."""

from typing import Any

from groupbuy.kernel.money import allocate, half_up, share
from scripts.cases import NotCovered, Operation


def rate(*, base_fen: int, rate_bps: int, round: str = "half_up") -> dict[str, Any]:
    """A rate of one amount."""
    if round != "half_up":
        raise NotCovered(f"rounding {round}")
    return {"commission_fen": half_up(share(base_fen, rate_bps))}


def allot(
    *, amount_fen: int, weights: list[int], algo: str = "largest_remainder"
) -> dict[str, Any]:
    """An amount split by weights."""
    if algo != "largest_remainder":
        raise NotCovered(f"allocation by {algo}")
    return {"parts": allocate(amount_fen, weights)}


OPERATIONS: dict[str, Operation] = {"rate": rate, "allot": allot}

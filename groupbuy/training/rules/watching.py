"""Watched time of a video: the union of what was seen, not the sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from groupbuy.kernel.money import BPS

NEED_BPS = 9_000
"""The part of a video that must have been seen: the last seconds are credits."""

LONGEST_S = 86_400
MOST_SPANS = 500
"""How many spans one message may tell."""

Span = Sequence[int]
"""[from, to) in whole seconds."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How much of a video was seen."""

    unique_s: int
    ratio_bps: int
    complete: bool


def watched(duration_s: int, spans: Iterable[Span], need_bps: int = NEED_BPS) -> Watched:
    """Return how much of a video was seen: every second once, and none beyond its end.

    This is what `services.progress` has PostgreSQL compute; a test holds one against the other.
    """
    unique_s = reached = 0
    for start, end in sorted((span[0], min(span[1], duration_s)) for span in spans):
        unique_s += max(0, end - max(start, reached))
        reached = max(reached, end)
    return Watched(
        unique_s, ratio_bps(unique_s, duration_s), enough(unique_s, duration_s, need_bps)
    )


def ratio_bps(unique_s: int, duration_s: int) -> int:
    """Return the part that was seen, rounded down."""
    return unique_s * BPS // duration_s


def enough(unique_s: int, duration_s: int, need_bps: int = NEED_BPS) -> bool:
    """Tell whether a video counts as seen."""
    return unique_s * BPS >= need_bps * duration_s

"""Integer money: the only place where an amount is rounded or split.

Amounts are integer fen (1/100 yuan); rates and multipliers are integer basis points.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor, lcm

BPS = 10_000
"""Basis points in one: 10,000 bps are 100 % (or x 1)."""


def half_up(value: Fraction | int) -> int:
    """Round to the nearest integer, halves away from zero.

    >>> half_up(Fraction(5, 2)), half_up(Fraction(-5, 2)), half_up(Fraction(7, 5))
    (3, -3, 1)
    """
    magnitude = abs(Fraction(value))
    rounded = floor(magnitude + Fraction(1, 2))
    return rounded if value >= 0 else -rounded


def share(amount_fen: int, rate_bps: int) -> Fraction:
    """Return the exact share of an amount, in fen, before any rounding."""
    return Fraction(amount_fen * rate_bps, BPS)


def allocate(total: int, weights: Sequence[int | Fraction]) -> list[int]:
    """Split `total` in proportion to `weights` so that the parts sum to it exactly.

    Largest remainder: each part is the floor of its quota, and the spare units go to the largest
    fractions; a tie goes to the earliest, so callers sort by (completed_at, line_id) first.
    Weights that sum to 0 give all 0. A negative total is the mirror of the positive one.

    Raises:
        ValueError: a weight is negative.

    >>> allocate(15, [80, 8, 12]), allocate(100, [1, 1, 1]), allocate(7, [0, 0])
    ([12, 1, 2], [34, 33, 33], [0, 0])
    """
    if not weights:
        return []
    if min(weights) < 0:
        raise ValueError("weights must not be negative")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    scale = lcm(*{weight.denominator for weight in weights})
    shares = [weight.numerator * (scale // weight.denominator) for weight in weights]
    whole = sum(shares)
    if whole == 0:
        return [0] * len(weights)
    parts, rests = zip(*[divmod(total * share, whole) for share in shares], strict=True)
    split = list(parts)
    spare = total - sum(split)
    if spare:
        by_rest = sorted(range(len(split)), key=rests.__getitem__, reverse=True)
        for i in by_rest[:spare]:
            split[i] += 1
    return split

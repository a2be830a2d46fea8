"""Money: rounding and splitting, to the fen."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.kernel.money import allocate, half_up, share

fractions = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**8)
weights = st.lists(st.integers(0, 10**12), max_size=30)
totals = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),
        (Fraction(49, 100), 0),
        (Fraction(-249, 100), -2),
        (7, 7),
        (0, 0),
    ],
)
def test_it_rounds_halves_away_from_zero(value: Fraction | int, rounded: int) -> None:
    assert half_up(value) == rounded


@given(fractions)
def test_it_rounds_to_the_nearest_and_mirrors_at_zero(value: Fraction) -> None:
    assert abs(half_up(value) - value) <= Fraction(1, 2)
    assert half_up(-value) == -half_up(value)


def test_it_keeps_shares_exact() -> None:
    assert share(333, 1_250) == Fraction(333 * 1_250, 10_000)


@given(totals, weights)
def test_it_allocates_everything_or_nothing(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == (total if sum(weights) else 0)


@given(totals, weights)
def test_it_gives_each_part_its_quota_within_one(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    for part, weight in zip(allocate(total, weights), weights, strict=True):
        quota = Fraction(total * weight, whole) if whole else Fraction(0)
        assert abs(part - quota) < 1


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_it_gives_the_spare_units_to_the_largest_fractions(total: int, weights: list[int]) -> None:
    quotas = [Fraction(total * weight, sum(weights)) for weight in weights]
    fractions = [quota % 1 for quota in quotas]
    raised = [part > quota for part, quota in zip(allocate(total, weights), quotas, strict=True)]
    lucky = [fraction for fraction, up in zip(fractions, raised, strict=True) if up]
    others = [fraction for fraction, up in zip(fractions, raised, strict=True) if not up]
    assert min(lucky, default=Fraction(1)) >= max(others, default=Fraction(0))


@given(totals, weights, st.integers(1, 10**6))
def test_it_does_not_mind_the_scale_of_the_weights(
    total: int, weights: list[int], scale: int
) -> None:
    scaled = [Fraction(weight, scale) for weight in weights]
    assert allocate(total, scaled) == allocate(total, weights)


@given(totals, weights)
def test_it_mirrors_a_negative_total(total: int, weights: list[int]) -> None:
    assert allocate(-total, weights) == [-part for part in allocate(total, weights)]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (15, [80, 8, 12], [12, 1, 2]),
        (100, [1, 1, 1], [34, 33, 33]),
        (1, [1, 1], [1, 0]),
        (7, [0, 0], [0, 0]),
        (7, [], []),
        (300_000, [30_000, 34_000, 284_000], [25_862, 29_310, 244_828]),
    ],
)
def test_it_gives_ties_to_the_earliest(total: int, weights: list[int], parts: list[int]) -> None:
    assert allocate(total, weights) == parts


def test_it_refuses_negative_weights() -> None:
    with pytest.raises(ValueError, match="negative"):
        allocate(10, [5, -1])

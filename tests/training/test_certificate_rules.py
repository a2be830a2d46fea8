"""How long certificates hold, and their numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.training.rules.certificates import (
    CertificateState,
    checked,
    first_expiry,
    grouped,
    masked,
    new_number,
    read_number,
    renewed_expiry,
    state_on,
)

EXPIRY = date(2025, 12, 31)


@pytest.mark.parametrize(
    ("done", "expires"),
    [
        (date(2025, 12, 1), date(2026, 12, 31)),  # G15
        (date(2026, 1, 10), date(2027, 1, 10)),  # G16
        (date(2025, 10, 31), None),
        (date(2025, 11, 1), date(2026, 12, 31)),
        (EXPIRY, date(2026, 12, 31)),
        (date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_it_extends_from_the_old_expiry_or_from_completion(
    done: date, expires: date | None
) -> None:
    assert renewed_expiry(EXPIRY, done, validity_days=365, window_days=60) == expires


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2025, 10, 31), CertificateState.CERTIFIED),
        (date(2025, 11, 1), CertificateState.EXPIRING),
        (EXPIRY, CertificateState.EXPIRING),
        (date(2026, 1, 1), CertificateState.EXPIRED),
    ],
)
def test_it_holds_until_the_end_of_the_day_of_expiry(today: date, state: CertificateState) -> None:
    assert state_on(today, expires_on=EXPIRY, window_days=60, revoked=False) == state
    told = state_on(today, expires_on=EXPIRY, window_days=60, revoked=True)
    assert told == CertificateState.REVOKED


def test_it_holds_for_good_without_a_validity() -> None:
    assert first_expiry(EXPIRY, 0) is None
    assert first_expiry(EXPIRY, 365) == date(2026, 12, 31)
    told = state_on(date(2099, 1, 1), expires_on=None, window_days=60, revoked=False)
    assert told == CertificateState.CERTIFIED


def test_it_makes_numbers_that_can_be_read_back_and_not_guessed() -> None:
    numbers = {new_number(2026) for _ in range(200)}
    assert len(numbers) == 200
    for number in numbers:
        assert len(number) == 22
        assert number.startswith("2026-")
        assert read_number(number) == number
        assert read_number(f" {number.replace('-', ' ')} ") == number


@given(st.text(st.sampled_from("0123456789"), min_size=16, max_size=16), st.integers(0, 17))
def test_it_notices_a_mistyped_digit_and_two_that_changed_places(digits: str, at: int) -> None:
    whole = checked(digits)
    other = whole[:at] + str((int(whole[at]) + 1) % 10) + whole[at + 1 :]
    assert read_number(other) is None
    assert read_number(whole) == grouped(whole)
    if at < 17 and whole[at] != whole[at + 1]:
        assert read_number(whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]) is None


@pytest.mark.parametrize("written", ["", "2026", "2026-0000-0000-0000-xx", "２０２６" * 4 + "００"])
def test_it_refuses_what_is_no_number(written: str) -> None:
    assert read_number(written) is None


@pytest.mark.parametrize(
    ("name", "seen"),
    [("梅", "*"), ("梅丽", "梅*"), ("欧阳小梅", "欧**"), ("Mei", "M**"), ("Alexander", "A**")],
)
def test_it_masks_a_name(name: str, seen: str) -> None:
    assert masked(name) == seen

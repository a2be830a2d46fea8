"""Days and months are Shanghai's, whatever the server thinks."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from groupbuy.kernel.clock import Calendar, ManualClock, SystemClock, next_month, previous_month

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day", "month"),
    [
        ("2026-08-31T15:59:59", date(2026, 8, 31), "2026-08"),
        ("2026-08-31T16:00:00", date(2026, 9, 1), "2026-09"),
        ("2026-12-31T16:00:00", date(2027, 1, 1), "2027-01"),
        ("2024-02-28T16:00:00", date(2024, 2, 29), "2024-02"),
    ],
)
def test_it_turns_the_day_and_the_month_at_local_midnight(at: str, day: date, month: str) -> None:
    assert (SHANGHAI.day_of(utc(at)), SHANGHAI.month_of(utc(at))) == (day, month)


def test_it_makes_months_half_open_and_adjacent() -> None:
    assert SHANGHAI.month_start("2026-09") == utc("2026-08-31T16:00:00")
    assert SHANGHAI.month_end("2026-09") == SHANGHAI.month_start("2026-10")


@pytest.mark.parametrize(
    ("month", "hold_days", "closes"),
    [
        ("2026-09", 7, "2026-10-07T16:00:00"),
        ("2026-12", 7, "2027-01-07T16:00:00"),
        ("2026-09", 0, "2026-09-30T16:00:00"),
    ],
)
def test_it_closes_a_month_at_local_midnight_after_the_hold_days(
    month: str, hold_days: int, closes: str
) -> None:
    assert SHANGHAI.cutoff(month, hold_days) == utc(closes)


def test_it_counts_local_days_where_clocks_change() -> None:
    berlin = Calendar(ZoneInfo("Europe/Berlin"))
    assert berlin.cutoff("2026-03", 0) == utc("2026-03-31T22:00:00")
    assert berlin.cutoff("2026-02", 28) == utc("2026-03-28T23:00:00")
    assert berlin.cutoff("2026-02", 29) == utc("2026-03-29T22:00:00")


def test_it_knows_the_neighbours_of_a_month() -> None:
    assert (previous_month("2026-01"), next_month("2026-12")) == ("2025-12", "2027-01")
    assert (previous_month("2026-03"), next_month("2026-01")) == ("2026-02", "2026-02")


def test_it_tells_aware_time_in_utc() -> None:
    hand = ManualClock(datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert hand.now() == utc("2026-03-02T01:00:00")
    assert hand.advance(hours=1) == utc("2026-03-02T02:00:00")
    assert hand.now().tzinfo is UTC
    assert SystemClock().now().tzinfo is UTC

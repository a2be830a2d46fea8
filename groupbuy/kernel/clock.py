"""Time: one clock that entrances read, and the business calendar.

Services and rules never read a clock; `now` is passed to them. Days and months are those of the
business time zone; intervals are half-open, [from, to).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from flask import current_app

EXTENSION = "groupbuy.clock"


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass
class ManualClock:
    """A clock that is set by hand: tests and the replay."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant it was last set to."""
        return self.at.astimezone(UTC)

    def advance(self, **duration: float) -> datetime:
        """Move forward by a `timedelta`'s keywords and return the new instant."""
        self.at += timedelta(**duration)
        return self.now()


def now() -> datetime:
    """Return the application's current instant; only entrances call this."""
    clock: Clock = current_app.extensions[EXTENSION]
    return clock.now()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days and months of the business time zone."""

    zone: ZoneInfo

    def day_of(self, at: datetime) -> date:
        """Return the local day of an instant."""
        return at.astimezone(self.zone).date()

    def month_of(self, at: datetime) -> str:
        """Return the local month `YYYY-MM` of an instant."""
        return f"{at.astimezone(self.zone):%Y-%m}"

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a local day begins, in UTC."""
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def month_start(self, month: str) -> datetime:
        """Return the instant at which a local month begins, in UTC."""
        return self.midnight(first_day(month))

    def month_end(self, month: str) -> datetime:
        """Return the instant at which a local month ends (exclusive), in UTC."""
        return self.month_start(next_month(month))

    def cutoff(self, month: str, hold_days: int) -> datetime:
        """Return when a month's books close: local midnight, `hold_days` into the next month."""
        return self.midnight(first_day(next_month(month)) + timedelta(days=hold_days))


def first_day(month: str) -> date:
    """Return the first day of a month `YYYY-MM`."""
    return date.fromisoformat(f"{month}-01")


def next_month(month: str) -> str:
    """Return the month after `YYYY-MM`."""
    return f"{first_day(month) + timedelta(days=31):%Y-%m}"


def previous_month(month: str) -> str:
    """Return the month before `YYYY-MM`."""
    return f"{first_day(month) - timedelta(days=1):%Y-%m}"

"""The replay's timeline: everything that will happen, in order; pure, so it can be rebuilt.

An order is paid when placed, packed at midnight, picked up on the next local day at 18:00 and
completed 24 hours later. Of a basket whose id is divisible by 97 the first line is refunded 3 days
after completion, else of one divisible by 389, 45 days after. Each month that hears of a
completion or a clawback is settled ten minutes after its cutoff.

An interrupted replay rebuilds the same list and goes on at the position it had reached.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, auto
from typing import NamedTuple

from groupbuy.kernel.clock import Calendar, first_day, next_month
from scripts.replay_data import Basket, Journey

PRODUCTS_AT_A_TIME = 100
SHOPPERS_AT_A_TIME = 200
PREPARATION = timedelta(days=7)
# Packed at midnight, so that a shipment holds the orders of the day before and no other.
PACKED, DISPATCHED, ARRIVED, PICKED_UP = time(0), time(10), time(12), time(18)
AFTER_SALE = timedelta(hours=24)
SETTLED_AFTER_CUTOFF = timedelta(minutes=10)


class Action(IntEnum):
    """What happens; at the same instant, in this order."""

    EMPLOY = auto()
    PUBLISH_PLAN = auto()
    LIST_PRODUCTS = auto()
    REGISTER_SHOPPERS = auto()
    ACCEPT_LEADER = auto()
    SCHEDULE_CAMPAIGN = auto()
    HOST = auto()
    RUN_JOBS = auto()
    SETTLE_MONTH = auto()
    PACK = auto()
    PLACE = auto()
    DISPATCH = auto()
    ARRIVE = auto()
    PICK_UP = auto()
    REFUND = auto()


class Event(NamedTuple):
    """One thing that happens, to whom: numbers that name it within the journey.

    `subject` by action: LIST_PRODUCTS and REGISTER_SHOPPERS [from, to); ACCEPT_LEADER a store;
    SCHEDULE_CAMPAIGN a week's Monday; HOST a Monday and a store; SETTLE_MONTH a month's first day;
    PLACE, PICK_UP and REFUND an order's number in order of placing; PACK, DISPATCH and ARRIVE a
    local day and a store.
    """

    at: datetime
    action: Action
    subject: tuple[int, ...] = ()


def timeline(journey: Journey, calendar: Calendar, *, hold_days: int) -> list[Event]:
    """Return every event of the replay in order; days are proleptic ordinals."""
    settled: set[str] = set()
    events = set(_foundation(journey)) | set(_campaigns(journey))
    for number, basket in enumerate(journey.baskets):
        story = _Story(basket, calendar)
        events.update(story.events(number))
        settled.update(story.settled_in(calendar, hold_days))
    for month in settled:
        at = calendar.cutoff(month, hold_days) + SETTLED_AFTER_CUTOFF
        events.add(Event(at, Action.SETTLE_MONTH, (first_day(month).toordinal(),)))
    return sorted(events)


def refund_days(basket_id: int) -> int | None:
    """Return how many days after completion the first line is refunded, None if it is not."""
    if basket_id % 97 == 0:
        return 3
    return 45 if basket_id % 389 == 0 else None


class _Story:
    """When what happens to one order."""

    def __init__(self, basket: Basket, calendar: Calendar) -> None:
        self.basket = basket
        self.day = calendar.day_of(basket.placed_at)
        self._calendar = calendar
        self.picked_up_at = self._next_day(PICKED_UP)
        self.completed_at = self.picked_up_at + AFTER_SALE
        days = refund_days(basket.id)
        self.refunded_at = None if days is None else self.completed_at + timedelta(days=days)

    def events(self, number: int) -> Iterator[Event]:
        delivery = self.day.toordinal(), self.basket.store_id
        yield Event(self.basket.placed_at, Action.PLACE, (number,))
        yield Event(self._next_day(PACKED), Action.PACK, delivery)
        yield Event(self._next_day(DISPATCHED), Action.DISPATCH, delivery)
        yield Event(self._next_day(ARRIVED), Action.ARRIVE, delivery)
        yield Event(self.picked_up_at, Action.PICK_UP, (number,))
        yield Event(self.completed_at, Action.RUN_JOBS)
        if self.refunded_at is not None:
            yield Event(self.refunded_at, Action.REFUND, (number,))

    def settled_in(self, calendar: Calendar, hold_days: int) -> Iterator[str]:
        """Yield the months whose books hear of it."""
        month = calendar.month_of(self.completed_at)
        yield month
        if self.refunded_at is not None:
            while self.refunded_at >= calendar.cutoff(month, hold_days):
                month = next_month(month)
            yield month

    def _next_day(self, hour: time) -> datetime:
        day = self.day + timedelta(days=1)
        return datetime.combine(day, hour, tzinfo=self._calendar.zone).astimezone(UTC)


def _foundation(journey: Journey) -> Iterator[Event]:
    at = journey.weeks[0].opens_at - PREPARATION
    yield Event(at, Action.EMPLOY)
    yield Event(at, Action.PUBLISH_PLAN)
    for portion in _portions(len(journey.products), PRODUCTS_AT_A_TIME):
        yield Event(at, Action.LIST_PRODUCTS, portion)
    for portion in _portions(len(journey.households), SHOPPERS_AT_A_TIME):
        yield Event(at, Action.REGISTER_SHOPPERS, portion)
    for store in journey.stores:
        yield Event(at, Action.ACCEPT_LEADER, (store,))


def _portions(count: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, size):
        yield start, min(start + size, count)


def _campaigns(journey: Journey) -> Iterator[Event]:
    for week in journey.weeks:
        monday = week.monday.toordinal()
        at = week.opens_at - timedelta(days=1)
        yield Event(at, Action.SCHEDULE_CAMPAIGN, (monday,))
        for store in journey.stores:
            yield Event(at, Action.HOST, (monday, store))
        yield Event(week.opens_at, Action.RUN_JOBS)
        yield Event(week.closes_at, Action.RUN_JOBS)


def day(ordinal: int) -> date:
    """Return the local day that an event's subject names."""
    return date.fromordinal(ordinal)

"""A leader's live sessions as an iCalendar object (RFC 5545)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from groupbuy.kernel.texts import Text

PRODUCT = "-//groupbuy//training//EN"
KEPT = timedelta(days=90)
"""How long a session stays in the calendar after its end."""
REFRESH = timedelta(hours=1)
NAME = Text("商学院直播课", "Business school")


@dataclass(frozen=True, slots=True)
class Entry:
    """A live session as a calendar shows it; `sequence` rises with each change."""

    id: str
    starts_at: datetime
    ends_at: datetime
    title: str
    place: str
    description: str
    changed_at: datetime
    sequence: int
    cancelled: bool


def ics(entries: Iterable[Entry], *, language: str) -> bytes:
    """Return a calendar: UTF-8, lines ended by CRLF and folded at 75 octets.

    A session keeps its UID for ever, so that a calendar moves it instead of showing it twice.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", NAME.to(language))
    calendar.add("x-wr-calname", NAME.to(language))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"{entry.id}@groupbuy")
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", entry.title)
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    if entry.place:
        event.add("location", entry.place)
    if entry.description:
        event.add("description", entry.description)
    return event

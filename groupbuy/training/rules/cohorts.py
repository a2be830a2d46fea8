"""Cohorts and their timetable, pure: states, the weekly pattern, what a new pattern changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo


class CohortState(StrEnum):
    """Where a cohort stands; it runs from its first day, and is finished after its last."""

    PLANNED = "planned"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


COHORT_MOVES: dict[tuple[CohortState, str], CohortState] = {
    (CohortState.PLANNED, "start"): CohortState.RUNNING,
    (CohortState.RUNNING, "finish"): CohortState.FINISHED,
    (CohortState.PLANNED, "cancel"): CohortState.CANCELLED,
    (CohortState.RUNNING, "cancel"): CohortState.CANCELLED,
}

GOING = (CohortState.PLANNED, CohortState.RUNNING)
"""A cohort that can be joined, left, edited and taught."""


class SessionState(StrEnum):
    """Whether a live session takes place; one that is cancelled counts for nothing."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


SESSION_MOVES: dict[tuple[SessionState, str], SessionState] = {
    (SessionState.PLANNED, "cancel"): SessionState.CANCELLED,
    (SessionState.CANCELLED, "restore"): SessionState.PLANNED,
}


@dataclass(frozen=True, slots=True)
class PatternSlot:
    """A session of every week: ISO weekday (1 is Monday), local time, length, maybe a lesson."""

    weekday: int
    time: time
    minutes: int
    lesson_id: str | None = None

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> "PatternSlot":
        """Read one as it is stored: `{weekday, time: "19:30", minutes, lesson_id}`."""
        lesson_id = raw.get("lesson_id")
        return cls(
            int(str(raw["weekday"])),
            time.fromisoformat(str(raw["time"])),
            int(str(raw["minutes"])),
            str(lesson_id) if lesson_id else None,
        )

    @property
    def week_minutes(self) -> tuple[int, int]:
        """Return when it begins and ends, in minutes from Monday 00:00."""
        begin = ((self.weekday - 1) * 24 + self.time.hour) * 60 + self.time.minute
        return begin, begin + self.minutes


WEEK_MINUTES = 7 * 24 * 60


def overlapping(slots: Sequence[PatternSlot]) -> int | None:
    """Return the place of a slot that overlaps another one, Sunday's night with Monday too."""
    placed = sorted((*slot.week_minutes, place) for place, slot in enumerate(slots))
    for (_, end, _), (begin, _, place) in pairwise(placed):
        if begin < end:
            return place
    if placed and max(end for _, end, _ in placed) > placed[0][0] + WEEK_MINUTES:
        return placed[0][2]
    return None


@dataclass(frozen=True, slots=True)
class Slot:
    """A session as the pattern wants it."""

    starts_at: datetime
    ends_at: datetime
    lesson_id: str | None


def slots_between(
    pattern: Iterable[PatternSlot],
    *,
    first_day: date,
    last_day: date,
    skipping: Iterable[date],
    zone: ZoneInfo,
) -> list[Slot]:
    """Return the sessions of a weekly pattern from the first day to the last, in order of time.

    Days that are skipped have none. A local time that a change of the clocks leaves out or
    repeats is taken as before the change; where two come to the same instant, the first counts.
    """
    pattern, skipped = list(pattern), set(skipping)
    found: dict[datetime, Slot] = {}
    for number in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=number)
        if day in skipped:
            continue
        for slot in pattern:
            if slot.weekday == day.isoweekday():
                starts_at = datetime.combine(day, slot.time, tzinfo=zone).astimezone(UTC)
                ends_at = starts_at + timedelta(minutes=slot.minutes)
                found.setdefault(starts_at, Slot(starts_at, ends_at, slot.lesson_id))
    return sorted(found.values(), key=lambda slot: slot.starts_at)


@dataclass(frozen=True, slots=True)
class Standing:
    """A session that exists. `planned_for` is the slot it was generated for, if it was.

    It is `free` when the pattern may still change it: in the future, never changed by hand,
    and nobody has anything to do with it yet.
    """

    id: str
    planned_for: datetime | None
    slot: Slot
    free: bool
    takes_place: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What a timetable changes: slots that become sessions, sessions with a new slot, and gone."""

    added: list[Slot]
    changed: list[tuple[str, Slot]]
    removed: list[str]
    kept: list[str]


def plan(
    wanted: Sequence[Slot], existing: Sequence[Standing], *, now: datetime, lessons: Sequence[str]
) -> Changes:
    """Compare what a pattern wants with what there is; nothing that has begun is touched.

    A slot that was moved or cancelled by hand stays as the hand left it. Each session of
    `lessons` that no other session has is given to slots without a lesson, in order of time.
    """
    by_slot = {one.planned_for: one for one in existing if one.planned_for is not None}
    future = [slot for slot in wanted if slot.starts_at > now]
    taken = {one.slot.lesson_id for one in existing if one.takes_place and not one.free}
    taken |= {slot.lesson_id for slot in future}
    rest = iter([lesson for lesson in lessons if lesson not in taken])
    added, changed, settled = [], [], set()
    for slot in future:
        standing = by_slot.get(slot.starts_at)
        if standing is not None:
            settled.add(standing.id)
            if not standing.free:
                continue
        lesson_id = slot.lesson_id or next(rest, None)
        slot = Slot(slot.starts_at, slot.ends_at, lesson_id)
        if standing is None:
            added.append(slot)
        elif standing.slot != slot:
            changed.append((standing.id, slot))
    removed = [one.id for one in existing if one.free and one.id not in settled]
    touched = {*removed, *(session_id for session_id, _ in changed)}
    return Changes(added, changed, removed, [one.id for one in existing if one.id not in touched])

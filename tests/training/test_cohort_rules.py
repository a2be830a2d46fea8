"""The weekly pattern and what a new one changes, pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.training.rules.cohorts import (
    COHORT_MOVES,
    SESSION_MOVES,
    CohortState,
    PatternSlot,
    SessionState,
    Slot,
    Standing,
    overlapping,
    plan,
    slots_between,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_it_keeps_the_local_time_when_the_clocks_change() -> None:
    slots = slots_between(
        [PatternSlot(7, time(19, 30), 60), PatternSlot(1, time(19, 30), 60)],
        first_day=date(2026, 3, 23),
        last_day=date(2026, 3, 30),
        skipping=[],
        zone=BERLIN,
    )
    assert [slot.starts_at.hour for slot in slots] == [18, 17, 17]
    assert {slot.ends_at - slot.starts_at for slot in slots} == {timedelta(hours=1)}


def test_it_has_one_session_where_the_clocks_make_two_times_one() -> None:
    slots = slots_between(
        [PatternSlot(7, time(2, 30), 20, "lsn_1"), PatternSlot(7, time(3, 30), 30)],
        first_day=date(2026, 3, 29),
        last_day=date(2026, 4, 5),
        skipping=[],
        zone=BERLIN,
    )
    began = [(slot.starts_at.day, slot.starts_at.hour, slot.lesson_id) for slot in slots]
    assert began == [(29, 1, "lsn_1"), (5, 0, "lsn_1"), (5, 1, None)]


@given(
    weekdays=st.sets(st.integers(1, 7)),
    first=st.dates(date(2026, 1, 1), date(2026, 6, 1)),
    days=st.integers(0, 60),
    skipped=st.sets(st.dates(date(2026, 1, 1), date(2026, 8, 1)), max_size=20),
)
def test_it_has_a_session_on_each_day_of_the_pattern_that_is_not_skipped(
    weekdays: set[int], first: date, days: int, skipped: set[date]
) -> None:
    last = first + timedelta(days=days)
    pattern = [PatternSlot(weekday, time(19, 30), 60) for weekday in weekdays]
    slots = slots_between(pattern, first_day=first, last_day=last, skipping=skipped, zone=SHANGHAI)
    expected = [
        day
        for day in (first + timedelta(days=number) for number in range(days + 1))
        if day.isoweekday() in weekdays and day not in skipped
    ]
    assert [slot.starts_at.astimezone(SHANGHAI).date() for slot in slots] == expected


@pytest.mark.parametrize(
    ("slots", "place"),
    [
        ([], None),
        ([(1, 19, 60)], None),
        ([(1, 19, 60), (1, 20, 60)], None),
        ([(1, 20, 60), (1, 19, 61)], 0),
        ([(7, 23, 60), (1, 0, 60)], None),
        ([(7, 23, 61), (1, 0, 60)], 1),
    ],
)
def test_it_finds_sessions_that_overlap(
    slots: list[tuple[int, int, int]], place: int | None
) -> None:
    pattern = [PatternSlot(weekday, time(hour), minutes) for weekday, hour, minutes in slots]
    assert overlapping(pattern) == place


def slot(day: int, lesson: str | None = None, *, minutes: int = 60) -> Slot:
    starts_at = NOW + timedelta(days=day)
    return Slot(starts_at, starts_at + timedelta(minutes=minutes), lesson)


def standing(day: int, lesson: str | None = None, *, free: bool = True) -> Standing:
    return Standing(f"lvs{day}", slot(day).starts_at, slot(day, lesson), free, True)


def test_it_gives_lessons_that_nobody_taught_in_order() -> None:
    existing = [standing(-1, "a", free=False), standing(2, "b", free=False), standing(3)]
    wanted = [slot(-1), slot(1), slot(2), slot(3), slot(4, "d"), slot(5)]
    changes = plan(wanted, existing, now=NOW, lessons=["a", "b", "c", "d", "e"])
    assert changes.added == [slot(1, "c"), slot(4, "d"), slot(5)]
    assert changes.changed == [("lvs3", slot(3, "e"))]
    assert (changes.removed, changes.kept) == ([], ["lvs-1", "lvs2"])


@given(
    wanted=st.sets(st.integers(-5, 10)),
    existing=st.dictionaries(st.integers(-5, 10), st.booleans()),
)
def test_it_is_settled_after_one_generation(wanted: set[int], existing: dict[int, bool]) -> None:
    there = [standing(day, free=free and day > 0) for day, free in existing.items()]
    slots = [slot(day) for day in sorted(wanted)]
    changes = plan(slots, there, now=NOW, lessons=["a", "b"])
    fixed = {one.id for one in there if not one.free}
    assert not fixed & {*changes.removed, *(key for key, _ in changes.changed)}
    changed = dict(changes.changed)
    after = [
        Standing(one.id, one.planned_for, changed.get(one.id, one.slot), one.free, True)
        for one in there
        if one.id not in changes.removed
    ]
    after += [
        Standing(f"new{n}", one.starts_at, one, True, True) for n, one in enumerate(changes.added)
    ]
    again = plan(slots, after, now=NOW, lessons=["a", "b"])
    assert (again.added, again.changed, again.removed) == ([], [], [])


def test_it_moves_only_as_the_tables_say() -> None:
    assert {after for after in COHORT_MOVES.values()} == set(CohortState) - {CohortState.PLANNED}
    assert not any(state in ("finished", "cancelled") for state, _ in COHORT_MOVES)
    assert set(SESSION_MOVES.values()) == set(SessionState)

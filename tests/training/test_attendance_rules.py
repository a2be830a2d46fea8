"""What presence, replays and codes count as, pure."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.training.rules.attendance import (
    AttendanceStatus,
    Facts,
    check_in_code,
    is_code,
    length,
    made_up,
    presence_s,
    status,
    step_of,
    union,
)

BEGIN = datetime(2026, 3, 3, 11, 30, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("facts", "seconds", "expected"),
    [
        ({}, 0, "absent"),
        ({"checked_in_at": at(-10)}, 3600, "present"),
        ({"checked_in_at": at(10)}, 3000, "present"),
        ({"checked_in_at": at(12)}, 2880, "present"),
        ({"checked_in_at": at(0), "checked_out_at": at(47)}, 2820, "absent"),
        ({"checked_in_at": at(0), "checked_out_at": at(48)}, 2880, "present"),
        ({"checked_in_at": at(11), "late": True}, 2940, "late"),
        ({"checked_in_at": at(30), "late": True}, 1800, "late"),
        ({"checked_in_at": at(31), "late": True}, 1740, "absent"),
        ({"corrected_s": 2880}, 2880, "present"),
        ({"checked_in_at": at(0), "corrected_s": 60}, 60, "absent"),
        ({"corrected_s": 1800, "late": True}, 1800, "late"),
        ({"made_up": True}, 0, "makeup"),
        ({"excused": True}, 0, "excused"),
        ({"excused": True, "made_up": True}, 0, "makeup"),
        ({"excused": True, "checked_in_at": at(0)}, 3600, "present"),
    ],
)
def test_it_says_what_presence_counts_as(
    facts: dict[str, Any], seconds: int, expected: str
) -> None:
    known = Facts(BEGIN, END, **facts)
    assert (presence_s(known), status(known).value) == (seconds, expected)


@given(
    come=st.integers(-15, 59),
    stay=st.integers(0, 80),
    more=st.integers(0, 30),
    late=st.booleans(),
    made=st.booleans(),
    excused=st.booleans(),
)
def test_it_never_counts_less_for_staying_longer(
    come: int, stay: int, more: int, late: bool, made: bool, excused: bool
) -> None:
    def stood(minutes: int, *, was_excused: bool) -> tuple[int, bool]:
        facts = Facts(
            BEGIN,
            END,
            at(come),
            at(come + minutes),
            late,
            made_up=made,
            excused=was_excused,
        )
        counts = status(facts) not in (AttendanceStatus.ABSENT, AttendanceStatus.EXCUSED)
        return presence_s(facts), counts

    before, after = stood(stay, was_excused=False), stood(stay + more, was_excused=False)
    assert 0 <= before[0] <= after[0] <= 3600
    assert before[1] <= after[1]
    assert stood(stay, was_excused=excused) == before


SPANS = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)))


@given(spans=SPANS, length_s=st.integers(1, 100))
def test_it_joins_watched_spans_as_a_set_of_seconds(
    spans: list[tuple[int, int]], length_s: int
) -> None:
    joined = union(spans, length_s=length_s)
    seconds = {n for begin, end in spans for n in range(begin, min(end, length_s))}
    assert {n for begin, end in joined for n in range(begin, end)} == seconds
    assert length(joined) == len(seconds)
    assert union(joined, length_s=length_s) == joined
    assert all(a[1] < b[0] for a, b in pairwise(joined))


def test_it_asks_for_nine_tenths_of_a_replay() -> None:
    assert made_up([(0, 900)], length_s=1000)
    assert not made_up([(0, 899)], length_s=1000)


def test_it_changes_the_code_every_minute_and_takes_the_one_before() -> None:
    secret, session_id = b"secret", "lvs_1"
    code = check_in_code(secret, session_id, step_of(BEGIN))
    assert len(code) == 6

    def fits(seconds: int, given: str = code, session_id: str = session_id) -> bool:
        when = BEGIN + timedelta(seconds=seconds)
        return is_code(given, secret=secret, session_id=session_id, at=when)

    assert [fits(n) for n in (-1, 0, 59, 60, 119, 120)] == [False, True, True, True, True, False]
    assert fits(0, f" {code.lower()} ")
    assert not fits(0, session_id="lvs_2")
    assert not fits(0, "签到签到签到")
    assert check_in_code(b"other", session_id, step_of(BEGIN)) != code

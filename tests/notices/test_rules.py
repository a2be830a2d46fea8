"""When a person is told: the limits and the night, as pure functions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.notices.rules import (
    CARE,
    IN_ALL,
    KINDS,
    QUIET_FROM,
    QUIET_UNTIL,
    WINDOW,
    NoticeKind,
    Told,
    Why,
    after_quiet,
    plan,
)
from tests.factories.notices import ZONE

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""


@pytest.mark.parametrize(
    ("local", "after"),
    [
        ("2026-03-02T08:00", "2026-03-02T08:00"),
        ("2026-03-02T20:59", "2026-03-02T20:59"),
        ("2026-03-02T21:00", "2026-03-03T08:00"),
        ("2026-03-02T23:59", "2026-03-03T08:00"),
        ("2026-03-02T00:00", "2026-03-02T08:00"),
        ("2026-03-02T07:59", "2026-03-02T08:00"),
    ],
)
def test_it_leaves_people_alone_at_night(local: str, after: str) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert after_quiet(at, ZONE) == datetime.fromisoformat(after).replace(tzinfo=ZONE)


def test_it_waits_for_a_day_to_pass_since_the_last_of_the_kind() -> None:
    told = [Told(NoticeKind.INACTIVITY, MORNING)]
    later = MORNING + timedelta(hours=2)
    planned = plan(NoticeKind.INACTIVITY, wanted_at=later, useful_until=None, told=told, zone=ZONE)
    assert (planned.at, planned.why) == (MORNING + WINDOW, Why.TOO_OFTEN)


def test_it_looks_forward_as_well_as_back() -> None:
    told = [Told(NoticeKind.INACTIVITY, MORNING + timedelta(hours=5))]
    planned = plan(
        NoticeKind.INACTIVITY, wanted_at=MORNING, useful_until=None, told=told, zone=ZONE
    )
    assert planned.at == MORNING + timedelta(hours=29)


def test_it_drops_what_would_come_too_late() -> None:
    told = [Told(NoticeKind.INACTIVITY, MORNING)]
    until = MORNING + WINDOW - timedelta(seconds=1)
    planned = plan(
        NoticeKind.INACTIVITY, wanted_at=MORNING, useful_until=until, told=told, zone=ZONE
    )
    assert (planned.at, planned.why) == (None, Why.TOO_OFTEN)
    past = plan(
        NoticeKind.INACTIVITY,
        wanted_at=MORNING,
        useful_until=MORNING - timedelta(hours=1),
        told=[],
        zone=ZONE,
    )
    assert (past.at, past.why) == (None, Why.TOO_LATE)
    night = MORNING + timedelta(hours=13)
    asleep = plan(
        NoticeKind.INACTIVITY,
        wanted_at=night,
        useful_until=night + timedelta(hours=1),
        told=[],
        zone=ZONE,
    )
    assert (asleep.at, asleep.why) == (None, Why.QUIET_HOURS)


def test_it_never_limits_what_a_person_has_to_be_told() -> None:
    told = [Told(kind, MORNING) for kind in CARE]
    planned = plan(
        NoticeKind.PROGRAM_COMPLETED,
        wanted_at=MORNING,
        useful_until=None,
        told=told,
        zone=ZONE,
    )
    assert (planned.at, planned.why) == (MORNING, None)


wishes = st.lists(
    st.tuples(st.sampled_from(CARE), st.integers(min_value=0, max_value=4 * 24 * 60)),
    max_size=14,
)


@given(wishes)
def test_it_keeps_every_limit_whatever_is_wanted_when(
    wanted: list[tuple[NoticeKind, int]],
) -> None:
    told: list[Told] = []
    for kind, minutes in wanted:
        wanted_at = MORNING + timedelta(minutes=minutes)
        planned = plan(kind, wanted_at=wanted_at, useful_until=None, told=told, zone=ZONE)
        assert planned.at is not None
        assert planned.at >= wanted_at
        assert QUIET_UNTIL <= planned.at.astimezone(ZONE).time() < QUIET_FROM
        told.append(Told(kind, planned.at))
    for first in told:
        window = [t for t in told if first.at <= t.at < first.at + WINDOW]
        assert len(window) <= IN_ALL
        for kind in CARE:
            most = KINDS[kind].most
            assert most is not None
            assert sum(t.kind == kind for t in window) <= most

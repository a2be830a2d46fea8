"""The invariants of cohorts and attendance: they hold, and each finds what breaks it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.kernel import books
from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.training.jobs import close_sessions
from groupbuy.training.queries import attendance, cohorts
from groupbuy.training.services import attending, live, ruling
from tests.factories import cohorts as groups
from tests.factories import leaders


def broken() -> list[str]:
    """Return which of the invariants do not hold."""
    known = (*attendance.INVARIANTS, *cohorts.INVARIANTS)
    return [found.invariant.name for found in books.check(known) if found.faults]


@pytest.fixture
def held(app: object, clock: ManualClock) -> None:
    """A cohort in which everything happened that can."""
    people = [leaders.leader() for _ in range(6)]
    group = groups.cohort(leaders=people, capacity=6)
    one = groups.live_session(group)
    clock.at = one.starts_at
    groups.checked_in(people[0], one)
    clock.advance(minutes=12)
    groups.checked_in(people[1], one)
    clock.advance(minutes=25, milliseconds=700)
    with transaction():
        now = time.now()
        attending.check_out(session_id=one.id, leader_id=people[0].id, now=now)
        live.edit(
            session_id=one.id,
            if_match=one.version,
            replay_url="https://media.example/1.mp4",
            replay_s=100,
            actor=groups.trainer(),
            now=now,
        )
    clock.at = one.ends_at
    close_sessions()
    given: list[dict[str, Any]] = [
        {"leader_id": people[2].id, "kind": "excuse"},
        {"leader_id": people[3].id, "kind": "correct", "present_s": 2000, "late": True},
    ]
    who: dict[str, Any] = {"actor": groups.trainer(), "reason": "So.", "now": time.now()}
    with transaction():
        ruling.decide(session_id=one.id, items=given, **who)
        ruling.decide(session_id=one.id, items=[{**given[0], "kind": "unexcuse"}], **who)
        ruling.decide(session_id=one.id, items=[{**given[0], "kind": "excuse"}], **who)
        attending.watch_replay(
            session_id=one.id, leader_id=people[4].id, spans=[(0, 95)], now=time.now()
        )
    elsewhere = groups.live_session(group, at=time.now() + timedelta(days=1))
    with transaction():
        live.cancel(session_id=elsewhere.id, **who)


def test_it_holds_after_everything_that_can_happen(held: None) -> None:
    statuses = session().execute(text("select status from attendances order by 1")).scalars()
    assert list(statuses) == ["absent", "excused", "late", "late", "makeup"]
    assert broken() == []


@pytest.mark.breaks_books
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("update attendances set present_s = present_s + 1", "training.attendance_by_rule"),
        ("update attendances set status = 'present'", "training.attendance_by_rule"),
        (
            "update attendances set excused = not excused, status = 'absent' "
            "where status = 'excused'",
            "training.attendance_as_decided",
        ),
        (
            "update attendances set counted_at = counted_at - interval '1 hour'",
            "training.attendance_counted_after_the_end",
        ),
        (
            "update attendances set counted_at = null",
            "training.attendance_counted_after_the_end",
        ),
        ("update cohorts set capacity = 1", "training.cohort_within_capacity"),
        ("delete from enrollments", "training.members_are_enrolled"),
        (
            "update cohorts set state = 'cancelled', cancelled_by = 'lan', reason = 'so', "
            "cancelled_at = '2026-01-01'",
            "training.cancelled_cohorts_have_no_future",
        ),
    ],
)
def test_it_finds_what_breaks_it(held: None, change: str, name: str) -> None:
    session().execute(text(change))
    assert name in broken()

"""Cohorts and attendance when two come at once."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import Leader
from groupbuy.training.errors import CohortFull, SessionAttended, SessionCancelled
from groupbuy.training.jobs import close_sessions
from groupbuy.training.models import (
    Attendance,
    Cohort,
    CohortMember,
    Enrollment,
    LessonRecord,
    LiveSession,
)
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.services import attending, cohorts, live, members, ruling, timetable
from tests.factories import cohorts as groups
from tests.factories import leaders, training
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed
TUESDAYS = [{"weekday": 2, "time": groups.THRICE[0]["time"], "minutes": 60}]


def check_in(leader: Leader, one: LiveSession, clock: ManualClock) -> Callable[[], Attendance]:
    now = clock.now()
    given: dict[str, Any] = {
        "session_id": one.id,
        "leader_id": leader.id,
        "code": groups.code_of(one),
        "secret": settings().training_key,
    }
    return lambda: attending.check_in(**given, now=now)


@pytest.fixture
def mei(app: Flask) -> Leader:
    return leaders.leader()


@pytest.fixture
def one(mei: Leader, clock: ManualClock) -> LiveSession:
    """A session on a live lesson that has just begun; Mei is in its cohort."""
    program = training.program()
    lesson = training.lesson(training.module(training.course(program)), LessonKind.LIVE_SESSION)
    made = groups.live_session(groups.cohort(program, leaders=[mei]), lesson_id=lesson.id)
    clock.at = made.starts_at
    return made


def test_it_checks_somebody_in_once_by_two_telephones(
    app: Flask, mei: Leader, one: LiveSession, clock: ManualClock
) -> None:
    first = check_in(mei, one, clock)
    clock.advance(seconds=20)
    results = at_once(app, [first, check_in(mei, one, clock)])
    (row,) = session().query(Attendance).all()
    assert {result.checked_in_at for result in results} == {row.checked_in_at}


def test_it_gives_the_last_place_once(app: Flask, clock: ManualClock) -> None:
    group = groups.cohort(capacity=1, open=True)
    people, now = [leaders.leader() for _ in range(3)], clock.now()

    def join(leader: Leader) -> Callable[[], CohortMember]:
        who = {"cohort_id": group.id, "leader_id": leader.id}
        return lambda: members.join(**who, actor=SYSTEM, now=now)

    results = at_once(app, [join(leader) for leader in people])
    assert sorted(type(result).__name__ for result in results) == [
        "CohortFull",
        "CohortFull",
        "CohortMember",
    ]
    assert session().query(CohortMember).count() == session().query(Enrollment).count() == 1


def test_it_lets_somebody_in_once(app: Flask, mei: Leader, clock: ManualClock) -> None:
    group, now = groups.cohort(capacity=2, open=True), clock.now()

    def join() -> CohortMember:
        return members.join(cohort_id=group.id, leader_id=mei.id, actor=SYSTEM, now=now)

    first, second = at_once(app, [join, join])
    assert first.id == second.id
    assert session().query(CohortMember).count() == 1


def test_it_makes_no_cohort_smaller_than_who_joins_meanwhile(
    app: Flask, mei: Leader, clock: ManualClock
) -> None:
    tao, group, now = leaders.leader(), groups.cohort(capacity=2, open=True), clock.now()
    with transaction():
        members.join(cohort_id=group.id, leader_id=tao.id, actor=SYSTEM, now=now)
    joined, edited = second_waits_for_first(
        app,
        lambda: members.join(cohort_id=group.id, leader_id=mei.id, actor=SYSTEM, now=now),
        lambda: cohorts.edit(cohort_id=group.id, if_match=1, capacity=1, actor=SYSTEM, now=now),
    )
    assert isinstance(joined, CohortMember)
    assert isinstance(edited, CohortFull)


def test_it_refuses_a_check_in_to_a_session_that_is_being_cancelled(
    app: Flask, mei: Leader, one: LiveSession, clock: ManualClock
) -> None:
    now = clock.now()
    cancelled, came = second_waits_for_first(
        app,
        lambda: live.cancel(session_id=one.id, reason="Ill.", actor=SYSTEM, now=now),
        check_in(mei, one, clock),
    )
    assert cancelled.state == SessionState.CANCELLED
    assert isinstance(came, SessionCancelled)
    assert session().query(Attendance).count() == 0


def test_it_cancels_a_session_while_somebody_checks_in(
    app: Flask, mei: Leader, one: LiveSession, clock: ManualClock
) -> None:
    now = clock.now()
    came, cancelled = second_waits_for_first(
        app,
        check_in(mei, one, clock),
        lambda: live.cancel(session_id=one.id, reason="Ill.", actor=SYSTEM, now=now),
    )
    assert (came.status, cancelled.state) == ("present", SessionState.CANCELLED)
    clock.at = one.ends_at
    close_sessions()
    assert session().query(LessonRecord).count() == 0


def test_it_moves_no_session_while_somebody_checks_in(
    app: Flask, mei: Leader, one: LiveSession, clock: ManualClock
) -> None:
    clock.advance(minutes=-5)
    now, ends_at = clock.now(), one.ends_at + timedelta(hours=1)
    came, moved = second_waits_for_first(
        app,
        check_in(mei, one, clock),
        lambda: live.edit(session_id=one.id, if_match=1, ends_at=ends_at, actor=SYSTEM, now=now),
    )
    assert came.status == "present"
    assert isinstance(moved, SessionAttended)


@pytest.fixture
def generated(mei: Leader, clock: ManualClock) -> tuple[Cohort, LiveSession]:
    """A cohort of Mei's whose pattern has changed since its timetable was made."""
    pattern = [{**slot, "time": time.fromisoformat(str(slot["time"]))} for slot in groups.THRICE]
    group = groups.cohort(pattern=pattern, leaders=[mei])
    now, zone = clock.now(), settings().calendar.zone
    with transaction():
        timetable.generate(cohort_id=group.id, zone=zone, actor=SYSTEM, now=now)
    first = session().query(LiveSession).order_by(LiveSession.starts_at).first()
    assert first is not None
    clock.at = first.starts_at - timedelta(minutes=5)
    with transaction():
        group.pattern = [{**slot, "lesson_id": None} for slot in TUESDAYS]
    return group, first


@pytest.mark.parametrize("checks_in_first", [True, False])
def test_it_removes_no_session_while_somebody_checks_in(
    app: Flask,
    mei: Leader,
    generated: tuple[Cohort, LiveSession],
    clock: ManualClock,
    checks_in_first: bool,
) -> None:
    group, first = generated
    now, zone = clock.now(), settings().calendar.zone
    come = check_in(mei, first, clock)

    def generate() -> Any:
        return timetable.generate(cohort_id=group.id, zone=zone, actor=SYSTEM, now=now)

    pair = (come, generate) if checks_in_first else (generate, come)
    results = second_waits_for_first(app, *pair)
    there = session().query(LiveSession).filter_by(id=first.id).count()
    if checks_in_first:
        assert (results[0].status, there) == ("present", 1)
    else:
        assert isinstance(results[1], NotFound)
        assert there == 0


def test_it_completes_a_lesson_once_while_the_trainer_corrects(
    app: Flask, mei: Leader, one: LiveSession, clock: ManualClock
) -> None:
    groups.checked_in(mei, one)
    clock.at = one.ends_at
    now = clock.now()
    given = {"leader_id": mei.id, "kind": "correct", "present_s": 3600}
    who: dict[str, Any] = {"actor": SYSTEM, "now": now, "reason": "I saw it."}
    at_once(
        app,
        [
            lambda: attending.close(session_id=one.id, now=now),
            lambda: attending.close(session_id=one.id, now=now),
            lambda: ruling.decide(session_id=one.id, items=[given], **who),
        ],
    )
    (row,) = session().query(Attendance).all()
    (record,) = session().query(LessonRecord).all()
    assert row.counted_at == record.completed_at == now

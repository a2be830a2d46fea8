"""Two at the same moment: last lessons, progress, prerequisites."""

from collections.abc import Callable

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import Enrollment, Lesson, LessonRecord
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.services.marking import mark
from groupbuy.training.services.progress import record_progress
from groupbuy.training.signals import lesson_satisfied
from tests.conftest import START
from tests.factories import leaders, training
from tests.factories.learning import video
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed


def marks(leader_id: str, lesson: Lesson) -> Callable[[], object]:
    return lambda: mark(leader_id=leader_id, lesson_id=lesson.id, completed=True, now=START)


def test_it_completes_a_program_by_two_last_lessons_at_once(app: Flask) -> None:
    program = training.program()
    module = training.module(training.course(program))
    lessons = [training.lesson(module) for _ in range(2)]
    leader = leaders.leader()
    training.enrolled(leader, program=program)
    second_waits_for_first(app, marks(leader.id, lessons[0]), marks(leader.id, lessons[1]))
    enrollment = reread(leader.id)
    assert (enrollment.done, enrollment.required) == (2, 2)
    assert (enrollment.state, enrollment.completed_at) == (EnrollmentState.COMPLETED, time.now())


def watches(leader_id: str, film: Lesson, *spans: list[int]) -> Callable[[], object]:
    return lambda: record_progress(leader_id=leader_id, lesson_id=film.id, watched=spans, now=START)


@pytest.mark.parametrize("begun", [True, False])
def test_it_loses_nothing_that_is_told_twice_at_once(app: Flask, begun: bool) -> None:
    program = training.program()
    film = video(training.module(training.course(program)))
    leader = leaders.leader()
    training.enrolled(leader, program=program)
    if begun:
        with transaction():
            watches(leader.id, film, [590, 600])()
    first, second = watches(leader.id, film, [0, 300]), watches(leader.id, film, [250, 590])
    second_waits_for_first(app, first, second)
    record = session().get_one(LessonRecord, (leader.id, film.id), populate_existing=True)
    assert record.watched_s == 590 + 10 * begun
    assert record.completed_at == time.now()
    assert reread(leader.id).state == EnrollmentState.COMPLETED


def test_it_takes_many_events_at_once(app: Flask) -> None:
    program = training.program()
    film = video(training.module(training.course(program)))
    leader = leaders.leader()
    training.enrolled(leader, program=program)
    works = [watches(leader.id, film, [50 * n, 50 * n + 40]) for n in range(6)]
    outcomes = at_once(app, works)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    record = session().get_one(LessonRecord, (leader.id, film.id), populate_existing=True)
    assert record.watched_s == 240


def test_it_announces_a_satisfied_lesson_once(app: Flask) -> None:
    program = training.program()
    lesson = training.lesson(training.module(training.course(program)))
    leader = leaders.leader()
    training.enrolled(leader, program=program)
    heard = []

    def listen(record: LessonRecord, **facts: object) -> None:
        heard.append(record.lesson_id)

    with lesson_satisfied.connected_to(listen):
        second_waits_for_first(app, marks(leader.id, lesson), marks(leader.id, lesson))
    assert heard == [lesson.id]


def reread(leader_id: str) -> Enrollment:
    session().expire_all()
    return session().query(Enrollment).filter_by(leader_id=leader_id).one()

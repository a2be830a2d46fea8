"""Two at the same moment: last lessons, progress, prerequisites."""

from collections.abc import Callable

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.training.errors import AlreadyWaived, LessonDraftOpen, PrerequisiteCircle
from groupbuy.training.models import Enrollment, Lesson, LessonRecord, Prerequisite
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.services.content import edit_course
from groupbuy.training.services.enrolling import enroll_leaders
from groupbuy.training.services.marking import mark
from groupbuy.training.services.prerequisites import add_prerequisite
from groupbuy.training.services.progress import record_progress
from groupbuy.training.services.versions import draft_version
from groupbuy.training.services.waiving import waive
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


def test_it_never_closes_a_circle_by_two_prerequisites_at_once(app: Flask) -> None:
    module = training.module(training.course(training.program()))
    a, b = training.lesson(module), training.lesson(module)

    def needs(owner: Lesson, needed: Lesson) -> Callable[[], object]:
        ids = {"lesson_id": owner.id, "required_lesson_id": needed.id}
        return lambda: add_prerequisite(**ids, actor=SYSTEM, now=START)

    added, refused = second_waits_for_first(app, needs(a, b), needs(b, a))
    assert isinstance(added, Prerequisite)
    assert isinstance(refused, PrerequisiteCircle)
    assert session().query(Prerequisite).count() == 1


def test_it_never_closes_a_circle_by_an_order_and_a_prerequisite(app: Flask) -> None:
    course = training.course(training.program())
    module = training.module(course)
    a, b = training.lesson(module, position=1), training.lesson(module, position=2)

    def in_order() -> object:
        return edit_course(course_id=course.id, if_match=1, ordered=True, actor=SYSTEM, now=START)

    def needs() -> object:
        ids = {"lesson_id": a.id, "required_lesson_id": b.id}
        return add_prerequisite(**ids, actor=SYSTEM, now=START)

    _, refused = second_waits_for_first(app, in_order, needs)
    assert isinstance(refused, PrerequisiteCircle)


def test_it_drafts_one_version_at_a_time(app: Flask) -> None:
    lesson = training.lesson(training.module(training.course(training.program())))

    def draft() -> object:
        return draft_version(lesson_id=lesson.id, actor=SYSTEM, now=START)

    outcomes = at_once(app, [draft] * 3)
    assert sum(isinstance(outcome, LessonDraftOpen) for outcome in outcomes) == 2


def test_it_enrols_the_same_leaders_once(app: Flask) -> None:
    program = training.program()
    training.lesson(training.module(training.course(program)))
    ids = [leaders.leader().id for _ in range(4)]

    def enrol(order: list[str]) -> Callable[[], object]:
        return lambda: enroll_leaders(
            program_id=program.id, leader_ids=order, actor=SYSTEM, now=START
        )

    outcomes = at_once(app, [enrol(ids), enrol(ids[::-1]), enrol(ids)])
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert session().query(Enrollment).count() == 4


def test_it_waives_a_lesson_once(app: Flask) -> None:
    program = training.program()
    lesson = training.lesson(training.module(training.course(program)))
    leader = leaders.leader()
    training.enrolled(leader, program=program)

    def spare() -> object:
        return waive(
            leader_id=leader.id, lesson_id=lesson.id, reason="Why not.", actor=SYSTEM, now=START
        )

    _, refused = second_waits_for_first(app, spare, spare)
    assert isinstance(refused, AlreadyWaived)
    assert reread(leader.id).state == EnrollmentState.COMPLETED


def reread(leader_id: str) -> Enrollment:
    session().expire_all()
    return session().query(Enrollment).filter_by(leader_id=leader_id).one()

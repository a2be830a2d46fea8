"""Recording what was done of a lesson, and counting what of a program is done."""

import itertools
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.training.models import Enrollment, Lesson, Program
from groupbuy.training.rules.completion import MoveOn, percent, satisfied
from groupbuy.training.rules.content import ContentState, EnrollmentState
from groupbuy.training.services.enrolling import enroll, withdraw
from groupbuy.training.services.marking import mark
from tests.factories import leaders, training


@pytest.fixture
def lessons(app: object) -> tuple[Program, list[Lesson]]:
    program = training.program()
    module = training.module(training.course(program))
    made = [
        training.lesson(module),
        training.lesson(module, move_on=MoveOn.COMPLETED_AND_PASSED),
        training.lesson(module, mandatory=False),
    ]
    return program, made


def test_it_completes_an_enrollment_when_every_mandatory_lesson_is_done(
    lessons: tuple[Program, list[Lesson]],
) -> None:
    program, (article, exam, extra) = lessons
    enrollment = training.enrolled(program=program)
    leader_id = enrollment.leader_id
    assert (enrollment.required, enrollment.done) == (2, 0)
    with transaction():
        mark(leader_id=leader_id, lesson_id=extra.id, completed=True, now=time.now())
        mark(leader_id=leader_id, lesson_id=exam.id, completed=True, now=time.now())
        mark(leader_id=leader_id, lesson_id=article.id, completed=True, now=time.now())
    assert (enrollment.done, enrollment.state) == (1, EnrollmentState.ACTIVE)
    with transaction():
        mark(leader_id=leader_id, lesson_id=exam.id, passed=True, score_bps=8200, now=time.now())
    assert (enrollment.done, enrollment.state) == (2, EnrollmentState.COMPLETED)
    assert enrollment.completed_at == time.now()


def test_it_keeps_the_first_instant_of_a_fact(
    lessons: tuple[Program, list[Lesson]], clock: ManualClock
) -> None:
    leader = leaders.leader()
    first = time.now()
    with transaction():
        record = mark(leader_id=leader.id, lesson_id=lessons[1][0].id, completed=True, now=first)
    clock.advance(days=1)
    with transaction():
        mark(leader_id=leader.id, lesson_id=lessons[1][0].id, completed=True, now=time.now())
    assert record.completed_at == first
    assert record.active_at == time.now()


def test_it_takes_back_who_left(lessons: tuple[Program, list[Lesson]]) -> None:
    program, (article, *_) = lessons
    enrollment = training.enrolled(program=program)
    who: dict[str, Any] = {
        "leader_id": enrollment.leader_id,
        "program_id": program.id,
        "actor": SYSTEM,
    }
    with transaction():
        mark(leader_id=enrollment.leader_id, lesson_id=article.id, completed=True, now=time.now())
        withdraw(**who, now=time.now())
    with pytest.raises(NotInThisState), transaction():
        withdraw(**who, now=time.now())
    with transaction():
        again = enroll(**who, now=time.now())
    assert (again.id, again.state, again.done) == (enrollment.id, EnrollmentState.ACTIVE, 1)


def test_it_computes_satisfied_in_the_database_as_the_rule_does(
    lessons: tuple[Program, list[Lesson]],
) -> None:
    leader = leaders.leader()
    with transaction():
        mark(leader_id=leader.id, lesson_id=lessons[1][0].id, now=time.now())
    setting = text(
        "update lesson_records set move_on = :m, completed_at = case when :c then now() end, "
        "passed_at = case when :p then now() end, waived_at = case when :w then now() end, "
        "waived_by = case when :w then 'hua' end, reason = case when :w then 'knows it' else '' "
        "end returning satisfied"
    )
    for move_on in MoveOn:
        for c, p, w in itertools.product((False, True), repeat=3):
            stored = session().scalar(setting, {"m": move_on, "c": c, "p": p, "w": w})
            assert stored == satisfied(move_on, completed=c, passed=p, waived=w), (move_on, c, p, w)


def test_it_never_changes_a_published_version(lessons: tuple[Program, list[Lesson]]) -> None:
    with pytest.raises(IntegrityError, match="never changes"), transaction():
        session().execute(text("update lesson_versions set title_zh = '别的'"))


def test_it_counts_only_what_is_taught(lessons: tuple[Program, list[Lesson]]) -> None:
    program, (article, *_) = lessons
    with transaction():
        article.retired_at = time.now()
    assert training.enrolled(program=program).required == 1
    with transaction():
        program.state = ContentState.RETIRED
    assert session().query(Enrollment).count() == 1


@pytest.mark.parametrize(
    ("done", "required", "shown"), [(0, 0, 0), (0, 3, 0), (1, 3, 33), (199, 200, 99), (3, 3, 100)]
)
def test_it_reaches_100_percent_only_when_all_is_done(done: int, required: int, shown: int) -> None:
    assert percent(done=done, required=required) == shown

"""Two at the same moment: last lessons, progress, prerequisites."""

from collections.abc import Callable

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.db import session
from groupbuy.training.models import Enrollment, Lesson
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.services.marking import mark
from tests.conftest import START
from tests.factories import leaders, training
from tests.rivals import second_waits_for_first

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


def reread(leader_id: str) -> Enrollment:
    session().expire_all()
    return session().query(Enrollment).filter_by(leader_id=leader_id).one()

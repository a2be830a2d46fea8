"""Counting all enrolments at once: the figures are those of counting one by one."""

import random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.notices.models import Notice
from groupbuy.training import jobs
from groupbuy.training.models import (
    Enrollment,
    FunnelStep,
    LearningPlace,
    Lesson,
    Program,
    TrainingRecount,
)
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.services import recounting
from groupbuy.training.services.counting import recount
from groupbuy.training.services.enrolling import withdraw
from groupbuy.training.services.marking import mark
from groupbuy.training.services.recounting import advance_recount, begin_recount
from tests.factories import leaders, training
from tests.rivals import at_once, second_waits_for_first

School = tuple[Program, list[Lesson]]


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count two enrolments a step."""
    monkeypatch.setattr(recounting, "BATCH", 2)


def school(lessons: int = 3) -> School:
    """A program of articles."""
    program = training.program()
    module = training.module(training.course(program))
    return program, [training.lesson(module, position=number) for number in range(lessons)]


def mixed() -> School:
    """A program of lessons that ask for different things, some for nothing that counts."""
    program = training.program()
    module = training.module(training.course(program))
    extra = training.module(training.course(program, mandatory=False))
    return program, [
        *(training.lesson(module, move_on=move_on) for move_on in MoveOn),
        training.lesson(module, mandatory=False),
        training.lesson(extra),
    ]


def done(enrollment: Enrollment, lesson: Lesson, **facts: Any) -> None:
    """Complete a lesson, or as told."""
    given = {"completed": True} | facts
    with transaction():
        mark(leader_id=enrollment.leader_id, lesson_id=lesson.id, now=time.now(), **given)


def sql(statement: str) -> None:
    with transaction():
        session().execute(text(statement))
        session().expire_all()


def figures() -> dict[str, tuple[int, int, str]]:
    """Return what every enrolment says of itself."""
    query = select(Enrollment).execution_options(populate_existing=True)
    with transaction():
        return {row.id: (row.required, row.done, row.state) for row in session().scalars(query)}


def places() -> dict[str, str]:
    with transaction():
        rows = session().execute(select(LearningPlace.enrollment_id, LearningPlace.lesson_id))
        return {row.enrollment_id: row.lesson_id for row in rows}


class TestFigures:
    @pytest.mark.usefixtures("small_steps")
    @pytest.mark.parametrize("seed", range(3))
    def test_it_counts_as_counting_one_by_one_does(self, app: Flask, seed: int) -> None:
        draw = random.Random(seed)
        people = [leaders.leader() for _ in range(4)]
        schools = [mixed(), mixed()]
        for program, lessons in schools:
            for leader in people:
                enrollment = training.enrolled(leader, program=program)
                for lesson in draw.sample(lessons, draw.randrange(len(lessons) + 1)):
                    done(enrollment, lesson, completed=draw.random() < 0.8, passed=True)
        training.enrolled(people[0], program=training.program())
        retired, hidden = schools[0][1][1], schools[1][1][2]
        sql(f"update lessons set retired_at = now() where id = '{uuid(retired.id)}'")
        sql(f"update lessons set mandatory = false where id = '{uuid(hidden.id)}'")
        forget = "update enrollments set required = 0, done = 0"
        sql(forget)
        jobs.recount()
        found = figures()
        assert len(set(found.values())) > 2
        sql(forget)
        for enrollment in session().scalars(select(Enrollment)).all():
            of = {"leader_id": enrollment.leader_id, "program_id": enrollment.program_id}
            with transaction():
                recount(**of, now=time.now())
        assert figures() == found

    def test_it_completes_what_is_done_and_tells_the_leader(self, app: Flask) -> None:
        program, (first, second) = school(2)
        enrollment = training.enrolled(program=program)
        done(enrollment, first)
        sql(f"update lessons set retired_at = now() where id = '{uuid(second.id)}'")
        jobs.recount()
        assert figures()[enrollment.id] == (1, 1, EnrollmentState.COMPLETED)
        with transaction():
            notice = session().scalars(select(Notice)).one()
            (run,) = session().scalars(select(TrainingRecount))
        assert notice.body.en == "You have done every mandatory lesson of “First steps”."
        assert (run.counted, run.changed, run.completed) == (1, 1, 1)
        jobs.recount()
        with transaction():
            assert session().scalars(select(Notice)).all() == [notice], "once"

    def test_it_leaves_completed_what_was_completed(self, app: Flask) -> None:
        program, (first,) = school(1)
        enrollment = training.enrolled(program=program)
        done(enrollment, first)
        training.lesson(training.module(training.course(program)))
        jobs.recount()
        assert figures()[enrollment.id] == (2, 1, EnrollmentState.COMPLETED)

    def test_it_has_nothing_to_count_in_an_empty_school(self, app: Flask) -> None:
        jobs.recount()
        with transaction():
            (run,) = session().scalars(select(TrainingRecount))
        assert (run.state, run.expected, run.counted) == ("finished", 0, 0)


class TestSteps:
    @pytest.mark.usefixtures("small_steps")
    def test_it_goes_on_where_it_was_stopped(self, app: Flask) -> None:
        program, _ = school()
        for _ in range(5):
            training.enrolled(program=program)
        with transaction():
            run = begin_recount(now=time.now())
        with transaction():
            half = advance_recount(recount_id=run.recount_id, now=time.now())
        assert (half.counted, half.total, half.finished) == (2, 5, False)
        jobs.recount()
        with transaction():
            (only,) = session().scalars(select(TrainingRecount))
            after = advance_recount(recount_id=run.recount_id, now=time.now())
        assert (only.id, only.counted, only.state) == (run.recount_id, 5, "finished")
        assert after.finished, "another step changes nothing"
        jobs.recount()
        with transaction():
            assert len(session().scalars(select(TrainingRecount)).all()) == 2

    @pytest.mark.usefixtures("small_steps")
    def test_it_takes_a_constant_number_of_statements_a_step(
        self, app: Flask, count_statements: Any
    ) -> None:
        program, _ = school(2)
        for _ in range(3):
            training.enrolled(program=program)
        with transaction():
            run = begin_recount(now=time.now())
        counted = []
        for _ in range(2):
            with transaction(), count_statements() as sent:
                advance_recount(recount_id=run.recount_id, now=time.now())
            counted.append(len(sent))
        assert counted[0] == counted[1] <= 7

    @pytest.mark.committed
    @pytest.mark.usefixtures("small_steps")
    def test_it_counts_each_once_when_two_count(self, app: Flask) -> None:
        program, _ = school()
        for _ in range(7):
            training.enrolled(program=program)
        at_once(app, [jobs.recount, jobs.recount], in_one=False)
        with transaction():
            runs = session().scalars(select(TrainingRecount)).all()
        assert {(run.state, run.counted) for run in runs} == {("finished", 7)}

    @pytest.mark.committed
    @pytest.mark.parametrize("count_first", [True, False])
    def test_it_loses_nothing_that_is_done_meanwhile(self, app: Flask, count_first: bool) -> None:
        program, lessons = school()
        enrollment = training.enrolled(program=program)
        with transaction():
            run = begin_recount(now=time.now())
        now, first = time.now(), lessons[0].id
        leader_id = enrollment.leader_id

        def count() -> Any:
            return advance_recount(recount_id=run.recount_id, now=now)

        def learn() -> Any:
            return mark(leader_id=leader_id, lesson_id=first, completed=True, now=now)

        works = (count, learn) if count_first else (learn, count)
        second_waits_for_first(app, *works)
        assert figures()[enrollment.id][:2] == (3, 1)


class TestPlaces:
    def test_it_writes_down_where_each_leader_stands(self, app: Flask) -> None:
        program, (first, second, third) = school()
        waiting, midway, gone, finished = (training.enrolled(program=program) for _ in range(4))
        done(midway, first)
        done(midway, third)
        with transaction():
            of = {"leader_id": gone.leader_id, "program_id": program.id}
            withdraw(**of, actor=SYSTEM, now=time.now())
        for lesson in (first, second, third):
            done(finished, lesson)
        jobs.recount()
        assert places() == {waiting.id: first.id, midway.id: second.id}
        done(midway, second)
        jobs.recount()
        assert places() == {waiting.id: first.id}


class TestFunnel:
    def test_it_counts_who_came_how_far(self, app: Flask, clock: ManualClock) -> None:
        program, (first, second, third) = school()
        people = [training.enrolled(program=program) for _ in range(4)]
        for enrollment in people[1:]:
            done(enrollment, first, completed=False)
        for days, enrollment in enumerate(people[1:], 1):
            clock.advance(days=days)
            done(enrollment, first)
        done(people[3], second, completed=False)
        with transaction():
            of = {"leader_id": people[2].leader_id, "program_id": program.id}
            withdraw(**of, actor=SYSTEM, now=time.now())
        jobs.recount()
        with transaction():
            query = select(FunnelStep).order_by(FunnelStep.place)
            steps = session().scalars(query).all()
        assert [step.lesson_id for step in steps] == [first.id, second.id, third.id]
        assert [
            (s.enrolled, s.reached, s.begun, s.completed, s.satisfied, s.median_days) for s in steps
        ] == [(3, 3, 2, 2, 2, 1), (3, 2, 1, 0, 0, None), (3, 0, 0, 0, 0, None)]

    def test_it_forgets_lessons_that_are_taught_no_more(self, app: Flask) -> None:
        _, (first,) = school(1)
        jobs.recount()
        sql("update lessons set retired_at = now()")
        jobs.recount()
        with transaction():
            assert session().get(FunnelStep, first.id, populate_existing=True) is None


class TestReminders:
    """Leaders who did nothing for weeks."""

    def notices(self) -> list[Notice]:
        with transaction():
            query = select(Notice).order_by(Notice.created_at, Notice.id)
            return list(session().scalars(query.where(Notice.kind == "inactivity")))

    def test_it_reminds_once_for_each_two_weeks(self, app: Flask, clock: ManualClock) -> None:
        training.enrolled(program=school()[0])
        for days, expected in ((13, 0), (1, 1), (1, 1), (12, 1), (1, 2), (14, 3)):
            clock.advance(days=days)
            jobs.remind_idle_leaders()
            assert len(self.notices()) == expected, days
        assert self.notices()[-1].body.en.startswith("You have not learnt anything for 6 weeks.")
        clock.advance(days=200)
        jobs.remind_idle_leaders()
        assert len(self.notices()) == 3, "it gives up"

    def test_it_lets_alone_who_is_active_in_one_program(
        self, app: Flask, clock: ManualClock
    ) -> None:
        leader = leaders.leader()
        training.enrolled(leader, program=school()[0])
        clock.advance(days=10)
        training.enrolled(leader, program=school()[0])
        clock.advance(days=5)
        jobs.remind_idle_leaders()
        assert self.notices() == []

    def test_it_lets_alone_who_is_suspended_or_has_finished(
        self, app: Flask, clock: ManualClock
    ) -> None:
        program, (only,) = school(1)
        done(training.enrolled(program=program), only)
        suspended = training.enrolled(program=program)
        sql(f"update leaders set state = 'suspended' where id = '{uuid(suspended.leader_id)}'")
        clock.advance(days=15)
        jobs.remind_idle_leaders()
        assert self.notices() == []

    def test_it_begins_anew_when_a_leader_came_back(self, app: Flask, clock: ManualClock) -> None:
        program, (first, *_) = school()
        enrollment = training.enrolled(program=program)
        clock.advance(days=14)
        jobs.remind_idle_leaders()
        sql(f"update enrollments set active_at = '{clock.now().isoformat()}'")
        clock.advance(days=13)
        jobs.remind_idle_leaders()
        assert len(self.notices()) == 1
        clock.advance(days=1)
        jobs.remind_idle_leaders()
        assert len(self.notices()) == 2
        assert first.id
        assert enrollment.state == "active"

    @pytest.mark.usefixtures("few_at_a_time")
    def test_it_comes_to_all(self, app: Flask, clock: ManualClock) -> None:
        program, _ = school()
        for _ in range(5):
            training.enrolled(program=program)
        clock.advance(days=15)
        jobs.remind_idle_leaders()
        assert len({notice.shopper_id for notice in self.notices()}) == 5


@pytest.fixture
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remind two leaders at a time."""
    monkeypatch.setattr("groupbuy.training.services.reminding.BATCH", 2)


def uuid(public_id: str) -> str:
    return public_id[4:]


class TestCommand:
    """flask school recount"""

    @pytest.mark.usefixtures("small_steps")
    def test_it_counts_everything_and_says_what_changed(self, app: Flask) -> None:
        program, (first, *_) = school()
        enrolled = [training.enrolled(program=program) for _ in range(3)]
        done(enrolled[0], first)
        sql("update enrollments set done = 0")
        result = app.test_cli_runner().invoke(args=["school", "recount"])
        assert result.exit_code == 0, result.output
        told = "3 enrolments are counted: 1 had changed, 0 are completed now"
        assert result.output.strip().endswith(told)

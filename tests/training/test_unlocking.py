"""What opens a lesson: the rule, and the question that every learning endpoint asks."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.training.errors import LessonLocked, NotEnrolled, NotTaught
from groupbuy.training.models import Course, Lesson, Prerequisite, Program
from groupbuy.training.queries.unlocking import unlocked
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import ContentState, LessonState, lesson_state
from groupbuy.training.rules.unlocking import Place, circle, missing
from groupbuy.training.services.enrolling import withdraw
from groupbuy.training.services.marking import mark
from tests.factories import leaders, training

A1, A2, A3 = (Place(f"a{n}", "A") for n in (1, 2, 3))
B1, B2 = (Place(f"b{n}", "B") for n in (1, 2))


def done(place: Place) -> Place:
    return Place(place.lesson_id, place.course_id, place.mandatory, place.asks, satisfied=True)


class TestRule:
    """rules/unlocking.py"""

    def test_it_opens_what_nothing_is_needed_for(self) -> None:
        assert missing([A1, A2], []) == {"a1": [], "a2": []}

    def test_it_waits_for_a_lesson(self) -> None:
        assert missing([A1, A2], [("a2", "a1")])["a2"] == ["a1"]
        assert missing([done(A1), A2], [("a2", "a1")])["a2"] == []

    def test_it_waits_for_all_mandatory_lessons_of_a_course(self) -> None:
        needs = [("B", "A")]
        optional = Place("a2", "A", mandatory=False)
        assert missing([A1, optional, B1, B2], needs)["b2"] == ["A"]
        assert missing([done(A1), optional, B1, B2], needs)["b2"] == []
        assert missing([done(A1), A2, B1], needs)["b1"] == ["A"]

    def test_it_names_each_thing_once(self) -> None:
        needs = [("B", "a1"), ("b1", "a1"), ("b1", "a2")]
        assert missing([A1, A2, B1], needs)["b1"] == ["a1", "a2"]

    def test_it_does_not_wait_for_what_asks_for_nothing(self) -> None:
        gone = Place("a1", "A", asks=False)
        assert missing([gone, B1], [("b1", "a1"), ("B", "A")])["b1"] == []
        assert missing([B1], [("b1", "never shown")])["b1"] == []

    def test_it_takes_the_lessons_of_an_ordered_course_one_by_one(self) -> None:
        waits = missing([A1, A2, A3, B1, B2], [], ordered={"A"})
        assert waits == {"a1": [], "a2": ["a1"], "a3": ["a1"], "b1": [], "b2": []}
        assert missing([done(A1), A2, A3], [], ordered={"A"})["a3"] == ["a2"]
        optional = Place("a2", "A", mandatory=False)
        assert missing([done(A1), optional, A3], [], ordered={"A"})["a3"] == []

    @pytest.mark.parametrize(
        ("needs", "ordered", "met"),
        [
            ([], (), []),
            ([("b1", "a1"), ("B", "A")], ("A", "B"), []),
            ([("a1", "a2"), ("a2", "a1")], (), ["a1", "a2", "a1"]),
            ([("a1", "A")], (), ["a1", "A", "a1"]),
            ([("A", "B"), ("b2", "a1")], (), ["A", "B", "b2", "a1", "A"]),
            ([("A", "b1"), ("B", "a2")], (), ["A", "b1", "B", "a2", "A"]),
            ([("a1", "a3")], ("A",), ["a1", "a3", "a2", "a1"]),
            ([("C", "D"), ("D", "C")], (), ["C", "D", "C"]),
        ],
    )
    def test_it_finds_what_waits_for_itself(self, needs: Any, ordered: Any, met: list[str]) -> None:
        found = circle([A1, A2, A3, B1, B2], needs, ordered=ordered)
        assert len(found) == len(met)
        # It may begin anywhere.
        turned = found[:-1] * 2
        assert met[:-1] in [turned[i : i + len(met) - 1] for i in range(max(1, len(found) - 1))]

    def test_it_says_in_a_word_where_one_stands(self) -> None:
        facts = {
            name: False
            for name in ("locked", "begun", "completed", "passed", "satisfied", "waived")
        }
        assert lesson_state(**facts) == LessonState.OPEN
        for name in facts:
            facts[name] = True
            expected = "locked" if name == "locked" else name
            assert lesson_state(**facts) == expected


@pytest.fixture
def two(app: object) -> tuple[Program, Course, list[Lesson]]:
    """A program of two courses with two lessons each; the second needs the first."""
    program = training.program()
    first, second = (training.course(program, position=n) for n in (1, 2))
    made = [
        training.lesson(module, position=n)
        for module in (training.module(first), training.module(second))
        for n in (1, 2)
    ]
    need(program, course_id=second.id, required_course_id=first.id)
    return program, first, made


def need(program: Program, **ids: str) -> None:
    with transaction():
        session().add(Prerequisite(program_id=program.id, **ids))


def learns(leader: Leader, lesson: Lesson, **facts: bool) -> None:
    with transaction():
        mark(leader_id=leader.id, lesson_id=lesson.id, now=time.now(), **facts)


class TestUnlocked:
    """queries.unlocking.unlocked"""

    def test_it_opens_a_course_when_the_one_before_is_done(
        self, two: tuple[Program, Course, list[Lesson]]
    ) -> None:
        program, course, lessons = two
        mei = leaders.leader()
        training.enrolled(mei, program=program)
        assert unlocked(leader_id=mei.id, lesson_id=lessons[0].id).program_id == program.id
        learns(mei, lessons[0], completed=True)
        with pytest.raises(LessonLocked) as locked:
            unlocked(leader_id=mei.id, lesson_id=lessons[2].id)
        assert locked.value.members["missing"] == [{"id": course.id, "title": course.title}]
        assert locked.value.document("en")["detail"] == "Finish first: Building a group."
        assert locked.value.document("zh-CN")["detail"] == "请先完成：建群。"
        learns(mei, lessons[1], completed=True)
        opened = unlocked(leader_id=mei.id, lesson_id=lessons[2].id)
        assert (opened.version.title_en, opened.record) == ("Welcome", None)

    def test_it_opens_nothing_to_who_does_not_learn(
        self, two: tuple[Program, Course, list[Lesson]]
    ) -> None:
        program, _, lessons = two
        mei, zed = leaders.leader(), leaders.leader()
        training.enrolled(mei, program=program)
        learns(mei, lessons[0])
        with pytest.raises(NotEnrolled):
            unlocked(leader_id=zed.id, lesson_id=lessons[0].id)
        with transaction():
            withdraw(leader_id=mei.id, program_id=program.id, actor=SYSTEM, now=time.now())
        with pytest.raises(NotEnrolled):
            unlocked(leader_id=mei.id, lesson_id=lessons[0].id)
        with pytest.raises(NotFound):
            unlocked(leader_id=mei.id, lesson_id=f"lsn_{'0' * 32}")

    def test_it_keeps_open_what_was_begun(self, two: tuple[Program, Course, list[Lesson]]) -> None:
        program, course, lessons = two
        mei = leaders.leader()
        training.enrolled(mei, program=program)
        learns(mei, lessons[0])
        with transaction():
            course.state = ContentState.RETIRED
        assert unlocked(leader_id=mei.id, lesson_id=lessons[0].id).record is not None
        with pytest.raises(NotTaught):
            unlocked(leader_id=mei.id, lesson_id=lessons[1].id)
        # What is not taught keeps nothing shut.
        assert unlocked(leader_id=mei.id, lesson_id=lessons[2].id).record is None

    def test_it_never_waits_for_a_lesson_that_asks_for_nothing(
        self, two: tuple[Program, Course, list[Lesson]]
    ) -> None:
        program, _, lessons = two
        extra = training.lesson(
            training.module(training.course(program)), move_on=MoveOn.NOT_APPLICABLE
        )
        need(program, lesson_id=lessons[0].id, required_lesson_id=extra.id)
        enrollment = training.enrolled(program=program)
        assert unlocked(leader_id=enrollment.leader_id, lesson_id=lessons[0].id)
        assert enrollment.required == 4

    def test_it_asks_three_statements_however_long_the_program_is(
        self,
        two: tuple[Program, Course, list[Lesson]],
        count_statements: Callable[[], Any],
    ) -> None:
        program, course, lessons = two
        module = training.module(course)
        for _ in range(10):
            training.lesson(module)
        leader_id = training.enrolled(program=program).leader_id
        session().expunge_all()
        with count_statements() as statements:
            unlocked(leader_id=leader_id, lesson_id=lessons[0].id)
        assert len(statements) == 3

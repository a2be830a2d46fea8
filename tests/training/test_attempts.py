"""Attempts by the services: limits, pauses, time limits, grading, voiding, drawing again."""

from typing import Any

import pytest

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.leaders.models import Leader
from groupbuy.training import signals
from groupbuy.training.errors import (
    AttemptOver,
    AttemptTooSoon,
    NoAttemptsLeft,
    NotEnrolled,
    NotTaught,
)
from groupbuy.training.jobs import expire_attempts
from groupbuy.training.models import Attempt
from groupbuy.training.queries.attempts import asked, passed_since
from groupbuy.training.rules.content import ContentState
from groupbuy.training.services import attempts
from tests.factories import assessments, leaders, training
from tests.training.examined import granted, record, voided

pytestmark = pytest.mark.usefixtures("app")


def paper(attempt: Attempt) -> list[tuple[str, str, int, list[str]]]:
    return [
        (row.question_id, row.question_version_id, row.position, row.options)
        for row in (one.row for one in asked(attempt.id))
    ]


class TestStarting:
    """What may be begun, and what is drawn."""

    def test_it_begins_the_lesson_and_counts_from_the_start(self) -> None:
        exam = assessments.exam(max_attempts=1)
        leader = assessments.pupil(exam)
        attempt = assessments.begun(exam, leader)
        assert (attempt.number, attempt.state, attempt.expires_at) == (1, "open", None)
        assert record(exam, leader).begun_at == time.now()
        assert record(exam, leader).completed_at is None
        assert assessments.begun(exam, leader).id == attempt.id
        with transaction():
            attempts.submit(leader_id=leader.id, attempt_id=attempt.id, now=time.now())
        with pytest.raises(NoAttemptsLeft):
            assessments.begun(exam, leader)

    def test_it_draws_the_paper_that_its_seed_gives(self) -> None:
        bank = assessments.bank()
        for _ in range(9):
            assessments.question(bank, "single")
        first = assessments.question(assessments.bank(), "ordering", marks=3)
        exam = assessments.exam(sections=[{"bank_id": bank.id, "draw": 4}], question_ids=[first.id])
        attempt = assessments.begun(exam, assessments.pupil(exam))
        drawn = paper(attempt)
        assert len(drawn) == 5
        assert first.id in {question for question, *_ in drawn}
        again = attempts.paper_of(attempt=attempt, version=exam.version)
        assert drawn == [
            (row.question_id, row.question_version_id, row.position, row.options) for row in again
        ]
        other = assessments.begun(exam, assessments.pupil(exam))
        assert {question for question, *_ in paper(other)} != {q for q, *_ in drawn} or paper(
            other
        ) != drawn

    def test_it_keeps_the_authors_order_unless_it_shuffles(self) -> None:
        exam = assessments.exam(
            "single", "multiple", "ordering", shuffle_questions=False, shuffle_options=False
        )
        orders = set()
        for _ in range(6):
            single, multiple, ordering = paper(assessments.begun(exam, assessments.pupil(exam)))
            assert [one[0] for one in (single, multiple, ordering)] == exam.version.question_ids
            assert single[3] == multiple[3] == assessments.KEYS
            orders.add(tuple(ordering[3]))
        assert len(orders) > 1

    def test_it_asks_for_a_pause_between_attempts(self, clock: ManualClock) -> None:
        exam = assessments.exam("single", cooldown_minutes=60)
        leader = assessments.pupil(exam)
        clock.advance(minutes=5)
        assessments.submitted(exam, leader)
        clock.advance(minutes=59)
        with pytest.raises(AttemptTooSoon) as soon:
            assessments.begun(exam, leader)
        assert soon.value.members["again_at"] == "2026-03-02T02:05:00+00:00"
        clock.advance(minutes=1)
        assert assessments.begun(exam, leader).number == 2

    def test_it_examines_only_who_learns_what_is_taught(self) -> None:
        exam = assessments.exam("single")
        with pytest.raises(NotEnrolled):
            assessments.begun(exam, leaders.leader())
        leader = assessments.pupil(exam)
        with transaction():
            exam.program.state = ContentState.RETIRED
        with pytest.raises(NotTaught):
            assessments.begun(exam, leader)

    def test_it_gives_further_attempts_to_whom_headquarters_grants_them(self) -> None:
        exam = assessments.exam("single", max_attempts=1)
        leader, other = assessments.pupil(exam), assessments.pupil(exam)
        for one in (leader, other):
            assessments.submitted(exam, one)
        granted(exam, leader)
        assert assessments.submitted(exam, leader).number == 2
        for one in (leader, other):
            with pytest.raises(NoAttemptsLeft):
                assessments.begun(exam, one)
        with pytest.raises(NotFound):
            granted(exam, Leader(id=f"ldr_{'0' * 32}"))

    def test_it_leaves_who_began_with_their_version(self) -> None:
        exam = assessments.exam("single", "true_false")
        early, late = assessments.pupil(exam), assessments.pupil(exam)
        attempt = assessments.begun(exam, early)
        extra = assessments.question(assessments.bank(), "numeric")
        second = assessments.published(exam.assessment, question_ids=[extra.id], pass_bps=0)
        assert (exam.version.state, second.state, second.number) == ("superseded", "published", 2)
        assert len(paper(assessments.begun(exam, early))) == 2
        assert attempt.assessment_version_id == exam.version.id
        assert [one[0] for one in paper(assessments.begun(exam, late))] == [extra.id]
        with transaction():
            attempts.submit(leader_id=early.id, attempt_id=attempt.id, now=time.now())
        assert record(exam, early).passed_at is None


class TestAnswering:
    """What may be answered, and until when."""

    def test_it_keeps_the_last_answer_and_lets_it_be_taken_back(self, clock: ManualClock) -> None:
        exam = assessments.exam("single")
        leader = assessments.pupil(exam)
        attempt = assessments.begun(exam, leader)
        (one,) = asked(attempt.id)

        def answer(given: Any) -> Any:
            clock.advance(seconds=1)
            with transaction():
                row = attempts.answer(
                    leader_id=leader.id,
                    attempt_id=attempt.id,
                    question_id=one.row.question_id,
                    given=given,
                    now=time.now(),
                )
            return row.answer, row.answered_at

        first = answer("b")
        assert first == ({"value": one.row.options[1]}, time.now())
        assert answer("b") == first
        assert answer("c")[0] == {"value": one.row.options[2]}
        assert answer(None) == (None, None)
        with pytest.raises(InvalidInput):
            answer("e")

    def test_it_takes_no_answer_once_the_time_is_over(self, clock: ManualClock) -> None:
        exam = assessments.exam("single", "true_false", time_limit_s=60)
        attempt = assessments.begun(exam, assessments.pupil(exam))
        clock.advance(seconds=59)
        assessments.answered(attempt, right=1)
        clock.advance(seconds=1)
        with pytest.raises(AttemptOver):
            assessments.answered(attempt)
        expire_attempts()
        assert assessments.fresh(attempt).score_bps == 5_000

    def test_it_answers_only_what_is_asked_of_oneself(self) -> None:
        exam = assessments.exam("single")
        attempt = assessments.begun(exam, assessments.pupil(exam))
        other = assessments.question(assessments.bank())
        (one,) = asked(attempt.id)
        for leader_id, question_id in (
            (attempt.leader_id, other.id),
            (assessments.pupil(exam).id, one.row.question_id),
        ):
            with pytest.raises(NotFound), transaction():
                attempts.answer(
                    leader_id=leader_id,
                    attempt_id=attempt.id,
                    question_id=question_id,
                    given="a",
                    now=time.now(),
                )


class TestGrading:
    """What an attempt comes to, and all of them together."""

    def test_it_marks_the_lesson_completed_and_passed(self) -> None:
        exam = assessments.exam(pass_bps=8_000)
        leader = assessments.pupil(exam)
        told = []

        def hear(attempt: Attempt, **facts: Any) -> None:
            told.append(
                (attempt.score_bps, facts["lesson_id"], facts["passed"], facts["grade_bps"])
            )

        with signals.attempt_graded.connected_to(hear):
            failed = assessments.submitted(exam, leader, right=3)
            assert (failed.state, failed.score_bps) == ("submitted", 6_000)
            assert record(exam, leader).completed_at == time.now()
            assert record(exam, leader).passed_at is None
            assessments.submitted(exam, leader)
        assert (record(exam, leader).satisfied, record(exam, leader).score_bps) == (True, 10_000)
        lesson = exam.lesson.id
        assert told == [(6_000, lesson, False, 6_000), (10_000, lesson, True, 10_000)]

    @pytest.mark.parametrize(
        ("method", "grade", "passed"),
        [
            ("highest", 8_000, True),
            ("average", 5_333, False),
            ("first", 2_000, False),
            ("last", 6_000, True),
        ],
    )
    def test_it_grades_all_attempts_by_the_method(
        self, method: str, grade: int, passed: bool
    ) -> None:
        exam = assessments.exam(grading=method, pass_bps=6_000)
        leader = assessments.pupil(exam)
        for right in (1, 4, 3):
            assessments.submitted(exam, leader, right=right)
        assert record(exam, leader).score_bps == grade
        assert (record(exam, leader).passed_at is not None) == passed

    def test_it_keeps_what_was_passed_when_the_grade_sinks(self) -> None:
        exam = assessments.exam(grading="last", pass_bps=6_000)
        leader = assessments.pupil(exam)
        assessments.submitted(exam, leader)
        assessments.submitted(exam, leader, right=0)
        after = record(exam, leader)
        assert (after.score_bps, after.passed_at is not None) == (0, True)

    def test_it_submits_by_the_job_when_the_time_is_over(self, clock: ManualClock) -> None:
        exam = assessments.exam(time_limit_s=600)
        leader = assessments.pupil(exam)
        attempt = assessments.begun(exam, leader)
        assessments.answered(attempt, right=4)
        clock.advance(seconds=599)
        expire_attempts()
        assert assessments.fresh(attempt).state == "open"
        clock.advance(seconds=11)
        expire_attempts()
        ended = assessments.fresh(attempt)
        assert (ended.state, ended.score_bps) == ("expired", 8_000)
        assert ended.ended_at == ended.expires_at
        assert ended.graded_at == time.now()
        assert record(exam, leader).passed_at == time.now()

    def test_it_expires_what_is_submitted_too_late(self, clock: ManualClock) -> None:
        exam = assessments.exam("single", time_limit_s=60)
        leader = assessments.pupil(exam)
        attempt = assessments.begun(exam, leader)
        clock.advance(minutes=2)
        for _ in range(2):
            with transaction():
                late = attempts.submit(leader_id=leader.id, attempt_id=attempt.id, now=time.now())
            assert (late.state, late.ended_at) == ("expired", late.expires_at)

    def test_it_expires_the_last_attempt_when_the_next_is_begun(self, clock: ManualClock) -> None:
        exam = assessments.exam("single", time_limit_s=60)
        leader = assessments.pupil(exam)
        first = assessments.begun(exam, leader)
        clock.advance(minutes=2)
        assert assessments.begun(exam, leader).number == 2
        assert assessments.fresh(first).state == "expired"

    def test_it_grades_once(self) -> None:
        exam = assessments.exam("single")
        leader = assessments.pupil(exam)
        attempt = assessments.submitted(exam, leader)
        graded_at = attempt.graded_at
        with transaction():
            attempts.submit(leader_id=leader.id, attempt_id=attempt.id, now=time.now())
            attempts.end_if_due(attempt_id=attempt.id, now=time.now())
        assert assessments.fresh(attempt).graded_at == graded_at
        with pytest.raises(AttemptOver):
            assessments.answered(attempt)

    def test_it_says_whether_a_leader_passed_again(self, clock: ManualClock) -> None:
        exam = assessments.exam("single", grading="first")
        leader = assessments.pupil(exam)
        assessments.submitted(exam, leader)
        since = clock.advance(days=300)
        whose = {"leader_id": leader.id, "lesson_id": exam.lesson.id}
        assert passed_since(**whose, since=since) is None
        assessments.submitted(exam, leader, right=0)
        assert passed_since(**whose, since=since) is None
        renewed = clock.advance(days=1)
        again = assessments.submitted(exam, leader)
        clock.advance(days=1)
        assessments.submitted(exam, leader)
        assert passed_since(**whose, since=since) == renewed
        voided(again)
        assert passed_since(**whose, since=since) == time.now()
        assert (
            passed_since(**{**whose, "leader_id": assessments.pupil(exam).id}, since=since) is None
        )

    def test_it_is_not_the_leaders_activity_that_an_attempt_is_voided(
        self, clock: ManualClock
    ) -> None:
        exam = assessments.exam("single")
        leader = assessments.pupil(exam)
        assessments.submitted(exam, leader)
        began, again = time.now(), assessments.submitted(exam, leader)
        clock.advance(days=30)
        voided(again)
        assert record(exam, leader).active_at == began
        assert training.enrolled(leader, program=exam.program).active_at == began

"""Attempts in each other's way: two tabs, the job, parallel starts, a late answer."""

from functools import partial
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.training import signals
from groupbuy.training.errors import AttemptOver, NoAttemptsLeft
from groupbuy.training.jobs import expire_attempts
from groupbuy.training.models import Attempt
from groupbuy.training.queries.attempts import asked, attempt_list
from groupbuy.training.services import attempts
from tests.factories import assessments
from tests.factories.assessments import Exam
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed


@pytest.fixture
def graded() -> Any:
    """What was told of attempts that were graded."""
    told: list[tuple[str, str]] = []

    def hear(attempt: Attempt, **facts: Any) -> None:
        told.append((attempt.id, attempt.state))

    with signals.attempt_graded.connected_to(hear):
        yield told


def starting(exam: Exam, leader_id: str) -> Any:
    return partial(
        attempts.start, leader_id=leader_id, assessment_id=exam.assessment.id, now=time.now()
    )


def submitting(attempt: Attempt) -> Any:
    return partial(
        attempts.submit, leader_id=attempt.leader_id, attempt_id=attempt.id, now=time.now()
    )


def answering(attempt: Attempt, given: Any = True) -> Any:
    (one,) = asked(attempt.id)
    return partial(
        attempts.answer,
        leader_id=attempt.leader_id,
        attempt_id=attempt.id,
        question_id=one.row.question_id,
        given=given,
        now=time.now(),
    )


def expiring(attempt: Attempt) -> Any:
    return partial(attempts.end_if_due, attempt_id=attempt.id, now=time.now())


def all_of(leader_id: str) -> list[Attempt]:
    return list(attempt_list(limit=100, cursor=None, leader=leader_id).items)


def test_it_submits_once_for_two_tabs(app: Flask, graded: list[Any]) -> None:
    exam = assessments.exam("true_false")
    attempt = assessments.begun(exam, assessments.pupil(exam))
    assessments.answered(attempt)
    first, second = second_waits_for_first(app, submitting(attempt), submitting(attempt))
    assert (first.state, second.state) == ("submitted", "submitted")
    assert first.graded_at == second.graded_at
    assert graded == [(attempt.id, "submitted")]


def test_it_submits_once_for_many_tabs(app: Flask, graded: list[Any]) -> None:
    exam = assessments.exam("true_false")
    attempt = assessments.begun(exam, assessments.pupil(exam))
    ended = at_once(app, [submitting(attempt)] * 4)
    assert {one.state for one in ended} == {"submitted"}
    assert len(graded) == 1


@pytest.mark.parametrize("job_first", [True, False])
def test_it_ends_once_when_the_job_meets_a_submission(
    app: Flask, clock: ManualClock, graded: list[Any], job_first: bool
) -> None:
    exam = assessments.exam("true_false", time_limit_s=60)
    attempt = assessments.begun(exam, assessments.pupil(exam))
    assessments.answered(attempt)
    clock.advance(seconds=59)
    in_time = submitting(attempt)
    clock.advance(seconds=1)
    job = expiring(attempt)
    works = [job, submitting(attempt)] if job_first else [in_time, job]
    second_waits_for_first(app, *works)
    state = "expired" if job_first else "submitted"
    assert graded == [(attempt.id, state)]
    ended = assessments.fresh(attempt)
    assert (ended.state, ended.score_bps) == (state, 10_000)
    expire_attempts()
    assert len(graded) == 1


def test_it_lets_parallel_starts_begin_one_attempt(app: Flask) -> None:
    exam = assessments.exam("true_false", max_attempts=1)
    leader = assessments.pupil(exam)
    begun = at_once(app, [starting(exam, leader.id)] * 5)
    assert len({one.id for one in begun}) == 1
    assert [one.number for one in all_of(leader.id)] == [1]


def test_it_never_passes_the_limit_however_fast_attempts_are_begun_and_ended(app: Flask) -> None:
    exam = assessments.exam("true_false", max_attempts=3)
    leader = assessments.pupil(exam)

    def begin_and_end() -> Any:
        for _ in range(4):
            with transaction():
                begun = starting(exam, leader.id)()
            with transaction():
                submitting(begun)()

    outcomes = at_once(app, [begin_and_end] * 3, in_one=False)
    assert sorted(one.number for one in all_of(leader.id)) == [1, 2, 3]
    assert all(isinstance(outcome, NoAttemptsLeft) for outcome in outcomes)


def test_it_makes_a_second_start_wait_for_the_first(app: Flask) -> None:
    exam = assessments.exam("true_false", max_attempts=1)
    leader = assessments.pupil(exam)
    first, second = second_waits_for_first(
        app, starting(exam, leader.id), starting(exam, leader.id)
    )
    assert first.id == second.id


def test_it_refuses_an_answer_that_waited_for_the_submission(app: Flask) -> None:
    exam = assessments.exam("true_false")
    attempt = assessments.begun(exam, assessments.pupil(exam))
    ended, refused = second_waits_for_first(app, submitting(attempt), answering(attempt))
    assert ended.score_bps == 0
    assert isinstance(refused, AttemptOver)


def test_it_grades_an_answer_that_came_before_the_submission(app: Flask) -> None:
    exam = assessments.exam("true_false")
    attempt = assessments.begun(exam, assessments.pupil(exam))
    kept, ended = second_waits_for_first(app, answering(attempt), submitting(attempt))
    assert kept.answer == {"value": True}
    assert ended.score_bps == 10_000


def test_it_ends_each_expired_attempt_once_in_parallel_sweeps(
    app: Flask, clock: ManualClock, graded: list[Any]
) -> None:
    exam = assessments.exam("true_false", time_limit_s=60)
    due = [assessments.begun(exam, assessments.pupil(exam)) for _ in range(4)]
    clock.advance(minutes=2)
    at_once(app, [expire_attempts] * 3, in_one=False)
    assert sorted(graded) == sorted((one.id, "expired") for one in due)

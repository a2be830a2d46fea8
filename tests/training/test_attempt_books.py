"""Attempts that are voided, and what the database itself promises of all of them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel import clock as time
from groupbuy.kernel.books import check
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.training.errors import AttemptOver
from groupbuy.training.queries import assessment_invariants
from groupbuy.training.rules.assessments import AttemptState
from groupbuy.training.services import attempts
from tests.factories import assessments
from tests.training.examined import granted, record, voided

pytestmark = pytest.mark.usefixtures("app")
INVARIANTS = assessment_invariants.INVARIANTS


class TestVoiding:
    """What counts for nothing."""

    def test_it_gives_the_attempt_back_and_grades_the_others(self) -> None:
        exam = assessments.exam(max_attempts=2, grading="average", pass_bps=8_000)
        leader = assessments.pupil(exam)
        poor = assessments.submitted(exam, leader, right=1)
        assessments.submitted(exam, leader, right=4)
        assert record(exam, leader).score_bps == 5_000
        assert (voided(poor).state, poor.score_bps) == (AttemptState.VOIDED, 2_000)
        assert record(exam, leader).score_bps == 8_000
        assert record(exam, leader).passed_at is not None
        assert assessments.begun(exam, leader).number == 3
        with pytest.raises(NotInThisState):
            voided(poor)

    def test_it_voids_what_is_under_way(self) -> None:
        exam = assessments.exam("single")
        attempt = assessments.begun(exam, assessments.pupil(exam))
        assert voided(attempt).score_bps is None
        with pytest.raises(AttemptOver):
            assessments.answered(attempt)
        with pytest.raises(AttemptOver), transaction():
            attempts.submit(leader_id=attempt.leader_id, attempt_id=attempt.id, now=time.now())


class TestBooks:
    """What the database itself promises."""

    @pytest.mark.parametrize(
        "change",
        [
            "update attempts set score_bps = 10000",
            "update attempts set state = 'open', ended_at = null, graded_at = null, "
            "score_bps = null",
            "update attempts set number = 7",
            "update attempts set expires_at = now()",
            "delete from attempts",
            "update attempt_questions set mark_bps = 10000",
            "update attempt_questions set answer = null, answered_at = null",
            "update attempt_questions set options = '[]'",
            "delete from attempt_questions",
            "update question_versions set marks = 2",
            "delete from assessment_items",
            "update assessment_versions set pass_bps = 1 where state <> 'draft'",
            "update assessment_versions set state = 'draft', published_at = null, "
            "published_by = null",
            "delete from assessment_versions",
            "update attempt_grants set attempts = 9",
        ],
    )
    def test_it_never_changes_what_is_over(self, change: str) -> None:
        exam = assessments.exam("single")
        leader = assessments.pupil(exam)
        granted(exam, leader)
        assessments.submitted(exam, leader)
        with pytest.raises(DBAPIError), session().begin_nested():
            session().execute(text(change))

    def test_it_keeps_the_terms_of_what_is_under_way(self) -> None:
        exam = assessments.exam("single")
        assessments.begun(exam, assessments.pupil(exam))
        for change in ("update attempts set number = 2", "delete from attempts"):
            with pytest.raises(DBAPIError, match="never change"), session().begin_nested():
                session().execute(text(change))
        with pytest.raises(DBAPIError, match="paper never"), session().begin_nested():
            session().execute(text("update attempt_questions set marks = 2"))

    def test_it_keeps_its_promises(self) -> None:
        exam = assessments.exam(grading="average")
        for right in (0, 2, 5):
            leader = assessments.pupil(exam)
            assessments.submitted(exam, leader, right=right)
            voided(assessments.submitted(exam, leader, right=1))
            assessments.begun(exam, leader)
        assert [finding.faults for finding in check(INVARIANTS)] == [[]] * len(INVARIANTS)

    @pytest.mark.breaks_books
    @pytest.mark.parametrize(
        ("name", "breaking"),
        [
            ("training.attempts_numbered", "update attempts set number = 2"),
            ("training.scores_add_up", "update attempts set score_bps = 1"),
            ("training.papers_of_their_version", "delete from assessment_items"),
            ("training.graded_is_completed", "update lesson_records set completed_at = null"),
        ],
    )
    def test_it_finds_a_broken_promise(self, name: str, breaking: str) -> None:
        exam = assessments.exam("single")
        assessments.submitted(exam, assessments.pupil(exam))
        session().execute(text("set local session_replication_role = replica"))
        session().execute(text(breaking))
        session().execute(text("set local session_replication_role = origin"))
        assert [found.invariant.name for found in check(INVARIANTS) if found.faults] == [name]

"""Grading methods, scores, and when what was right may be seen."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.training.rules.assessments import (
    Grading,
    Review,
    grade_bps,
    reviewable,
    score_bps,
)

CASES = json.loads((Path(__file__).parents[1] / "data" / "commission.json").read_text("utf-8"))
SCORES = st.lists(st.integers(0, 10_000), min_size=1, max_size=20)


def test_it_grades_as_the_worked_case_g12() -> None:
    case = next(case for case in CASES if case["id"] == "G12")
    scores, pass_bps = case["given"]["scores_bps"], case["given"]["pass_bps"]
    grades = {method: grade_bps(method, scores) for method in Grading}
    assert {m.value: [bps, bps >= pass_bps] for m, bps in grades.items()} == case["expect"]


@given(SCORES)
def test_it_grades_within_the_bounds_of_the_scores(scores: list[int]) -> None:
    grades = {method: grade_bps(method, scores) for method in Grading}
    assert all(min(scores) <= grade <= max(scores) for grade in grades.values())
    assert grades[Grading.HIGHEST] == max(scores)
    assert grades[Grading.AVERAGE] * len(scores) <= sum(scores)
    assert (grades[Grading.FIRST], grades[Grading.LAST]) == (scores[0], scores[-1])


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 10_000)), max_size=30))
def test_it_scores_between_nothing_and_full_and_full_only_when_all_is_right(
    marked: list[tuple[int, int]],
) -> None:
    score = score_bps(marked)
    assert 0 <= score <= 10_000
    assert (score == 10_000) == (bool(marked) and all(bps == 10_000 for _, bps in marked))


def test_it_weighs_questions_by_their_marks_and_floors() -> None:
    assert score_bps([(1, 10_000), (2, 0)]) == 3_333
    assert score_bps([(1, 0), (2, 10_000)]) == 6_666
    assert score_bps([]) == 0


@pytest.mark.parametrize("review", list(Review))
def test_it_opens_the_review_as_the_policy_says(review: Review) -> None:
    opens: dict[Review, Callable[..., bool]] = {
        Review.NEVER: lambda *_: False,
        Review.AFTER_SUBMISSION: lambda *_: True,
        Review.AFTER_PASS: lambda passed, left, open_: passed,
        Review.AFTER_LAST_ATTEMPT: lambda passed, left, open_: not left and not open_,
    }
    for passed, left, another in itertools.product((False, True), repeat=3):
        facts = {"passed": passed, "attempts_left": left, "another_open": another}
        assert reviewable(review, graded=True, **facts) == opens[review](passed, left, another)
        assert not reviewable(review, graded=False, **facts)

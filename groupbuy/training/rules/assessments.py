"""Assessments, pure: the states of an attempt, how attempts are graded, when one is reviewed.

Grading methods: the four of Moodle's quiz (QUIZ_GRADEHIGHEST, QUIZ_GRADEAVERAGE,
QUIZ_ATTEMPTFIRST, QUIZ_ATTEMPTLAST). Scores are basis points, always floored.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

FULL = 10_000
"""The score of who knows everything, in basis points."""


class AttemptState(StrEnum):
    """Where an attempt stands: `submitted` by its leader, `expired` when its time was over."""

    OPEN = "open"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    VOIDED = "voided"


ATTEMPT_MOVES: dict[tuple[AttemptState, str], AttemptState] = {
    (AttemptState.OPEN, "submit"): AttemptState.SUBMITTED,
    (AttemptState.OPEN, "expire"): AttemptState.EXPIRED,
    (AttemptState.OPEN, "void"): AttemptState.VOIDED,
    (AttemptState.SUBMITTED, "void"): AttemptState.VOIDED,
    (AttemptState.EXPIRED, "void"): AttemptState.VOIDED,
}

GRADED = (AttemptState.SUBMITTED, AttemptState.EXPIRED)
"""The states of attempts that have a score which counts."""


class Grading(StrEnum):
    """Which of several attempts make the grade."""

    HIGHEST = "highest"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"


class Review(StrEnum):
    """When a leader sees what was right, and why; the score is always told."""

    NEVER = "never"
    AFTER_SUBMISSION = "after_submission"
    AFTER_PASS = "after_pass"
    AFTER_LAST_ATTEMPT = "after_last_attempt"


def score_bps(marked: Iterable[tuple[int, int]]) -> int:
    """Return the score of a paper, floored.

    Args:
        marked: of each question its marks and how right its answer is, in basis points.
    """
    rows = list(marked)
    total = sum(marks for marks, _ in rows)
    return sum(marks * bps for marks, bps in rows) // total if total else 0


def grade_bps(method: Grading, scores_bps: Sequence[int]) -> int:
    """Return the grade of one or more attempts, in the order in which they were begun."""
    match method:
        case Grading.HIGHEST:
            return max(scores_bps)
        case Grading.AVERAGE:
            return sum(scores_bps) // len(scores_bps)
        case Grading.FIRST:
            return scores_bps[0]
        case Grading.LAST:
            return scores_bps[-1]


def reviewable(
    review: Review, *, graded: bool, passed: bool, attempts_left: bool, another_open: bool
) -> bool:
    """Tell whether a leader may see what was right in an attempt.

    Args:
        review: what the version of the attempt says.
        graded: whether the attempt is over and counts.
        passed: whether the lesson is passed.
        attempts_left: whether the leader may begin another.
        another_open: whether the leader has one under way.
    """
    match review:
        case Review.NEVER:
            opened = False
        case Review.AFTER_SUBMISSION:
            opened = True
        case Review.AFTER_PASS:
            opened = passed
        case Review.AFTER_LAST_ATTEMPT:
            opened = not attempts_left and not another_open
    return graded and opened

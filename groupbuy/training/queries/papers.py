"""Papers as they are shown: to their leader without the right answers, until the review opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import NotTaught
from groupbuy.training.kinds.questions.interface import Option, on_paper
from groupbuy.training.models import (
    Assessment,
    AssessmentVersion,
    Attempt,
    AttemptQuestion,
    LessonRecord,
)
from groupbuy.training.queries import assessments, attempts
from groupbuy.training.queries.attempts import Asked, Standing
from groupbuy.training.queries.unlocking import unlocked
from groupbuy.training.rules.assessments import GRADED, AttemptState, Review, reviewable


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer as its leader gave it, and how long there is for others."""

    question_id: str
    answer: Any
    answered_at: datetime | None
    seconds_left: int | None


@dataclass(frozen=True, slots=True)
class PaperQuestion:
    """A question on a paper; the last three are there once the review is open."""

    question_id: str
    kind: str
    marks: int
    prompt: Text
    options: list[Option]
    decimals: int | None
    unit: Text | None
    answer: Any
    answered_at: datetime | None
    mark_bps: int | None
    right: Any
    explanation: Text | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt in the terms of its version."""

    attempt: Attempt
    lesson_id: str
    pass_bps: int
    seconds_left: int | None
    passed: bool | None
    review_open: bool = False
    questions: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """What a lesson's assessment asks of a leader now, and what became of it so far."""

    version: AssessmentVersion
    lesson_id: str
    questions: int
    attempts_begun: int
    attempts_left: int | None
    again_at: datetime | None
    open_attempt_id: str | None
    grade_bps: int | None
    passed: bool


def seconds_left(attempt: Attempt, now: datetime) -> int | None:
    """Return the whole seconds for which answers are taken, None without limit."""
    if attempt.state != AttemptState.OPEN:
        return 0
    if attempt.expires_at is None:
        return None
    return max(0, (attempt.expires_at - now) // timedelta(seconds=1))


def examination(*, leader_id: str, lesson_id: str, now: datetime) -> Examination:
    """Return a lesson's assessment as a leader meets it.

    Raises:
        NotFound: the lesson has none.
        NotTaught: nothing of it is published.
        NotEnrolled: the leader does not learn its program.
        LessonLocked: what the lesson needs is not done yet.
    """
    assessment = assessments.assessment_of(lesson_id)
    unlocked(leader_id=leader_id, lesson_id=lesson_id)
    version = assessments.published(assessment.id)
    if version is None:
        raise NotTaught
    fixed = len(version.question_ids)
    before = attempts.standing(leader_id, assessment.id)
    under_way = attempts.open_attempt(leader_id, assessment.id)
    record = session().get(LessonRecord, (leader_id, lesson_id), populate_existing=True)
    again_at = before.again_at(version)
    return Examination(
        version=version,
        lesson_id=lesson_id,
        questions=fixed + sum(section["draw"] for section in version.sections),
        attempts_begun=before.begun,
        attempts_left=before.left(version),
        again_at=again_at if again_at is not None and now < again_at else None,
        open_attempt_id=None if under_way is None else under_way.id,
        grade_bps=None if record is None else record.score_bps,
        passed=record is not None and record.passed_at is not None,
    )


def own_paper(attempt: Attempt, *, now: datetime) -> AttemptView:
    """Return a leader's own paper: what was right only once its version lets it be reviewed."""
    version = session().get_one(AssessmentVersion, attempt.assessment_version_id)
    assessment = assessments.assessment(attempt.assessment_id)
    opened = _review_open(attempt, version, assessment)
    return _view(
        attempt,
        version,
        assessment.lesson_id,
        now,
        review_open=opened,
        questions=[_question(one, opened) for one in attempts.asked(attempt.id)],
    )


def whole_paper(attempt: Attempt, *, now: datetime) -> AttemptView:
    """Return a paper as headquarters sees it: what the author wrote, and what was answered."""
    version = session().get_one(AssessmentVersion, attempt.assessment_version_id)
    lesson_id = assessments.assessment(attempt.assessment_id).lesson_id
    return _view(attempt, version, lesson_id, now, questions=attempts.asked(attempt.id))


def answer_view(row: AttemptQuestion, *, now: datetime) -> AnswerView:
    """Return an answer that was just kept."""
    (one,) = attempts.asked(row.attempt_id, row.question_id)
    left = seconds_left(attempts.attempt(row.attempt_id), now)
    return AnswerView(row.question_id, _written(one), row.answered_at, left)


def attempt_page(*, now: datetime, **query: Any) -> Page[AttemptView]:
    """Return a page of attempts without their papers, the newest first."""
    page = attempts.attempt_list(**query)
    terms = (
        select(AssessmentVersion, Assessment.lesson_id)
        .join(Assessment, Assessment.id == AssessmentVersion.assessment_id)
        .where(AssessmentVersion.id.in_({row.assessment_version_id for row in page.items}))
    )
    known = {row.AssessmentVersion.id: row for row in session().execute(terms)}
    rows = [(row, known[row.assessment_version_id]) for row in page.items]
    items = [_view(row, term.AssessmentVersion, term.lesson_id, now) for row, term in rows]
    return Page(items, page.next_cursor)


def _view(
    attempt: Attempt, version: AssessmentVersion, lesson_id: str, now: datetime, **more: Any
) -> AttemptView:
    graded = attempt.state in GRADED and attempt.score_bps is not None
    return AttemptView(
        attempt=attempt,
        lesson_id=lesson_id,
        pass_bps=version.pass_bps,
        seconds_left=seconds_left(attempt, now),
        passed=(attempt.score_bps or 0) >= version.pass_bps if graded else None,
        **more,
    )


def _review_open(attempt: Attempt, version: AssessmentVersion, assessment: Assessment) -> bool:
    before = attempts.standing(attempt.leader_id, assessment.id)
    key = (attempt.leader_id, assessment.lesson_id)
    record = session().get(LessonRecord, key, populate_existing=True)
    return reviewable(
        Review(version.review),
        graded=attempt.state in GRADED,
        passed=record is not None and record.passed_at is not None,
        attempts_left=_may_begin(before, assessments.published(assessment.id) or version),
        another_open=attempts.open_attempt(attempt.leader_id, assessment.id) is not None,
    )


def _may_begin(before: Standing, version: AssessmentVersion) -> bool:
    return before.left(version) != 0


def _question(asked: Asked, opened: bool) -> PaperQuestion:
    row, body = asked.row, asked.body
    more = asked.kind.shown(body)
    return PaperQuestion(
        question_id=row.question_id,
        kind=asked.kind.name,
        marks=row.marks,
        prompt=Text(body["prompt_zh"], body["prompt_en"]),
        options=on_paper(body, row.options),
        decimals=more.get("decimals"),
        unit=more.get("unit"),
        answer=_written(asked),
        answered_at=row.answered_at,
        mark_bps=row.mark_bps if opened else None,
        right=asked.kind.written(row.options, body["right"]) if opened else None,
        explanation=Text(body["explanation_zh"], body["explanation_en"]) if opened else None,
    )


def _written(asked: Asked) -> Any:
    return None if asked.given is None else asked.kind.written(asked.row.options, asked.given)

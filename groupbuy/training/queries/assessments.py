"""Reads of assessments and their versions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.training.models import (
    Assessment,
    AssessmentItem,
    AssessmentVersion,
    Question,
    QuestionBank,
    QuestionVersion,
)
from groupbuy.training.rules.content import VersionState


@dataclass(frozen=True, slots=True)
class AssessmentView:
    """An assessment, and which of its versions is published, which a draft."""

    assessment: Assessment
    published: int | None
    draft: int | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question as it is at present, with what decides whether it may be asked."""

    question_id: str
    question_version_id: str
    bank_id: str
    code: str
    marks: int
    retired: bool


def assessment(assessment_id: str, *, locked: bool = False) -> Assessment:
    """Return an assessment, or raise NotFound."""
    found = session().get(Assessment, assessment_id, with_for_update=locked)
    if found is None:
        raise NotFound
    return found


def assessment_of(lesson_id: str) -> Assessment:
    """Return a lesson's assessment, or raise NotFound."""
    found = session().scalar(select(Assessment).where(Assessment.lesson_id == lesson_id))
    if found is None:
        raise NotFound
    return found


def assessment_list(
    *, limit: int, cursor: str | None, lesson: str | None = None
) -> Page[AssessmentView]:
    """Return assessments in order of creation."""
    query = select(Assessment)
    if lesson is not None:
        query = query.where(Assessment.lesson_id == lesson)
    page = paginate(query, by=[Assessment.id], limit=limit, cursor=cursor)
    return Page(assessment_views(page.items), page.next_cursor)


def assessment_views(assessments: Sequence[Assessment]) -> list[AssessmentView]:
    """Return assessments with the numbers of their versions, in one statement."""
    if not assessments:
        return []
    one = AssessmentVersion
    query = select(one.assessment_id, one.state, one.number).where(
        one.assessment_id.in_([row.id for row in assessments]),
        one.state != VersionState.SUPERSEDED,
    )
    numbers = {(row.assessment_id, row.state): row.number for row in session().execute(query)}
    return [
        AssessmentView(
            row,
            numbers.get((row.id, VersionState.PUBLISHED)),
            numbers.get((row.id, VersionState.DRAFT)),
        )
        for row in assessments
    ]


def assessment_view(assessment_id: str) -> AssessmentView:
    """Return an assessment with the numbers of its versions, or raise NotFound."""
    (view,) = assessment_views([assessment(assessment_id)])
    return view


def version(assessment_id: str, number: int, *, locked: bool = False) -> AssessmentVersion:
    """Return an assessment's version by its number, or raise NotFound."""
    query = select(AssessmentVersion).where(
        AssessmentVersion.assessment_id == assessment_id, AssessmentVersion.number == number
    )
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def published(assessment_id: str) -> AssessmentVersion | None:
    """Return the version that who begins now gets, None if none is published."""
    query = select(AssessmentVersion).where(
        AssessmentVersion.assessment_id == assessment_id,
        AssessmentVersion.state == VersionState.PUBLISHED,
    )
    return session().scalar(query.execution_options(populate_existing=True))


def latest(assessment_id: str) -> AssessmentVersion | None:
    """Return an assessment's newest version, None if it has none."""
    query = select(AssessmentVersion).where(AssessmentVersion.assessment_id == assessment_id)
    return session().scalar(query.order_by(AssessmentVersion.number.desc()).limit(1))


def version_list(*, assessment_id: str, limit: int, cursor: str | None) -> Page[AssessmentVersion]:
    """Return an assessment's versions, the newest first, or raise NotFound."""
    query = select(AssessmentVersion).where(
        AssessmentVersion.assessment_id == assessment(assessment_id).id
    )
    by = [AssessmentVersion.number]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def candidates(
    *, bank_ids: Sequence[str], question_ids: Sequence[str]
) -> dict[str, list[Candidate]]:
    """Return what may be asked of some banks, and some single questions, in one statement.

    By bank, in order of code; what is retired, or in a retired bank, says so.
    """
    query = (
        select(
            Question.id,
            QuestionVersion.id,
            Question.bank_id,
            Question.code,
            QuestionVersion.marks,
            Question.retired_at.is_not(None) | QuestionBank.retired_at.is_not(None),
        )
        .join(QuestionBank, QuestionBank.id == Question.bank_id)
        .join(
            QuestionVersion,
            (QuestionVersion.question_id == Question.id)
            & (QuestionVersion.number == Question.number),
        )
        .where(Question.bank_id.in_(bank_ids) | Question.id.in_(question_ids))
        .order_by(Question.code, Question.id)
    )
    found: dict[str, list[Candidate]] = {}
    for row in session().execute(query):
        found.setdefault(row.bank_id, []).append(Candidate(*row))
    return found


def items(version_id: str) -> list[tuple[AssessmentItem, int]]:
    """Return what a published version may ask, section by section, with the marks of each."""
    query = (
        select(AssessmentItem, QuestionVersion.marks)
        .join(QuestionVersion, QuestionVersion.id == AssessmentItem.question_version_id)
        .where(AssessmentItem.assessment_version_id == version_id)
        .order_by(AssessmentItem.section, AssessmentItem.position)
    )
    return [(row.AssessmentItem, row.marks) for row in session().execute(query)]

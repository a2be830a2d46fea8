"""Reads of question banks and questions, right answers and all: for headquarters only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.training.models import Question, QuestionBank, QuestionVersion


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as it is at present."""

    question: Question
    present: QuestionVersion

    @property
    def retired_at(self) -> datetime | None:
        """Return since when it comes into no new assessment."""
        return self.question.retired_at

    @property
    def version(self) -> int:
        """Return the version of the row, for its ETag."""
        return self.question.version


def bank(bank_id: str, *, locked: bool = False) -> QuestionBank:
    """Return a question bank, or raise NotFound."""
    found = session().get(QuestionBank, bank_id, with_for_update=locked, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def bank_by_code(code: str) -> QuestionBank | None:
    """Return the question bank with a code."""
    return session().scalar(select(QuestionBank).where(QuestionBank.code == code))


def bank_list(*, limit: int, cursor: str | None, retired: bool | None = None) -> Page[QuestionBank]:
    """Return question banks in order of creation."""
    query = select(QuestionBank)
    if retired is not None:
        query = query.where(QuestionBank.retired_at.is_not(None) == retired)
    return paginate(query, by=[QuestionBank.id], limit=limit, cursor=cursor)


def question(question_id: str, *, locked: bool = False) -> Question:
    """Return a question, or raise NotFound."""
    found = session().get(Question, question_id, with_for_update=locked, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def question_view(question_id: str) -> QuestionView:
    """Return a question as it is at present, or raise NotFound."""
    (view,) = question_views([question(question_id)])
    return view


def question_list(
    *,
    limit: int,
    cursor: str | None,
    bank: str | None = None,
    kind: str | None = None,
    retired: bool | None = None,
) -> Page[QuestionView]:
    """Return questions in order of creation, as they are at present."""
    query = select(Question)
    if bank is not None:
        query = query.where(Question.bank_id == bank)
    if kind is not None:
        query = query.where(Question.kind == kind)
    if retired is not None:
        query = query.where(Question.retired_at.is_not(None) == retired)
    page = paginate(query, by=[Question.id], limit=limit, cursor=cursor)
    return Page(question_views(page.items), page.next_cursor)


def question_views(questions: Sequence[Question]) -> list[QuestionView]:
    """Return questions with what they say at present, in one statement."""
    if not questions:
        return []
    query = (
        select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.number == Question.number)
        .where(Question.id.in_([row.id for row in questions]))
    )
    present = {version.question_id: version for version in session().scalars(query)}
    return [QuestionView(row, present[row.id]) for row in questions]


def bank_questions(bank_id: str) -> dict[str, QuestionView]:
    """Return all questions of a bank by their code."""
    query = (
        select(Question, QuestionVersion)
        .join(
            QuestionVersion,
            (QuestionVersion.question_id == Question.id)
            & (QuestionVersion.number == Question.number),
        )
        .where(Question.bank_id == bank_id)
    )
    rows = session().execute(query, execution_options={"populate_existing": True})
    return {row.Question.code: QuestionView(row.Question, row.QuestionVersion) for row in rows}


def question_versions(*, question_id: str, limit: int, cursor: str | None) -> Page[QuestionVersion]:
    """Return what a question has said, the newest first, or raise NotFound."""
    query = select(QuestionVersion).where(QuestionVersion.question_id == question(question_id).id)
    by = [QuestionVersion.number]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def bodies(version_ids: Iterable[str]) -> dict[str, tuple[Question, dict[str, Any]]]:
    """Return the question and the body of each version, in one statement."""
    query = (
        select(QuestionVersion.id, Question, QuestionVersion.body)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.id.in_(set(version_ids)))
    )
    return {row.id: (row.Question, row.body) for row in session().execute(query)}

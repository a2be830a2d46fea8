"""Reads of attempts: a leader's own, headquarters' lists, and what still may be begun."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.training.kinds.questions.interface import Kind
from groupbuy.training.kinds.questions.registry import KINDS
from groupbuy.training.models import (
    Assessment,
    AssessmentVersion,
    Attempt,
    AttemptGrant,
    AttemptQuestion,
    Question,
    QuestionVersion,
)
from groupbuy.training.rules.assessments import GRADED, AttemptState


@dataclass(frozen=True, slots=True)
class Standing:
    """What a leader has done of an assessment so far; voided attempts count for nothing."""

    begun: int
    last_number: int
    last_ended_at: datetime | None
    granted: int

    def left(self, version: AssessmentVersion) -> int | None:
        """Return how many attempts may still be begun, None without limit."""
        if not version.max_attempts:
            return None
        return max(0, version.max_attempts + self.granted - self.begun)

    def again_at(self, version: AssessmentVersion) -> datetime | None:
        """Return when the pause after the last attempt is over, None if there was none."""
        if self.last_ended_at is None or not version.cooldown_minutes:
            return None
        return self.last_ended_at + timedelta(minutes=version.cooldown_minutes)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on a paper, with what its author wrote: for the server's eyes."""

    row: AttemptQuestion
    kind: Kind
    body: dict[str, Any]

    @property
    def given(self) -> Any:
        """Return the answer in the author's keys, None if there is none."""
        return None if self.row.answer is None else self.row.answer["value"]


def is_due(attempt: Attempt, now: datetime) -> bool:
    """Tell whether the time of an open attempt is over; a limit of its own is no part of it."""
    over = attempt.expires_at is not None and attempt.expires_at <= now
    return attempt.state == AttemptState.OPEN and over


def attempt(attempt_id: str, *, locked: bool = False) -> Attempt:
    """Return an attempt as it is now, or raise NotFound."""
    found = session().get(Attempt, attempt_id, with_for_update=locked, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def own_attempt(leader_id: str, attempt_id: str, *, locked: bool = False) -> Attempt:
    """Return a leader's own attempt; another's is not there."""
    query = select(Attempt).where(Attempt.id == attempt_id, Attempt.leader_id == leader_id)
    query = query.with_for_update() if locked else query
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def open_attempt(leader_id: str, assessment_id: str) -> Attempt | None:
    """Return the attempt that a leader has under way, None if there is none."""
    query = select(Attempt).where(
        Attempt.leader_id == leader_id,
        Attempt.assessment_id == assessment_id,
        Attempt.state == AttemptState.OPEN,
    )
    return session().scalar(query.execution_options(populate_existing=True))


def standing(leader_id: str, assessment_id: str) -> Standing:
    """Return what a leader has done of an assessment so far, in one statement."""
    counts = Attempt.state != AttemptState.VOIDED
    granted = select(func.sum(AttemptGrant.attempts)).where(
        AttemptGrant.leader_id == leader_id, AttemptGrant.assessment_id == assessment_id
    )
    query = select(
        func.count().filter(counts),
        func.coalesce(func.max(Attempt.number), 0),
        func.max(Attempt.ended_at).filter(counts),
        func.coalesce(granted.scalar_subquery(), 0),
    ).where(Attempt.leader_id == leader_id, Attempt.assessment_id == assessment_id)
    begun, last_number, last_ended_at, grants = session().execute(query).one()
    return Standing(begun, last_number, last_ended_at, int(grants))


def graded_scores(leader_id: str, assessment_id: str) -> list[int]:
    """Return the scores that count, in the order in which the attempts were begun."""
    query = (
        select(Attempt.score_bps)
        .where(
            Attempt.leader_id == leader_id,
            Attempt.assessment_id == assessment_id,
            Attempt.state.in_(GRADED),
        )
        .order_by(Attempt.number)
    )
    return [score for score in session().scalars(query) if score is not None]


def asked(attempt_id: str, question_id: str | None = None) -> list[Asked]:
    """Return the questions of a paper in its order, or one of them, in one statement."""
    query = (
        select(AttemptQuestion, Question.kind, QuestionVersion.body)
        .join(Question, Question.id == AttemptQuestion.question_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptQuestion.question_version_id)
        .where(AttemptQuestion.attempt_id == attempt_id)
        .order_by(AttemptQuestion.position)
    )
    if question_id is not None:
        query = query.where(AttemptQuestion.question_id == question_id)
    rows = session().execute(query, execution_options={"populate_existing": True})
    return [Asked(row.AttemptQuestion, KINDS[row.kind], row.body) for row in rows]


def due_attempts(now: datetime, *, limit: int) -> Sequence[str]:
    """Return the ids of open attempts whose time is over, the oldest first."""
    query = (
        select(Attempt.id)
        .where(Attempt.state == AttemptState.OPEN, Attempt.expires_at <= now)
        .order_by(Attempt.expires_at)
        .limit(limit)
    )
    return session().scalars(query).all()


def passed_since(*, leader_id: str, lesson_id: str, since: datetime) -> datetime | None:
    """Return when a leader first passed a lesson's assessment again, from an instant on.

    By one attempt alone, against the mark of its own version, whatever the grading method makes
    of all attempts: so a certificate is renewed by what is known now. None if not.
    """
    return session().scalar(
        select(func.min(Attempt.ended_at))
        .join(Assessment, Assessment.id == Attempt.assessment_id)
        .join(AssessmentVersion, AssessmentVersion.id == Attempt.assessment_version_id)
        .where(
            Assessment.lesson_id == lesson_id,
            Attempt.leader_id == leader_id,
            Attempt.state.in_(GRADED),
            Attempt.score_bps >= AssessmentVersion.pass_bps,
            Attempt.ended_at >= since,
        )
    )


def attempt_list(
    *,
    limit: int,
    cursor: str | None,
    assessment: str | None = None,
    leader: str | None = None,
    state: str | None = None,
) -> Page[Attempt]:
    """Return attempts, the newest first."""
    wanted = {
        Attempt.assessment_id: assessment,
        Attempt.leader_id: leader,
        Attempt.state: state,
    }
    query: Select[Attempt] = select(Attempt)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(query, by=[Attempt.id], limit=limit, cursor=cursor, descending=True)


def grant_list(
    *, limit: int, cursor: str | None, assessment: str | None = None, leader: str | None = None
) -> Page[AttemptGrant]:
    """Return which further attempts were given, the newest first."""
    query = select(AttemptGrant)
    if assessment is not None:
        query = query.where(AttemptGrant.assessment_id == assessment)
    if leader is not None:
        query = query.where(AttemptGrant.leader_id == leader)
    return paginate(query, by=[AttemptGrant.id], limit=limit, cursor=cursor, descending=True)

"""Attempts: begun, answered, submitted or ended when their time is over.

Whoever begins, ends or voids an attempt first locks the leader's record of the lesson, then the
attempt: so they take turns, and never wait for each other in a circle. Answering locks the
attempt alone.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.signals import announce
from groupbuy.training import signals
from groupbuy.training.errors import AttemptOver, AttemptTooSoon, NoAttemptsLeft, NotTaught
from groupbuy.training.kinds.questions.registry import KINDS
from groupbuy.training.models import AssessmentVersion, Attempt, AttemptQuestion, LessonRecord
from groupbuy.training.queries import assessments, attempts
from groupbuy.training.queries.attempts import Standing, is_due
from groupbuy.training.queries.questions import bodies
from groupbuy.training.queries.unlocking import unlocked
from groupbuy.training.rules.assessments import (
    ATTEMPT_MOVES,
    AttemptState,
    Grading,
    grade_bps,
    score_bps,
)
from groupbuy.training.rules.drawing import composed, seed_of, shuffled
from groupbuy.training.services.marking import mark


def start(*, leader_id: str, assessment_id: str, now: datetime) -> Attempt:
    """Begin an attempt, which counts from now on, and draw its paper; or return the open one.

    Raises:
        NotFound: there is no such assessment.
        NotTaught: nothing of it is published, or its lesson is not taught.
        NotEnrolled: the leader does not learn its program.
        LessonLocked: what the lesson needs is not done yet.
        NoAttemptsLeft: every attempt is begun already.
        AttemptTooSoon: the pause after the last one is not over.
    """
    assessment = assessments.assessment(assessment_id)
    present = attempts.open_attempt(leader_id, assessment_id)
    if present is None or is_due(present, now):
        unlocked(leader_id=leader_id, lesson_id=assessment.lesson_id)
        mark(leader_id=leader_id, lesson_id=assessment.lesson_id, now=now)
        # Only now is there nobody else who could begin or end one: look again.
        present = attempts.open_attempt(leader_id, assessment_id)
    if present is not None and is_due(present, now):
        _end(present, assessment.lesson_id, now)
        present = None
    return present or _begin(leader_id, assessment_id, now)


def answer(
    *, leader_id: str, attempt_id: str, question_id: str, given: Any, now: datetime
) -> AttemptQuestion:
    """Keep an answer, given in the letters of the paper; None takes it back. Repeatable.

    Raises:
        NotFound: the attempt is another's, or its paper does not have the question.
        AttemptOver: it was submitted or voided, or its time is over.
        InvalidInput: it is no answer to such a question.
    """
    attempt = attempts.own_attempt(leader_id, attempt_id, locked=True)
    if attempt.state != AttemptState.OPEN or is_due(attempt, now):
        raise AttemptOver
    found = attempts.asked(attempt_id, question_id)
    if not found:
        raise NotFound
    (asked,) = found
    row = asked.row
    kept = None
    if given is not None:
        kept = {"value": asked.kind.read(asked.body, row.options, given)}
    if kept != row.answer:
        row.answer = kept
        row.answered_at = None if kept is None else now
        session().flush()
    return row


def submit(*, leader_id: str, attempt_id: str, now: datetime) -> Attempt:
    """End an attempt and grade it; one that is over stays as it is.

    After its time was over it has expired, with what was answered until then.

    Raises:
        NotFound: the attempt is another's.
        AttemptOver: it was voided.
    """
    attempt = attempts.own_attempt(leader_id, attempt_id)
    ended = _end_in_turn(attempt, now)
    if ended.state == AttemptState.VOIDED:
        raise AttemptOver
    return ended


def end_if_due(*, attempt_id: str, now: datetime) -> None:
    """End an attempt and grade it if its time is over.

    Raises:
        NotFound: there is no such attempt.
    """
    attempt = attempts.attempt(attempt_id)
    if is_due(attempt, now):
        _end_in_turn(attempt, now)


def take_turn(*, leader_id: str, lesson_id: str) -> None:
    """Wait until nobody else begins, ends or voids an attempt of a leader at a lesson."""
    record = select(LessonRecord.lesson_id).where(
        LessonRecord.leader_id == leader_id, LessonRecord.lesson_id == lesson_id
    )
    session().execute(record.with_for_update())


def regrade(*, attempt: Attempt, lesson_id: str, now: datetime, active: bool = True) -> int | None:
    """Record what all attempts that count come to, in the terms of one of them; return that.

    None if none counts: then what was recorded stays. `active` as for `mark`.
    """
    scores = attempts.graded_scores(attempt.leader_id, attempt.assessment_id)
    if not scores:
        return None
    version = session().get_one(AssessmentVersion, attempt.assessment_version_id)
    grade = grade_bps(Grading(version.grading), scores)
    mark(
        leader_id=attempt.leader_id,
        lesson_id=lesson_id,
        now=now,
        completed=True,
        passed=grade >= version.pass_bps,
        score_bps=grade,
        active=active,
    )
    return grade


def _begin(leader_id: str, assessment_id: str, now: datetime) -> Attempt:
    version = assessments.published(assessment_id)
    if version is None:
        raise NotTaught
    before = attempts.standing(leader_id, assessment_id)
    _refuse(before, version, now)
    limit = timedelta(seconds=version.time_limit_s)
    attempt = Attempt(
        leader_id=leader_id,
        assessment_id=assessment_id,
        assessment_version_id=version.id,
        number=before.last_number + 1,
        started_at=now,
        expires_at=now + limit if limit else None,
    )
    session().add(attempt)
    session().flush()
    session().add_all(paper_of(attempt=attempt, version=version))
    session().flush()
    return attempt


def _refuse(before: Standing, version: AssessmentVersion, now: datetime) -> None:
    if before.left(version) == 0:
        raise NoAttemptsLeft
    again_at = before.again_at(version)
    if again_at is not None and now < again_at:
        raise AttemptTooSoon(again_at=again_at.isoformat())


def paper_of(*, attempt: Attempt, version: AssessmentVersion) -> list[AttemptQuestion]:
    """Draw and shuffle an attempt's paper: the same rows every time."""
    pools: list[list[tuple[str, str, int]]] = [[] for _ in range(len(version.sections) + 1)]
    for item, marks in assessments.items(version.id):
        pools[item.section].append((item.question_id, item.question_version_id, marks))
    seed = seed_of(version_id=version.id, leader_id=attempt.leader_id, number=attempt.number)
    draws = [section["draw"] for section in version.sections]
    paper = composed(pools, draws, seed=seed, shuffle=version.shuffle_questions)
    said = bodies(version_id for _, version_id, _ in paper)
    rows = []
    for position, (question_id, version_id, marks) in enumerate(paper):
        question, body = said[version_id]
        kind = KINDS[question.kind]
        options = kind.options(body)
        if version.shuffle_options or kind.always_shuffled:
            options = shuffled(options, seed=seed, purpose=f"options/{question_id}")
        rows.append(
            AttemptQuestion(
                attempt_id=attempt.id,
                question_id=question_id,
                question_version_id=version_id,
                position=position,
                marks=marks,
                options=options,
            )
        )
    return rows


def _end_in_turn(attempt: Attempt, now: datetime) -> Attempt:
    """End an attempt, or find that somebody else was faster."""
    if attempt.state != AttemptState.OPEN:
        return attempt
    lesson_id = assessments.assessment(attempt.assessment_id).lesson_id
    take_turn(leader_id=attempt.leader_id, lesson_id=lesson_id)
    return _end(attempt, lesson_id, now)


def _end(attempt: Attempt, lesson_id: str, now: datetime) -> Attempt:
    attempt = attempts.attempt(attempt.id, locked=True)
    if attempt.state != AttemptState.OPEN:
        return attempt
    late = is_due(attempt, now)
    # Answers are marked first: once the attempt is over, the database lets nobody touch them.
    rows = attempts.asked(attempt.id)
    for asked in rows:
        asked.row.mark_bps = asked.kind.mark(asked.body, asked.given)
    session().flush()
    attempt.state = ATTEMPT_MOVES[AttemptState.OPEN, "expire" if late else "submit"]
    attempt.ended_at = attempt.expires_at if late else now
    attempt.graded_at = now
    attempt.score_bps = score = score_bps((one.row.marks, one.row.mark_bps or 0) for one in rows)
    session().flush()
    grade = regrade(attempt=attempt, lesson_id=lesson_id, now=now)
    version = session().get_one(AssessmentVersion, attempt.assessment_version_id)
    announce(
        signals.attempt_graded,
        attempt,
        now=now,
        lesson_id=lesson_id,
        passed=score >= version.pass_bps,
        grade_bps=grade,
    )
    return attempt

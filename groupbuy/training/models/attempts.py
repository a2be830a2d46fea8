"""Tables of attempts: the paper that a leader drew, the answers, the score."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.training.rules.assessments import AttemptState

OPEN = text("state = 'open'")
"""The part of the attempts in which a leader stands at most once per assessment."""


class Attempt(Base):
    """One try at an assessment, which counts from when it was begun.

    `ended_at` is when it was submitted, or when its time was over; `graded_at` when that was
    recorded. A voided one keeps its score, which counts for nothing.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        one_of("state", AttemptState),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("expires_at > started_at", name="expires_after_start"),
        CheckConstraint("score_bps between 0 and 10000", name="score_in_range"),
        CheckConstraint(
            "num_nulls(ended_at, graded_at, score_bps) in (0, 3)"
            " and (state <> 'open' or score_bps is null)"
            " and (state not in ('submitted', 'expired') or score_bps is not null)",
            name="scored_when_graded",
        ),
        CheckConstraint(
            "(state = 'voided') = (voided_at is not null)"
            " and (voided_at is null) = (voided_by is null)"
            " and (voided_at is null) = (reason = '')",
            name="voided_by_someone_for_a_reason",
        ),
        UniqueConstraint("leader_id", "assessment_id", "number"),
        Index(
            "uq_attempts_one_open",
            "leader_id",
            "assessment_id",
            unique=True,
            postgresql_where=OPEN,
        ),
        Index("ix_attempts_expiring", "expires_at", postgresql_where=OPEN),
        Index("ix_attempts_assessment_id_id", "assessment_id", "id"),
    )

    id: Mapped[str] = primary_id("atm")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    assessment_id: Mapped[str] = reference("ast", "assessments.id")
    assessment_version_id: Mapped[str] = reference("asv", "assessment_versions.id", index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default=AttemptState.OPEN)
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    graded_at: Mapped[datetime | None]
    score_bps: Mapped[int | None]
    voided_at: Mapped[datetime | None]
    voided_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")


class AttemptQuestion(Base):
    """A question on a leader's paper, and the answer to it.

    `options` are the author's keys in the order of this paper, where they have letters by place;
    `answer` is `{value}` in the author's keys; `mark_bps` is how right it is, once graded.
    """

    __tablename__ = "attempt_questions"
    __table_args__ = (
        UniqueConstraint("attempt_id", "position"),
        CheckConstraint("marks > 0", name="marks_positive"),
        CheckConstraint("mark_bps between 0 and 10000", name="mark_in_range"),
        CheckConstraint("(answer is null) = (answered_at is null)", name="answered_at_an_instant"),
        Index("ix_attempt_questions_question_version_id", "question_version_id"),
    )

    attempt_id: Mapped[str] = reference("atm", "attempts.id", primary_key=True)
    question_id: Mapped[str] = reference("qst", "questions.id", primary_key=True)
    question_version_id: Mapped[str] = reference("qsv", "question_versions.id")
    position: Mapped[int]
    marks: Mapped[int]
    options: Mapped[list[Any]]
    answer: Mapped[dict[str, Any] | None]
    answered_at: Mapped[datetime | None]
    mark_bps: Mapped[int | None]


class AttemptGrant(Base):
    """Further attempts that headquarters gave a leader, and why."""

    __tablename__ = "attempt_grants"
    __table_args__ = (
        CheckConstraint("attempts > 0 and reason <> ''", name="attempts_for_a_reason"),
        Index("ix_attempt_grants_leader_id_assessment_id", "leader_id", "assessment_id"),
        Index("ix_attempt_grants_assessment_id", "assessment_id"),
    )

    id: Mapped[str] = primary_id("atg")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    assessment_id: Mapped[str] = reference("ast", "assessments.id")
    attempts: Mapped[int]
    reason: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]


append_only("attempt_grants")
declare_rule(
    DatabaseRule(
        "attempts",
        "attempts_results_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.state = 'voided'
        or old.state <> 'open' and (new.state <> 'voided'
            or to_jsonb(new) - array['state', 'voided_at', 'voided_by', 'reason']
                <> to_jsonb(old) - array['state', 'voided_at', 'voided_by', 'reason'])
        or (new.leader_id, new.assessment_id, new.assessment_version_id, new.number,
            new.started_at, new.expires_at)
            is distinct from (old.leader_id, old.assessment_id, old.assessment_version_id,
            old.number, old.started_at, old.expires_at)
    then
        raise exception 'an attempt that is over is at most voided; its terms never change'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
declare_rule(
    DatabaseRule(
        "attempt_questions",
        "attempt_questions_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE'
        or to_jsonb(new) - array['answer', 'answered_at', 'mark_bps']
            <> to_jsonb(old) - array['answer', 'answered_at', 'mark_bps']
        or (select state from attempts where id = old.attempt_id) <> 'open'
    then
        raise exception 'a paper never changes, nor an answer once its attempt is over'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)

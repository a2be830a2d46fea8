"""Tables of question banks, questions and assessments, with their versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.training.rules.assessments import Grading, Review
from groupbuy.training.rules.content import VersionState

DRAFT = text("state = 'draft'")
PUBLISHED = text("state = 'published'")
"""The parts of the versions in which an assessment stands at most once."""


class QuestionBank(Base):
    """Questions about one subject; a retired one is drawn from by no later assessment."""

    __tablename__ = "question_banks"

    id: Mapped[str] = primary_id("qbk")
    code: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Question(Base):
    """A question; what it says stands in its versions, of which `number` is the present one.

    A retired one comes into no later assessment.
    """

    __tablename__ = "questions"
    __table_args__ = (UniqueConstraint("bank_id", "code"),)

    id: Mapped[str] = primary_id("qst")
    bank_id: Mapped[str] = reference("qbk", "question_banks.id")
    code: Mapped[str]
    kind: Mapped[str]
    number: Mapped[int] = mapped_column(default=1)
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class QuestionVersion(Base):
    """What a question said at a time: an edit is a new version, none ever changes.

    `body` is its kind's own, with the right answer: it never leaves headquarters as it is.
    """

    __tablename__ = "question_versions"
    __table_args__ = (
        UniqueConstraint("question_id", "number"),
        CheckConstraint("marks > 0", name="marks_positive"),
    )

    id: Mapped[str] = primary_id("qsv")
    question_id: Mapped[str] = reference("qst", "questions.id")
    number: Mapped[int]
    marks: Mapped[int]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class Assessment(Base):
    """What a lesson of kind assessment asks; how it does so stands in its versions."""

    __tablename__ = "assessments"

    id: Mapped[str] = primary_id("ast")
    lesson_id: Mapped[str] = reference("lsn", "lessons.id", unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class AssessmentVersion(Base):
    """How an assessment asks and grades; whoever began an attempt stays with its version.

    `sections` are `{bank_id, draw}`: so many questions of each bank; `question_ids` are asked of
    everybody. Which versions of which questions that means is settled when it is published (see
    AssessmentItem). No attempts, minutes or seconds (0) means no limit.
    """

    __tablename__ = "assessment_versions"
    __table_args__ = (
        one_of("state", VersionState),
        one_of("grading", Grading),
        one_of("review", Review),
        CheckConstraint("pass_bps between 0 and 10000", name="pass_in_range"),
        CheckConstraint(
            "max_attempts >= 0 and cooldown_minutes >= 0 and time_limit_s >= 0",
            name="limits_not_negative",
        ),
        CheckConstraint(
            "(published_at is null) = (published_by is null)"
            " and (state = 'draft') = (published_at is null)",
            name="published_by_someone",
        ),
        UniqueConstraint("assessment_id", "number"),
        Index(
            "uq_assessment_versions_one_draft",
            "assessment_id",
            unique=True,
            postgresql_where=DRAFT,
        ),
        Index(
            "uq_assessment_versions_one_published",
            "assessment_id",
            unique=True,
            postgresql_where=PUBLISHED,
        ),
    )

    id: Mapped[str] = primary_id("asv")
    assessment_id: Mapped[str] = reference("ast", "assessments.id")
    number: Mapped[int]
    sections: Mapped[list[Any]] = mapped_column(default=list)
    question_ids: Mapped[list[Any]] = mapped_column(default=list)
    pass_bps: Mapped[int] = mapped_column(default=8_000)
    max_attempts: Mapped[int] = mapped_column(default=0)
    cooldown_minutes: Mapped[int] = mapped_column(default=0)
    time_limit_s: Mapped[int] = mapped_column(default=0)
    grading: Mapped[str] = mapped_column(default=Grading.HIGHEST)
    review: Mapped[str] = mapped_column(default=Review.AFTER_PASS)
    shuffle_questions: Mapped[bool] = mapped_column(default=True)
    shuffle_options: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AssessmentItem(Base):
    """A question that a published version may ask: of section 0 everybody, of others who draws it.

    With it a paper can be made again from the version, the leader and the attempt's number alone.
    """

    __tablename__ = "assessment_items"
    __table_args__ = (
        UniqueConstraint("assessment_version_id", "section", "position"),
        CheckConstraint("section >= 0 and position >= 0", name="places_not_negative"),
    )

    assessment_version_id: Mapped[str] = reference(
        "asv", "assessment_versions.id", primary_key=True
    )
    question_id: Mapped[str] = reference("qst", "questions.id", primary_key=True)
    question_version_id: Mapped[str] = reference("qsv", "question_versions.id", index=True)
    section: Mapped[int]
    position: Mapped[int]


append_only("question_versions")
append_only("assessment_items")
declare_rule(
    DatabaseRule(
        "assessment_versions",
        "assessment_versions_published_stay",
        "before update or delete",
        """\
    if old.state <> 'draft' and (tg_op = 'DELETE'
        or to_jsonb(new) - array['state', 'version'] <> to_jsonb(old) - array['state', 'version']
        or new.state = 'draft')
    then
        raise exception 'a published assessment never changes; make a new version'
            using errcode = 'restrict_violation';
    end if;
    return coalesce(new, old);""",
    )
)

"""Tables of what is taught: program, course, module, lesson, the lesson's versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import ContentState, LessonKind, VersionState

DRAFT = text("state = 'draft'")
PUBLISHED = text("state = 'published'")
"""The parts of the versions in which a lesson stands at most once."""


class Program(Base):
    """One track of the school: what a leader enrols in, and what a certificate may ask for."""

    __tablename__ = "programs"
    __table_args__ = (one_of("state", ContentState),)

    id: Mapped[str] = primary_id("prg")
    code: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    summary_zh: Mapped[str] = mapped_column(default="")
    summary_en: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default=ContentState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class Course(Base):
    """A part of a program; an optional one counts for nothing.

    With `ordered` its lessons are taken one after another, in the order of module and position.
    """

    __tablename__ = "courses"
    __table_args__ = (one_of("state", ContentState), UniqueConstraint("program_id", "code"))

    id: Mapped[str] = primary_id("crs")
    program_id: Mapped[str] = reference("prg", "programs.id")
    code: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    summary_zh: Mapped[str] = mapped_column(default="")
    summary_en: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    mandatory: Mapped[bool] = mapped_column(default=True)
    ordered: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default=ContentState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class Module(Base):
    """A heading in a course."""

    __tablename__ = "modules"

    id: Mapped[str] = primary_id("mdl")
    course_id: Mapped[str] = reference("crs", "courses.id", index=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class Lesson(Base):
    """One thing to learn. What it says stands in its versions; none is published at first.

    A retired lesson is no longer begun nor counted.
    """

    __tablename__ = "lessons"
    __table_args__ = (one_of("kind", LessonKind), UniqueConstraint("module_id", "code"))

    id: Mapped[str] = primary_id("lsn")
    module_id: Mapped[str] = reference("mdl", "modules.id")
    code: Mapped[str]
    kind: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    mandatory: Mapped[bool] = mapped_column(default=True)
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LessonVersion(Base):
    """What a lesson says and asks; whoever has begun a version finishes that version.

    One is published: whoever begins now learns that. Publishing the next supersedes it.

    `content` is its kind's own: an article's `body_zh` and `body_en` (Markdown), a video's `url`
    and `duration_s`, a live session's agenda and replay, an assessment's introduction.
    """

    __tablename__ = "lesson_versions"
    __table_args__ = (
        one_of("state", VersionState),
        one_of("move_on", MoveOn),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
        CheckConstraint(
            "(published_at is null) = (published_by is null)"
            " and (state = 'draft') = (published_at is null)",
            name="published_by_someone",
        ),
        UniqueConstraint("lesson_id", "number"),
        Index("uq_lesson_versions_one_draft", "lesson_id", unique=True, postgresql_where=DRAFT),
        Index(
            "uq_lesson_versions_one_published", "lesson_id", unique=True, postgresql_where=PUBLISHED
        ),
    )

    id: Mapped[str] = primary_id("lsv")
    lesson_id: Mapped[str] = reference("lsn", "lessons.id")
    number: Mapped[int]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    move_on: Mapped[str] = mapped_column(default=MoveOn.COMPLETED)
    minutes: Mapped[int] = mapped_column(default=0)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class Prerequisite(Base):
    """A course or lesson that opens only when another course or lesson is done.

    Never a circle: whoever adds one locks the program and looks (see services.content).
    """

    __tablename__ = "prerequisites"
    __table_args__ = (
        CheckConstraint("num_nonnulls(course_id, lesson_id) = 1", name="one_owner"),
        CheckConstraint("num_nonnulls(required_course_id, required_lesson_id) = 1", name="one_ask"),
        CheckConstraint(
            "course_id is distinct from required_course_id or course_id is null",
            name="another_course",
        ),
        CheckConstraint(
            "lesson_id is distinct from required_lesson_id or lesson_id is null",
            name="another_lesson",
        ),
        UniqueConstraint(
            "course_id",
            "lesson_id",
            "required_course_id",
            "required_lesson_id",
            name="uq_prerequisites_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[str] = primary_id("prq")
    program_id: Mapped[str] = reference("prg", "programs.id", index=True)
    course_id: Mapped[str | None] = reference("crs", "courses.id")
    lesson_id: Mapped[str | None] = reference("lsn", "lessons.id")
    required_course_id: Mapped[str | None] = reference("crs", "courses.id")
    required_lesson_id: Mapped[str | None] = reference("lsn", "lessons.id")


declare_rule(
    DatabaseRule(
        "lesson_versions",
        "lesson_versions_published_stay",
        "before update or delete",
        """\
    if old.state <> 'draft' and (tg_op = 'DELETE'
        or to_jsonb(new) - array['state', 'version'] <> to_jsonb(old) - array['state', 'version']
        or new.state = 'draft')
    then
        raise exception 'a published lesson never changes; make a new version'
            using errcode = 'restrict_violation';
    end if;
    return coalesce(new, old);""",
    )
)

"""Tables of who learns what, and what of it is done."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.training.rules.completion import SATISFIED, MoveOn, percent
from groupbuy.training.rules.content import EnrollmentState


class Enrollment(Base):
    """A leader learns a program.

    `required` and `done` count its mandatory lessons; they are recounted whenever a lesson is
    done and every night, since what is published changes. `active_at` is the last activity.
    """

    __tablename__ = "enrollments"
    __table_args__ = (
        one_of("state", EnrollmentState),
        UniqueConstraint("leader_id", "program_id"),
        CheckConstraint("0 <= done and done <= required", name="done_of_required"),
        CheckConstraint(
            "(state = 'completed') = (completed_at is not null)", name="completed_at_an_instant"
        ),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at is not null)", name="withdrawn_at_an_instant"
        ),
        Index("ix_enrollments_program_id_id", "program_id", "id"),
    )

    id: Mapped[str] = primary_id("enr")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    program_id: Mapped[str] = reference("prg", "programs.id")
    state: Mapped[str] = mapped_column(default=EnrollmentState.ACTIVE)
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[str]
    completed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    active_at: Mapped[datetime]
    required: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)

    @property
    def percent(self) -> int:
        """Return the part that is done, as last counted: 100 only when all is."""
        return percent(done=self.done, required=self.required)


class LessonRecord(Base):
    """What a leader has done of a lesson: begun, watched, completed, passed, waived.

    `lesson_version_id` and with it `move_on` stay what they were at the beginning. `watched` is
    the union of what was seen of a video, in seconds; `watched_s` its length. `satisfied` is a
    generated column: what the lesson asks is done.
    """

    __tablename__ = "lesson_records"
    __table_args__ = (
        one_of("move_on", MoveOn),
        CheckConstraint(
            "(waived_at is null) = (waived_by is null) and (waived_at is null) = (reason = '')",
            name="waived_by_someone_for_a_reason",
        ),
        CheckConstraint("score_bps between 0 and 10000", name="score_in_range"),
        Index("ix_lesson_records_program_id_leader_id", "program_id", "leader_id"),
        Index("ix_lesson_records_lesson_id", "lesson_id"),
        Index(
            "ix_lesson_records_waived",
            "waived_at",
            "leader_id",
            "lesson_id",
            postgresql_where=text("waived_at is not null"),
        ),
    )

    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    lesson_id: Mapped[str] = reference("lsn", "lessons.id", primary_key=True)
    program_id: Mapped[str] = reference("prg", "programs.id")
    lesson_version_id: Mapped[str] = reference("lsv", "lesson_versions.id")
    move_on: Mapped[str]
    begun_at: Mapped[datetime]
    active_at: Mapped[datetime]
    watched: Mapped[Any] = mapped_column(INT4MULTIRANGE, server_default="{}")
    watched_s: Mapped[int] = mapped_column(default=0)
    score_bps: Mapped[int | None]
    completed_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    waived_at: Mapped[datetime | None]
    waived_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    satisfied: Mapped[bool] = mapped_column(Boolean, Computed(SATISFIED, persisted=True))

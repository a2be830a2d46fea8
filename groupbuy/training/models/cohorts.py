"""Tables of training groups: cohorts, who is in them, their live sessions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.cohorts import CohortState, SessionState

IN_IT = text("left_at is null")
"""The part of the members in which a leader stands at most once per cohort."""


class Cohort(Base):
    """Leaders who learn a program together, with a trainer and live sessions.

    `pattern` is the weekly timetable, `[{weekday, time, minutes, lesson_id}]` in local time;
    `skipped_days` have no session. With `lessons_in_order` the program's live lessons are given
    to the sessions one after another. Leaders join an `open` one by themselves. Who checks in
    more than `grace_minutes` after the beginning is late.
    """

    __tablename__ = "cohorts"
    __table_args__ = (
        one_of("state", CohortState),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        CheckConstraint("capacity > 0", name="capacity_positive"),
        CheckConstraint("grace_minutes >= 0", name="grace_not_negative"),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at is not null)"
            " and (cancelled_at is null) = (cancelled_by is null)"
            " and (cancelled_at is null) = (reason = '')",
            name="cancelled_by_someone_for_a_reason",
        ),
        Index("ix_cohorts_state_last_day", "state", "last_day"),
    )

    id: Mapped[str] = primary_id("cht")
    program_id: Mapped[str] = reference("prg", "programs.id", index=True)
    trainer_id: Mapped[str] = reference("stf", "staff.id", index=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    capacity: Mapped[int]
    open: Mapped[bool] = mapped_column(default=False)
    pattern: Mapped[list[Any]] = mapped_column(default=list)
    skipped_days: Mapped[list[Any]] = mapped_column(default=list)
    lessons_in_order: Mapped[bool] = mapped_column(default=True)
    place: Mapped[str] = mapped_column(default="")
    grace_minutes: Mapped[int] = mapped_column(default=10)
    state: Mapped[str] = mapped_column(default=CohortState.PLANNED)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class CohortMember(Base):
    """A leader in a cohort, from joining to leaving; who comes back has another row."""

    __tablename__ = "cohort_members"
    __table_args__ = (
        CheckConstraint("left_at >= joined_at", name="left_after_joined"),
        CheckConstraint("(left_at is null) = (left_by is null)", name="left_by_someone"),
        Index(
            "uq_cohort_members_in_it",
            "cohort_id",
            "leader_id",
            unique=True,
            postgresql_where=IN_IT,
        ),
        Index("ix_cohort_members_leader_id_cohort_id", "leader_id", "cohort_id"),
        Index("ix_cohort_members_cohort_id", "cohort_id"),
    )

    id: Mapped[str] = primary_id("chm")
    cohort_id: Mapped[str] = reference("cht", "cohorts.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    joined_at: Mapped[datetime]
    joined_by: Mapped[str]
    left_at: Mapped[datetime | None]
    left_by: Mapped[str | None]


class LiveSession(Base):
    """A lesson that a trainer gives at a certain time.

    `planned_for` is the slot of the pattern it was generated for; `by_hand` that somebody changed
    it since: then no pattern touches it any more. `trainer_id` and `place`, when there, stand
    in for the cohort's. Its
    `version` less one is the SEQUENCE of its calendar entry. `closed_at` is when what it counted
    for was settled, after its end. `replay_s` is the length of its replay.
    """

    __tablename__ = "live_sessions"
    __table_args__ = (
        one_of("state", SessionState),
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
        CheckConstraint("closed_at >= ends_at", name="closed_after_its_end"),
        CheckConstraint(
            "(replay_url = '') = (replay_s is null) and (replay_s > 0) is not false",
            name="replay_with_its_length",
        ),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at is not null)"
            " and (cancelled_at is null) = (cancelled_by is null)"
            " and (cancelled_at is null) = (reason = '')",
            name="cancelled_by_someone_for_a_reason",
        ),
        UniqueConstraint("cohort_id", "planned_for"),
        Index("ix_live_sessions_cohort_id_starts_at", "cohort_id", "starts_at"),
        Index("ix_live_sessions_starts_at_id", "starts_at", "id"),
        Index(
            "ix_live_sessions_ends_at_to_close",
            "ends_at",
            postgresql_where=text("closed_at is null and state = 'planned'"),
        ),
    )

    id: Mapped[str] = primary_id("lvs")
    cohort_id: Mapped[str] = reference("cht", "cohorts.id")
    lesson_id: Mapped[str | None] = reference("lsn", "lessons.id", index=True)
    trainer_id: Mapped[str | None] = reference("stf", "staff.id", index=True)
    title_zh: Mapped[str] = mapped_column(default="")
    title_en: Mapped[str] = mapped_column(default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(default="")
    planned_for: Mapped[datetime | None]
    by_hand: Mapped[bool] = mapped_column(default=False)
    replay_url: Mapped[str] = mapped_column(default="")
    replay_s: Mapped[int | None]
    state: Mapped[str] = mapped_column(default=SessionState.PLANNED)
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

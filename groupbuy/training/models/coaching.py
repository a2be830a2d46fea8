"""Tables of coaching: coaches, templates, plans with their tasks, notes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.coaching import PlanState, TaskKind
from groupbuy.training.rules.segments import Segment

ONE_OPEN_PLAN = text("state = 'open'")
"""The part of the plans in which a leader stands at most once."""

IN_USE = text("active")
"""The part of the templates in which a segment stands at most once."""


class Coach(Base):
    """A member of staff who coaches at most `load_limit` leaders at a time.

    Who is not active keeps the plans but gets no new ones.
    """

    __tablename__ = "coaches"
    __table_args__ = (CheckConstraint("load_limit >= 0", name="load_limit_not_negative"),)

    staff_id: Mapped[str] = reference("stf", "staff.id", primary_key=True)
    load_limit: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CoachingTemplate(Base):
    """What a plan for leaders of a segment begins with; one of a segment is in use.

    `tasks` is a list of {kind, title_zh, title_en, lesson_id, due_days, by_leader}.
    """

    __tablename__ = "coaching_templates"
    __table_args__ = (
        one_of("segment", Segment),
        Index("uq_coaching_templates_in_use", "segment", unique=True, postgresql_where=IN_USE),
    )

    id: Mapped[str] = primary_id("cpt")
    segment: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    tasks: Mapped[list[Any]]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CoachingPlan(Base):
    """A coach helps a leader, because of the segment of a month; a leader has one open plan."""

    __tablename__ = "coaching_plans"
    __table_args__ = (
        one_of("state", PlanState),
        one_of("segment", Segment),
        CheckConstraint(
            "(state = 'open') = (closed_at is null) and (closed_at is null) = (closed_by is null)",
            name="closed_by_someone",
        ),
        CheckConstraint("state <> 'cancelled' or reason <> ''", name="cancelled_for_a_reason"),
        Index(
            "uq_coaching_plans_one_open",
            "leader_id",
            unique=True,
            postgresql_where=ONE_OPEN_PLAN,
        ),
        Index("ix_coaching_plans_coach_id", "coach_id", postgresql_where=ONE_OPEN_PLAN),
        Index("ix_coaching_plans_month", "month"),
    )

    id: Mapped[str] = primary_id("cpl")
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    coach_id: Mapped[str] = reference("stf", "coaches.staff_id")
    template_id: Mapped[str | None] = reference("cpt", "coaching_templates.id")
    month: Mapped[str]
    segment: Mapped[str]
    state: Mapped[str] = mapped_column(default=PlanState.OPEN)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CoachingTask(Base):
    """Something to do until a local day; the leader may tick it off too if `by_leader`."""

    __tablename__ = "coaching_tasks"
    __table_args__ = (
        one_of("kind", TaskKind),
        UniqueConstraint("plan_id", "position"),
        CheckConstraint("(kind = 'lesson') = (lesson_id is not null)", name="lesson_of_a_lesson"),
        CheckConstraint("(done_at is null) = (done_by is null)", name="done_by_someone"),
        Index("ix_coaching_tasks_lesson_id", "lesson_id"),
    )

    id: Mapped[str] = primary_id("ctk")
    plan_id: Mapped[str] = reference("cpl", "coaching_plans.id")
    position: Mapped[int]
    kind: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    lesson_id: Mapped[str | None] = reference("lsn", "lessons.id")
    due_on: Mapped[date]
    by_leader: Mapped[bool]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class CoachingNote(Base):
    """What staff write down about a plan; a `shared` one is read by the leader too.

    Never changed: a new note corrects it by naming it in `corrects_id`.
    """

    __tablename__ = "coaching_notes"
    __table_args__ = (
        CheckConstraint("corrects_id <> id", name="corrects_another"),
        CheckConstraint("body <> ''", name="says_something"),
        Index("ix_coaching_notes_plan_id_id", "plan_id", "id"),
    )

    id: Mapped[str] = primary_id("cno")
    plan_id: Mapped[str] = reference("cpl", "coaching_plans.id")
    body: Mapped[str]
    shared: Mapped[bool]
    corrects_id: Mapped[str | None] = reference("cno", "coaching_notes.id", unique=True)
    written_at: Mapped[datetime]
    written_by: Mapped[str]


append_only("coaching_notes")

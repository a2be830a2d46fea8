"""Tables of what the nightly count of the school found."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import Id, primary_id, reference
from groupbuy.training.rules.progress import RecountState

RUNNING = text("state = 'running'")
"""The part of the recounts that holds one at most."""


class TrainingRecount(Base):
    """A count of all enrolments, in steps: enrolments up to `reached_id` are counted.

    `changed` counts those whose figures were not right, `completed` those that it completed.
    """

    __tablename__ = "training_recounts"
    __table_args__ = (
        one_of("state", RecountState),
        CheckConstraint(
            "(state = 'finished') = (finished_at is not null)", name="finished_at_an_instant"
        ),
        CheckConstraint("0 <= counted and 0 <= changed and 0 <= completed", name="not_negative"),
        Index("uq_training_recounts_running", "state", unique=True, postgresql_where=RUNNING),
        Index("ix_training_recounts_finished_at", "finished_at"),
    )

    id: Mapped[str] = primary_id("trc")
    state: Mapped[str] = mapped_column(default=RecountState.RUNNING)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    reached_id: Mapped[str | None] = mapped_column(Id("enr"))
    expected: Mapped[int]
    counted: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)


class LearningPlace(Base):
    """The first mandatory lesson that was not done when an active enrolment was last counted."""

    __tablename__ = "learning_places"
    __table_args__ = (Index("ix_learning_places_lesson_id", "lesson_id", "enrollment_id"),)

    enrollment_id: Mapped[str] = reference("enr", "enrollments.id", primary_key=True)
    lesson_id: Mapped[str] = reference("lsn", "lessons.id")


class FunnelStep(Base):
    """What leaders had done of a lesson at the last count: of those in its program who stayed.

    `reached` have begun it or stood at it; `median_days` is from the beginning to the last of
    what it asks, of those who did it all.
    """

    __tablename__ = "funnel_steps"
    __table_args__ = (
        CheckConstraint(
            "0 <= begun and begun <= reached and reached <= enrolled and satisfied <= begun"
            " and completed <= begun and passed <= begun",
            name="narrows",
        ),
    )

    lesson_id: Mapped[str] = reference("lsn", "lessons.id", primary_key=True)
    program_id: Mapped[str] = reference("prg", "programs.id", index=True)
    place: Mapped[int]
    mandatory: Mapped[bool]
    enrolled: Mapped[int]
    reached: Mapped[int]
    begun: Mapped[int]
    completed: Mapped[int]
    passed: Mapped[int]
    satisfied: Mapped[int]
    median_days: Mapped[int | None]

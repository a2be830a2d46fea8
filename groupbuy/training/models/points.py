"""Tables of points: the rules, the entries, what they sum to, who is shown; weekly targets."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.incentives import CAUSES, Cause
from groupbuy.training.rules.segments import Segment


class PointsRule(Base):
    """What headquarters changed about what a cause is worth; one without a row is as we came."""

    __tablename__ = "points_rules"
    __table_args__ = (
        CheckConstraint("cause in ('lesson', 'program', 'session', 'week')", name="cause_known"),
        CheckConstraint("points >= 0", name="points_not_negative"),
    )

    cause: Mapped[str] = mapped_column(primary_key=True)
    points: Mapped[int]
    edited_by: Mapped[str]
    edited_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PointsEntry(Base):
    """Points that a leader got, or lost; they are worth no money. Never changed.

    `cause` and `cause_id` tell what for: the same thing is rewarded once. What is taken back
    stands in an opposite entry that names it in `reverses_id`. An entry may be of 0 points when
    its rule says so: it still tells that something was done.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        one_of("cause", Cause),
        UniqueConstraint("leader_id", "cause", "cause_id"),
        CheckConstraint(
            "(cause = 'reversal') = (reverses_id is not null)", name="reversal_of_something"
        ),
        CheckConstraint("reverses_id <> id", name="reverses_another"),
        CheckConstraint(
            "(reason <> '') = (cause in ('manual', 'reversal'))", name="by_hand_for_a_reason"
        ),
        CheckConstraint("points >= 0 or cause in ('manual', 'reversal')", name="rules_only_give"),
        Index("ix_points_entries_leader_id_id", "leader_id", "id"),
        Index("ix_points_entries_at", "at"),
    )

    id: Mapped[str] = primary_id("pte")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    points: Mapped[int]
    cause: Mapped[str]
    cause_id: Mapped[str]
    reverses_id: Mapped[str | None] = reference("pte", "points_entries.id", unique=True)
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    by: Mapped[str]

    @property
    def what_for(self) -> Text:
        """Return the cause in words."""
        return CAUSES[Cause(self.cause)]


class PointsStanding(Base):
    """What a leader's entries sum to, and when the sum last changed."""

    __tablename__ = "points_standings"

    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    points: Mapped[int]
    reached_at: Mapped[datetime]


class LeaderboardPreference(Base):
    """Whether a leader takes part in leaderboards; who never said so does."""

    __tablename__ = "leaderboard_preferences"

    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    hidden: Mapped[bool]
    changed_at: Mapped[datetime]


class WeeklyTarget(Base):
    """What leaders should reach in each week from one Monday up to, not including, another.

    For all, for the leaders of a segment, for those who learn a program, or for a cohort.
    """

    __tablename__ = "weekly_targets"
    __table_args__ = (
        one_of("segment", Segment),
        CheckConstraint("num_nonnulls(segment, program_id, cohort_id) <= 1", name="one_audience"),
        CheckConstraint(
            "lessons >= 0 and sessions >= 0 and points >= 0 and lessons + sessions + points > 0",
            name="asks_for_something",
        ),
        CheckConstraint(
            "extract(isodow from from_on) = 1 and extract(isodow from until_on) = 1",
            name="from_monday",
        ),
        CheckConstraint("until_on >= from_on", name="ends_after_begin"),
    )

    id: Mapped[str] = primary_id("wtg")
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    segment: Mapped[str | None]
    program_id: Mapped[str | None] = reference("prg", "programs.id")
    cohort_id: Mapped[str | None] = reference("cht", "cohorts.id")
    lessons: Mapped[int]
    sessions: Mapped[int]
    points: Mapped[int]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


append_only("points_entries")

"""Tables of badges and of closed rankings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.incentives import AwardState, BadgeKind, Span


class Badge(Base):
    """A badge for whoever reaches `needed` of what its kind counts.

    One that is not active is no longer awarded; who has it keeps it.
    """

    __tablename__ = "badges"
    __table_args__ = (
        one_of("kind", BadgeKind),
        CheckConstraint("needed > 0", name="needed_positive"),
    )

    id: Mapped[str] = primary_id("bdg")
    code: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    kind: Mapped[str]
    needed: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class BadgeAward(Base):
    """A leader won a badge, once and for all unless headquarters revokes it for a reason."""

    __tablename__ = "badge_awards"
    __table_args__ = (
        one_of("state", AwardState),
        UniqueConstraint("leader_id", "badge_id"),
        CheckConstraint(
            "(decided_at is null) = (decided_by is null)"
            " and (decided_at is null) = (reason = '')"
            " and (state = 'awarded' or decided_at is not null)",
            name="decided_by_someone_for_a_reason",
        ),
        Index("ix_badge_awards_badge_id_id", "badge_id", "id"),
    )

    id: Mapped[str] = primary_id("bda")
    badge_id: Mapped[str] = reference("bdg", "badges.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    awarded_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=AwardState.AWARDED)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")


class Reached(Base):
    """The most that a leader ever reached of what is not counted anew: weeks of a streak."""

    __tablename__ = "badge_counts"
    __table_args__ = (one_of("kind", BadgeKind),)

    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    reached: Mapped[int]


class Ranking(Base):
    """A leaderboard of a week or a month that is over, closed with an amount (fen) for each rank.

    Once for each: of all leaders, or of those who learn a program. The amounts are proposed as
    adjustments of the settlement, which somebody else decides.
    """

    __tablename__ = "training_rankings"
    __table_args__ = (
        one_of("span", Span),
        CheckConstraint("span <> 'all'", name="of_a_time_that_ends"),
        UniqueConstraint(
            "span",
            "starts_on",
            "program_id",
            name="uq_training_rankings_closed_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[str] = primary_id("rkg")
    span: Mapped[str]
    starts_on: Mapped[date]
    program_id: Mapped[str | None] = reference("prg", "programs.id")
    title: Mapped[str]
    amounts: Mapped[list[Any]]
    closed_at: Mapped[datetime]
    closed_by: Mapped[str]


class RankingPlace(Base):
    """Who was at a rank when a ranking was closed, and the adjustment that was proposed."""

    __tablename__ = "training_ranking_places"
    __table_args__ = (
        UniqueConstraint("ranking_id", "leader_id"),
        CheckConstraint("rank > 0 and points > 0 and amount_fen >= 0", name="signs"),
        CheckConstraint("(amount_fen = 0) = (adjustment_id is null)", name="paid_by_adjustment"),
    )

    ranking_id: Mapped[str] = reference("rkg", "training_rankings.id", primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    points: Mapped[int]
    amount_fen: Mapped[int]
    adjustment_id: Mapped[str | None] = reference("adj", "settlement_adjustments.id", unique=True)


append_only("training_rankings")
append_only("training_ranking_places")

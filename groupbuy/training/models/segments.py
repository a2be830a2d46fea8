"""Tables of the coaching segments: a division of the leaders for each locked month."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.segments import TOLD, Segment


class SegmentRun(Base):
    """That a month's leaders were divided, by whom, and under which terms; once for each month."""

    __tablename__ = "coaching_segment_runs"
    __table_args__ = (
        CheckConstraint(
            "0 <= head_bps and head_bps <= upper_bps and upper_bps <= 10000",
            name="shares_in_order",
        ),
        CheckConstraint("ranked >= 0 and new_days >= 0", name="not_negative"),
    )

    month: Mapped[str] = mapped_column(ForeignKey("settlement_periods.month"), primary_key=True)
    ranked: Mapped[int]
    head_bps: Mapped[int]
    upper_bps: Mapped[int]
    new_days: Mapped[int]
    calculated_at: Mapped[datetime]
    calculated_by: Mapped[str]


class LeaderSegment(Base):
    """Where a leader stood in a month: the rank among `ranked` leaders, none for a new one.

    `position` numbers all rows of the month, the ranked ones first.
    """

    __tablename__ = "coaching_segments"
    __table_args__ = (
        one_of("segment", Segment),
        UniqueConstraint("month", "position"),
        Index("ix_coaching_segments_leader_id_month", "leader_id", "month"),
        CheckConstraint("(segment = 'new') = (rank is null)", name="new_is_not_ranked"),
        CheckConstraint("rank = position and rank between 1 and ranked", name="rank_of_ranked"),
        CheckConstraint(
            "net_fen > 0 or segment in ('tail', 'new')", name="nothing_sold_is_tail_or_new"
        ),
    )

    month: Mapped[str] = mapped_column(ForeignKey("coaching_segment_runs.month"), primary_key=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    position: Mapped[int]
    rank: Mapped[int | None]
    ranked: Mapped[int]
    net_fen: Mapped[int]
    segment: Mapped[str]

    @property
    def told(self) -> Text:
        """Return what the leader reads about it."""
        return TOLD[Segment(self.segment)]


append_only("coaching_segment_runs")
append_only("coaching_segments")

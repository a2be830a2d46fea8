"""Tables of goods that nobody fetched in time."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.campaigns.rules import UnclaimedRule
from groupbuy.fulfilment.rules.unclaimed import UnclaimedState
from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference


class UnclaimedParcel(Base):
    """A parcel that was not fetched in time: what is done about it next, and when."""

    __tablename__ = "unclaimed_parcels"
    __table_args__ = (
        one_of("state", UnclaimedState),
        one_of("rule", UnclaimedRule),
        CheckConstraint(
            "(state in ('reminded', 'kept')) = (next_at is not null)", name="next_while_it_waits"
        ),
        CheckConstraint("keep_days > 0", name="keep_days_positive"),
        Index(
            "ix_unclaimed_parcels_next_at", "next_at", postgresql_where=text("next_at is not null")
        ),
    )

    id: Mapped[str] = primary_id("ucl")
    parcel_id: Mapped[str] = reference("pcl", "parcels.id", unique=True)
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id", index=True)
    state: Mapped[str]
    rule: Mapped[str]
    keep_days: Mapped[int]
    reminders: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime]
    next_at: Mapped[datetime | None]


class UnclaimedMove(Base):
    """One step with an unclaimed parcel: from, to, who, when, why."""

    __tablename__ = "unclaimed_moves"

    id: Mapped[str] = primary_id("ucm")
    unclaimed_id: Mapped[str] = reference("ucl", "unclaimed_parcels.id", index=True)
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    action: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


append_only("unclaimed_moves")

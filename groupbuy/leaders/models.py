"""Tables of leaders."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.leaders.rules import (
    MICRO,
    ApplicationState,
    CommunityPurpose,
    CommunityState,
    LeaderState,
    PointState,
)

ONE_PENDING = text("state = 'pending'")
"""The part of the applications in which a shopper stands at most once."""


class LeaderApplication(Base):
    """A shopper's wish to sell, and what headquarters decided: who, when, why.

    The phone number is personal data: only headquarters reads it.
    """

    __tablename__ = "leader_applications"
    __table_args__ = (
        one_of("state", ApplicationState),
        CheckConstraint(
            "(state in ('approved', 'rejected')) = (decided_by is not null)"
            " and (decided_by is null) = (decided_at is null)",
            name="decided_by_someone",
        ),
        CheckConstraint("state <> 'rejected' or reason <> ''", name="rejected_for_a_reason"),
        Index(
            "uq_leader_applications_one_pending",
            "shopper_id",
            unique=True,
            postgresql_where=ONE_PENDING,
        ),
    )

    id: Mapped[str] = primary_id("lap")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id", index=True)
    name: Mapped[str]
    phone: Mapped[str]
    region: Mapped[str]
    introduction: Mapped[str]
    recruiter_id: Mapped[str | None] = reference("ldr", "leaders.id")
    applied_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=ApplicationState.PENDING)
    decided_by: Mapped[str | None] = reference("stf", "staff.id")
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")


class Leader(Base):
    """A shopper who was accepted to sell."""

    __tablename__ = "leaders"
    __table_args__ = (
        one_of("state", LeaderState),
        CheckConstraint("recruiter_id <> id", name="recruiter_is_another"),
        CheckConstraint("level >= 1", name="level_from_one"),
    )

    id: Mapped[str] = primary_id("ldr")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id", unique=True)
    name: Mapped[str]
    level: Mapped[int] = mapped_column(default=1)
    region: Mapped[str]
    recruiter_id: Mapped[str | None] = reference("ldr", "leaders.id", index=True)
    state: Mapped[str] = mapped_column(default=LeaderState.ACTIVE)
    since: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def is_active(self) -> bool:
        """Tell whether the leader may sell."""
        return self.state == LeaderState.ACTIVE


class LeaderStanding(Base):
    """Which level and region a leader has from an instant on, until the next such row."""

    __tablename__ = "leader_standings"
    __table_args__ = (
        CheckConstraint("level >= 1", name="level_from_one"),
        Index("ix_leader_standings_leader_id_from_at", "leader_id", "from_at"),
    )

    id: Mapped[str] = primary_id("lst")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    level: Mapped[int]
    region: Mapped[str]
    from_at: Mapped[datetime]
    decided_by: Mapped[str]
    reason: Mapped[str]


class Community(Base):
    """One WeChat group that a leader runs; `size` counts its members."""

    __tablename__ = "communities"
    __table_args__ = (
        one_of("purpose", CommunityPurpose),
        one_of("state", CommunityState),
        CheckConstraint("size >= 0", name="size_not_negative"),
    )

    id: Mapped[str] = primary_id("com")
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    name: Mapped[str]
    purpose: Mapped[str]
    size: Mapped[int]
    tags: Mapped[list[Any]]
    place: Mapped[str]
    state: Mapped[str] = mapped_column(default=CommunityState.ACTIVE)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def is_active(self) -> bool:
        """Tell whether the group still exists."""
        return self.state == CommunityState.ACTIVE


class PickupPoint(Base):
    """Where orders are handed over; the coordinates are integers in micro-degrees (WGS 84)."""

    __tablename__ = "pickup_points"
    __table_args__ = (
        one_of("state", PointState),
        CheckConstraint("(latitude is null) = (longitude is null)", name="coordinates_together"),
        CheckConstraint(
            f"abs(latitude) <= {90 * MICRO} and abs(longitude) <= {180 * MICRO}",
            name="coordinates_on_earth",
        ),
    )

    id: Mapped[str] = primary_id("ppt")
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    name: Mapped[str]
    address: Mapped[str]
    opening_hours: Mapped[str]
    latitude: Mapped[int | None]
    longitude: Mapped[int | None]
    state: Mapped[str] = mapped_column(default=PointState.OPEN)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PickupVerifier(Base):
    """A shopper who may hand over goods at a point."""

    __tablename__ = "pickup_verifiers"

    point_id: Mapped[str] = reference("ppt", "pickup_points.id", primary_key=True)
    shopper_id: Mapped[str] = reference("shp", "shoppers.id", primary_key=True, index=True)


class Qualification(Base):
    """What a leader can be entitled to by an achievement; the name is that of the achievement."""

    __tablename__ = "qualifications"

    code: Mapped[str] = mapped_column(primary_key=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class LeaderQualification(Base):
    """That a leader is qualified in [from_at, until_at), unless it is ended before.

    Nothing is recorded for a time that has passed, so what was held at an instant never changes.
    `source` names what it was earned by, in the terms of the room that recorded it.
    """

    __tablename__ = "leader_qualifications"
    __table_args__ = (
        CheckConstraint("from_at >= recorded_at", name="never_backdated"),
        CheckConstraint("until_at > from_at", name="from_before_until"),
        CheckConstraint("ended_at >= recorded_at", name="ended_later"),
        Index("ix_leader_qualifications_leader_id_code", "leader_id", "code"),
        Index("ix_leader_qualifications_code", "code"),
    )

    id: Mapped[str] = primary_id("lqf")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    code: Mapped[str] = mapped_column(ForeignKey("qualifications.code"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LevelRule(Base):
    """What a leader must be qualified in to be raised to a level, or to one above it."""

    __tablename__ = "leader_level_rules"
    __table_args__ = (
        CheckConstraint("level >= 2", name="level_from_two"),
        UniqueConstraint("level", "code"),
    )

    id: Mapped[str] = primary_id("llr")
    level: Mapped[int]
    code: Mapped[str] = mapped_column(ForeignKey("qualifications.code"))
    created_by: Mapped[str]
    created_at: Mapped[datetime]


append_only("leader_standings")

declare_rule(
    DatabaseRule(
        "leader_qualifications",
        "leader_qualifications_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.ended_at is not null
        or to_jsonb(new) - 'ended_at' <> to_jsonb(old) - 'ended_at'
    then
        raise exception 'a qualification is ended once; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)

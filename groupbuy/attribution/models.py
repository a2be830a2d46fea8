"""Tables of attribution. Decisions are never changed: a new revision is a new row."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.attribution.rules import Lock, Rule
from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import Id, primary_id, reference


class AttributionTouch(Base):
    """A customer came by a leader's share: evidence, never changed."""

    __tablename__ = "attribution_touches"
    __table_args__ = (Index("ix_attribution_touches_shopper_id_at", "shopper_id", "at"),)

    id: Mapped[str] = primary_id("tch")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    group_buy_id: Mapped[str | None] = reference("gbu", "group_buys.id")
    scene: Mapped[str]
    at: Mapped[datetime]
    result: Mapped[str]
    policy_version: Mapped[int]


class CustomerLock(Base):
    """A customer bound to a leader (锁客); closing it is a fact with a time and a reason."""

    __tablename__ = "customer_locks"
    __table_args__ = (
        CheckConstraint("expires_at is null or expires_at > locked_at", name="expires_later"),
        Index(
            "uq_customer_locks_open",
            "shopper_id",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
    )

    id: Mapped[str] = primary_id("lck")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id", index=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    touch_id: Mapped[str | None] = reference("tch", "attribution_touches.id")
    locked_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]

    def as_rule(self) -> Lock:
        """Return what the rules look at."""
        return Lock(self.leader_id, self.locked_at, self.expires_at)


class AttributionDecision(Base):
    """Whose an order is, with every candidate and its reason; the highest revision counts."""

    __tablename__ = "attribution_decisions"
    __table_args__ = (
        UniqueConstraint("order_id", "revision"),
        CheckConstraint("revision > 0", name="revision_positive"),
        CheckConstraint("(rule = 'none') = (leader_id is null)", name="leader_unless_none"),
        one_of("rule", Rule),
    )

    id: Mapped[str] = primary_id("dec")
    order_id: Mapped[str] = mapped_column(Id("ord"))
    revision: Mapped[int]
    shopper_id: Mapped[str] = reference("shp", "shoppers.id")
    leader_id: Mapped[str | None] = reference("ldr", "leaders.id", index=True)
    rule: Mapped[str]
    policy_version: Mapped[int]
    candidates: Mapped[list[Any]]
    self_purchase: Mapped[bool]
    commissionable: Mapped[bool]
    pickup_leader_id: Mapped[str | None] = reference("ldr", "leaders.id")
    recruiter_id: Mapped[str | None] = reference("ldr", "leaders.id")
    leader_level: Mapped[int | None]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str]
    reason: Mapped[str]


append_only("attribution_touches")
append_only("attribution_decisions")

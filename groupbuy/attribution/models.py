"""Tables of attribution. Decisions are never changed: a new revision is a new row."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.attribution.rules import (
    Eligibility,
    Lock,
    Policy,
    PolicyState,
    Renewal,
    Rule,
    SelfPurchase,
)
from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import Id, primary_id, reference


class AttributionPolicy(Base):
    """A version of the rules, in force from an instant on until the next published one.

    `priority` is the order of the claims; one that is not named is not looked at.
    """

    __tablename__ = "attribution_policies"
    __table_args__ = (
        one_of("state", PolicyState),
        one_of("eligible", Eligibility),
        one_of("renew", Renewal),
        one_of("self_purchase", SelfPurchase),
        CheckConstraint(
            "number > 0 and lookback_days >= 0 and validity_days > 0 and protect_days >= 0",
            name="days_not_negative",
        ),
        CheckConstraint(
            "(state = 'published') = (published_by is not null)"
            " and (published_by is null) = (published_at is null)",
            name="published_by_someone",
        ),
        CheckConstraint(
            "published_by <> created_by and published_by <> edited_by", name="published_by_another"
        ),
        Index(
            "uq_attribution_policies_effective_from",
            "effective_from",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[str] = primary_id("apo")
    number: Mapped[int] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default=PolicyState.DRAFT)
    effective_from: Mapped[datetime]
    priority: Mapped[list[Any]]
    lookback_days: Mapped[int]
    eligible: Mapped[str]
    validity_days: Mapped[int | None]
    protect_days: Mapped[int | None]
    renew: Mapped[str]
    self_purchase: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    edited_by: Mapped[str]
    published_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    def as_rule(self) -> Policy:
        """Return what the rules look at."""
        return Policy(
            version=self.number,
            priority=tuple(Rule(name) for name in self.priority),
            lookback_days=self.lookback_days,
            eligible=self.eligible,
            validity_days=self.validity_days,
            protect_days=self.protect_days,
            renew=self.renew,
            self_purchase=self.self_purchase,
        )


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
    """A customer bound to a leader (锁客); closing it is a fact with a time and a reason.

    Staff who close one by hand say why in `close_note`.
    """

    __tablename__ = "customer_locks"
    __table_args__ = (
        CheckConstraint("expires_at is null or expires_at > locked_at", name="expires_later"),
        CheckConstraint(
            "(closed_by is null) = (close_note is null)"
            " and (closed_by is null or closed_at is not null)",
            name="closed_by_hand_for_a_reason",
        ),
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
    closed_by: Mapped[str | None]
    close_note: Mapped[str | None]

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
    shopper_id: Mapped[str] = reference("shp", "shoppers.id", index=True)
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

declare_rule(
    DatabaseRule(
        "attribution_policies",
        "attribution_policies_published_stay",
        "before update or delete",
        """\
    if old.state = 'published' then
        raise exception 'a published attribution policy never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;""",
    )
)

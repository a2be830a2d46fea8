"""Tables of coupons."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupbuy.kernel.db import Base, declare_rule, one_of
from groupbuy.kernel.ids import Id, primary_id, reference
from groupbuy.pricing.models.scopes import Scoped, scope_checks, stays_once_published
from groupbuy.pricing.rules import coupons as rules
from groupbuy.pricing.rules.coupons import BatchState, CouponKind, CouponState, IssueState


class CouponBatch(Scoped, Base):
    """Coupons of one make: what they take off, for how long, how many of them there are.

    A coupon is valid in [starts_at, ends_at), or for `valid_days` from when it is given. `given`
    counts the coupons there are; there are never more than `quantity`.
    """

    __tablename__ = "coupon_batches"
    __table_args__ = (
        one_of("kind", CouponKind),
        one_of("state", BatchState),
        *scope_checks(),
        CheckConstraint(
            "case kind when 'fixed' then off_fen is not null and off_bps is null "
            "when 'percentage' then off_fen is null and off_bps is not null "
            "else off_bps is null end and (cap_fen is null or kind = 'percentage')",
            name="terms_fit_kind",
        ),
        CheckConstraint(
            "off_fen > 0 and off_bps between 1 and 10000 and cap_fen > 0 and from_fen >= 0",
            name="terms_positive",
        ),
        CheckConstraint(
            "num_nonnulls(ends_at, valid_days) = 1 and (starts_at is null) = (ends_at is null)"
            " and starts_at < ends_at and valid_days > 0",
            name="valid_one_way",
        ),
        CheckConstraint("quantity > 0 and given between 0 and quantity", name="given_within"),
        CheckConstraint("per_shopper > 0", name="per_shopper_positive"),
    )

    id: Mapped[str] = primary_id("cpb")
    kind: Mapped[str]
    off_fen: Mapped[int | None]
    off_bps: Mapped[int | None]
    cap_fen: Mapped[int | None]
    from_fen: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    valid_days: Mapped[int | None]
    quantity: Mapped[int]
    given: Mapped[int] = mapped_column(default=0)
    per_shopper: Mapped[int] = mapped_column(default=1)
    public_code: Mapped[str | None] = mapped_column(unique=True)
    platform_funded: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default=BatchState.DRAFT)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    def validity(self, now: datetime) -> tuple[datetime, datetime]:
        """Return from when until when a coupon given at an instant is valid."""
        if self.starts_at is not None and self.ends_at is not None:
            return self.starts_at, self.ends_at
        return now, now + timedelta(days=self.valid_days or 0)


class CouponIssue(Base):
    """A batch given to many shoppers by headquarters: a job goes through them, portion by portion.

    `found` shoppers were looked at, `issued` got a coupon; the others had as many as one may.
    """

    __tablename__ = "coupon_issues"
    __table_args__ = (
        one_of("state", IssueState),
        CheckConstraint("0 <= issued and issued <= found", name="issued_within_found"),
        CheckConstraint("(state = 'running') = (ended_at is null)", name="ended_unless_running"),
        Index("ix_coupon_issues_running", "touched_at", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[str] = primary_id("cpi")
    batch_id: Mapped[str] = reference("cpb", "coupon_batches.id", index=True)
    audience: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=IssueState.RUNNING)
    found: Mapped[int] = mapped_column(default=0)
    issued: Mapped[int] = mapped_column(default=0)
    last_shopper_id: Mapped[str | None] = mapped_column(Id("shp"))
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Coupon(Base):
    """One shopper's coupon; `number` counts those that a shopper has of a batch.

    The order that holds or used it is a higher domain's, so there is no foreign key.
    """

    __tablename__ = "coupons"
    __table_args__ = (
        one_of("state", CouponState),
        UniqueConstraint("batch_id", "shopper_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("(state = 'claimed') = (order_id is null)", name="order_unless_claimed"),
        CheckConstraint("(state = 'used') = (used_at is not null)", name="used_when"),
        Index(
            "uq_coupons_order_id",
            "order_id",
            unique=True,
            postgresql_where=text("order_id is not null"),
        ),
        Index(
            "uq_coupons_issue_id_shopper_id",
            "issue_id",
            "shopper_id",
            unique=True,
            postgresql_where=text("issue_id is not null"),
        ),
        Index("ix_coupons_shopper_id_id", "shopper_id", "id"),
    )

    id: Mapped[str] = primary_id("cpn")
    batch_id: Mapped[str] = reference("cpb", "coupon_batches.id")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id")
    number: Mapped[int]
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=CouponState.CLAIMED)
    order_id: Mapped[str | None] = mapped_column(Id("ord"))
    issue_id: Mapped[str | None] = reference("cpi", "coupon_issues.id")
    claimed_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    batch: Mapped[CouponBatch] = relationship(lazy="joined", innerjoin=True)

    def as_rule(self) -> rules.Coupon:
        """Return what the rules look at."""
        batch = self.batch
        return rules.Coupon(
            id=self.id,
            title=batch.title,
            kind=batch.kind,
            starts_at=self.starts_at,
            expires_at=self.expires_at,
            off_fen=batch.off_fen,
            off_bps=batch.off_bps,
            cap_fen=batch.cap_fen,
            from_fen=batch.from_fen,
            scope=batch.scope,
            platform_funded=batch.platform_funded,
            free=self.state == CouponState.CLAIMED,
        )


class CouponCode(Base):
    """A personal code of a batch: whoever sends it first has the coupon, once."""

    __tablename__ = "coupon_codes"
    __table_args__ = (
        CheckConstraint("(claimed_at is null) = (claimed_by is null)", name="claimed_by_someone"),
        Index("ix_coupon_codes_batch_id_id", "batch_id", "id"),
    )

    id: Mapped[str] = primary_id("cpc")
    batch_id: Mapped[str] = reference("cpb", "coupon_batches.id")
    code: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = reference("shp", "shoppers.id", index=True)


declare_rule(stays_once_published("coupon_batches", but="state given published_at version"))

"""Tables of promotions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, declare_rule, one_of
from groupbuy.kernel.ids import Id, primary_id, reference
from groupbuy.pricing.models.scopes import Scoped, scope_checks, stays_once_published
from groupbuy.pricing.rules.promotions import PromotionState, promotion_state_at


class Promotion(Scoped, Base):
    """A rule of price, in force in [starts_at, ends_at) once it is published.

    `terms` are those of its kind. `orders_max` is how many orders it may reduce, `orders_used`
    how many it does.
    """

    __tablename__ = "promotions"
    __table_args__ = (
        one_of("state", PromotionState),
        *scope_checks(),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("orders_used between 0 and orders_max", name="orders_within_max"),
        CheckConstraint("orders_used >= 0", name="orders_not_negative"),
        CheckConstraint(
            "(ended_at is null) = (ended_by is null)"
            " and (state = 'ended') = (ended_at is not null)",
            name="ended_by_someone",
        ),
        Index(
            "ix_promotions_published_ends_at",
            "ends_at",
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[str] = primary_id("prm")
    kind: Mapped[str]
    terms: Mapped[dict[str, Any]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    members_only: Mapped[bool] = mapped_column(default=False)
    newcomers_only: Mapped[bool] = mapped_column(default=False)
    stacks_with_promotions: Mapped[bool] = mapped_column(default=True)
    stacks_with_coupon: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[int] = mapped_column(default=0)
    orders_max: Mapped[int | None]
    orders_used: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default=PromotionState.DRAFT)
    copied_from: Mapped[str | None] = reference("prm", "promotions.id")
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    def state_at(self, now: datetime) -> str:
        """Return the state at an instant: its time may be over."""
        return promotion_state_at(self.state, self.ends_at, now)


class PromotionUse(Base):
    """One order that counts against a promotion's `orders_max`, unless it was given back.

    The order is a higher domain's, so there is no foreign key.
    """

    __tablename__ = "promotion_uses"
    __table_args__ = (
        Index("ix_promotion_uses_promotion_id", "promotion_id", postgresql_where=text("held")),
    )

    order_id: Mapped[str] = mapped_column(Id("ord"), primary_key=True)
    promotion_id: Mapped[str] = reference("prm", "promotions.id", primary_key=True)
    held: Mapped[bool] = mapped_column(default=True)


declare_rule(
    stays_once_published(
        "promotions", but="state orders_used published_at ended_at ended_by end_reason version"
    )
)

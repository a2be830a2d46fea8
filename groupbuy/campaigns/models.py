"""Tables of campaigns."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.campaigns.rules import CampaignState, GroupBuyState, UnclaimedRule, state_at
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference


class Campaign(Base):
    """Headquarters' sale, open in [opens_at, closes_at), or for those that missed somewhat longer.

    With `one_parcel` a shopper's orders to one point share a parcel. What nobody fetches is
    refunded, or kept for `keep_days` more, as `unclaimed_rule` says.
    `required_qualification` is what its hosts must be qualified in.
    `terms` are its kind's own. `counted` says that its group buys are counted while they are
    open: their outcome, or a price, depends on what is sold. `settled_at` is when nothing was
    left to be done about its orders after its end.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("state", CampaignState),
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint(
            "(pickup_from is null) = (pickup_until is null) and pickup_from < pickup_until",
            name="pickup_window",
        ),
        one_of("unclaimed_rule", UnclaimedRule),
        CheckConstraint("keep_days > 0", name="keep_days_positive"),
        CheckConstraint("extended_until > closes_at", name="extended_beyond_closing"),
        Index("ix_campaigns_unsettled", "id", postgresql_where=text("settled_at is null")),
    )

    id: Mapped[str] = primary_id("cmp")
    kind: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    title: Mapped[str]
    description: Mapped[str]
    opens_at: Mapped[datetime] = mapped_column(index=True)
    closes_at: Mapped[datetime] = mapped_column(index=True)
    pickup_from: Mapped[datetime | None]
    pickup_until: Mapped[datetime | None]
    one_parcel: Mapped[bool] = mapped_column(default=False)
    unclaimed_rule: Mapped[str] = mapped_column(default=UnclaimedRule.KEEP)
    keep_days: Mapped[int] = mapped_column(default=7)
    state: Mapped[str] = mapped_column(default=CampaignState.DRAFT, index=True)
    scheduled_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    extended_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(default="")
    counted: Mapped[bool] = mapped_column(default=False)
    required_qualification: Mapped[str | None] = mapped_column(ForeignKey("qualifications.code"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def ends_at(self) -> datetime:
        """Return when the last of its group buys closes."""
        return self.extended_until or self.closes_at

    def state_at(self, now: datetime) -> str:
        """Return the state at an instant, however late the tick is."""
        return state_at(self.state, self.opens_at, self.ends_at, now)


class CampaignItem(Base):
    """A SKU in a campaign: its price, its own stock, its limit; the pool once it is scheduled.

    `ladder` lists steps of `from_units` and `price_fen`; the first is the price at ordering.
    """

    __tablename__ = "campaign_items"
    __table_args__ = (
        UniqueConstraint("campaign_id", "sku_id"),
        CheckConstraint("price_fen > 0", name="price_positive"),
        CheckConstraint("allotment > 0", name="allotment_positive"),
        CheckConstraint("limit_per_shopper > 0", name="limit_positive"),
    )

    id: Mapped[str] = primary_id("cit")
    campaign_id: Mapped[str] = reference("cmp", "campaigns.id")
    sku_id: Mapped[str] = reference("sku", "skus.id", index=True)
    price_fen: Mapped[int]
    allotment: Mapped[int]
    ladder: Mapped[list[Any]] = mapped_column(default=list)
    limit_per_shopper: Mapped[int | None]
    earns_commission: Mapped[bool] = mapped_column(default=True)
    pool_id: Mapped[str | None] = reference("pol", "stock_pools.id")


class GroupBuy(Base):
    """A leader's hosting of one campaign in one community.

    Participants and units are counted while it is open if its campaign says so, and in any case
    when it is decided.
    """

    __tablename__ = "group_buys"
    __table_args__ = (
        one_of("state", GroupBuyState),
        UniqueConstraint("campaign_id", "community_id"),
        CheckConstraint("length(share_code) between 1 and 32", name="share_code_fits"),
        CheckConstraint("participants >= 0 and units >= 0", name="counts_not_negative"),
    )

    id: Mapped[str] = primary_id("gbu")
    campaign_id: Mapped[str] = reference("cmp", "campaigns.id")
    community_id: Mapped[str] = reference("com", "communities.id", index=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id", index=True)
    share_code: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    hosted_at: Mapped[datetime]
    extended_until: Mapped[datetime | None]
    participants: Mapped[int] = mapped_column(default=0)
    units: Mapped[int] = mapped_column(default=0)


class GroupBuyItem(Base):
    """What a group buy sold of an item with a price ladder, and the price that it came to."""

    __tablename__ = "group_buy_items"
    __table_args__ = (
        CheckConstraint("units >= 0", name="units_not_negative"),
        CheckConstraint("final_price_fen > 0", name="final_price_positive"),
    )

    group_buy_id: Mapped[str] = reference("gbu", "group_buys.id", primary_key=True)
    campaign_item_id: Mapped[str] = reference("cit", "campaign_items.id", primary_key=True)
    units: Mapped[int]
    final_price_fen: Mapped[int | None]


class HostingRequirement(Base):
    """What leaders must be qualified in to host campaigns: all, or (with a category) those with
    goods of that category or one below it."""

    __tablename__ = "hosting_requirements"
    __table_args__ = (UniqueConstraint("category_id", "code", postgresql_nulls_not_distinct=True),)

    id: Mapped[str] = primary_id("hrq")
    category_id: Mapped[str | None] = reference("cat", "categories.id")
    code: Mapped[str] = mapped_column(ForeignKey("qualifications.code"))
    created_by: Mapped[str]
    created_at: Mapped[datetime]

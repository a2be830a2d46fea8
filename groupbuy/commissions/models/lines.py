"""What a sale earns by: lines with their terms, and all that happens to them afterwards."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.commissions.rules.terms import (
    Exclusion,
    RuleKind,
)
from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference


def _terms() -> tuple[CheckConstraint, ...]:
    """Return what holds for the terms of a line and of its transfer alike."""
    return (
        one_of("kind", RuleKind),
        one_of("reason", Exclusion),
        CheckConstraint("(kind = 'exclude') = (reason is not null)", name="excluded_for_a_reason"),
        CheckConstraint("(kind = 'flat') = (flat_fen_per_unit is not null)", name="flat_amount"),
        CheckConstraint("(kind = 'replace') = (rate_bps is not null)", name="replaced_rate"),
        CheckConstraint("kind = 'exclude' or plan_version_id is not null", name="earns_by_a_plan"),
        CheckConstraint("leader_id is not null or kind = 'exclude'", name="earns_for_a_leader"),
    )


class CommissionLine(Base):
    """A paid order line with the terms in force when it was paid, frozen; a house order's too.

    `kind` says how it earns; `rule_target_id` names the item rule that won, if one did; an
    excluded line says why. `base_fen` and `quantity` are what was paid for: refunds, and that the
    order went to another leader, are rows of their own. `category_ids` are the goods' categories
    then, the nearest first; `item_earns` is what the campaign said of the item.
    """

    __tablename__ = "commission_lines"
    __table_args__ = (
        *_terms(),
        CheckConstraint("base_fen >= 0 and quantity > 0", name="something_was_sold"),
        CheckConstraint("completed_at >= paid_at", name="completed_after_paid"),
        Index("ix_commission_lines_completed_at", "completed_at"),
        Index("ix_commission_lines_leader_id_paid_at", "leader_id", "paid_at"),
        Index("ix_commission_lines_group_buy_id", "group_buy_id"),
        Index("ix_commission_lines_leader_id_completed_at", "leader_id", "completed_at"),
    )

    id: Mapped[str] = primary_id("cml")
    order_id: Mapped[str] = reference("ord", "orders.id", index=True)
    order_line_id: Mapped[str] = reference("orl", "order_lines.id", unique=True)
    leader_id: Mapped[str | None] = reference("ldr", "leaders.id")
    leader_level: Mapped[int | None]
    group_buy_id: Mapped[str | None] = reference("gbu", "group_buys.id")
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id")
    sku_id: Mapped[str] = reference("sku", "skus.id")
    product_id: Mapped[str] = reference("prd", "products.id")
    category_ids: Mapped[list[Any]]
    item_earns: Mapped[bool]
    paid_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    base_fen: Mapped[int]
    quantity: Mapped[int]
    plan_version_id: Mapped[str | None] = reference("plv", "commission_plan_versions.id")
    kind: Mapped[str]
    reason: Mapped[str | None]
    rule_target_id: Mapped[str | None]
    rate_bps: Mapped[int | None]
    flat_fen_per_unit: Mapped[int | None]
    counts: Mapped[bool]
    multiplier_bps: Mapped[int]


class CommissionRefund(Base):
    """A refund of a commission line, when it was recorded; the key says whose refund it is."""

    __tablename__ = "commission_refunds"
    __table_args__ = (
        CheckConstraint("amount_fen >= 0 and quantity >= 0", name="not_negative"),
        Index("ix_commission_refunds_recorded_at", "recorded_at"),
    )

    refund_key: Mapped[str] = mapped_column(primary_key=True)
    commission_line_id: Mapped[str] = reference("cml", "commission_lines.id", index=True)
    amount_fen: Mapped[int]
    quantity: Mapped[int]
    recorded_at: Mapped[datetime]


class CommissionTransfer(Base):
    """A line given to another leader (or, null, to the house), with that one's terms at payment.

    Until its month's cutoff it moves the whole sale; afterwards what is left of its commission.
    """

    __tablename__ = "commission_transfers"
    __table_args__ = (
        *_terms(),
        UniqueConstraint("commission_line_id", "revision"),
        Index("ix_commission_transfers_recorded_at", "recorded_at"),
        Index("ix_commission_transfers_leader_id", "leader_id"),
    )

    id: Mapped[str] = primary_id("ctr")
    commission_line_id: Mapped[str] = reference("cml", "commission_lines.id")
    revision: Mapped[int]
    recorded_at: Mapped[datetime]
    leader_id: Mapped[str | None] = reference("ldr", "leaders.id")
    leader_level: Mapped[int | None]
    plan_version_id: Mapped[str | None] = reference("plv", "commission_plan_versions.id")
    kind: Mapped[str]
    reason: Mapped[str | None]
    rule_target_id: Mapped[str | None]
    rate_bps: Mapped[int | None]
    flat_fen_per_unit: Mapped[int | None]
    counts: Mapped[bool]
    multiplier_bps: Mapped[int]


class ServiceFee(Base):
    """A parcel that a leader handed over, earning what their plan paid for it when it was paid."""

    __tablename__ = "commission_service_fees"
    __table_args__ = (
        CheckConstraint("fee_fen > 0", name="fee_positive"),
        Index("ix_commission_service_fees_completed_at", "completed_at", "leader_id"),
    )

    order_id: Mapped[str] = reference("ord", "orders.id", primary_key=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    plan_version_id: Mapped[str] = reference("plv", "commission_plan_versions.id")
    fee_fen: Mapped[int]
    completed_at: Mapped[datetime]


for _table in ("commission_refunds", "commission_transfers", "commission_service_fees"):
    append_only(_table)

declare_rule(
    DatabaseRule(
        "commission_lines",
        "commission_lines_terms_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.completed_at is not null
        or to_jsonb(new) - 'completed_at' <> to_jsonb(old) - 'completed_at'
    then
        raise exception 'a commission line is completed once; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)

"""Tables of commissions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.commissions.rules.terms import (
    ClawbackMode,
    Exclusion,
    ItemRule,
    Mode,
    PlanTerms,
    RuleKind,
    TargetKind,
    Tier,
    TierTable,
)
from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.money import BPS


class VersionState(StrEnum):
    """A draft can be changed and thrown away; what is published never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Plan(Base):
    """A commission plan: a name for a succession of versions. The default one is everybody's."""

    __tablename__ = "commission_plans"
    __table_args__ = (
        Index(
            "uq_commission_plans_one_default",
            "is_default",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[str] = primary_id("pln")
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    is_default: Mapped[bool]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class PlanVersion(Base):
    """What a plan pays from an instant on, until its next version.

    `tiers` are [[from_fen, rate_bps], …], `item_rules` the fields of `rules.ItemRule` each,
    `level_multipliers` {"level": bps}. A level that is not named earns x 1.
    """

    __tablename__ = "commission_plan_versions"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        one_of("state", VersionState),
        one_of("mode", Mode),
        one_of("clawback_mode", ClawbackMode),
        CheckConstraint("cap_fen >= 0", name="cap_not_negative"),
        CheckConstraint(
            "(state = 'published') = (published_by is not null)"
            " and (published_by is null) = (published_at is null)",
            name="published_by_someone",
        ),
        CheckConstraint(
            "published_by <> created_by and published_by <> edited_by", name="published_by_another"
        ),
        Index(
            "uq_commission_plan_versions_effective_from",
            "plan_id",
            "effective_from",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[str] = primary_id("plv")
    plan_id: Mapped[str] = reference("pln", "commission_plans.id")
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT)
    effective_from: Mapped[datetime]
    mode: Mapped[str]
    tiers: Mapped[list[Any]]
    item_rules: Mapped[list[Any]]
    level_multipliers: Mapped[dict[str, Any]]
    cap_fen: Mapped[int | None]
    clawback_mode: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    edited_by: Mapped[str]
    published_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def table(self) -> TierTable:
        """Return the tiers."""
        return TierTable(Mode(self.mode), tuple(Tier(*tier) for tier in self.tiers))

    @property
    def terms(self) -> PlanTerms:
        """Return what holds for a leader's whole month."""
        return PlanTerms(self.table, self.cap_fen)

    @property
    def rules(self) -> list[ItemRule]:
        """Return the item rules."""
        return [
            ItemRule(
                kind=RuleKind(rule["kind"]),
                target_kind=TargetKind(rule["target_kind"]),
                target_id=rule["target_id"],
                rate_bps=rule["rate_bps"],
                flat_fen_per_unit=rule["flat_fen_per_unit"],
                counts=rule["counts"],
            )
            for rule in self.item_rules
        ]

    def multiplier_bps(self, level: int) -> int:
        """Return a level's multiplier."""
        return int(self.level_multipliers.get(str(level), BPS))


class CommissionLine(Base):
    """A paid order line of a leader, with the terms in force when it was paid, frozen.

    `kind` says how it earns; `rule_target_id` names the item rule that won, if one did; an
    excluded line says why. `base_fen` and `quantity` are what was paid for: refunds are rows of
    their own.
    """

    __tablename__ = "commission_lines"
    __table_args__ = (
        one_of("kind", RuleKind),
        one_of("reason", Exclusion),
        CheckConstraint("base_fen >= 0 and quantity > 0", name="something_was_sold"),
        CheckConstraint("(kind = 'exclude') = (reason is not null)", name="excluded_for_a_reason"),
        CheckConstraint("(kind = 'flat') = (flat_fen_per_unit is not null)", name="flat_amount"),
        CheckConstraint("(kind = 'replace') = (rate_bps is not null)", name="replaced_rate"),
        CheckConstraint("kind = 'exclude' or plan_version_id is not null", name="earns_by_a_plan"),
        CheckConstraint("completed_at >= paid_at", name="completed_after_paid"),
        Index("ix_commission_lines_completed_at", "completed_at"),
        Index("ix_commission_lines_leader_id_completed_at", "leader_id", "completed_at"),
    )

    id: Mapped[str] = primary_id("cml")
    order_id: Mapped[str] = reference("ord", "orders.id", index=True)
    order_line_id: Mapped[str] = reference("orl", "order_lines.id", unique=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    leader_level: Mapped[int]
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


append_only("commission_refunds")

declare_rule(
    DatabaseRule(
        "commission_plan_versions",
        "commission_plan_versions_published_stay",
        "before update or delete",
        """\
    if old.state = 'published' then
        raise exception 'a published plan version never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;""",
    )
)

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

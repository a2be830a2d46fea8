"""Plans: what they pay, to whom they are assigned, what a campaign pays in their place."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.commissions.rules.monthly import (
    AssignmentState,
    MonthlyExtras,
    Override,
    QuotaBonus,
    Scope,
)
from groupbuy.commissions.rules.publication import OVERRIDE_WARNING
from groupbuy.commissions.rules.terms import (
    ClawbackMode,
    ItemRule,
    Mode,
    PlanTerms,
    RuleKind,
    TargetKind,
    Tier,
    TierTable,
)
from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text


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

    Of the month as a whole: `quota_bonus` {"quota_fen", "bonus_fen"}; `rank_bonuses` [fen of the
    first place, of the second, …]; `guarantee_fen` the least that a month with a sale comes to;
    `recruiter_override` {"bps", "basis": "commission" | "volume", "months": n | null} for direct
    recruits; `service_fee_fen` for each parcel handed over.

    `bonus_qualification` is what a leader must be qualified in at the end of the month to get the
    quota or a rank bonus, `multiplier_qualification` when an order is paid for a level's multiplier
    above x 1 to count.
    """

    __tablename__ = "commission_plan_versions"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        one_of("state", VersionState),
        one_of("mode", Mode),
        one_of("clawback_mode", ClawbackMode),
        CheckConstraint("cap_fen >= 0", name="cap_not_negative"),
        CheckConstraint("guarantee_fen >= 0 and service_fee_fen >= 0", name="extras_not_negative"),
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
    quota_bonus: Mapped[dict[str, Any] | None]
    rank_bonuses: Mapped[list[Any]] = mapped_column(default=list)
    guarantee_fen: Mapped[int] = mapped_column(default=0)
    service_fee_fen: Mapped[int] = mapped_column(default=0)
    recruiter_override: Mapped[dict[str, Any] | None]
    bonus_qualification: Mapped[str | None] = mapped_column(ForeignKey("qualifications.code"))
    multiplier_qualification: Mapped[str | None] = mapped_column(ForeignKey("qualifications.code"))
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

    @property
    def extras(self) -> MonthlyExtras:
        """Return what it pays for a month beside the sales."""
        quota, override = self.quota_bonus, self.recruiter_override
        return MonthlyExtras(
            quota=QuotaBonus(**quota) if quota else None,
            rank_bonuses_fen=tuple(self.rank_bonuses),
            guarantee_fen=self.guarantee_fen,
            override=Override(**override) if override else None,
            clawback_mode=ClawbackMode(self.clawback_mode),
            bonus_qualification=self.bonus_qualification,
        )

    @property
    def warnings(self) -> list[Text]:
        """Return what whoever reads it should know before publishing it."""
        return [OVERRIDE_WARNING] if self.recruiter_override else []


class PlanAssignment(Base):
    """Which plan holds for whom from an instant on, until the next one of the same target.

    The nearest wins: leader, region, level, everyone; without any, the default plan. `plan_id`
    null ends a nearer assignment: the wider ones hold again. `target` is a leader's id, a region,
    a level, or '' for everyone. `note` is the proposer's word, `reason` why it was rejected.
    """

    __tablename__ = "commission_plan_assignments"
    __table_args__ = (
        one_of("scope", Scope),
        one_of("state", AssignmentState),
        CheckConstraint("(scope = 'everyone') = (target = '')", name="target_by_scope"),
        CheckConstraint(
            "(state in ('approved', 'rejected')) = (decided_by is not null)"
            " and (decided_by is null) = (decided_at is null)",
            name="decided_by_someone",
        ),
        CheckConstraint("decided_by <> created_by", name="decided_by_another"),
        CheckConstraint("state <> 'rejected' or reason <> ''", name="rejected_for_a_reason"),
        CheckConstraint(
            "state <> 'approved' or effective_from >= decided_at", name="never_backdated"
        ),
        Index(
            "uq_commission_plan_assignments_target",
            "scope",
            "target",
            "effective_from",
            unique=True,
            postgresql_where=text("state = 'approved'"),
        ),
    )

    id: Mapped[str] = primary_id("asg")
    plan_id: Mapped[str | None] = reference("pln", "commission_plans.id", index=True)
    scope: Mapped[str]
    target: Mapped[str]
    effective_from: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=AssignmentState.PROPOSED)
    note: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class CampaignRule(Base):
    """How a campaign's goods earn, in place of the plan: for one SKU, or (null) for all of them.

    It holds for orders paid from its publication on; a later one for the same target replaces it
    from then on, or, of kind `tiers`, ends it: what is wider holds again, the campaign's rule for
    all goods, else the plan. What is published never changes.
    """

    __tablename__ = "commission_campaign_rules"
    __table_args__ = (
        one_of("kind", RuleKind),
        one_of("state", VersionState),
        CheckConstraint("(kind = 'flat') = (flat_fen_per_unit is not null)", name="flat_amount"),
        CheckConstraint("(kind = 'replace') = (rate_bps is not null)", name="replaced_rate"),
        CheckConstraint("rate_bps between 0 and 10000 and flat_fen_per_unit >= 0", name="bounds"),
        CheckConstraint(
            "(state = 'published') = (published_by is not null)"
            " and (published_by is null) = (published_at is null)",
            name="published_by_someone",
        ),
        CheckConstraint(
            "published_by <> created_by and published_by <> edited_by", name="published_by_another"
        ),
        Index("ix_commission_campaign_rules_campaign_id", "campaign_id", "published_at"),
    )

    id: Mapped[str] = primary_id("ccr")
    campaign_id: Mapped[str] = reference("cmp", "campaigns.id")
    sku_id: Mapped[str | None] = reference("sku", "skus.id")
    kind: Mapped[str]
    rate_bps: Mapped[int | None]
    flat_fen_per_unit: Mapped[int | None]
    counts: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    edited_by: Mapped[str]
    published_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def rule(self) -> ItemRule:
        """Return how it earns; its own id is what a line's terms name."""
        return ItemRule(
            kind=RuleKind(self.kind),
            target_kind=TargetKind.CAMPAIGN,
            target_id=self.id,
            rate_bps=self.rate_bps,
            flat_fen_per_unit=self.flat_fen_per_unit,
            counts=self.counts,
        )


def _published_stay(table: str, what: str) -> None:
    """Declare that rows of a table never change once they are published."""
    declare_rule(
        DatabaseRule(
            table,
            f"{table}_published_stay",
            "before update or delete",
            f"""\
    if old.state = 'published' then
        raise exception '{what} never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;""",
        )
    )


_published_stay("commission_plan_versions", "a published plan version")
_published_stay("commission_campaign_rules", "a published campaign rule")

declare_rule(
    DatabaseRule(
        "commission_plan_assignments",
        "commission_plan_assignments_decided_stay",
        "before update or delete",
        """\
    if old.state <> 'proposed' then
        raise exception 'a decided assignment never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;""",
    )
)

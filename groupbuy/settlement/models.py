"""Tables of settlement. What is approved never changes: PostgreSQL itself refuses."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.commissions.rules.terms import Exclusion, RuleKind
from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.settlement.rules.periods import PeriodState
from groupbuy.settlement.rules.statements import LineKind
from groupbuy.settlement.rules.wording import explain_clawback, explain_sale

_REVIEWED = "state in ('in_review', 'approved', 'locked')"
_APPROVED = "state in ('approved', 'locked')"


class SettlementPeriod(Base):
    """A month being settled; the row comes into being when its closing starts.

    The terms (days of hold, minimum payout) and the windows are fixed then, so that a
    recalculation gives the same whatever the settings have become. `calc_rev` is the revision of
    the code that calculated.
    """

    __tablename__ = "settlement_periods"
    __table_args__ = (
        one_of("state", PeriodState),
        CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="month_form"),
        CheckConstraint(
            "starts_at < ends_at and window_from <= cutoff_at and ends_at <= cutoff_at",
            name="windows_in_order",
        ),
        CheckConstraint("min_payout_fen >= 0", name="min_payout_not_negative"),
        CheckConstraint("state <> 'open'", name="begun"),
        CheckConstraint(
            "num_nulls(calculated_by, calculated_at, calc_rev, input_digest, digest)"
            " = case state when 'closing' then 5 else 0 end",
            name="calculated_by_someone",
        ),
        CheckConstraint(
            f"num_nulls(submitted_by, submitted_at) = case when {_REVIEWED} then 0 else 2 end",
            name="submitted_by_someone",
        ),
        CheckConstraint(
            f"num_nulls(approved_by, approved_at) = case when {_APPROVED} then 0 else 2 end",
            name="approved_by_someone",
        ),
        CheckConstraint(
            "num_nulls(locked_by, locked_at) = case state when 'locked' then 0 else 2 end",
            name="locked_by_someone",
        ),
        CheckConstraint(
            "approved_by <> calculated_by and approved_by <> submitted_by",
            name="approver_is_not_preparer",
        ),
    )

    month: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    hold_days: Mapped[int]
    min_payout_fen: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    window_from: Mapped[datetime]
    cutoff_at: Mapped[datetime]
    calc_rev: Mapped[int | None]
    calculated_by: Mapped[str | None]
    calculated_at: Mapped[datetime | None]
    input_digest: Mapped[str | None]
    digest: Mapped[str | None]
    submitted_by: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    locked_by: Mapped[str | None]
    locked_at: Mapped[datetime | None]


class SettlementTransition(Base):
    """One move of a period: who, when, from, to, why."""

    __tablename__ = "settlement_transitions"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    month: Mapped[str] = mapped_column(ForeignKey("settlement_periods.month"), index=True)
    action: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    why: Mapped[str]


class Statement(Base):
    """What a month comes to for one leader.

    `uncapped_fen` is the rounded sum of the lines' exact shares; `sales_fen` that, or the cap.
    """

    __tablename__ = "settlement_statements"
    __table_args__ = (
        UniqueConstraint("leader_id", "month"),
        Index("ix_settlement_statements_month_id", "month", "id"),
        CheckConstraint("sales_fen = least(uncapped_fen, cap_fen)", name="sales_capped"),
        CheckConstraint("sales_fen >= 0 and clawback_fen <= 0", name="signs"),
        CheckConstraint(
            "payable_fen = carry_in_fen + sales_fen + clawback_fen", name="payable_is_the_sum"
        ),
        CheckConstraint(
            "payout_fen + carry_out_fen = payable_fen"
            " and payout_fen >= 0 and (payout_fen = 0 or carry_out_fen = 0)",
            name="paid_or_carried",
        ),
    )

    id: Mapped[str] = primary_id("sts")
    month: Mapped[str] = mapped_column(ForeignKey("settlement_periods.month"))
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    carry_in_fen: Mapped[int]
    volume_fen: Mapped[int]
    uncapped_fen: Mapped[int]
    cap_fen: Mapped[int | None]
    sales_fen: Mapped[int]
    clawback_fen: Mapped[int]
    payable_fen: Mapped[int]
    payout_fen: Mapped[int]
    carry_out_fen: Mapped[int]
    digest: Mapped[str]


class StatementLine(Base):
    """One line of a statement, with all that its amount came from.

    SALES: base and quantity are what is left after the refunds before the cutoff; `segments` are
    [from, to, bps] slices of the month's volume; `exact` is the unrounded commission.
    CLAWBACK, one for each refund: base and quantity are those that were settled, `remaining` and
    `target` the state before and after the refund (in fen, units for a flat rule); `exact` is the
    unrounded commission that what remains deserves.
    `exact` and `rounding` are fractions n/d; `rounding` is the rounded figure less the exact one.
    """

    __tablename__ = "settlement_lines"
    __table_args__ = (
        one_of("kind", LineKind),
        one_of("rule_kind", RuleKind),
        one_of("reason", Exclusion),
        CheckConstraint(
            "num_nulls(segments, volume_from_fen, volume_to_fen)"
            " = case kind when 'SALES' then 0 else 3 end",
            name="sale_is_explained",
        ),
        CheckConstraint(
            "num_nulls(corrects_id, refund_key, refunded_at, settled_fen, remaining_before,"
            " remaining_after, target_before_fen, target_after_fen)"
            " = case kind when 'CLAWBACK' then 0 else 8 end",
            name="clawback_is_explained",
        ),
        CheckConstraint(
            "case kind when 'SALES' then amount_fen >= 0"
            " else amount_fen = target_after_fen - target_before_fen and amount_fen <= 0 end",
            name="amount_by_kind",
        ),
        Index(
            "uq_settlement_lines_sale",
            "commission_line_id",
            unique=True,
            postgresql_where=text("kind = 'SALES'"),
        ),
        Index(
            "ix_settlement_lines_clawback",
            "commission_line_id",
            postgresql_where=text("kind = 'CLAWBACK'"),
        ),
        Index(
            "ix_settlement_lines_corrects_id",
            "corrects_id",
            postgresql_where=text("corrects_id is not null"),
        ),
        Index("ix_settlement_lines_order_id", "order_id"),
    )

    statement_id: Mapped[str] = reference("sts", "settlement_statements.id", primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    commission_line_id: Mapped[str] = reference("cml", "commission_lines.id")
    order_id: Mapped[str] = reference("ord", "orders.id")
    order_line_id: Mapped[str] = reference("orl", "order_lines.id")
    completed_at: Mapped[datetime]
    plan_version_id: Mapped[str | None] = reference("plv", "commission_plan_versions.id")
    rule_kind: Mapped[str]
    reason: Mapped[str | None]
    multiplier_bps: Mapped[int]
    flat_fen_per_unit: Mapped[int | None]
    base_fen: Mapped[int]
    quantity: Mapped[int]
    refunded_fen: Mapped[int]
    returned_quantity: Mapped[int]
    exact: Mapped[str]
    rounding: Mapped[str]
    amount_fen: Mapped[int]
    segments: Mapped[list[Any] | None]
    volume_from_fen: Mapped[int | None]
    volume_to_fen: Mapped[int | None]
    corrects_id: Mapped[str | None] = reference("sts", "settlement_statements.id")
    refund_key: Mapped[str | None] = mapped_column(
        ForeignKey("commission_refunds.refund_key"), unique=True
    )
    refunded_at: Mapped[datetime | None]
    settled_fen: Mapped[int | None]
    remaining_before: Mapped[int | None]
    remaining_after: Mapped[int | None]
    target_before_fen: Mapped[int | None]
    target_after_fen: Mapped[int | None]

    @property
    def explanation(self) -> Text:
        """Return how the amount came about, in words."""
        if self.kind == LineKind.CLAWBACK:
            flat = self.rule_kind == RuleKind.FLAT
            return explain_clawback(
                rule_kind=self.rule_kind,
                settled_fen=self.settled_fen or 0,
                remaining_after=self.remaining_after or 0,
                basis=self.quantity if flat else self.base_fen,
                target_before_fen=self.target_before_fen or 0,
                target_after_fen=self.target_after_fen or 0,
            )
        return explain_sale(
            rule_kind=self.rule_kind,
            reason=self.reason,
            quantity=self.quantity,
            flat_fen_per_unit=self.flat_fen_per_unit,
            volume_from_fen=self.volume_from_fen or 0,
            volume_to_fen=self.volume_to_fen or 0,
            segments=self.segments or [],
            multiplier_bps=self.multiplier_bps,
        )


append_only("settlement_transitions")

declare_rule(
    DatabaseRule(
        "settlement_periods",
        "settlement_periods_settled_stay",
        "before update or delete",
        """\
    if old.state in ('approved', 'locked') and (
        tg_op = 'DELETE' or old.state = 'locked' or new.state <> 'locked'
        or to_jsonb(new) - array['state', 'locked_by', 'locked_at']
            <> to_jsonb(old) - array['state', 'locked_by', 'locked_at']
    ) then
        raise exception 'a settled period never changes' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;""",
    )
)

# A statement's rows are written and discarded as a whole, never edited; once the period is
# settled, not even that. The check looks at all rows of one SQL statement at once.
_MONTHS = {
    "settlement_statements": "touched",
    "settlement_lines": "settlement_statements s join touched on touched.statement_id = s.id",
}
for _table, _rows in _MONTHS.items():
    declare_rule(
        DatabaseRule(
            _table,
            f"{_table}_not_edited",
            "before update or truncate",
            f"""\
    raise exception '{_table} are never edited' using errcode = 'restrict_violation';""",
            level="statement",
        )
    )
    for _event, _image in (("insert", "new"), ("delete", "old")):
        declare_rule(
            DatabaseRule(
                _table,
                f"{_table}_settled_{_event}",
                f"after {_event}",
                f"""\
    if exists (
        select from settlement_periods p
        where p.state in ('approved', 'locked') and p.month in (select month from {_rows})
    ) then
        raise exception 'the statements of a settled period never change'
            using errcode = 'restrict_violation';
    end if;
    return null;""",
                level="statement",
                referencing=f"{_image} table as touched",
            )
        )

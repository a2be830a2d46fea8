"""The months, their moves, and how far a calculation has come."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.settlement.rules.periods import PeriodState

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


class CalculationRun(Base):
    """A calculation under way: how far it has come, so that it is seen and can be resumed.

    It goes through the leaders in the order of their ids; `last_leader_id` is the last one done.
    """

    __tablename__ = "settlement_runs"
    __table_args__ = (
        CheckConstraint("leaders_done <= leader_count and lines_done >= 0", name="progress"),
    )

    id: Mapped[str] = primary_id("run")
    month: Mapped[str] = mapped_column(ForeignKey("settlement_periods.month"), unique=True)
    calc_rev: Mapped[int]
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    last_leader_id: Mapped[str | None] = reference("ldr", "leaders.id")
    leaders_done: Mapped[int] = mapped_column(default=0)
    leader_count: Mapped[int]
    lines_done: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]


class LeaderSales(Base):
    """What a leader's sales of a month came to, until the whole month is calculated."""

    __tablename__ = "settlement_leader_sales"

    month: Mapped[str] = mapped_column(ForeignKey("settlement_periods.month"), primary_key=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    lines: Mapped[int]
    volume_fen: Mapped[int]
    uncapped_fen: Mapped[int]
    cap_fen: Mapped[int | None]
    sales_fen: Mapped[int]
    input_digest: Mapped[str]
    digest: Mapped[str]


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

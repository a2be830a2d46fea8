"""Which regime taxes whom, and the evidence of what was withheld."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payouts.rules.states import RegimeState
from groupbuy.payouts.rules.tax import Regime


class TaxRegime(Base):
    """How one leader, or everyone (`leader_id` is null), is taxed from an instant on.

    It holds from `effective_from`, but never before it was approved; the leader's own goes before
    everyone's, the latest before earlier ones.
    """

    __tablename__ = "payout_tax_regimes"
    __table_args__ = (
        one_of("state", RegimeState),
        one_of("regime", Regime),
        CheckConstraint("decided_by <> created_by or state <> 'approved'", name="two_people"),
        CheckConstraint(
            "(state <> 'draft') = (decided_by is not null)"
            " and (decided_by is null) = (decided_at is null)",
            name="decided_by_someone",
        ),
        Index(
            "uq_payout_tax_regimes_scope",
            "leader_id",
            "effective_from",
            unique=True,
            postgresql_where=text("state = 'approved'"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[str] = primary_id("txr")
    leader_id: Mapped[str | None] = reference("ldr", "leaders.id", index=True)
    regime: Mapped[str]
    effective_from: Mapped[datetime]
    note: Mapped[str]
    state: Mapped[str] = mapped_column(default=RegimeState.DRAFT)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class TaxEntry(Base):
    """What one attempt to pay meant for the leader's tax; its reversal is a row that points here.

    Amounts of a reversal are negative. `tax_month` is the month of the payout, also of a reversal;
    `booked_month` the one in which the row was written. `exact` is the unrounded tax, a fraction
    n/d in fen, on all that `inputs` say.
    """

    __tablename__ = "payout_taxes"
    __table_args__ = (
        one_of("regime", Regime),
        CheckConstraint(
            "case when reverses_id is null then income_fen > 0 and tax_fen >= 0"
            " else income_fen < 0 and tax_fen <= 0 end",
            name="signs",
        ),
        CheckConstraint("tax_month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="tax_month_form"),
        CheckConstraint("booked_month >= tax_month", name="booked_in_or_after_it"),
        CheckConstraint("exact ~ '^-?[0-9]+/[1-9][0-9]*$'", name="exact_form"),
        Index("ix_payout_taxes_leader_id_tax_month", "leader_id", "tax_month"),
        Index("ix_payout_taxes_booked_month_leader_id", "booked_month", "leader_id"),
        Index(
            "uq_payout_taxes_number",
            "number",
            unique=True,
            postgresql_where=text("reverses_id is null"),
        ),
    )

    id: Mapped[str] = primary_id("ptx")
    number: Mapped[str] = mapped_column(ForeignKey("payout_attempts.number"))
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    regime_id: Mapped[str] = reference("txr", "payout_tax_regimes.id")
    regime: Mapped[str]
    table_version: Mapped[str]
    tax_month: Mapped[str]
    booked_month: Mapped[str]
    income_fen: Mapped[int]
    tax_fen: Mapped[int]
    inputs: Mapped[dict[str, Any]]
    exact: Mapped[str]
    at: Mapped[datetime]
    reverses_id: Mapped[str | None] = reference("ptx", "payout_taxes.id", unique=True)


append_only("payout_taxes")

declare_rule(
    DatabaseRule(
        "payout_tax_regimes",
        "payout_tax_regimes_decided_stay",
        "before update or delete",
        """\
    if old.state <> 'draft' or tg_op = 'DELETE' then
        raise exception 'a decided tax regime never changes' using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)

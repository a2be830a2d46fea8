"""Disputes: what a leader says is wrong, who looked at it, how it was decided."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, never_truncated, one_of
from groupbuy.kernel.ids import Id, primary_id, reference
from groupbuy.settlement.rules.answers import DisputeKind, DisputeState, StatementPart

_UNDECIDED = "state in ('open', 'under_review')"


class Dispute(Base):
    """A leader disputes an amount of a statement, or whose an order is.

    An amount: `part` and `position` name the row of the statement; `amount_fen` is what it says,
    `held_fen` what waits of the payout meanwhile, `adjustment_id` what it came to if upheld.
    """

    __tablename__ = "settlement_disputes"
    __table_args__ = (
        one_of("kind", DisputeKind),
        one_of("state", DisputeState),
        one_of("part", StatementPart),
        CheckConstraint(
            "num_nulls(statement_id, part, position, amount_fen)"
            " = case kind when 'amount' then 0 else 4 end",
            name="amount_of_a_row",
        ),
        CheckConstraint("kind = 'amount' or order_id is not null", name="attribution_of_an_order"),
        CheckConstraint(
            "held_fen >= 0 and held_fen <= greatest(coalesce(amount_fen, 0), 0)", name="held"
        ),
        CheckConstraint(
            "num_nulls(reviewed_by, reviewed_at) in (0, 2)", name="reviewed_by_someone"
        ),
        CheckConstraint(
            "num_nulls(decided_by, decided_at)"
            " = case when state in ('upheld', 'rejected') then 0 else 2 end",
            name="decided_by_someone",
        ),
        CheckConstraint("(decided_by is null) = (note = '')", name="decided_for_a_reason"),
        CheckConstraint(
            "(withdrawn_at is null) = (state <> 'withdrawn')", name="withdrawn_at_some_time"
        ),
        CheckConstraint("decided_by <> opened_by", name="decided_by_another"),
        CheckConstraint(
            "(adjustment_id is not null) = (kind = 'amount' and state = 'upheld')",
            name="upheld_amount_is_adjusted",
        ),
        Index(
            "uq_settlement_disputes_order",
            "order_id",
            "claimant_id",
            unique=True,
            postgresql_where=text(f"kind = 'attribution' and {_UNDECIDED}"),
        ),
        Index(
            "uq_settlement_disputes_row",
            "statement_id",
            "part",
            "position",
            unique=True,
            postgresql_where=text(f"kind = 'amount' and {_UNDECIDED}"),
        ),
        Index("ix_settlement_disputes_claimant_id", "claimant_id"),
        Index("ix_settlement_disputes_statement_id", "statement_id"),
    )

    id: Mapped[str] = primary_id("dsp")
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=DisputeState.OPEN)
    claimant_id: Mapped[str] = reference("ldr", "leaders.id")
    statement_id: Mapped[str | None] = reference("sts", "settlement_statements.id")
    part: Mapped[str | None]
    position: Mapped[int | None]
    order_id: Mapped[str | None] = mapped_column(Id("ord"))
    amount_fen: Mapped[int | None]
    held_fen: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    reviewed_by: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    withdrawn_at: Mapped[datetime | None]
    adjustment_id: Mapped[str | None] = reference("adj", "settlement_adjustments.id", unique=True)


declare_rule(
    DatabaseRule(
        "settlement_disputes",
        "settlement_disputes_closed_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.state not in ('open', 'under_review') then
        raise exception 'a dispute is never removed, a closed one never changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
never_truncated("settlement_disputes")

"""Adjustments: amounts that two people decide beside the calculation, with their papers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import (
    Base,
    DatabaseRule,
    append_only,
    declare_rule,
    never_truncated,
    one_of,
)
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.settlement.rules.adjustments import AdjustmentReason, AdjustmentState
from groupbuy.settlement.rules.attachments import ATTACHMENT_BYTES


class Adjustment(Base):
    """A signed amount for a leader, proposed by one person and decided by another.

    Once approved it stands in the statement of the month in whose window it was decided; what is
    undone is undone by another one that names it in `reverses_id`. `note` is why it was rejected.
    """

    __tablename__ = "settlement_adjustments"
    __table_args__ = (
        one_of("state", AdjustmentState),
        one_of("reason_code", AdjustmentReason),
        CheckConstraint("amount_fen <> 0", name="amount_not_zero"),
        CheckConstraint(
            "reason_code <> 'write_off' or amount_fen > 0 or reverses_id is not null",
            name="write_off_adds",
        ),
        CheckConstraint("reverses_id <> id", name="reverses_another"),
        CheckConstraint(
            "num_nulls(decided_by, decided_at)"
            " = case when state in ('approved', 'rejected') then 0 else 2 end",
            name="decided_by_someone",
        ),
        CheckConstraint(
            "num_nulls(withdrawn_by, withdrawn_at) = case state when 'withdrawn' then 0 else 2 end",
            name="withdrawn_by_someone",
        ),
        CheckConstraint(
            "decided_by <> proposed_by and decided_by <> edited_by", name="decided_by_another"
        ),
        CheckConstraint("(state = 'rejected') = (note <> '')", name="rejected_for_a_reason"),
        Index("ix_settlement_adjustments_leader_id", "leader_id"),
        Index(
            "ix_settlement_adjustments_decided_at",
            "decided_at",
            postgresql_where=text("state = 'approved'"),
        ),
        Index(
            "uq_settlement_adjustments_reversed_once",
            "reverses_id",
            unique=True,
            postgresql_where=text("state in ('proposed', 'approved')"),
        ),
    )

    id: Mapped[str] = primary_id("adj")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    amount_fen: Mapped[int]
    reason_code: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default=AdjustmentState.PROPOSED)
    reverses_id: Mapped[str | None] = reference("adj", "settlement_adjustments.id")
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    edited_by: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AdjustmentAttachment(Base):
    """A file that shows why an adjustment is right."""

    __tablename__ = "settlement_adjustment_attachments"
    __table_args__ = (
        CheckConstraint(
            f"size_bytes = octet_length(content) and size_bytes between 1 and {ATTACHMENT_BYTES}",
            name="size",
        ),
        CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="digest"),
    )

    id: Mapped[str] = primary_id("att")
    adjustment_id: Mapped[str] = reference("adj", "settlement_adjustments.id", index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_by: Mapped[str]
    added_at: Mapped[datetime]


append_only("settlement_adjustment_attachments")

declare_rule(
    DatabaseRule(
        "settlement_adjustments",
        "settlement_adjustments_decided_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.state <> 'proposed' then
        raise exception 'an adjustment is never removed, a decided one never changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
never_truncated("settlement_adjustments")

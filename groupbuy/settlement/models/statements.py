"""Statements: what a month comes to for a leader, and where every fen of it comes from."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupbuy.commissions.rules.terms import (
    Exclusion,
)
from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, one_of
from groupbuy.kernel.ids import Id, primary_id, reference
from groupbuy.settlement.rules.statements import COMPONENTS, ComponentKind, CorrectionKind

if TYPE_CHECKING:
    from groupbuy.settlement.models.answers import Standing


def _statement(**options: Any) -> Any:
    """Declare which statement a row is part of, or about; the statement itself is written last."""
    head = ForeignKey("settlement_statements.id", deferrable=True, initially="DEFERRED")
    return mapped_column(Id("sts"), head, **options)


class Statement(Base):
    """What a month comes to for one leader; `payable_fen` is what was carried in and all parts.

    `plan_version_id` names the terms of the month as a whole, `assignment_id` why they hold for
    this leader; `uncapped_fen` is the rounded sum of the lines' exact shares, `sales_fen` that, or
    the cap.
    """

    __tablename__ = "settlement_statements"
    __table_args__ = (
        UniqueConstraint("leader_id", "month"),
        Index("ix_settlement_statements_month_id", "month", "id"),
        CheckConstraint("sales_fen = least(uncapped_fen, cap_fen)", name="sales_capped"),
        CheckConstraint(
            "sales_fen >= 0 and service_fee_fen >= 0 and quota_bonus_fen >= 0"
            " and rank_bonus_fen >= 0 and guarantee_fen >= 0 and hold_fen <= 0"
            " and release_fen >= 0",
            name="signs",
        ),
        CheckConstraint(
            f"payable_fen = carry_in_fen + {' + '.join(COMPONENTS)}", name="payable_is_the_sum"
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
    plan_version_id: Mapped[str | None] = reference("plv", "commission_plan_versions.id")
    assignment_id: Mapped[str | None] = reference("asg", "commission_plan_assignments.id")
    carry_in_fen: Mapped[int]
    volume_fen: Mapped[int]
    uncapped_fen: Mapped[int]
    cap_fen: Mapped[int | None]
    sales_fen: Mapped[int]
    override_fen: Mapped[int]
    service_fee_fen: Mapped[int]
    quota_bonus_fen: Mapped[int]
    rank_bonus_fen: Mapped[int]
    guarantee_fen: Mapped[int]
    split_fen: Mapped[int]
    clawback_fen: Mapped[int]
    transfer_fen: Mapped[int]
    adjustment_fen: Mapped[int]
    write_off_fen: Mapped[int]
    hold_fen: Mapped[int]
    release_fen: Mapped[int]
    payable_fen: Mapped[int]
    payout_fen: Mapped[int]
    carry_out_fen: Mapped[int]
    digest: Mapped[str]

    standing: Mapped["Standing | None"] = relationship(
        "Standing", viewonly=True, uselist=False, lazy="selectin"
    )


class StatementLine(Base):
    """One sale of a statement: what was left of a commission line, and what that earned.

    The terms are those of the commission line, or of `transfer_id` if it came from another leader
    before the cutoff; `reason` overrules them. `parts` is the exact commission before any rounding
    or cap, in 10^-8 fen; `volume_from_fen` is where in the month's volume it begins. So its rates
    and its rounding can always be told again. Written a million at a time: the foreign keys are
    held by triggers that look at a whole statement's rows at once.
    """

    __tablename__ = "settlement_lines"
    __table_args__ = (
        one_of("reason", Exclusion),
        CheckConstraint(
            "base_fen >= 0 and quantity >= 0 and parts >= 0 and amount_fen >= 0", name="signs"
        ),
    )

    statement_id: Mapped[str] = mapped_column(Id("sts"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    commission_line_id: Mapped[str] = mapped_column(Id("cml"), unique=True)
    transfer_id: Mapped[str | None] = mapped_column(Id("ctr"))
    reason: Mapped[str | None]
    base_fen: Mapped[int]
    quantity: Mapped[int]
    volume_from_fen: Mapped[int]
    parts: Mapped[int]
    amount_fen: Mapped[int]


class Correction(Base):
    """What a later event did to a line that an earlier month settled, or to a line held back.

    CLAWBACK: a refund; RETIER: the closed month computed anew; TRANSFER: the order went to or came
    from another leader; FORFEIT: it was found to be improper; HOLD and RELEASE: its commission is
    held back, or let go. `remaining` is what is left of the line's base in fen (of its units for a
    flat rule), `target` the commission that what is left deserves; `exact` is `target_after_fen`
    before rounding, as a fraction.
    """

    __tablename__ = "settlement_corrections"
    __table_args__ = (
        one_of("kind", CorrectionKind),
        CheckConstraint(
            "case kind"
            " when 'CLAWBACK' then amount_fen = target_after_fen - target_before_fen"
            " and amount_fen <= 0"
            " when 'RETIER' then amount_fen = target_after_fen - target_before_fen"
            " when 'TRANSFER' then abs(amount_fen) = target_before_fen"
            " when 'FORFEIT' then amount_fen = -target_before_fen"
            " when 'HOLD' then amount_fen <= 0"
            " else amount_fen >= 0 end",
            name="amount_by_kind",
        ),
        Index(
            "uq_settlement_corrections_refund",
            "event_key",
            unique=True,
            postgresql_where=text("kind = 'CLAWBACK'"),
        ),
        Index("ix_settlement_corrections_commission_line_id", "commission_line_id"),
        Index("ix_settlement_corrections_corrects_id", "corrects_id"),
    )

    statement_id: Mapped[str] = _statement(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    commission_line_id: Mapped[str] = reference("cml", "commission_lines.id")
    corrects_id: Mapped[str] = _statement()
    event_key: Mapped[str | None]
    event_at: Mapped[datetime | None]
    refunded_fen: Mapped[int]
    settled_fen: Mapped[int]
    basis: Mapped[int]
    remaining_before: Mapped[int]
    remaining_after: Mapped[int]
    target_before_fen: Mapped[int]
    target_after_fen: Mapped[int]
    exact: Mapped[str]
    amount_fen: Mapped[int]


class Component(Base):
    """One part of a statement that is not about a single line, with all it came from.

    `key` names what it is about (a recruit's month, a session, an adjustment); `exact` is the
    amount before rounding, as a fraction.
    """

    __tablename__ = "settlement_components"
    __table_args__ = (
        one_of("kind", ComponentKind),
        UniqueConstraint("statement_id", "kind", "key"),
        Index("ix_settlement_components_kind_key", "kind", "key"),
    )

    statement_id: Mapped[str] = _statement(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    plan_version_id: Mapped[str | None] = reference("plv", "commission_plan_versions.id")
    inputs: Mapped[dict[str, Any]]
    exact: Mapped[str]
    amount_fen: Mapped[int]


# A statement's rows are written and discarded as a whole, never edited; once the period is
# settled, not even that. The check looks at all rows of one SQL statement at once.
_PARTS = "settlement_statements s join touched on touched.statement_id = s.id"
_MONTHS = {
    "settlement_statements": "touched",
    "settlement_lines": _PARTS,
    "settlement_corrections": _PARTS,
    "settlement_components": _PARTS,
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

# A subquery for each row, by index: as a join it would read all lines of all time at once.
declare_rule(
    DatabaseRule(
        "settlement_lines",
        "settlement_lines_are_of_sales",
        "after insert",
        """\
    if exists (
        select from touched t where (
            select c.id from commission_lines c where c.id = t.commission_line_id
        ) is null
    ) then
        raise exception 'a statement names a commission line that does not exist'
            using errcode = 'foreign_key_violation';
    end if;
    return null;""",
        level="statement",
        referencing="new table as touched",
    )
)

"""Create the tables of settlement.

Revision: settlement_create, after commissions_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "settlement_create"
down_revision = "commissions_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "settlement_transitions",
        "settlement_transitions_append_only",
        """create or replace function settlement_transitions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_transitions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_transitions_append_only before update or delete on settlement_transitions for each row execute function settlement_transitions_append_only()""",
    ),
    (
        "settlement_transitions",
        "settlement_transitions_no_truncate",
        """create or replace function settlement_transitions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_transitions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_transitions_no_truncate before truncate on settlement_transitions for each statement execute function settlement_transitions_no_truncate()""",
    ),
    (
        "settlement_periods",
        "settlement_periods_settled_stay",
        """create or replace function settlement_periods_settled_stay() returns trigger language plpgsql as $body$
begin
    if old.state in ('approved', 'locked') and (
        tg_op = 'DELETE' or old.state = 'locked' or new.state <> 'locked'
        or to_jsonb(new) - array['state', 'locked_by', 'locked_at']
            <> to_jsonb(old) - array['state', 'locked_by', 'locked_at']
    ) then
        raise exception 'a settled period never changes' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$""",
        """create trigger settlement_periods_settled_stay before update or delete on settlement_periods for each row execute function settlement_periods_settled_stay()""",
    ),
    (
        "settlement_statements",
        "settlement_statements_not_edited",
        """create or replace function settlement_statements_not_edited() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_statements are never edited' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_statements_not_edited before update or truncate on settlement_statements for each statement execute function settlement_statements_not_edited()""",
    ),
    (
        "settlement_statements",
        "settlement_statements_settled_insert",
        """create or replace function settlement_statements_settled_insert() returns trigger language plpgsql as $body$
begin
    if exists (
        select from settlement_periods p
        where p.state in ('approved', 'locked') and p.month in (select month from touched)
    ) then
        raise exception 'the statements of a settled period never change'
            using errcode = 'restrict_violation';
    end if;
    return null;
end $body$""",
        """create trigger settlement_statements_settled_insert after insert on settlement_statements referencing new table as touched for each statement execute function settlement_statements_settled_insert()""",
    ),
    (
        "settlement_statements",
        "settlement_statements_settled_delete",
        """create or replace function settlement_statements_settled_delete() returns trigger language plpgsql as $body$
begin
    if exists (
        select from settlement_periods p
        where p.state in ('approved', 'locked') and p.month in (select month from touched)
    ) then
        raise exception 'the statements of a settled period never change'
            using errcode = 'restrict_violation';
    end if;
    return null;
end $body$""",
        """create trigger settlement_statements_settled_delete after delete on settlement_statements referencing old table as touched for each statement execute function settlement_statements_settled_delete()""",
    ),
    (
        "settlement_lines",
        "settlement_lines_not_edited",
        """create or replace function settlement_lines_not_edited() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_lines are never edited' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_lines_not_edited before update or truncate on settlement_lines for each statement execute function settlement_lines_not_edited()""",
    ),
    (
        "settlement_lines",
        "settlement_lines_settled_insert",
        """create or replace function settlement_lines_settled_insert() returns trigger language plpgsql as $body$
begin
    if exists (
        select from settlement_periods p
        where p.state in ('approved', 'locked') and p.month in (select month from settlement_statements s join touched on touched.statement_id = s.id)
    ) then
        raise exception 'the statements of a settled period never change'
            using errcode = 'restrict_violation';
    end if;
    return null;
end $body$""",
        """create trigger settlement_lines_settled_insert after insert on settlement_lines referencing new table as touched for each statement execute function settlement_lines_settled_insert()""",
    ),
    (
        "settlement_lines",
        "settlement_lines_settled_delete",
        """create or replace function settlement_lines_settled_delete() returns trigger language plpgsql as $body$
begin
    if exists (
        select from settlement_periods p
        where p.state in ('approved', 'locked') and p.month in (select month from settlement_statements s join touched on touched.statement_id = s.id)
    ) then
        raise exception 'the statements of a settled period never change'
            using errcode = 'restrict_violation';
    end if;
    return null;
end $body$""",
        """create trigger settlement_lines_settled_delete after delete on settlement_lines referencing old table as touched for each statement execute function settlement_lines_settled_delete()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "settlement_periods",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("min_payout_fen", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("window_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("cutoff_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("calc_rev", sa.BigInteger(), nullable=True),
        sa.Column("calculated_by", sa.Text(), nullable=True),
        sa.Column("calculated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("input_digest", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("locked_by", sa.Text(), nullable=True),
        sa.Column("locked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_settlement_periods_month_form")
        ),
        sa.CheckConstraint(
            "num_nulls(approved_by, approved_at) = case when state in ('approved', 'locked') then 0 else 2 end",
            name=op.f("ck_settlement_periods_approved_by_someone"),
        ),
        sa.CheckConstraint(
            "num_nulls(calculated_by, calculated_at, calc_rev, input_digest, digest) = case state when 'closing' then 5 else 0 end",
            name=op.f("ck_settlement_periods_calculated_by_someone"),
        ),
        sa.CheckConstraint(
            "num_nulls(locked_by, locked_at) = case state when 'locked' then 0 else 2 end",
            name=op.f("ck_settlement_periods_locked_by_someone"),
        ),
        sa.CheckConstraint(
            "num_nulls(submitted_by, submitted_at) = case when state in ('in_review', 'approved', 'locked') then 0 else 2 end",
            name=op.f("ck_settlement_periods_submitted_by_someone"),
        ),
        sa.CheckConstraint("state <> 'open'", name=op.f("ck_settlement_periods_begun")),
        sa.CheckConstraint(
            "state in ('open', 'closing', 'draft', 'in_review', 'approved', 'locked')",
            name=op.f("ck_settlement_periods_state_known"),
        ),
        sa.CheckConstraint(
            "approved_by <> calculated_by and approved_by <> submitted_by",
            name=op.f("ck_settlement_periods_approver_is_not_preparer"),
        ),
        sa.CheckConstraint(
            "min_payout_fen >= 0", name=op.f("ck_settlement_periods_min_payout_not_negative")
        ),
        sa.CheckConstraint(
            "starts_at < ends_at and window_from <= cutoff_at and ends_at <= cutoff_at",
            name=op.f("ck_settlement_periods_windows_in_order"),
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_settlement_periods")),
    )
    op.create_table(
        "settlement_transitions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["month"], ["settlement_periods.month"], name=op.f("fk_settlement_transitions_month")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_transitions")),
    )
    op.create_index(
        op.f("ix_settlement_transitions_month"), "settlement_transitions", ["month"], unique=False
    )
    op.create_table(
        "settlement_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("carry_in_fen", sa.BigInteger(), nullable=False),
        sa.Column("volume_fen", sa.BigInteger(), nullable=False),
        sa.Column("uncapped_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("sales_fen", sa.BigInteger(), nullable=False),
        sa.Column("clawback_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("payout_fen", sa.BigInteger(), nullable=False),
        sa.Column("carry_out_fen", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "payable_fen = carry_in_fen + sales_fen + clawback_fen",
            name=op.f("ck_settlement_statements_payable_is_the_sum"),
        ),
        sa.CheckConstraint(
            "payout_fen + carry_out_fen = payable_fen and payout_fen >= 0 and (payout_fen = 0 or carry_out_fen = 0)",
            name=op.f("ck_settlement_statements_paid_or_carried"),
        ),
        sa.CheckConstraint(
            "sales_fen = least(uncapped_fen, cap_fen)",
            name=op.f("ck_settlement_statements_sales_capped"),
        ),
        sa.CheckConstraint(
            "sales_fen >= 0 and clawback_fen <= 0", name=op.f("ck_settlement_statements_signs")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_settlement_statements_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["month"], ["settlement_periods.month"], name=op.f("fk_settlement_statements_month")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_statements")),
        sa.UniqueConstraint(
            "leader_id", "month", name=op.f("uq_settlement_statements_leader_id_month")
        ),
    )
    op.create_index(
        "ix_settlement_statements_month_id", "settlement_statements", ["month", "id"], unique=False
    )
    op.create_table(
        "settlement_lines",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("commission_line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("plan_version_id", sa.Uuid(), nullable=True),
        sa.Column("rule_kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("multiplier_bps", sa.BigInteger(), nullable=False),
        sa.Column("flat_fen_per_unit", sa.BigInteger(), nullable=True),
        sa.Column("base_fen", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_quantity", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("rounding", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("segments", postgresql.JSONB(), nullable=True),
        sa.Column("volume_from_fen", sa.BigInteger(), nullable=True),
        sa.Column("volume_to_fen", sa.BigInteger(), nullable=True),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("refund_key", sa.Text(), nullable=True),
        sa.Column("refunded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("settled_fen", sa.BigInteger(), nullable=True),
        sa.Column("remaining_before", sa.BigInteger(), nullable=True),
        sa.Column("remaining_after", sa.BigInteger(), nullable=True),
        sa.Column("target_before_fen", sa.BigInteger(), nullable=True),
        sa.Column("target_after_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "case kind when 'SALES' then amount_fen >= 0 else amount_fen = target_after_fen - target_before_fen and amount_fen <= 0 end",
            name=op.f("ck_settlement_lines_amount_by_kind"),
        ),
        sa.CheckConstraint(
            "kind in ('SALES', 'CLAWBACK')", name=op.f("ck_settlement_lines_kind_known")
        ),
        sa.CheckConstraint(
            "num_nulls(corrects_id, refund_key, refunded_at, settled_fen, remaining_before, remaining_after, target_before_fen, target_after_fen) = case kind when 'CLAWBACK' then 0 else 8 end",
            name=op.f("ck_settlement_lines_clawback_is_explained"),
        ),
        sa.CheckConstraint(
            "num_nulls(segments, volume_from_fen, volume_to_fen) = case kind when 'SALES' then 0 else 3 end",
            name=op.f("ck_settlement_lines_sale_is_explained"),
        ),
        sa.CheckConstraint(
            "reason in ('self_purchase', 'item_without_commission', 'item_rule', 'no_plan')",
            name=op.f("ck_settlement_lines_reason_known"),
        ),
        sa.CheckConstraint(
            "rule_kind in ('tiers', 'exclude', 'flat', 'replace')",
            name=op.f("ck_settlement_lines_rule_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["commission_line_id"],
            ["commission_lines.id"],
            name=op.f("fk_settlement_lines_commission_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_lines_corrects_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_settlement_lines_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_settlement_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["commission_plan_versions.id"],
            name=op.f("fk_settlement_lines_plan_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["refund_key"],
            ["commission_refunds.refund_key"],
            name=op.f("fk_settlement_lines_refund_key"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_lines_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f("pk_settlement_lines")),
        sa.UniqueConstraint("refund_key", name=op.f("uq_settlement_lines_refund_key")),
    )
    op.create_index(
        "ix_settlement_lines_clawback",
        "settlement_lines",
        ["commission_line_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'CLAWBACK'"),
    )
    op.create_index(
        "ix_settlement_lines_corrects_id",
        "settlement_lines",
        ["corrects_id"],
        unique=False,
        postgresql_where=sa.text("corrects_id is not null"),
    )
    op.create_index("ix_settlement_lines_order_id", "settlement_lines", ["order_id"], unique=False)
    op.create_index(
        "uq_settlement_lines_sale",
        "settlement_lines",
        ["commission_line_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'SALES'"),
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index(
        "uq_settlement_lines_sale",
        table_name="settlement_lines",
        postgresql_where=sa.text("kind = 'SALES'"),
    )
    op.drop_index("ix_settlement_lines_order_id", table_name="settlement_lines")
    op.drop_index(
        "ix_settlement_lines_corrects_id",
        table_name="settlement_lines",
        postgresql_where=sa.text("corrects_id is not null"),
    )
    op.drop_index(
        "ix_settlement_lines_clawback",
        table_name="settlement_lines",
        postgresql_where=sa.text("kind = 'CLAWBACK'"),
    )
    op.drop_table("settlement_lines")
    op.drop_index("ix_settlement_statements_month_id", table_name="settlement_statements")
    op.drop_table("settlement_statements")
    op.drop_index(op.f("ix_settlement_transitions_month"), table_name="settlement_transitions")
    op.drop_table("settlement_transitions")
    op.drop_table("settlement_periods")

"""Tell settled lines briefly, corrections and components apart; calculate in steps.

Revision: settlement_complete, after commissions_simulate.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "settlement_complete"
down_revision = "commissions_simulate"
branch_labels = None
depends_on = None


PARTS = (
    "override_fen",
    "service_fee_fen",
    "quota_bonus_fen",
    "rank_bonus_fen",
    "guarantee_fen",
    "split_fen",
    "transfer_fen",
    "adjustment_fen",
    "write_off_fen",
    "hold_fen",
    "release_fen",
)
STATEMENT_CHECKS = {
    "signs": "sales_fen >= 0 and service_fee_fen >= 0 and quota_bonus_fen >= 0"
    " and rank_bonus_fen >= 0 and guarantee_fen >= 0 and hold_fen <= 0 and release_fen >= 0",
    "payable_is_the_sum": "payable_fen = carry_in_fen + sales_fen + override_fen + service_fee_fen"
    " + quota_bonus_fen + rank_bonus_fen + guarantee_fen + split_fen + clawback_fen"
    " + transfer_fen + adjustment_fen + write_off_fen + hold_fen + release_fen",
}
SET_ASIDE = """
alter table settlement_lines rename to settlement_lines_before;
alter table settlement_lines_before rename constraint pk_settlement_lines to pk_before;
alter table settlement_lines_before drop constraint uq_settlement_lines_refund_key;
drop trigger settlement_lines_not_edited on settlement_lines_before;
drop trigger settlement_lines_settled_insert on settlement_lines_before;
drop trigger settlement_lines_settled_delete on settlement_lines_before;
"""
SALES = """
insert into settlement_lines (
    statement_id, position, commission_line_id, base_fen, quantity, volume_from_fen, parts,
    amount_fen
)
select statement_id, position, commission_line_id, base_fen, quantity, volume_from_fen,
    split_part(exact, '/', 1)::bigint * (100000000 / split_part(exact, '/', 2)::bigint), amount_fen
from settlement_lines_before where kind = 'SALES'
"""
CLAWBACKS = """
insert into settlement_corrections (
    statement_id, position, kind, commission_line_id, corrects_id, event_key, event_at,
    refunded_fen, settled_fen, basis, remaining_before, remaining_after, target_before_fen,
    target_after_fen, exact, amount_fen
)
select statement_id, row_number() over (partition by statement_id order by position) - 1, kind,
    commission_line_id, corrects_id, refund_key, refunded_at, refunded_fen, settled_fen,
    case rule_kind when 'flat' then quantity else base_fen end, remaining_before, remaining_after,
    target_before_fen, target_after_fen, exact, amount_fen
from settlement_lines_before where kind = 'CLAWBACK'
"""
REFUSE_IF_SETTLED = """
do $$ begin
    if exists (select from settlement_statements) then
        raise exception 'statements exist: they cannot be told in the older form';
    end if;
end $$
"""


RULES = (
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
    (
        "settlement_corrections",
        "settlement_corrections_not_edited",
        """create or replace function settlement_corrections_not_edited() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_corrections are never edited' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_corrections_not_edited before update or truncate on settlement_corrections for each statement execute function settlement_corrections_not_edited()""",
    ),
    (
        "settlement_corrections",
        "settlement_corrections_settled_insert",
        """create or replace function settlement_corrections_settled_insert() returns trigger language plpgsql as $body$
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
        """create trigger settlement_corrections_settled_insert after insert on settlement_corrections referencing new table as touched for each statement execute function settlement_corrections_settled_insert()""",
    ),
    (
        "settlement_corrections",
        "settlement_corrections_settled_delete",
        """create or replace function settlement_corrections_settled_delete() returns trigger language plpgsql as $body$
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
        """create trigger settlement_corrections_settled_delete after delete on settlement_corrections referencing old table as touched for each statement execute function settlement_corrections_settled_delete()""",
    ),
    (
        "settlement_components",
        "settlement_components_not_edited",
        """create or replace function settlement_components_not_edited() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_components are never edited' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_components_not_edited before update or truncate on settlement_components for each statement execute function settlement_components_not_edited()""",
    ),
    (
        "settlement_components",
        "settlement_components_settled_insert",
        """create or replace function settlement_components_settled_insert() returns trigger language plpgsql as $body$
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
        """create trigger settlement_components_settled_insert after insert on settlement_components referencing new table as touched for each statement execute function settlement_components_settled_insert()""",
    ),
    (
        "settlement_components",
        "settlement_components_settled_delete",
        """create or replace function settlement_components_settled_delete() returns trigger language plpgsql as $body$
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
        """create trigger settlement_components_settled_delete after delete on settlement_components referencing old table as touched for each statement execute function settlement_components_settled_delete()""",
    ),
    (
        "settlement_lines",
        "settlement_lines_are_of_sales",
        """create or replace function settlement_lines_are_of_sales() returns trigger language plpgsql as $body$
begin
    if exists (
        select from touched t where (
            select c.id from commission_lines c where c.id = t.commission_line_id
        ) is null
    ) then
        raise exception 'a statement names a commission line that does not exist'
            using errcode = 'foreign_key_violation';
    end if;
    return null;
end $body$""",
        """create trigger settlement_lines_are_of_sales after insert on settlement_lines referencing new table as touched for each statement execute function settlement_lines_are_of_sales()""",
    ),
)


OLDER_RULES = (
    (
        """create or replace function settlement_lines_not_edited() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_lines are never edited' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_lines_not_edited before update or truncate on settlement_lines for each statement execute function settlement_lines_not_edited()""",
    ),
    (
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


OLDER_CHECKS = {
    "signs": "sales_fen >= 0 and clawback_fen <= 0",
    "payable_is_the_sum": "payable_fen = carry_in_fen + sales_fen + clawback_fen",
}


def upgrade() -> None:
    op.create_table(
        "settlement_leader_sales",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("volume_fen", sa.BigInteger(), nullable=False),
        sa.Column("uncapped_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("sales_fen", sa.BigInteger(), nullable=False),
        sa.Column("input_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_settlement_leader_sales_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["month"], ["settlement_periods.month"], name=op.f("fk_settlement_leader_sales_month")
        ),
        sa.PrimaryKeyConstraint("month", "leader_id", name=op.f("pk_settlement_leader_sales")),
    )
    op.create_table(
        "settlement_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("calc_rev", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_leader_id", sa.Uuid(), nullable=True),
        sa.Column("leaders_done", sa.BigInteger(), nullable=False),
        sa.Column("leader_count", sa.BigInteger(), nullable=False),
        sa.Column("lines_done", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "leaders_done <= leader_count and lines_done >= 0",
            name=op.f("ck_settlement_runs_progress"),
        ),
        sa.ForeignKeyConstraint(
            ["last_leader_id"], ["leaders.id"], name=op.f("fk_settlement_runs_last_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["month"], ["settlement_periods.month"], name=op.f("fk_settlement_runs_month")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_runs")),
        sa.UniqueConstraint("month", name=op.f("uq_settlement_runs_month")),
    )
    op.create_table(
        "settlement_components",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("plan_version_id", sa.Uuid(), nullable=True),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind in ('OVERRIDE', 'OVERRIDE_CLAWBACK', 'SERVICE_FEE', 'QUOTA_BONUS', 'RANK_BONUS', 'GUARANTEE', 'SPLIT', 'ADJUSTMENT', 'WRITE_OFF')",
            name=op.f("ck_settlement_components_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["commission_plan_versions.id"],
            name=op.f("fk_settlement_components_plan_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_components_statement_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f("pk_settlement_components")),
        sa.UniqueConstraint(
            "statement_id",
            "kind",
            "key",
            name=op.f("uq_settlement_components_statement_id_kind_key"),
        ),
    )
    op.create_index(
        "ix_settlement_components_kind_key", "settlement_components", ["kind", "key"], unique=False
    )
    op.create_table(
        "settlement_corrections",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("commission_line_id", sa.Uuid(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=True),
        sa.Column("event_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("settled_fen", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.BigInteger(), nullable=False),
        sa.Column("remaining_before", sa.BigInteger(), nullable=False),
        sa.Column("remaining_after", sa.BigInteger(), nullable=False),
        sa.Column("target_before_fen", sa.BigInteger(), nullable=False),
        sa.Column("target_after_fen", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "case kind when 'CLAWBACK' then amount_fen = target_after_fen - target_before_fen and amount_fen <= 0 when 'RETIER' then amount_fen = target_after_fen - target_before_fen when 'TRANSFER' then abs(amount_fen) = target_before_fen when 'FORFEIT' then amount_fen = -target_before_fen when 'HOLD' then amount_fen <= 0 else amount_fen >= 0 end",
            name=op.f("ck_settlement_corrections_amount_by_kind"),
        ),
        sa.CheckConstraint(
            "kind in ('CLAWBACK', 'RETIER', 'TRANSFER', 'FORFEIT', 'HOLD', 'RELEASE')",
            name=op.f("ck_settlement_corrections_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["commission_line_id"],
            ["commission_lines.id"],
            name=op.f("fk_settlement_corrections_commission_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_corrections_corrects_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_corrections_statement_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f("pk_settlement_corrections")),
    )
    op.create_index(
        "ix_settlement_corrections_commission_line_id",
        "settlement_corrections",
        ["commission_line_id"],
        unique=False,
    )
    op.create_index(
        "ix_settlement_corrections_corrects_id",
        "settlement_corrections",
        ["corrects_id"],
        unique=False,
    )
    op.create_index(
        "uq_settlement_corrections_refund",
        "settlement_corrections",
        ["event_key"],
        unique=True,
        postgresql_where=sa.text("kind = 'CLAWBACK'"),
    )
    op.execute(SET_ASIDE)
    op.create_table(
        "settlement_lines",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("commission_line_id", sa.Uuid(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("base_fen", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("volume_from_fen", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "base_fen >= 0 and quantity >= 0 and parts >= 0 and amount_fen >= 0",
            name=op.f("ck_settlement_lines_signs"),
        ),
        sa.CheckConstraint(
            "reason in ('house', 'suspicious', 'self_purchase', 'item_without_commission', 'item_rule', 'no_plan')",
            name=op.f("ck_settlement_lines_reason_known"),
        ),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f("pk_settlement_lines")),
        sa.UniqueConstraint(
            "commission_line_id", name=op.f("uq_settlement_lines_commission_line_id")
        ),
    )
    op.execute(SALES)
    op.execute(CLAWBACKS)
    op.execute("drop table settlement_lines_before")
    op.add_column("settlement_statements", sa.Column("plan_version_id", sa.Uuid(), nullable=True))
    op.add_column("settlement_statements", sa.Column("assignment_id", sa.Uuid(), nullable=True))
    op.add_column(
        "settlement_statements",
        sa.Column("override_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("service_fee_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("quota_bonus_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("rank_bonus_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("guarantee_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("split_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("transfer_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("adjustment_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("write_off_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("hold_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "settlement_statements",
        sa.Column("release_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    for column in PARTS:
        op.alter_column("settlement_statements", column, server_default=None)
    for name, condition in STATEMENT_CHECKS.items():
        op.drop_constraint(f"ck_settlement_statements_{name}", "settlement_statements")
        op.create_check_constraint(
            op.f(f"ck_settlement_statements_{name}"), "settlement_statements", condition
        )
    op.create_foreign_key(
        op.f("fk_settlement_statements_plan_version_id"),
        "settlement_statements",
        "commission_plan_versions",
        ["plan_version_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_settlement_statements_assignment_id"),
        "settlement_statements",
        "commission_plan_assignments",
        ["assignment_id"],
        ["id"],
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    # A settled month cannot be told in the older form, and history is never rewritten.
    op.execute(REFUSE_IF_SETTLED)
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_constraint(
        op.f("fk_settlement_statements_assignment_id"), "settlement_statements", type_="foreignkey"
    )
    op.drop_constraint(
        op.f("fk_settlement_statements_plan_version_id"),
        "settlement_statements",
        type_="foreignkey",
    )
    op.drop_column("settlement_statements", "release_fen")
    op.drop_column("settlement_statements", "hold_fen")
    op.drop_column("settlement_statements", "write_off_fen")
    op.drop_column("settlement_statements", "adjustment_fen")
    op.drop_column("settlement_statements", "transfer_fen")
    op.drop_column("settlement_statements", "split_fen")
    op.drop_column("settlement_statements", "guarantee_fen")
    op.drop_column("settlement_statements", "rank_bonus_fen")
    op.drop_column("settlement_statements", "quota_bonus_fen")
    op.drop_column("settlement_statements", "service_fee_fen")
    op.drop_column("settlement_statements", "override_fen")
    op.drop_column("settlement_statements", "assignment_id")
    op.drop_column("settlement_statements", "plan_version_id")
    op.drop_table("settlement_lines")
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
    for function, trigger in OLDER_RULES:
        op.execute(function)
        op.execute(trigger)
    for name, condition in OLDER_CHECKS.items():
        op.create_check_constraint(
            op.f(f"ck_settlement_statements_{name}"), "settlement_statements", condition
        )
    op.drop_index(
        "uq_settlement_corrections_refund",
        table_name="settlement_corrections",
        postgresql_where=sa.text("kind = 'CLAWBACK'"),
    )
    op.drop_index("ix_settlement_corrections_corrects_id", table_name="settlement_corrections")
    op.drop_index(
        "ix_settlement_corrections_commission_line_id", table_name="settlement_corrections"
    )
    op.drop_table("settlement_corrections")
    op.drop_index("ix_settlement_components_kind_key", table_name="settlement_components")
    op.drop_table("settlement_components")
    op.drop_table("settlement_runs")
    op.drop_table("settlement_leader_sales")

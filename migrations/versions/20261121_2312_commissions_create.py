"""Create the tables of commissions.

Revision: commissions_create, after fulfilment_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "commissions_create"
down_revision = "fulfilment_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "commission_refunds",
        "commission_refunds_append_only",
        """create or replace function commission_refunds_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'commission_refunds is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger commission_refunds_append_only before update or delete on commission_refunds for each row execute function commission_refunds_append_only()""",
    ),
    (
        "commission_refunds",
        "commission_refunds_no_truncate",
        """create or replace function commission_refunds_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'commission_refunds is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger commission_refunds_no_truncate before truncate on commission_refunds for each statement execute function commission_refunds_no_truncate()""",
    ),
    (
        "commission_plan_versions",
        "commission_plan_versions_published_stay",
        """create or replace function commission_plan_versions_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state = 'published' then
        raise exception 'a published plan version never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$""",
        """create trigger commission_plan_versions_published_stay before update or delete on commission_plan_versions for each row execute function commission_plan_versions_published_stay()""",
    ),
    (
        "commission_lines",
        "commission_lines_terms_stay",
        """create or replace function commission_lines_terms_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.completed_at is not null
        or to_jsonb(new) - 'completed_at' <> to_jsonb(old) - 'completed_at'
    then
        raise exception 'a commission line is completed once; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger commission_lines_terms_stay before update or delete on commission_lines for each row execute function commission_lines_terms_stay()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "commission_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plans")),
        sa.UniqueConstraint("code", name=op.f("uq_commission_plans_code")),
    )
    op.create_index(
        "uq_commission_plans_one_default",
        "commission_plans",
        ["is_default"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "commission_plan_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("tiers", postgresql.JSONB(), nullable=False),
        sa.Column("item_rules", postgresql.JSONB(), nullable=False),
        sa.Column("level_multipliers", postgresql.JSONB(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("clawback_mode", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (published_by is not null) and (published_by is null) = (published_at is null)",
            name=op.f("ck_commission_plan_versions_published_by_someone"),
        ),
        sa.CheckConstraint(
            "clawback_mode in ('line', 'retier')",
            name=op.f("ck_commission_plan_versions_clawback_mode_known"),
        ),
        sa.CheckConstraint(
            "mode in ('marginal', 'whole')", name=op.f("ck_commission_plan_versions_mode_known")
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published')", name=op.f("ck_commission_plan_versions_state_known")
        ),
        sa.CheckConstraint(
            "cap_fen >= 0", name=op.f("ck_commission_plan_versions_cap_not_negative")
        ),
        sa.CheckConstraint(
            "published_by <> created_by and published_by <> edited_by",
            name=op.f("ck_commission_plan_versions_published_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["commission_plans.id"], name=op.f("fk_commission_plan_versions_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plan_versions")),
        sa.UniqueConstraint(
            "plan_id", "number", name=op.f("uq_commission_plan_versions_plan_id_number")
        ),
    )
    op.create_index(
        "uq_commission_plan_versions_effective_from",
        "commission_plan_versions",
        ["plan_id", "effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "commission_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("leader_level", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("base_fen", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("plan_version_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rule_target_id", sa.Text(), nullable=True),
        sa.Column("rate_bps", sa.BigInteger(), nullable=True),
        sa.Column("flat_fen_per_unit", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("multiplier_bps", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'exclude') = (reason is not null)",
            name=op.f("ck_commission_lines_excluded_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(kind = 'flat') = (flat_fen_per_unit is not null)",
            name=op.f("ck_commission_lines_flat_amount"),
        ),
        sa.CheckConstraint(
            "(kind = 'replace') = (rate_bps is not null)",
            name=op.f("ck_commission_lines_replaced_rate"),
        ),
        sa.CheckConstraint(
            "kind = 'exclude' or plan_version_id is not null",
            name=op.f("ck_commission_lines_earns_by_a_plan"),
        ),
        sa.CheckConstraint(
            "kind in ('tiers', 'exclude', 'flat', 'replace')",
            name=op.f("ck_commission_lines_kind_known"),
        ),
        sa.CheckConstraint(
            "reason in ('self_purchase', 'item_without_commission', 'item_rule', 'no_plan')",
            name=op.f("ck_commission_lines_reason_known"),
        ),
        sa.CheckConstraint(
            "base_fen >= 0 and quantity > 0", name=op.f("ck_commission_lines_something_was_sold")
        ),
        sa.CheckConstraint(
            "completed_at >= paid_at", name=op.f("ck_commission_lines_completed_after_paid")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_commission_lines_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_commission_lines_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_commission_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["commission_plan_versions.id"],
            name=op.f("fk_commission_lines_plan_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_lines")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_commission_lines_order_line_id")),
    )
    op.create_index(
        "ix_commission_lines_completed_at", "commission_lines", ["completed_at"], unique=False
    )
    op.create_index(
        "ix_commission_lines_leader_id_completed_at",
        "commission_lines",
        ["leader_id", "completed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_commission_lines_order_id"), "commission_lines", ["order_id"], unique=False
    )
    op.create_table(
        "commission_refunds",
        sa.Column("refund_key", sa.Text(), nullable=False),
        sa.Column("commission_line_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount_fen >= 0 and quantity >= 0", name=op.f("ck_commission_refunds_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["commission_line_id"],
            ["commission_lines.id"],
            name=op.f("fk_commission_refunds_commission_line_id"),
        ),
        sa.PrimaryKeyConstraint("refund_key", name=op.f("pk_commission_refunds")),
    )
    op.create_index(
        op.f("ix_commission_refunds_commission_line_id"),
        "commission_refunds",
        ["commission_line_id"],
        unique=False,
    )
    op.create_index(
        "ix_commission_refunds_recorded_at", "commission_refunds", ["recorded_at"], unique=False
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index("ix_commission_refunds_recorded_at", table_name="commission_refunds")
    op.drop_index(op.f("ix_commission_refunds_commission_line_id"), table_name="commission_refunds")
    op.drop_table("commission_refunds")
    op.drop_index(op.f("ix_commission_lines_order_id"), table_name="commission_lines")
    op.drop_index("ix_commission_lines_leader_id_completed_at", table_name="commission_lines")
    op.drop_index("ix_commission_lines_completed_at", table_name="commission_lines")
    op.drop_table("commission_lines")
    op.drop_index(
        "uq_commission_plan_versions_effective_from",
        table_name="commission_plan_versions",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.drop_table("commission_plan_versions")
    op.drop_index(
        "uq_commission_plans_one_default",
        table_name="commission_plans",
        postgresql_where=sa.text("is_default"),
    )
    op.drop_table("commission_plans")

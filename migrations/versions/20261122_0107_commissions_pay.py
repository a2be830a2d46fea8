"""Complete what commissions pay: assignments, campaign rules, co-hosts, transfers, fees.

Revision: commissions_pay, after settlement_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "commissions_pay"
down_revision = "settlement_create"
branch_labels = None
depends_on = None


RULES = (
    (
        "commission_cohosts",
        "commission_cohosts_answered_stay",
        """create or replace function commission_cohosts_answered_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'proposed' then
        raise exception 'an answered proposal never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$""",
        """create trigger commission_cohosts_answered_stay before update or delete on commission_cohosts for each row execute function commission_cohosts_answered_stay()""",
    ),
    (
        "commission_transfers",
        "commission_transfers_append_only",
        """create or replace function commission_transfers_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'commission_transfers is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger commission_transfers_append_only before update or delete on commission_transfers for each row execute function commission_transfers_append_only()""",
    ),
    (
        "commission_transfers",
        "commission_transfers_no_truncate",
        """create or replace function commission_transfers_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'commission_transfers is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger commission_transfers_no_truncate before truncate on commission_transfers for each statement execute function commission_transfers_no_truncate()""",
    ),
    (
        "commission_service_fees",
        "commission_service_fees_append_only",
        """create or replace function commission_service_fees_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'commission_service_fees is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger commission_service_fees_append_only before update or delete on commission_service_fees for each row execute function commission_service_fees_append_only()""",
    ),
    (
        "commission_service_fees",
        "commission_service_fees_no_truncate",
        """create or replace function commission_service_fees_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'commission_service_fees is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger commission_service_fees_no_truncate before truncate on commission_service_fees for each statement execute function commission_service_fees_no_truncate()""",
    ),
    (
        "commission_campaign_rules",
        "commission_campaign_rules_published_stay",
        """create or replace function commission_campaign_rules_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state = 'published' then
        raise exception 'a published campaign rule never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$""",
        """create trigger commission_campaign_rules_published_stay before update or delete on commission_campaign_rules for each row execute function commission_campaign_rules_published_stay()""",
    ),
    (
        "commission_plan_assignments",
        "commission_plan_assignments_decided_stay",
        """create or replace function commission_plan_assignments_decided_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'proposed' then
        raise exception 'a decided assignment never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$""",
        """create trigger commission_plan_assignments_decided_stay before update or delete on commission_plan_assignments for each row execute function commission_plan_assignments_decided_stay()""",
    ),
)


REASONS = "reason in ('house', 'suspicious', 'self_purchase', 'item_without_commission', 'item_rule', 'no_plan')"
TERMS = {
    "earns_for_a_leader": "leader_id is not null or kind = 'exclude'",
    "reason_known": REASONS,
}
WITH_CATEGORIES = """
with recursive above as (
    select id as category_id, id as ancestor_id, 0 as steps from categories
    union all
    select a.category_id, c.parent_id, a.steps + 1
    from above a join categories c on c.id = a.ancestor_id where c.parent_id is not null
), paths as (
    select category_id,
        jsonb_agg('cat_' || replace(ancestor_id::text, '-', '') order by steps) as path
    from above group by category_id
)
"""
FILL = f"""
{WITH_CATEGORIES}
update commission_lines l
set sku_id = o.sku_id, product_id = o.product_id, category_ids = c.path,
    item_earns = o.earns_commission, group_buy_id = d.group_buy_id, campaign_id = d.campaign_id
from order_lines o
join orders d on d.id = o.order_id
join products p on p.id = o.product_id
join paths c on c.category_id = p.category_id
where o.id = l.order_line_id
"""
HOUSE_LINES = f"""
{WITH_CATEGORIES}
insert into commission_lines (
    id, order_id, order_line_id, leader_id, leader_level, group_buy_id, campaign_id, sku_id,
    product_id, category_ids, item_earns, paid_at, completed_at, base_fen, quantity, kind, reason,
    counts, multiplier_bps
)
select gen_random_uuid(), o.order_id, o.id, null, null, d.group_buy_id, d.campaign_id, o.sku_id,
    o.product_id, c.path, o.earns_commission, d.paid_at, d.completed_at, o.amount_fen, o.quantity,
    'exclude', 'house', false, 10000
from order_lines o
join orders d on d.id = o.order_id
join products p on p.id = o.product_id
join paths c on c.category_id = p.category_id
where d.paid_at is not null and d.leader_id is null
    and not exists (select from commission_lines l where l.order_line_id = o.id)
"""


def upgrade() -> None:
    op.create_table(
        "commission_plan_assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(scope = 'everyone') = (target = '')",
            name=op.f("ck_commission_plan_assignments_target_by_scope"),
        ),
        sa.CheckConstraint(
            "(state in ('approved', 'rejected')) = (decided_by is not null) and (decided_by is null) = (decided_at is null)",
            name=op.f("ck_commission_plan_assignments_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "scope in ('leader', 'region', 'level', 'everyone')",
            name=op.f("ck_commission_plan_assignments_scope_known"),
        ),
        sa.CheckConstraint(
            "state <> 'approved' or effective_from >= decided_at",
            name=op.f("ck_commission_plan_assignments_never_backdated"),
        ),
        sa.CheckConstraint(
            "state in ('proposed', 'approved', 'rejected')",
            name=op.f("ck_commission_plan_assignments_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by <> created_by",
            name=op.f("ck_commission_plan_assignments_decided_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["commission_plans.id"],
            name=op.f("fk_commission_plan_assignments_plan_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plan_assignments")),
    )
    op.create_index(
        op.f("ix_commission_plan_assignments_plan_id"),
        "commission_plan_assignments",
        ["plan_id"],
        unique=False,
    )
    op.create_index(
        "uq_commission_plan_assignments_target",
        "commission_plan_assignments",
        ["scope", "target", "effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_table(
        "commission_campaign_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rate_bps", sa.BigInteger(), nullable=True),
        sa.Column("flat_fen_per_unit", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'flat') = (flat_fen_per_unit is not null)",
            name=op.f("ck_commission_campaign_rules_flat_amount"),
        ),
        sa.CheckConstraint(
            "(kind = 'replace') = (rate_bps is not null)",
            name=op.f("ck_commission_campaign_rules_replaced_rate"),
        ),
        sa.CheckConstraint(
            "(state = 'published') = (published_by is not null) and (published_by is null) = (published_at is null)",
            name=op.f("ck_commission_campaign_rules_published_by_someone"),
        ),
        sa.CheckConstraint(
            "kind <> 'tiers'", name=op.f("ck_commission_campaign_rules_replaces_the_tiers")
        ),
        sa.CheckConstraint(
            "kind in ('tiers', 'exclude', 'flat', 'replace')",
            name=op.f("ck_commission_campaign_rules_kind_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published')", name=op.f("ck_commission_campaign_rules_state_known")
        ),
        sa.CheckConstraint(
            "published_by <> created_by and published_by <> edited_by",
            name=op.f("ck_commission_campaign_rules_published_by_another"),
        ),
        sa.CheckConstraint(
            "rate_bps between 0 and 10000 and flat_fen_per_unit >= 0",
            name=op.f("ck_commission_campaign_rules_bounds"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_commission_campaign_rules_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["sku_id"], ["skus.id"], name=op.f("fk_commission_campaign_rules_sku_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_campaign_rules")),
    )
    op.create_index(
        "ix_commission_campaign_rules_campaign_id",
        "commission_campaign_rules",
        ["campaign_id", "published_at"],
        unique=False,
    )
    op.create_table(
        "commission_cohosts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_buy_id", sa.Uuid(), nullable=False),
        sa.Column("host_leader_id", sa.Uuid(), nullable=False),
        sa.Column("guest_leader_id", sa.Uuid(), nullable=False),
        sa.Column("guest_bps", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'proposed') = (answered_at is null)",
            name=op.f("ck_commission_cohosts_answered_once"),
        ),
        sa.CheckConstraint(
            "state in ('proposed', 'agreed', 'declined', 'withdrawn')",
            name=op.f("ck_commission_cohosts_state_known"),
        ),
        sa.CheckConstraint(
            "guest_bps between 1 and 9999", name=op.f("ck_commission_cohosts_a_part")
        ),
        sa.CheckConstraint(
            "guest_leader_id <> host_leader_id", name=op.f("ck_commission_cohosts_guest_is_another")
        ),
        sa.ForeignKeyConstraint(
            ["group_buy_id"], ["group_buys.id"], name=op.f("fk_commission_cohosts_group_buy_id")
        ),
        sa.ForeignKeyConstraint(
            ["guest_leader_id"], ["leaders.id"], name=op.f("fk_commission_cohosts_guest_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["host_leader_id"], ["leaders.id"], name=op.f("fk_commission_cohosts_host_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_cohosts")),
    )
    op.create_index(
        op.f("ix_commission_cohosts_guest_leader_id"),
        "commission_cohosts",
        ["guest_leader_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_commission_cohosts_host_leader_id"),
        "commission_cohosts",
        ["host_leader_id"],
        unique=False,
    )
    op.create_index(
        "uq_commission_cohosts_guest",
        "commission_cohosts",
        ["group_buy_id", "guest_leader_id"],
        unique=True,
        postgresql_where=sa.text("state in ('proposed', 'agreed')"),
    )
    op.create_table(
        "commission_service_fees",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("plan_version_id", sa.Uuid(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("fee_fen > 0", name=op.f("ck_commission_service_fees_fee_positive")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_commission_service_fees_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_commission_service_fees_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["commission_plan_versions.id"],
            name=op.f("fk_commission_service_fees_plan_version_id"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_commission_service_fees")),
    )
    op.create_index(
        "ix_commission_service_fees_completed_at",
        "commission_service_fees",
        ["completed_at", "leader_id"],
        unique=False,
    )
    op.create_table(
        "commission_transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commission_line_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("leader_level", sa.BigInteger(), nullable=True),
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
            name=op.f("ck_commission_transfers_excluded_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(kind = 'flat') = (flat_fen_per_unit is not null)",
            name=op.f("ck_commission_transfers_flat_amount"),
        ),
        sa.CheckConstraint(
            "(kind = 'replace') = (rate_bps is not null)",
            name=op.f("ck_commission_transfers_replaced_rate"),
        ),
        sa.CheckConstraint(
            "kind = 'exclude' or plan_version_id is not null",
            name=op.f("ck_commission_transfers_earns_by_a_plan"),
        ),
        sa.CheckConstraint(
            "kind in ('tiers', 'exclude', 'flat', 'replace')",
            name=op.f("ck_commission_transfers_kind_known"),
        ),
        sa.CheckConstraint(
            "leader_id is not null or kind = 'exclude'",
            name=op.f("ck_commission_transfers_earns_for_a_leader"),
        ),
        sa.CheckConstraint(
            "reason in ('house', 'suspicious', 'self_purchase', 'item_without_commission', 'item_rule', 'no_plan')",
            name=op.f("ck_commission_transfers_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["commission_line_id"],
            ["commission_lines.id"],
            name=op.f("fk_commission_transfers_commission_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_commission_transfers_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"],
            ["commission_plan_versions.id"],
            name=op.f("fk_commission_transfers_plan_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_transfers")),
        sa.UniqueConstraint(
            "commission_line_id",
            "revision",
            name=op.f("uq_commission_transfers_commission_line_id_revision"),
        ),
    )
    op.create_index(
        "ix_commission_transfers_leader_id", "commission_transfers", ["leader_id"], unique=False
    )
    op.create_index(
        "ix_commission_transfers_recorded_at", "commission_transfers", ["recorded_at"], unique=False
    )
    op.add_column("commission_lines", sa.Column("group_buy_id", sa.Uuid(), nullable=True))
    op.add_column("commission_lines", sa.Column("campaign_id", sa.Uuid(), nullable=True))
    op.add_column("commission_lines", sa.Column("sku_id", sa.Uuid(), nullable=True))
    op.add_column("commission_lines", sa.Column("product_id", sa.Uuid(), nullable=True))
    op.add_column("commission_lines", sa.Column("category_ids", postgresql.JSONB(), nullable=True))
    op.add_column("commission_lines", sa.Column("item_earns", sa.Boolean(), nullable=True))
    op.alter_column("commission_lines", "leader_id", existing_type=sa.UUID(), nullable=True)
    op.alter_column("commission_lines", "leader_level", existing_type=sa.BIGINT(), nullable=True)
    for name, condition in TERMS.items():
        op.execute(
            f"alter table commission_lines drop constraint if exists ck_commission_lines_{name}"
        )
        op.create_check_constraint(
            op.f(f"ck_commission_lines_{name}"), "commission_lines", condition
        )
    op.execute("alter table commission_lines disable trigger commission_lines_terms_stay")
    op.execute(FILL)
    op.execute("alter table commission_lines enable trigger commission_lines_terms_stay")
    op.execute(HOUSE_LINES)
    for column in ("sku_id", "product_id", "category_ids", "item_earns"):
        op.alter_column("commission_lines", column, nullable=False)
    op.create_index(
        "ix_commission_lines_group_buy_id", "commission_lines", ["group_buy_id"], unique=False
    )
    op.create_index(
        "ix_commission_lines_leader_id_paid_at",
        "commission_lines",
        ["leader_id", "paid_at"],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_commission_lines_campaign_id"),
        "commission_lines",
        "campaigns",
        ["campaign_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_commission_lines_sku_id"), "commission_lines", "skus", ["sku_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_commission_lines_group_buy_id"),
        "commission_lines",
        "group_buys",
        ["group_buy_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_commission_lines_product_id"),
        "commission_lines",
        "products",
        ["product_id"],
        ["id"],
    )
    op.add_column(
        "commission_plan_versions", sa.Column("quota_bonus", postgresql.JSONB(), nullable=True)
    )
    op.add_column(
        "commission_plan_versions",
        sa.Column(
            "rank_bonuses", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")
        ),
    )
    op.add_column(
        "commission_plan_versions",
        sa.Column("guarantee_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "commission_plan_versions",
        sa.Column("service_fee_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "commission_plan_versions",
        sa.Column("recruiter_override", postgresql.JSONB(), nullable=True),
    )
    for column in ("rank_bonuses", "guarantee_fen", "service_fee_fen"):
        op.alter_column("commission_plan_versions", column, server_default=None)
    op.create_check_constraint(
        op.f("ck_commission_plan_versions_extras_not_negative"),
        "commission_plan_versions",
        "guarantee_fen >= 0 and service_fee_fen >= 0",
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    # What the older tables cannot hold: the lines of house orders, and what was given back of them.
    op.execute("alter table commission_lines disable trigger commission_lines_terms_stay")
    op.execute("alter table commission_refunds disable trigger commission_refunds_append_only")
    op.execute(
        "delete from commission_refunds r using commission_lines l"
        " where l.id = r.commission_line_id and l.leader_id is null"
    )
    op.execute("delete from commission_lines where leader_id is null")
    op.execute("alter table commission_refunds enable trigger commission_refunds_append_only")
    op.execute("alter table commission_lines enable trigger commission_lines_terms_stay")
    op.drop_constraint("ck_commission_lines_reason_known", "commission_lines")
    op.create_check_constraint(
        op.f("ck_commission_lines_reason_known"),
        "commission_lines",
        "reason in ('self_purchase', 'item_without_commission', 'item_rule', 'no_plan')",
    )
    op.drop_constraint(
        "ck_commission_plan_versions_extras_not_negative", "commission_plan_versions"
    )
    op.drop_constraint("ck_commission_lines_earns_for_a_leader", "commission_lines")
    op.drop_column("commission_plan_versions", "recruiter_override")
    op.drop_column("commission_plan_versions", "service_fee_fen")
    op.drop_column("commission_plan_versions", "guarantee_fen")
    op.drop_column("commission_plan_versions", "rank_bonuses")
    op.drop_column("commission_plan_versions", "quota_bonus")
    op.drop_constraint(
        op.f("fk_commission_lines_product_id"), "commission_lines", type_="foreignkey"
    )
    op.drop_constraint(
        op.f("fk_commission_lines_group_buy_id"), "commission_lines", type_="foreignkey"
    )
    op.drop_constraint(op.f("fk_commission_lines_sku_id"), "commission_lines", type_="foreignkey")
    op.drop_constraint(
        op.f("fk_commission_lines_campaign_id"), "commission_lines", type_="foreignkey"
    )
    op.drop_index("ix_commission_lines_leader_id_paid_at", table_name="commission_lines")
    op.drop_index("ix_commission_lines_group_buy_id", table_name="commission_lines")
    op.alter_column("commission_lines", "leader_level", existing_type=sa.BIGINT(), nullable=False)
    op.alter_column("commission_lines", "leader_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("commission_lines", "item_earns")
    op.drop_column("commission_lines", "category_ids")
    op.drop_column("commission_lines", "product_id")
    op.drop_column("commission_lines", "sku_id")
    op.drop_column("commission_lines", "campaign_id")
    op.drop_column("commission_lines", "group_buy_id")
    op.drop_index("ix_commission_transfers_recorded_at", table_name="commission_transfers")
    op.drop_index("ix_commission_transfers_leader_id", table_name="commission_transfers")
    op.drop_table("commission_transfers")
    op.drop_index("ix_commission_service_fees_completed_at", table_name="commission_service_fees")
    op.drop_table("commission_service_fees")
    op.drop_index(
        "uq_commission_cohosts_guest",
        table_name="commission_cohosts",
        postgresql_where=sa.text("state in ('proposed', 'agreed')"),
    )
    op.drop_index(op.f("ix_commission_cohosts_host_leader_id"), table_name="commission_cohosts")
    op.drop_index(op.f("ix_commission_cohosts_guest_leader_id"), table_name="commission_cohosts")
    op.drop_table("commission_cohosts")
    op.drop_index(
        "ix_commission_campaign_rules_campaign_id", table_name="commission_campaign_rules"
    )
    op.drop_table("commission_campaign_rules")
    op.drop_index(
        "uq_commission_plan_assignments_target",
        table_name="commission_plan_assignments",
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.drop_index(
        op.f("ix_commission_plan_assignments_plan_id"), table_name="commission_plan_assignments"
    )
    op.drop_table("commission_plan_assignments")

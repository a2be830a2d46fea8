"""Complete attribution: leaders' standings, policies, who closed a lock, who paid, holds.

Revision: attribution_complete, after settlement_complete.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "attribution_complete"
down_revision = "settlement_complete"
branch_labels = None
depends_on = None

RULES = (
    (
        "leader_standings",
        "leader_standings_append_only",
        """create or replace function leader_standings_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'leader_standings is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger leader_standings_append_only before update or delete on leader_standings for each row execute function leader_standings_append_only()""",
    ),
    (
        "leader_standings",
        "leader_standings_no_truncate",
        """create or replace function leader_standings_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'leader_standings is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger leader_standings_no_truncate before truncate on leader_standings for each statement execute function leader_standings_no_truncate()""",
    ),
    (
        "attribution_policies",
        "attribution_policies_published_stay",
        """create or replace function attribution_policies_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state = 'published' then
        raise exception 'a published attribution policy never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$""",
        """create trigger attribution_policies_published_stay before update or delete on attribution_policies for each row execute function attribution_policies_published_stay()""",
    ),
    (
        "commission_holds",
        "commission_holds_decisions_stay",
        """create or replace function commission_holds_decisions_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.state <> 'held'
        or to_jsonb(new) - array['state', 'decided_at', 'decided_by', 'reason']
            <> to_jsonb(old) - array['state', 'decided_at', 'decided_by', 'reason']
    then
        raise exception 'a hold is decided once; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger commission_holds_decisions_stay before update or delete on commission_holds for each row execute function commission_holds_decisions_stay()""",
    ),
)

RULE_BEFORE = "rule in ('hosted', 'lock', 'link', 'pickup', 'none')"
RULE_KNOWN = "rule in ('hosted', 'lock', 'link', 'pickup', 'assigned', 'none')"
BY_HAND = (
    "(closed_by is null) = (close_note is null) and (closed_by is null or closed_at is not null)"
)

BACKFILL = """
insert into leader_standings (id, leader_id, level, region, from_at, decided_by, reason)
select gen_random_uuid(), id, level, region, since, 'system', 'as it was when history began'
from leaders
"""


def upgrade() -> None:
    op.create_table(
        "leader_standings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("from_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("level >= 1", name=op.f("ck_leader_standings_level_from_one")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_leader_standings_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_standings")),
    )
    op.create_index(
        "ix_leader_standings_leader_id_from_at",
        "leader_standings",
        ["leader_id", "from_at"],
        unique=False,
    )
    op.execute(BACKFILL)
    op.create_table(
        "attribution_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "priority", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("lookback_days", sa.BigInteger(), nullable=False),
        sa.Column("eligible", sa.Text(), nullable=False),
        sa.Column("validity_days", sa.BigInteger(), nullable=True),
        sa.Column("protect_days", sa.BigInteger(), nullable=True),
        sa.Column("renew", sa.Text(), nullable=False),
        sa.Column("self_purchase", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (published_by is not null) and (published_by is null) = (published_at is null)",
            name=op.f("ck_attribution_policies_published_by_someone"),
        ),
        sa.CheckConstraint(
            "eligible in ('all', 'new_customer')",
            name=op.f("ck_attribution_policies_eligible_known"),
        ),
        sa.CheckConstraint(
            "renew in ('none', 'paid_order')", name=op.f("ck_attribution_policies_renew_known")
        ),
        sa.CheckConstraint(
            "self_purchase in ('pay', 'no_commission')",
            name=op.f("ck_attribution_policies_self_purchase_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published')", name=op.f("ck_attribution_policies_state_known")
        ),
        sa.CheckConstraint(
            "number > 0 and lookback_days >= 0 and validity_days > 0 and protect_days >= 0",
            name=op.f("ck_attribution_policies_days_not_negative"),
        ),
        sa.CheckConstraint(
            "published_by <> created_by and published_by <> edited_by",
            name=op.f("ck_attribution_policies_published_by_another"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_policies")),
        sa.UniqueConstraint("number", name=op.f("uq_attribution_policies_number")),
    )
    op.create_index(
        "uq_attribution_policies_effective_from",
        "attribution_policies",
        ["effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.add_column("customer_locks", sa.Column("closed_by", sa.Text(), nullable=True))
    op.add_column("customer_locks", sa.Column("close_note", sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("payer_ref", sa.Text(), nullable=True))
    op.create_index(
        "ix_payments_payer",
        "payments",
        ["payer_ref"],
        unique=False,
        postgresql_where=sa.text("payer_ref is not null"),
    )
    op.create_index(
        "ix_order_refunds_settled_at_id",
        "order_refunds",
        ["settled_at", "id"],
        unique=False,
        postgresql_where=sa.text("settled_at is not null"),
    )
    op.create_index(
        "ix_orders_paid_at_id",
        "orders",
        ["paid_at", "id"],
        unique=False,
        postgresql_where=sa.text("paid_at is not null"),
    )
    op.create_index(
        "ix_orders_payment_id",
        "orders",
        ["payment_id"],
        unique=False,
        postgresql_where=sa.text("payment_id is not null"),
    )
    op.create_table(
        "hold_rules",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column(
            "parameters", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_hold_rules_score_in_range")),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_hold_rules")),
    )
    op.create_table(
        "hold_watermarks",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("reached_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reached_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stream in ('paid', 'refunded')", name=op.f("ck_hold_watermarks_stream_known")
        ),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_hold_watermarks")),
    )
    op.create_table(
        "commission_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column(
            "evidence", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'held') = (decided_at is null) and (decided_at is null) = (decided_by is null) and (decided_at is null) = (reason = '')",
            name=op.f("ck_commission_holds_decided_by_someone_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state in ('held', 'released', 'rejected')",
            name=op.f("ck_commission_holds_state_known"),
        ),
        sa.CheckConstraint(
            "decided_at >= placed_at", name=op.f("ck_commission_holds_decided_after_placed")
        ),
        sa.CheckConstraint(
            "score between 0 and 100", name=op.f("ck_commission_holds_score_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_commission_holds_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_commission_holds_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_holds")),
    )
    op.create_index(
        op.f("ix_commission_holds_leader_id"), "commission_holds", ["leader_id"], unique=False
    )
    op.create_index(
        "ix_commission_holds_order_id_rule", "commission_holds", ["order_id", "rule"], unique=False
    )
    op.create_index(
        "ix_commission_holds_placed_at", "commission_holds", ["placed_at"], unique=False
    )
    op.create_index(
        "uq_commission_holds_open",
        "commission_holds",
        ["order_id", "rule"],
        unique=True,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_check_constraint(
        op.f("ck_customer_locks_closed_by_hand_for_a_reason"), "customer_locks", BY_HAND
    )
    op.drop_constraint(op.f("ck_attribution_decisions_rule_known"), "attribution_decisions")
    op.create_check_constraint(
        op.f("ck_attribution_decisions_rule_known"), "attribution_decisions", RULE_KNOWN
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_constraint(op.f("ck_attribution_decisions_rule_known"), "attribution_decisions")
    op.create_check_constraint(
        op.f("ck_attribution_decisions_rule_known"), "attribution_decisions", RULE_BEFORE
    )
    op.drop_constraint(op.f("ck_customer_locks_closed_by_hand_for_a_reason"), "customer_locks")
    op.drop_index(
        "uq_commission_holds_open",
        table_name="commission_holds",
        postgresql_where=sa.text("state = 'held'"),
    )
    op.drop_index("ix_commission_holds_placed_at", table_name="commission_holds")
    op.drop_index("ix_commission_holds_order_id_rule", table_name="commission_holds")
    op.drop_index(op.f("ix_commission_holds_leader_id"), table_name="commission_holds")
    op.drop_table("commission_holds")
    op.drop_table("hold_watermarks")
    op.drop_table("hold_rules")
    op.drop_index(
        "ix_orders_payment_id",
        table_name="orders",
        postgresql_where=sa.text("payment_id is not null"),
    )
    op.drop_index(
        "ix_orders_paid_at_id", table_name="orders", postgresql_where=sa.text("paid_at is not null")
    )
    op.drop_index(
        "ix_order_refunds_settled_at_id",
        table_name="order_refunds",
        postgresql_where=sa.text("settled_at is not null"),
    )
    op.drop_index(
        "ix_payments_payer",
        table_name="payments",
        postgresql_where=sa.text("payer_ref is not null"),
    )
    op.drop_column("payments", "payer_ref")
    op.drop_column("customer_locks", "close_note")
    op.drop_column("customer_locks", "closed_by")
    op.drop_index(
        "uq_attribution_policies_effective_from",
        table_name="attribution_policies",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.drop_table("attribution_policies")
    op.drop_index("ix_leader_standings_leader_id_from_at", table_name="leader_standings")
    op.drop_table("leader_standings")

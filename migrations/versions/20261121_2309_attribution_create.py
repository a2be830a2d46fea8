"""Create the tables of attribution.

Revision: attribution_create, after campaigns_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "attribution_create"
down_revision = "campaigns_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "attribution_touches",
        "attribution_touches_append_only",
        """create or replace function attribution_touches_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'attribution_touches is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attribution_touches_append_only before update or delete on attribution_touches for each row execute function attribution_touches_append_only()""",
    ),
    (
        "attribution_touches",
        "attribution_touches_no_truncate",
        """create or replace function attribution_touches_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'attribution_touches is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attribution_touches_no_truncate before truncate on attribution_touches for each statement execute function attribution_touches_no_truncate()""",
    ),
    (
        "attribution_decisions",
        "attribution_decisions_append_only",
        """create or replace function attribution_decisions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'attribution_decisions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attribution_decisions_append_only before update or delete on attribution_decisions for each row execute function attribution_decisions_append_only()""",
    ),
    (
        "attribution_decisions",
        "attribution_decisions_no_truncate",
        """create or replace function attribution_decisions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'attribution_decisions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attribution_decisions_no_truncate before truncate on attribution_decisions for each statement execute function attribution_decisions_no_truncate()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "attribution_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=False),
        sa.Column("candidates", postgresql.JSONB(), nullable=False),
        sa.Column("self_purchase", sa.Boolean(), nullable=False),
        sa.Column("commissionable", sa.Boolean(), nullable=False),
        sa.Column("pickup_leader_id", sa.Uuid(), nullable=True),
        sa.Column("recruiter_id", sa.Uuid(), nullable=True),
        sa.Column("leader_level", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(rule = 'none') = (leader_id is null)",
            name=op.f("ck_attribution_decisions_leader_unless_none"),
        ),
        sa.CheckConstraint(
            "rule in ('hosted', 'lock', 'link', 'pickup', 'none')",
            name=op.f("ck_attribution_decisions_rule_known"),
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_attribution_decisions_revision_positive")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_attribution_decisions_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_leader_id"],
            ["leaders.id"],
            name=op.f("fk_attribution_decisions_pickup_leader_id"),
        ),
        sa.ForeignKeyConstraint(
            ["recruiter_id"], ["leaders.id"], name=op.f("fk_attribution_decisions_recruiter_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_attribution_decisions_shopper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_decisions")),
        sa.UniqueConstraint(
            "order_id", "revision", name=op.f("uq_attribution_decisions_order_id_revision")
        ),
    )
    op.create_index(
        op.f("ix_attribution_decisions_leader_id"),
        "attribution_decisions",
        ["leader_id"],
        unique=False,
    )
    op.create_table(
        "attribution_touches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("group_buy_id", sa.Uuid(), nullable=True),
        sa.Column("scene", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_buy_id"], ["group_buys.id"], name=op.f("fk_attribution_touches_group_buy_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_attribution_touches_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_attribution_touches_shopper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_touches")),
    )
    op.create_index(
        op.f("ix_attribution_touches_leader_id"), "attribution_touches", ["leader_id"], unique=False
    )
    op.create_index(
        "ix_attribution_touches_shopper_id_at",
        "attribution_touches",
        ["shopper_id", "at"],
        unique=False,
    )
    op.create_table(
        "customer_locks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("touch_id", sa.Uuid(), nullable=True),
        sa.Column("locked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "expires_at is null or expires_at > locked_at",
            name=op.f("ck_customer_locks_expires_later"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_customer_locks_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_customer_locks_shopper_id")
        ),
        sa.ForeignKeyConstraint(
            ["touch_id"], ["attribution_touches.id"], name=op.f("fk_customer_locks_touch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_locks")),
    )
    op.create_index(
        op.f("ix_customer_locks_leader_id"), "customer_locks", ["leader_id"], unique=False
    )
    op.create_index(
        op.f("ix_customer_locks_shopper_id"), "customer_locks", ["shopper_id"], unique=False
    )
    op.create_index(
        "uq_customer_locks_open",
        "customer_locks",
        ["shopper_id"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index(
        "uq_customer_locks_open",
        table_name="customer_locks",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.drop_index(op.f("ix_customer_locks_shopper_id"), table_name="customer_locks")
    op.drop_index(op.f("ix_customer_locks_leader_id"), table_name="customer_locks")
    op.drop_table("customer_locks")
    op.drop_index("ix_attribution_touches_shopper_id_at", table_name="attribution_touches")
    op.drop_index(op.f("ix_attribution_touches_leader_id"), table_name="attribution_touches")
    op.drop_table("attribution_touches")
    op.drop_index(op.f("ix_attribution_decisions_leader_id"), table_name="attribution_decisions")
    op.drop_table("attribution_decisions")

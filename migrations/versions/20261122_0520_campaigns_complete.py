"""Give campaigns kinds with terms, price ladders, extension, counts, and settled orders.

Revision: campaigns_complete, after catalogue_complete.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "campaigns_complete"
down_revision = "catalogue_complete"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
INSTANT = sa.TIMESTAMP(timezone=True)
NEW_COLUMNS = (
    ("campaign_items", "ladder", JSON, "[]"),
    ("campaigns", "terms", JSON, "{}"),
    ("campaigns", "cancel_reason", sa.Text(), ""),
    ("campaigns", "counted", sa.Boolean(), "false"),
    ("group_buys", "participants", sa.BigInteger(), "0"),
    ("group_buys", "units", sa.BigInteger(), "0"),
)
CHECKS = (
    ("campaigns", "extended_beyond_closing", "extended_until > closes_at"),
    ("group_buys", "counts_not_negative", "participants >= 0 and units >= 0"),
    (
        "order_lines",
        "final_price_not_above_price",
        "final_price_fen between 0 and unit_price_fen",
    ),
)


def upgrade() -> None:
    """Migrate forward; what rows there are get the values that mean nothing new."""
    for table, name, kind, value in NEW_COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
        op.alter_column(table, name, server_default=None)
    op.add_column("campaigns", sa.Column("extended_until", INSTANT, nullable=True))
    op.add_column("campaigns", sa.Column("settled_at", INSTANT, nullable=True))
    op.add_column("group_buys", sa.Column("extended_until", INSTANT, nullable=True))
    op.add_column("order_lines", sa.Column("final_price_fen", sa.BigInteger(), nullable=True))
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.execute(
        "update campaigns set settled_at = closed_at "
        "where state in ('succeeded', 'failed', 'fulfilled')"
    )
    op.create_index(
        "ix_campaigns_unsettled",
        "campaigns",
        ["id"],
        postgresql_where=sa.text("settled_at is null"),
    )
    op.create_table(
        "group_buy_items",
        sa.Column("group_buy_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_item_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("final_price_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "final_price_fen > 0", name=op.f("ck_group_buy_items_final_price_positive")
        ),
        sa.CheckConstraint("units >= 0", name=op.f("ck_group_buy_items_units_not_negative")),
        sa.ForeignKeyConstraint(
            ["campaign_item_id"],
            ["campaign_items.id"],
            name=op.f("fk_group_buy_items_campaign_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["group_buy_id"], ["group_buys.id"], name=op.f("fk_group_buy_items_group_buy_id")
        ),
        sa.PrimaryKeyConstraint(
            "group_buy_id", "campaign_item_id", name=op.f("pk_group_buy_items")
        ),
    )


def downgrade() -> None:
    """Migrate back."""
    op.drop_table("group_buy_items")
    op.drop_index("ix_campaigns_unsettled", table_name="campaigns")
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.drop_column("order_lines", "final_price_fen")
    op.drop_column("group_buys", "extended_until")
    op.drop_column("campaigns", "settled_at")
    op.drop_column("campaigns", "extended_until")
    for table, name, _, _ in reversed(NEW_COLUMNS):
        op.drop_column(table, name)

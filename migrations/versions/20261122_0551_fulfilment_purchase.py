"""Create the tables of orders to suppliers.

Revision: fulfilment_purchase, after payments_complete.
"""

import sqlalchemy as sa
from alembic import op

revision = "fulfilment_purchase"
down_revision = "payments_complete"
branch_labels = None
depends_on = None

TABLES = ("purchase_closings", "purchase_receipts", "purchase_lines", "purchase_orders")


def upgrade() -> None:
    """Migrate forward."""
    op.create_table(
        "purchase_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("paid_from", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("paid_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("storage", sa.Text(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("fixed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("fixed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "supersedes_id <> id", name=op.f("ck_purchase_orders_supersedes_another")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_purchase_orders_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["purchase_orders.id"], name=op.f("fk_purchase_orders_supersedes_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_purchase_orders_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_orders_number")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_purchase_orders_supersedes_id")),
    )
    op.create_index(
        op.f("ix_purchase_orders_campaign_id"), "purchase_orders", ["campaign_id"], unique=False
    )
    op.create_index(
        op.f("ix_purchase_orders_supplier_id"), "purchase_orders", ["supplier_id"], unique=False
    )
    op.create_table(
        "purchase_closings",
        sa.Column("purchase_order_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["purchase_order_id"],
            ["purchase_orders.id"],
            name=op.f("fk_purchase_closings_purchase_order_id"),
        ),
        sa.PrimaryKeyConstraint("purchase_order_id", name=op.f("pk_purchase_closings")),
    )
    op.create_table(
        "purchase_lines",
        sa.Column("purchase_order_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("option", sa.Text(), nullable=False),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("needed", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("cost_fen >= 0", name=op.f("ck_purchase_lines_cost_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_lines_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["purchase_order_id"],
            ["purchase_orders.id"],
            name=op.f("fk_purchase_lines_purchase_order_id"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_purchase_lines_sku_id")),
        sa.PrimaryKeyConstraint("purchase_order_id", "sku_id", name=op.f("pk_purchase_lines")),
    )
    op.create_index(op.f("ix_purchase_lines_sku_id"), "purchase_lines", ["sku_id"], unique=False)
    op.create_table(
        "purchase_receipts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_order_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_receipts_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["stock_movements.id"], name=op.f("fk_purchase_receipts_movement_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_order_id"],
            ["purchase_orders.id"],
            name=op.f("fk_purchase_receipts_purchase_order_id"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_purchase_receipts_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_receipts")),
        sa.UniqueConstraint("movement_id", name=op.f("uq_purchase_receipts_movement_id")),
    )
    op.create_index(
        op.f("ix_purchase_receipts_purchase_order_id"),
        "purchase_receipts",
        ["purchase_order_id"],
        unique=False,
    )
    for table in TABLES:
        _append_only(table)


def downgrade() -> None:
    """Migrate back."""
    for table in TABLES:
        op.execute(f"drop table {table}")
        op.execute(f"drop function {table}_append_only")
        op.execute(f"drop function {table}_no_truncate")


def _append_only(table: str) -> None:
    refusal = f"raise exception '{table} is append-only' using errcode = 'restrict_violation'"
    for name, timing, level in (
        (f"{table}_append_only", "before update or delete", "row"),
        (f"{table}_no_truncate", "before truncate", "statement"),
    ):
        op.execute(
            f"create or replace function {name}() returns trigger language plpgsql as $body$\n"
            f"begin\n    {refusal};\nend $body$"
        )
        op.execute(
            f"create trigger {name} {timing} on {table} for each {level} execute function {name}()"
        )

"""Create the tables of inventory.

Revision: inventory_create, after leaders_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "inventory_create"
down_revision = "leaders_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "stock_movements",
        "stock_movements_append_only",
        """create or replace function stock_movements_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'stock_movements is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger stock_movements_append_only before update or delete on stock_movements for each row execute function stock_movements_append_only()""",
    ),
    (
        "stock_movements",
        "stock_movements_no_truncate",
        """create or replace function stock_movements_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'stock_movements is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger stock_movements_no_truncate before truncate on stock_movements for each statement execute function stock_movements_no_truncate()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "stock_pools",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_pools_on_hand_not_negative")),
        sa.CheckConstraint(
            "reserved <= on_hand", name=op.f("ck_stock_pools_reserved_within_on_hand")
        ),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_pools_reserved_not_negative")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_stock_pools_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_pools")),
        sa.UniqueConstraint("sku_id", "owner", name=op.f("uq_stock_pools_sku_id_owner")),
    )
    op.create_index(op.f("ix_stock_pools_owner"), "stock_pools", ["owner"], unique=False)
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind = 'correction' or (kind in ('receipt', 'allotment_in', 'cancellation_return')) = (delta > 0)",
            name=op.f("ck_stock_movements_sign_fits_kind"),
        ),
        sa.CheckConstraint(
            "kind in ('receipt', 'correction', 'allotment_in', 'allotment_out', 'sale', 'cancellation_return')",
            name=op.f("ck_stock_movements_kind_known"),
        ),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_stock_movements_delta_not_zero")),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["stock_pools.id"], name=op.f("fk_stock_movements_pool_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    op.create_index(
        op.f("ix_stock_movements_pool_id"), "stock_movements", ["pool_id"], unique=False
    )
    op.create_table(
        "stock_reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'held') = (settled_at is null)",
            name=op.f("ck_stock_reservations_settled_unless_held"),
        ),
        sa.CheckConstraint(
            "state in ('held', 'sold', 'released', 'returned')",
            name=op.f("ck_stock_reservations_state_known"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_reservations_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["stock_pools.id"], name=op.f("fk_stock_reservations_pool_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservations")),
        sa.UniqueConstraint(
            "order_id", "pool_id", name=op.f("uq_stock_reservations_order_id_pool_id")
        ),
    )
    op.create_index(
        op.f("ix_stock_reservations_pool_id"), "stock_reservations", ["pool_id"], unique=False
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index(op.f("ix_stock_reservations_pool_id"), table_name="stock_reservations")
    op.drop_table("stock_reservations")
    op.drop_index(op.f("ix_stock_movements_pool_id"), table_name="stock_movements")
    op.drop_table("stock_movements")
    op.drop_index(op.f("ix_stock_pools_owner"), table_name="stock_pools")
    op.drop_table("stock_pools")

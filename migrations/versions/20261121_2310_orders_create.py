"""Create the tables of orders.

Revision: orders_create, after attribution_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "orders_create"
down_revision = "attribution_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "order_transitions",
        "order_transitions_append_only",
        """create or replace function order_transitions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'order_transitions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger order_transitions_append_only before update or delete on order_transitions for each row execute function order_transitions_append_only()""",
    ),
    (
        "order_transitions",
        "order_transitions_no_truncate",
        """create or replace function order_transitions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'order_transitions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger order_transitions_no_truncate before truncate on order_transitions for each statement execute function order_transitions_no_truncate()""",
    ),
    (
        "order_refund_lines",
        "order_refund_lines_append_only",
        """create or replace function order_refund_lines_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'order_refund_lines is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger order_refund_lines_append_only before update or delete on order_refund_lines for each row execute function order_refund_lines_append_only()""",
    ),
    (
        "order_refund_lines",
        "order_refund_lines_no_truncate",
        """create or replace function order_refund_lines_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'order_refund_lines is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger order_refund_lines_no_truncate before truncate on order_refund_lines for each statement execute function order_refund_lines_no_truncate()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("group_buy_id", sa.Uuid(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refund_status", sa.Text(), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("pickup_code", sa.Text(), nullable=True),
        sa.Column("placed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("paid_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ready_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("picked_up_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completes_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancel_reason is not null)",
            name=op.f("ck_orders_cancelled_has_reason"),
        ),
        sa.CheckConstraint(
            "cancel_reason in ('timeout', 'shopper', 'staff', 'group_failed')",
            name=op.f("ck_orders_cancel_reason_known"),
        ),
        sa.CheckConstraint(
            "refund_status in ('none', 'partial', 'full')",
            name=op.f("ck_orders_refund_status_known"),
        ),
        sa.CheckConstraint(
            "state in ('pending_payment', 'paid', 'group_pending', 'preparing', 'shipped', 'ready_for_pickup', 'picked_up', 'completed', 'cancelled')",
            name=op.f("ck_orders_state_known"),
        ),
        sa.CheckConstraint(
            "refunded_fen between 0 and total_fen", name=op.f("ck_orders_refunded_within_total")
        ),
        sa.CheckConstraint("total_fen >= 0", name=op.f("ck_orders_total_not_negative")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_orders_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["group_buy_id"], ["group_buys.id"], name=op.f("fk_orders_group_buy_id")
        ),
        sa.ForeignKeyConstraint(["leader_id"], ["leaders.id"], name=op.f("fk_orders_leader_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_orders_payment_id")),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_orders_pickup_point_id")
        ),
        sa.ForeignKeyConstraint(["shopper_id"], ["shoppers.id"], name=op.f("fk_orders_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_campaign_id"), "orders", ["campaign_id"], unique=False)
    op.create_index(
        "ix_orders_completes_at",
        "orders",
        ["completes_at"],
        unique=False,
        postgresql_where=sa.text("state = 'picked_up'"),
    )
    op.create_index(
        "ix_orders_expires_at",
        "orders",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.create_index(op.f("ix_orders_group_buy_id"), "orders", ["group_buy_id"], unique=False)
    op.create_index(op.f("ix_orders_leader_id"), "orders", ["leader_id"], unique=False)
    op.create_index(
        "ix_orders_pickup_point_id_state", "orders", ["pickup_point_id", "state"], unique=False
    )
    op.create_index("ix_orders_shopper_id_id", "orders", ["shopper_id", "id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_item_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("earns_commission", sa.Boolean(), nullable=False),
        sa.Column("returned_quantity", sa.BigInteger(), nullable=False),
        sa.Column("refund_requested_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "0 <= refunded_fen and refunded_fen <= refund_requested_fen and refund_requested_fen <= amount_fen",
            name=op.f("ck_order_lines_refunds_within_amount"),
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_order_lines_amount_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_lines_quantity_positive")),
        sa.CheckConstraint(
            "returned_quantity between 0 and quantity", name=op.f("ck_order_lines_returned_within")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_item_id"],
            ["campaign_items.id"],
            name=op.f("fk_order_lines_campaign_item_id"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_order_lines_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_lines_order_id_position")),
        sa.UniqueConstraint("order_id", "sku_id", name=op.f("uq_order_lines_order_id_sku_id")),
    )
    op.create_index(
        op.f("ix_order_lines_campaign_item_id"), "order_lines", ["campaign_item_id"], unique=False
    )
    op.create_index(op.f("ix_order_lines_sku_id"), "order_lines", ["sku_id"], unique=False)
    op.create_table(
        "order_refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('requested', 'succeeded', 'failed')",
            name=op.f("ck_order_refunds_state_known"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_order_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_refunds_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_order_refunds_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_refunds")),
    )
    op.create_index(op.f("ix_order_refunds_order_id"), "order_refunds", ["order_id"], unique=False)
    op.create_table(
        "order_transitions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_transitions_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_transitions")),
    )
    op.create_index(
        op.f("ix_order_transitions_order_id"), "order_transitions", ["order_id"], unique=False
    )
    op.create_table(
        "order_refund_lines",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount_fen >= 0 and quantity >= 0", name=op.f("ck_order_refund_lines_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_order_refund_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["order_refunds.id"], name=op.f("fk_order_refund_lines_refund_id")
        ),
        sa.PrimaryKeyConstraint("refund_id", "order_line_id", name=op.f("pk_order_refund_lines")),
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_table("order_refund_lines")
    op.drop_index(op.f("ix_order_transitions_order_id"), table_name="order_transitions")
    op.drop_table("order_transitions")
    op.drop_index(op.f("ix_order_refunds_order_id"), table_name="order_refunds")
    op.drop_table("order_refunds")
    op.drop_index(op.f("ix_order_lines_sku_id"), table_name="order_lines")
    op.drop_index(op.f("ix_order_lines_campaign_item_id"), table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index("ix_orders_shopper_id_id", table_name="orders")
    op.drop_index("ix_orders_pickup_point_id_state", table_name="orders")
    op.drop_index(op.f("ix_orders_leader_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_group_buy_id"), table_name="orders")
    op.drop_index(
        "ix_orders_expires_at",
        table_name="orders",
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.drop_index(
        "ix_orders_completes_at",
        table_name="orders",
        postgresql_where=sa.text("state = 'picked_up'"),
    )
    op.drop_index(op.f("ix_orders_campaign_id"), table_name="orders")
    op.drop_table("orders")

"""Carts, after-sales and corrections of orders.

Revision: orders_complete, after identity_erasures.
"""

import sqlalchemy as sa
from alembic import op

revision = "orders_complete"
down_revision = "identity_erasures"
branch_labels = None
depends_on = None

HELD_WITHIN_REST = (
    "held_fen >= 0 and refund_requested_fen + held_fen <= amount_fen "
    "and held_quantity >= 0 and returned_quantity + held_quantity <= quantity"
)

RULES = (
    (
        "after_sale_moves",
        "after_sale_moves_append_only",
        """create or replace function after_sale_moves_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'after_sale_moves is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger after_sale_moves_append_only before update or delete on after_sale_moves for each row execute function after_sale_moves_append_only()""",
    ),
    (
        "after_sale_moves",
        "after_sale_moves_no_truncate",
        """create or replace function after_sale_moves_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'after_sale_moves is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger after_sale_moves_no_truncate before truncate on after_sale_moves for each statement execute function after_sale_moves_no_truncate()""",
    ),
    (
        "corrected_lines",
        "corrected_lines_append_only",
        """create or replace function corrected_lines_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'corrected_lines is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger corrected_lines_append_only before update or delete on corrected_lines for each row execute function corrected_lines_append_only()""",
    ),
    (
        "corrected_lines",
        "corrected_lines_no_truncate",
        """create or replace function corrected_lines_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'corrected_lines is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger corrected_lines_no_truncate before truncate on corrected_lines for each statement execute function corrected_lines_no_truncate()""",
    ),
)


def upgrade() -> None:
    """Migrate forward."""
    op.create_table(
        "carts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("group_buy_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_buy_id"], ["group_buys.id"], name=op.f("fk_carts_group_buy_id")
        ),
        sa.ForeignKeyConstraint(["shopper_id"], ["shoppers.id"], name=op.f("fk_carts_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
        sa.UniqueConstraint(
            "shopper_id",
            "group_buy_id",
            name=op.f("uq_carts_shopper_id_group_buy_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_carts_changed_at"), "carts", ["changed_at"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("sku_id", sa.Uuid(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("group_buy_id", sa.Uuid(), nullable=True),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=True),
        sa.Column("ordered_g", sa.BigInteger(), nullable=True),
        sa.Column("delivered_g", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'weight') = (ordered_g is not null) and (kind = 'weight') = (delivered_g is not null)",
            name=op.f("ck_corrections_weight_is_weighed"),
        ),
        sa.CheckConstraint(
            "(state in ('running', 'done')) = (started_at is not null)",
            name=op.f("ck_corrections_start_dated"),
        ),
        sa.CheckConstraint(
            "kind in ('shortage', 'weight')", name=op.f("ck_corrections_kind_known")
        ),
        sa.CheckConstraint(
            "state in ('draft', 'running', 'done', 'cancelled')",
            name=op.f("ck_corrections_state_known"),
        ),
        sa.CheckConstraint(
            "0 <= delivered_g and delivered_g < ordered_g", name=op.f("ck_corrections_weighs_less")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_corrections_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["group_buy_id"], ["group_buys.id"], name=op.f("fk_corrections_group_buy_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_corrections_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_corrections_pickup_point_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_corrections_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_leader_id"), "corrections", ["leader_id"], unique=False)
    op.create_index(
        "ix_corrections_running",
        "corrections",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "cart_lines",
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quantity between 1 and 999", name=op.f("ck_cart_lines_quantity_sensible")
        ),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_cart_lines_cart_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_cart_lines_sku_id")),
        sa.PrimaryKeyConstraint("cart_id", "sku_id", name=op.f("pk_cart_lines")),
    )
    op.create_table(
        "after_sales",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("approved_fen", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decide_by", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("return_by", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state in ('refunded', 'rejected', 'withdrawn')) = (ended_at is not null)",
            name=op.f("ck_after_sales_end_dated"),
        ),
        sa.CheckConstraint(
            "kind in ('request', 'shortage', 'weight')", name=op.f("ck_after_sales_kind_known")
        ),
        sa.CheckConstraint(
            "reason in ('damaged', 'missing', 'wrong', 'quality', 'not_wanted', 'other')",
            name=op.f("ck_after_sales_reason_known"),
        ),
        sa.CheckConstraint(
            "state in ('requested', 'approved', 'returning', 'refunding', 'refunded', 'rejected', 'withdrawn')",
            name=op.f("ck_after_sales_state_known"),
        ),
        sa.CheckConstraint(
            "state not in ('approved', 'returning', 'refunding', 'refunded') or approved_fen is not null",
            name=op.f("ck_after_sales_approved_has_amount"),
        ),
        sa.CheckConstraint(
            "state not in ('refunding', 'refunded') or refund_id is not null",
            name=op.f("ck_after_sales_refunding_has_refund"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_after_sales_amount_positive")),
        sa.CheckConstraint(
            "approved_fen between 1 and amount_fen",
            name=op.f("ck_after_sales_approved_within_asked"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_after_sales_order_id")),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["order_refunds.id"], name=op.f("fk_after_sales_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_after_sales")),
    )
    op.create_index(
        "ix_after_sales_decide_by",
        "after_sales",
        ["decide_by"],
        unique=False,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index(op.f("ix_after_sales_order_id"), "after_sales", ["order_id"], unique=False)
    op.create_index(
        "ix_after_sales_return_by",
        "after_sales",
        ["return_by"],
        unique=False,
        postgresql_where=sa.text("state = 'returning'"),
    )
    op.create_index(
        "uq_after_sales_refund_id",
        "after_sales",
        ["refund_id"],
        unique=True,
        postgresql_where=sa.text("refund_id is not null"),
    )
    op.create_table(
        "corrected_lines",
        sa.Column("correction_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 and amount_fen > 0", name=op.f("ck_corrected_lines_positive")
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_corrected_lines_correction_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_corrected_lines_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_corrected_lines_order_line_id")
        ),
        sa.PrimaryKeyConstraint("correction_id", "order_line_id", name=op.f("pk_corrected_lines")),
    )
    op.create_table(
        "after_sale_lines",
        sa.Column("after_sale_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("approved_quantity", sa.BigInteger(), nullable=True),
        sa.Column("approved_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "approved_quantity between 0 and quantity and approved_fen between 0 and amount_fen",
            name=op.f("ck_after_sale_lines_approved_within_asked"),
        ),
        sa.CheckConstraint(
            "quantity >= 0 and amount_fen > 0", name=op.f("ck_after_sale_lines_asked_positive")
        ),
        sa.ForeignKeyConstraint(
            ["after_sale_id"], ["after_sales.id"], name=op.f("fk_after_sale_lines_after_sale_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_after_sale_lines_order_line_id")
        ),
        sa.PrimaryKeyConstraint("after_sale_id", "order_line_id", name=op.f("pk_after_sale_lines")),
    )
    op.create_index(
        op.f("ix_after_sale_lines_order_line_id"),
        "after_sale_lines",
        ["order_line_id"],
        unique=False,
    )
    op.create_table(
        "after_sale_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("after_sale_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["after_sale_id"], ["after_sales.id"], name=op.f("fk_after_sale_moves_after_sale_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_after_sale_moves")),
    )
    op.create_index(
        op.f("ix_after_sale_moves_after_sale_id"),
        "after_sale_moves",
        ["after_sale_id"],
        unique=False,
    )
    op.create_table(
        "after_sale_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("after_sale_id", sa.Uuid(), nullable=False),
        sa.Column("by_staff", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["after_sale_id"], ["after_sales.id"], name=op.f("fk_after_sale_notes_after_sale_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_after_sale_notes")),
    )
    op.create_index(
        op.f("ix_after_sale_notes_after_sale_id"),
        "after_sale_notes",
        ["after_sale_id"],
        unique=False,
    )
    op.create_table(
        "corrected_orders",
        sa.Column("correction_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("after_sale_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state in ('refunded', 'referred')) = (after_sale_id is not null)",
            name=op.f("ck_corrected_orders_settled_by_after_sale"),
        ),
        sa.CheckConstraint(
            "state in ('planned', 'refunded', 'referred', 'skipped')",
            name=op.f("ck_corrected_orders_state_known"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_corrected_orders_amount_positive")),
        sa.ForeignKeyConstraint(
            ["after_sale_id"], ["after_sales.id"], name=op.f("fk_corrected_orders_after_sale_id")
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_corrected_orders_correction_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_corrected_orders_order_id")
        ),
        sa.PrimaryKeyConstraint("correction_id", "order_id", name=op.f("pk_corrected_orders")),
        sa.UniqueConstraint("after_sale_id", name=op.f("uq_corrected_orders_after_sale_id")),
    )
    op.add_column(
        "order_lines",
        sa.Column("held_quantity", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "order_lines", sa.Column("held_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_order_lines_held_within_rest"),
        "order_lines",
        HELD_WITHIN_REST,
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    """Migrate back; what is held is free again."""
    op.drop_constraint(op.f("ck_order_lines_held_within_rest"), "order_lines", type_="check")
    op.drop_column("order_lines", "held_fen")
    op.drop_column("order_lines", "held_quantity")
    op.drop_table("corrected_orders")
    op.drop_index(op.f("ix_after_sale_notes_after_sale_id"), table_name="after_sale_notes")
    op.drop_table("after_sale_notes")
    op.drop_index(op.f("ix_after_sale_moves_after_sale_id"), table_name="after_sale_moves")
    op.drop_table("after_sale_moves")
    op.drop_index(op.f("ix_after_sale_lines_order_line_id"), table_name="after_sale_lines")
    op.drop_table("after_sale_lines")
    op.drop_table("corrected_lines")
    op.drop_index(
        "uq_after_sales_refund_id",
        table_name="after_sales",
        postgresql_where=sa.text("refund_id is not null"),
    )
    op.drop_index(
        "ix_after_sales_return_by",
        table_name="after_sales",
        postgresql_where=sa.text("state = 'returning'"),
    )
    op.drop_index(op.f("ix_after_sales_order_id"), table_name="after_sales")
    op.drop_index(
        "ix_after_sales_decide_by",
        table_name="after_sales",
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.drop_table("after_sales")
    op.drop_table("cart_lines")
    op.drop_index(
        "ix_corrections_running",
        table_name="corrections",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.drop_index(op.f("ix_corrections_leader_id"), table_name="corrections")
    op.drop_table("corrections")
    op.drop_index(op.f("ix_carts_changed_at"), table_name="carts")
    op.drop_table("carts")
    for _, name, _, _ in RULES:
        op.execute(f"drop function {name}()")

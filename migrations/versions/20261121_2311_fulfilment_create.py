"""Create the tables of fulfilment.

Revision: fulfilment_create, after orders_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "fulfilment_create"
down_revision = "orders_create"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("dispatched_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('preparing', 'in_transit', 'arrived')", name=op.f("ck_shipments_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_shipments_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_shipments_pickup_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
    )
    op.create_index(op.f("ix_shipments_campaign_id"), "shipments", ["campaign_id"], unique=False)
    op.create_index(
        op.f("ix_shipments_pickup_point_id"), "shipments", ["pickup_point_id"], unique=False
    )
    op.create_table(
        "parcels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("code ~ '^\\d{8}$'", name=op.f("ck_parcels_code_of_8_digits")),
        sa.CheckConstraint(
            "state in ('preparing', 'in_transit', 'ready', 'handed_over', 'cancelled')",
            name=op.f("ck_parcels_state_known"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_parcels_order_id")),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_parcels_pickup_point_id")
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_parcels_shipment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
        sa.UniqueConstraint("order_id", name=op.f("uq_parcels_order_id")),
    )
    op.create_index(
        op.f("ix_parcels_pickup_point_id"), "parcels", ["pickup_point_id"], unique=False
    )
    op.create_index(op.f("ix_parcels_shipment_id"), "parcels", ["shipment_id"], unique=False)
    op.create_index(
        "uq_parcels_open_code",
        "parcels",
        ["pickup_point_id", "code"],
        unique=True,
        postgresql_where=sa.text("state in ('preparing', 'in_transit', 'ready')"),
    )
    op.create_table(
        "redemptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("redeemed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("redeemed_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(undone_at is null) = (undone_by is null)",
            name=op.f("ck_redemptions_undone_by_someone"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_redemptions_order_id")),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["parcels.id"], name=op.f("fk_redemptions_parcel_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_redemptions_pickup_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemptions")),
    )
    op.create_index(op.f("ix_redemptions_parcel_id"), "redemptions", ["parcel_id"], unique=False)
    op.create_index(
        "uq_redemptions_standing",
        "redemptions",
        ["parcel_id"],
        unique=True,
        postgresql_where=sa.text("undone_at is null"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_redemptions_standing",
        table_name="redemptions",
        postgresql_where=sa.text("undone_at is null"),
    )
    op.drop_index(op.f("ix_redemptions_parcel_id"), table_name="redemptions")
    op.drop_table("redemptions")
    op.drop_index(
        "uq_parcels_open_code",
        table_name="parcels",
        postgresql_where=sa.text("state in ('preparing', 'in_transit', 'ready')"),
    )
    op.drop_index(op.f("ix_parcels_shipment_id"), table_name="parcels")
    op.drop_index(op.f("ix_parcels_pickup_point_id"), table_name="parcels")
    op.drop_table("parcels")
    op.drop_index(op.f("ix_shipments_pickup_point_id"), table_name="shipments")
    op.drop_index(op.f("ix_shipments_campaign_id"), table_name="shipments")
    op.drop_table("shipments")

"""Create the tables of campaigns.

Revision: campaigns_create, after inventory_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "campaigns_create"
down_revision = "inventory_create"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closes_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("pickup_from", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("pickup_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scheduled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'scheduled', 'open', 'closed', 'succeeded', 'failed', 'fulfilled', 'cancelled')",
            name=op.f("ck_campaigns_state_known"),
        ),
        sa.CheckConstraint(
            "(pickup_from is null) = (pickup_until is null) and pickup_from < pickup_until",
            name=op.f("ck_campaigns_pickup_window"),
        ),
        sa.CheckConstraint(
            "opens_at < closes_at", name=op.f("ck_campaigns_opens_before_it_closes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(op.f("ix_campaigns_closes_at"), "campaigns", ["closes_at"], unique=False)
    op.create_index(op.f("ix_campaigns_opens_at"), "campaigns", ["opens_at"], unique=False)
    op.create_index(op.f("ix_campaigns_state"), "campaigns", ["state"], unique=False)
    op.create_table(
        "group_buys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("share_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hosted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('scheduled', 'open', 'closed', 'succeeded', 'failed', 'fulfilled', 'cancelled')",
            name=op.f("ck_group_buys_state_known"),
        ),
        sa.CheckConstraint(
            "length(share_code) between 1 and 32", name=op.f("ck_group_buys_share_code_fits")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_group_buys_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["communities.id"], name=op.f("fk_group_buys_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_group_buys_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_group_buys_pickup_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_buys")),
        sa.UniqueConstraint(
            "campaign_id", "community_id", name=op.f("uq_group_buys_campaign_id_community_id")
        ),
        sa.UniqueConstraint("share_code", name=op.f("uq_group_buys_share_code")),
    )
    op.create_index(
        op.f("ix_group_buys_community_id"), "group_buys", ["community_id"], unique=False
    )
    op.create_index(op.f("ix_group_buys_leader_id"), "group_buys", ["leader_id"], unique=False)
    op.create_index(
        op.f("ix_group_buys_pickup_point_id"), "group_buys", ["pickup_point_id"], unique=False
    )
    op.create_table(
        "campaign_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("allotment", sa.BigInteger(), nullable=False),
        sa.Column("limit_per_shopper", sa.BigInteger(), nullable=True),
        sa.Column("earns_commission", sa.Boolean(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("allotment > 0", name=op.f("ck_campaign_items_allotment_positive")),
        sa.CheckConstraint("limit_per_shopper > 0", name=op.f("ck_campaign_items_limit_positive")),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_campaign_items_price_positive")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_items_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["stock_pools.id"], name=op.f("fk_campaign_items_pool_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_campaign_items_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_items")),
        sa.UniqueConstraint(
            "campaign_id", "sku_id", name=op.f("uq_campaign_items_campaign_id_sku_id")
        ),
    )
    op.create_index(op.f("ix_campaign_items_sku_id"), "campaign_items", ["sku_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_campaign_items_sku_id"), table_name="campaign_items")
    op.drop_table("campaign_items")
    op.drop_index(op.f("ix_group_buys_pickup_point_id"), table_name="group_buys")
    op.drop_index(op.f("ix_group_buys_leader_id"), table_name="group_buys")
    op.drop_index(op.f("ix_group_buys_community_id"), table_name="group_buys")
    op.drop_table("group_buys")
    op.drop_index(op.f("ix_campaigns_state"), table_name="campaigns")
    op.drop_index(op.f("ix_campaigns_opens_at"), table_name="campaigns")
    op.drop_index(op.f("ix_campaigns_closes_at"), table_name="campaigns")
    op.drop_table("campaigns")

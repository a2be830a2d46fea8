"""Create the tables of leaders.

Revision: leaders_create, after payments_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "leaders_create"
down_revision = "payments_create"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leaders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("recruiter_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('active', 'suspended')", name=op.f("ck_leaders_state_known")),
        sa.CheckConstraint("level >= 1", name=op.f("ck_leaders_level_from_one")),
        sa.CheckConstraint("recruiter_id <> id", name=op.f("ck_leaders_recruiter_is_another")),
        sa.ForeignKeyConstraint(
            ["recruiter_id"], ["leaders.id"], name=op.f("fk_leaders_recruiter_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_leaders_shopper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaders")),
        sa.UniqueConstraint("shopper_id", name=op.f("uq_leaders_shopper_id")),
    )
    op.create_index(op.f("ix_leaders_recruiter_id"), "leaders", ["recruiter_id"], unique=False)
    op.create_table(
        "communities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "purpose in ('long_term', 'short_term')", name=op.f("ck_communities_purpose_known")
        ),
        sa.CheckConstraint(
            "state in ('active', 'disbanded')", name=op.f("ck_communities_state_known")
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_communities_size_not_negative")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_communities_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communities")),
    )
    op.create_index(op.f("ix_communities_leader_id"), "communities", ["leader_id"], unique=False)
    op.create_table(
        "leader_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("recruiter_id", sa.Uuid(), nullable=True),
        sa.Column("applied_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state in ('approved', 'rejected')) = (decided_by is not null) and (decided_by is null) = (decided_at is null)",
            name=op.f("ck_leader_applications_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "state <> 'rejected' or reason <> ''",
            name=op.f("ck_leader_applications_rejected_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state in ('pending', 'approved', 'rejected', 'withdrawn')",
            name=op.f("ck_leader_applications_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_leader_applications_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["recruiter_id"], ["leaders.id"], name=op.f("fk_leader_applications_recruiter_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_leader_applications_shopper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_applications")),
    )
    op.create_index(
        op.f("ix_leader_applications_shopper_id"),
        "leader_applications",
        ["shopper_id"],
        unique=False,
    )
    op.create_index(
        "uq_leader_applications_one_pending",
        "leader_applications",
        ["shopper_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "pickup_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("opening_hours", sa.Text(), nullable=False),
        sa.Column("latitude", sa.BigInteger(), nullable=True),
        sa.Column("longitude", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'closed')", name=op.f("ck_pickup_points_state_known")
        ),
        sa.CheckConstraint(
            "(latitude is null) = (longitude is null)",
            name=op.f("ck_pickup_points_coordinates_together"),
        ),
        sa.CheckConstraint(
            "abs(latitude) <= 90000000 and abs(longitude) <= 180000000",
            name=op.f("ck_pickup_points_coordinates_on_earth"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_pickup_points_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup_points")),
    )
    op.create_index(
        op.f("ix_pickup_points_leader_id"), "pickup_points", ["leader_id"], unique=False
    )
    op.create_table(
        "pickup_verifiers",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["pickup_points.id"], name=op.f("fk_pickup_verifiers_point_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_pickup_verifiers_shopper_id")
        ),
        sa.PrimaryKeyConstraint("point_id", "shopper_id", name=op.f("pk_pickup_verifiers")),
    )
    op.create_index(
        op.f("ix_pickup_verifiers_shopper_id"), "pickup_verifiers", ["shopper_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_pickup_verifiers_shopper_id"), table_name="pickup_verifiers")
    op.drop_table("pickup_verifiers")
    op.drop_index(op.f("ix_pickup_points_leader_id"), table_name="pickup_points")
    op.drop_table("pickup_points")
    op.drop_index(
        "uq_leader_applications_one_pending",
        table_name="leader_applications",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_index(op.f("ix_leader_applications_shopper_id"), table_name="leader_applications")
    op.drop_table("leader_applications")
    op.drop_index(op.f("ix_communities_leader_id"), table_name="communities")
    op.drop_table("communities")
    op.drop_index(op.f("ix_leaders_recruiter_id"), table_name="leaders")
    op.drop_table("leaders")

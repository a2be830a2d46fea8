"""Create the table of pictures.

Revision: media_create, after commissions_end.
"""

import sqlalchemy as sa
from alembic import op

revision = "media_create"
down_revision = "commissions_end"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("stored_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "not public or owner is not null", name=op.f("ck_pictures_public_as_part_of_something")
        ),
        sa.CheckConstraint(
            "removed_at is null or owner is null", name=op.f("ck_pictures_removed_is_unused")
        ),
        sa.CheckConstraint("width > 0 and height > 0", name=op.f("ck_pictures_has_an_extent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_index(
        "ix_pictures_loose",
        "pictures",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("owner is null"),
    )
    op.create_index(
        "ix_pictures_owner",
        "pictures",
        ["owner"],
        unique=False,
        postgresql_where=sa.text("owner is not null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_pictures_owner", table_name="pictures", postgresql_where=sa.text("owner is not null")
    )
    op.drop_index(
        "ix_pictures_loose", table_name="pictures", postgresql_where=sa.text("owner is null")
    )
    op.drop_table("pictures")

"""Create the table of imports.

Revision: imports_create, after media_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "imports_create"
down_revision = "media_create"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("creates", sa.BigInteger(), nullable=False),
        sa.Column("updates", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("fault_count", sa.BigInteger(), nullable=False),
        sa.Column(
            "faults", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'faulty') <= (fault_count > 0)", name=op.f("ck_imports_faulty_has_faults")
        ),
        sa.CheckConstraint(
            "(state in ('applied', 'discarded')) = (decided_at is not null) and (decided_at is null) = (decided_by is null)",
            name=op.f("ck_imports_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "state <> 'applied' or fault_count = 0", name=op.f("ck_imports_applied_without_faults")
        ),
        sa.CheckConstraint(
            "state in ('checked', 'faulty', 'applied', 'discarded')",
            name=op.f("ck_imports_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )


def downgrade() -> None:
    op.drop_table("imports")

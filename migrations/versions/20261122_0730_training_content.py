"""List the lessons that leaders are spared, the newest first, without reading all records.

Revision: training_content, after training_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "training_content"
down_revision = "training_create"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_lesson_records_waived",
        "lesson_records",
        ["waived_at", "leader_id", "lesson_id"],
        unique=False,
        postgresql_where=sa.text("waived_at is not null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_lesson_records_waived",
        table_name="lesson_records",
        postgresql_where=sa.text("waived_at is not null"),
    )

"""Create notices, and what the nightly count of the school finds.

Revision: notices_create, after training_cohorts.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notices_create"
down_revision = "training_cohorts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "training_recounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reached_id", sa.Uuid(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'finished') = (finished_at is not null)",
            name=op.f("ck_training_recounts_finished_at_an_instant"),
        ),
        sa.CheckConstraint(
            "state in ('running', 'finished')", name=op.f("ck_training_recounts_state_known")
        ),
        sa.CheckConstraint(
            "0 <= counted and 0 <= changed and 0 <= completed",
            name=op.f("ck_training_recounts_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_recounts")),
    )
    op.create_index(
        "ix_training_recounts_finished_at", "training_recounts", ["finished_at"], unique=False
    )
    op.create_index(
        "uq_training_recounts_running",
        "training_recounts",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "notice_preferences",
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("muted", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_notice_preferences_shopper_id")
        ),
        sa.PrimaryKeyConstraint("shopper_id", name=op.f("pk_notice_preferences")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("care", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("useful_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("claimed_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (settled_at is null)",
            name=op.f("ck_notices_settled_at_an_instant"),
        ),
        sa.CheckConstraint(
            "kind in ('live_session', 'certificate_expiring', 'inactivity', 'program_completed')",
            name=op.f("ck_notices_kind_known"),
        ),
        sa.CheckConstraint(
            "state <> 'dropped' or read_at is null", name=op.f("ck_notices_dropped_is_not_read")
        ),
        sa.CheckConstraint(
            "state = 'dropped' or useful_until is null or due_at <= useful_until",
            name=op.f("ck_notices_told_while_useful"),
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'delivered', 'failed', 'dropped')",
            name=op.f("ck_notices_state_known"),
        ),
        sa.CheckConstraint(
            "state not in ('dropped', 'failed') or reason <> ''",
            name=op.f("ck_notices_given_up_for_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_notices_shopper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("shopper_id", "key", name=op.f("uq_notices_shopper_id_key")),
    )
    op.create_index("ix_notices_created_at", "notices", ["created_at"], unique=False)
    op.create_index(
        "ix_notices_shopper_id_due_at_id", "notices", ["shopper_id", "due_at", "id"], unique=False
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "funnel_steps",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("enrolled", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("satisfied", sa.BigInteger(), nullable=False),
        sa.Column("median_days", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "0 <= begun and begun <= reached and reached <= enrolled and satisfied <= begun and completed <= begun and passed <= begun",
            name=op.f("ck_funnel_steps_narrows"),
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_funnel_steps_lesson_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_funnel_steps_program_id")
        ),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_funnel_steps")),
    )
    op.create_index(
        op.f("ix_funnel_steps_program_id"), "funnel_steps", ["program_id"], unique=False
    )
    op.create_table(
        "learning_places",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_learning_places_enrollment_id")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_learning_places_lesson_id")
        ),
        sa.PrimaryKeyConstraint("enrollment_id", name=op.f("pk_learning_places")),
    )
    op.create_index(
        "ix_learning_places_lesson_id",
        "learning_places",
        ["lesson_id", "enrollment_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_learning_places_lesson_id", table_name="learning_places")
    op.drop_table("learning_places")
    op.drop_index(op.f("ix_funnel_steps_program_id"), table_name="funnel_steps")
    op.drop_table("funnel_steps")
    op.drop_index(
        "ix_notices_waiting", table_name="notices", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_index("ix_notices_shopper_id_due_at_id", table_name="notices")
    op.drop_index("ix_notices_created_at", table_name="notices")
    op.drop_table("notices")
    op.drop_table("notice_preferences")
    op.drop_index(
        "uq_training_recounts_running",
        table_name="training_recounts",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.drop_index("ix_training_recounts_finished_at", table_name="training_recounts")
    op.drop_table("training_recounts")

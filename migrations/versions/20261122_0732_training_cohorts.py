"""Create the tables of cohorts, live sessions and attendance.

Revision: training_cohorts, after training_content.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "training_cohorts"
down_revision = "training_content"
branch_labels = None
depends_on = None


RULES = (
    (
        "attendance_decisions",
        "attendance_decisions_append_only",
        """create or replace function attendance_decisions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'attendance_decisions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attendance_decisions_append_only before update or delete on attendance_decisions for each row execute function attendance_decisions_append_only()""",
    ),
    (
        "attendance_decisions",
        "attendance_decisions_no_truncate",
        """create or replace function attendance_decisions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'attendance_decisions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attendance_decisions_no_truncate before truncate on attendance_decisions for each statement execute function attendance_decisions_no_truncate()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("trainer_id", sa.Uuid(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("pattern", postgresql.JSONB(), nullable=False),
        sa.Column("skipped_days", postgresql.JSONB(), nullable=False),
        sa.Column("lessons_in_order", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("grace_minutes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at is not null) and (cancelled_at is null) = (cancelled_by is null) and (cancelled_at is null) = (reason = '')",
            name=op.f("ck_cohorts_cancelled_by_someone_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state in ('planned', 'running', 'finished', 'cancelled')",
            name=op.f("ck_cohorts_state_known"),
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_cohorts_capacity_positive")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_cohorts_days_in_order")),
        sa.CheckConstraint("grace_minutes >= 0", name=op.f("ck_cohorts_grace_not_negative")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_cohorts_program_id")
        ),
        sa.ForeignKeyConstraint(["trainer_id"], ["staff.id"], name=op.f("fk_cohorts_trainer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
    )
    op.create_index(op.f("ix_cohorts_program_id"), "cohorts", ["program_id"], unique=False)
    op.create_index("ix_cohorts_state_last_day", "cohorts", ["state", "last_day"], unique=False)
    op.create_index(op.f("ix_cohorts_trainer_id"), "cohorts", ["trainer_id"], unique=False)
    op.create_table(
        "calendar_feeds",
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_calendar_feeds_leader_id")
        ),
        sa.PrimaryKeyConstraint("leader_id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
    )
    op.create_table(
        "cohort_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("joined_by", sa.Text(), nullable=False),
        sa.Column("left_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("left_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(left_at is null) = (left_by is null)", name=op.f("ck_cohort_members_left_by_someone")
        ),
        sa.CheckConstraint(
            "left_at >= joined_at", name=op.f("ck_cohort_members_left_after_joined")
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_cohort_members_cohort_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_cohort_members_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_members")),
    )
    op.create_index("ix_cohort_members_cohort_id", "cohort_members", ["cohort_id"], unique=False)
    op.create_index(
        "ix_cohort_members_leader_id_cohort_id",
        "cohort_members",
        ["leader_id", "cohort_id"],
        unique=False,
    )
    op.create_index(
        "uq_cohort_members_in_it",
        "cohort_members",
        ["cohort_id", "leader_id"],
        unique=True,
        postgresql_where=sa.text("left_at is null"),
    )
    op.create_table(
        "live_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("trainer_id", sa.Uuid(), nullable=True),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("planned_for", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("replay_url", sa.Text(), nullable=False),
        sa.Column("replay_s", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(replay_url = '') = (replay_s is null) and (replay_s > 0) is not false",
            name=op.f("ck_live_sessions_replay_with_its_length"),
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at is not null) and (cancelled_at is null) = (cancelled_by is null) and (cancelled_at is null) = (reason = '')",
            name=op.f("ck_live_sessions_cancelled_by_someone_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state in ('planned', 'cancelled')", name=op.f("ck_live_sessions_state_known")
        ),
        sa.CheckConstraint(
            "closed_at >= ends_at", name=op.f("ck_live_sessions_closed_after_its_end")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_live_sessions_times_in_order")),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_live_sessions_cohort_id")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_live_sessions_lesson_id")
        ),
        sa.ForeignKeyConstraint(
            ["trainer_id"], ["staff.id"], name=op.f("fk_live_sessions_trainer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_sessions")),
        sa.UniqueConstraint(
            "cohort_id", "planned_for", name=op.f("uq_live_sessions_cohort_id_planned_for")
        ),
    )
    op.create_index(
        "ix_live_sessions_cohort_id_starts_at",
        "live_sessions",
        ["cohort_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "ix_live_sessions_ends_at_to_close",
        "live_sessions",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("closed_at is null and state = 'planned'"),
    )
    op.create_index(
        op.f("ix_live_sessions_lesson_id"), "live_sessions", ["lesson_id"], unique=False
    )
    op.create_index(
        "ix_live_sessions_starts_at_id", "live_sessions", ["starts_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_live_sessions_trainer_id"), "live_sessions", ["trainer_id"], unique=False
    )
    op.create_table(
        "attendance_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("live_session_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("present_s", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correct') = (present_s is not null)",
            name=op.f("ck_attendance_decisions_correct_says_what"),
        ),
        sa.CheckConstraint(
            "kind in ('correct', 'uncorrect', 'excuse', 'unexcuse')",
            name=op.f("ck_attendance_decisions_kind_known"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_attendance_decisions_for_a_reason")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_attendance_decisions_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["live_session_id"],
            ["live_sessions.id"],
            name=op.f("fk_attendance_decisions_live_session_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_decisions")),
    )
    op.create_index(
        op.f("ix_attendance_decisions_leader_id"),
        "attendance_decisions",
        ["leader_id"],
        unique=False,
    )
    op.create_index(
        "ix_attendance_decisions_of",
        "attendance_decisions",
        ["live_session_id", "leader_id", "id"],
        unique=False,
    )
    op.create_table(
        "attendances",
        sa.Column("live_session_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("checked_in_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("checked_out_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("corrected_s", sa.BigInteger(), nullable=True),
        sa.Column("corrected_late", sa.Boolean(), nullable=True),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.Column("watched", postgresql.INT4MULTIRANGE(), server_default="{}", nullable=False),
        sa.Column("made_up_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("present_s", sa.BigInteger(), nullable=False),
        sa.Column(
            "counts",
            sa.Boolean(),
            sa.Computed("status in ('present', 'late', 'makeup')", persisted=True),
            nullable=False,
        ),
        sa.Column("counted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'expected'", name=op.f("ck_attendances_status_decided")),
        sa.CheckConstraint(
            "status in ('expected', 'present', 'late', 'makeup', 'excused', 'absent')",
            name=op.f("ck_attendances_status_known"),
        ),
        sa.CheckConstraint(
            "checked_out_at >= checked_in_at", name=op.f("ck_attendances_out_after_in")
        ),
        sa.CheckConstraint(
            "checked_out_at is null or checked_in_at is not null",
            name=op.f("ck_attendances_out_only_after_in"),
        ),
        sa.CheckConstraint(
            "corrected_late is null or corrected_s is not null",
            name=op.f("ck_attendances_late_by_correction"),
        ),
        sa.CheckConstraint(
            "corrected_s >= 0 and present_s >= 0", name=op.f("ck_attendances_presence_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_attendances_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["live_session_id"], ["live_sessions.id"], name=op.f("fk_attendances_live_session_id")
        ),
        sa.PrimaryKeyConstraint("live_session_id", "leader_id", name=op.f("pk_attendances")),
    )
    op.create_index("ix_attendances_leader_id", "attendances", ["leader_id"], unique=False)
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_index("ix_attendances_leader_id", table_name="attendances")
    op.drop_table("attendances")
    op.drop_index("ix_attendance_decisions_of", table_name="attendance_decisions")
    op.drop_index(op.f("ix_attendance_decisions_leader_id"), table_name="attendance_decisions")
    op.drop_table("attendance_decisions")
    op.drop_index(op.f("ix_live_sessions_trainer_id"), table_name="live_sessions")
    op.drop_index("ix_live_sessions_starts_at_id", table_name="live_sessions")
    op.drop_index(op.f("ix_live_sessions_lesson_id"), table_name="live_sessions")
    op.drop_index(
        "ix_live_sessions_ends_at_to_close",
        table_name="live_sessions",
        postgresql_where=sa.text("closed_at is null and state = 'planned'"),
    )
    op.drop_index("ix_live_sessions_cohort_id_starts_at", table_name="live_sessions")
    op.drop_table("live_sessions")
    op.drop_index(
        "uq_cohort_members_in_it",
        table_name="cohort_members",
        postgresql_where=sa.text("left_at is null"),
    )
    op.drop_index("ix_cohort_members_leader_id_cohort_id", table_name="cohort_members")
    op.drop_index("ix_cohort_members_cohort_id", table_name="cohort_members")
    op.drop_table("cohort_members")
    op.drop_table("calendar_feeds")
    op.drop_index(op.f("ix_cohorts_trainer_id"), table_name="cohorts")
    op.drop_index("ix_cohorts_state_last_day", table_name="cohorts")
    op.drop_index(op.f("ix_cohorts_program_id"), table_name="cohorts")
    op.drop_table("cohorts")

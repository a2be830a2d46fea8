"""Create the tables of the school: what is taught, and what of it is done.

Revision: training_create, after fulfilment_purchase.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "training_create"
down_revision = "fulfilment_purchase"
branch_labels = None
depends_on = None


RULES = (
    (
        "lesson_versions",
        "lesson_versions_published_stay",
        """create or replace function lesson_versions_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'draft' and (tg_op = 'DELETE'
        or to_jsonb(new) - array['state', 'version'] <> to_jsonb(old) - array['state', 'version']
        or new.state = 'draft')
    then
        raise exception 'a published lesson never changes; make a new version'
            using errcode = 'restrict_violation';
    end if;
    return coalesce(new, old);
end $body$""",
        """create trigger lesson_versions_published_stay before update or delete on lesson_versions for each row execute function lesson_versions_published_stay()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "programs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("summary_zh", sa.Text(), nullable=False),
        sa.Column("summary_en", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'retired')", name=op.f("ck_programs_state_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programs")),
        sa.UniqueConstraint("code", name=op.f("uq_programs_code")),
    )
    op.create_table(
        "courses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("summary_zh", sa.Text(), nullable=False),
        sa.Column("summary_en", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("ordered", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'retired')", name=op.f("ck_courses_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_courses_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
        sa.UniqueConstraint("program_id", "code", name=op.f("uq_courses_program_id_code")),
    )
    op.create_table(
        "enrollments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("enrolled_by", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("active_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("required", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at is not null)",
            name=op.f("ck_enrollments_completed_at_an_instant"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at is not null)",
            name=op.f("ck_enrollments_withdrawn_at_an_instant"),
        ),
        sa.CheckConstraint(
            "state in ('active', 'completed', 'withdrawn')", name=op.f("ck_enrollments_state_known")
        ),
        sa.CheckConstraint(
            "0 <= done and done <= required", name=op.f("ck_enrollments_done_of_required")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_enrollments_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_enrollments_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint(
            "leader_id", "program_id", name=op.f("uq_enrollments_leader_id_program_id")
        ),
    )
    op.create_index(
        "ix_enrollments_program_id_id", "enrollments", ["program_id", "id"], unique=False
    )
    op.create_table(
        "modules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_modules_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modules")),
    )
    op.create_index(op.f("ix_modules_course_id"), "modules", ["course_id"], unique=False)
    op.create_table(
        "lessons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind in ('video', 'article', 'live_session', 'assessment')",
            name=op.f("ck_lessons_kind_known"),
        ),
        sa.ForeignKeyConstraint(["module_id"], ["modules.id"], name=op.f("fk_lessons_module_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lessons")),
        sa.UniqueConstraint("module_id", "code", name=op.f("uq_lessons_module_id_code")),
    )
    op.create_table(
        "lesson_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("move_on", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(published_at is null) = (published_by is null) and (state = 'draft') = (published_at is null)",
            name=op.f("ck_lesson_versions_published_by_someone"),
        ),
        sa.CheckConstraint(
            "move_on in ('not_applicable', 'completed', 'passed', 'completed_and_passed', 'completed_or_passed')",
            name=op.f("ck_lesson_versions_move_on_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'superseded')",
            name=op.f("ck_lesson_versions_state_known"),
        ),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_lesson_versions_minutes_not_negative")),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_lesson_versions_lesson_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_versions")),
        sa.UniqueConstraint(
            "lesson_id", "number", name=op.f("uq_lesson_versions_lesson_id_number")
        ),
    )
    op.create_index(
        "uq_lesson_versions_one_draft",
        "lesson_versions",
        ["lesson_id"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_index(
        "uq_lesson_versions_one_published",
        "lesson_versions",
        ["lesson_id"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "prerequisites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("required_course_id", sa.Uuid(), nullable=True),
        sa.Column("required_lesson_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "course_id is distinct from required_course_id or course_id is null",
            name=op.f("ck_prerequisites_another_course"),
        ),
        sa.CheckConstraint(
            "lesson_id is distinct from required_lesson_id or lesson_id is null",
            name=op.f("ck_prerequisites_another_lesson"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(course_id, lesson_id) = 1", name=op.f("ck_prerequisites_one_owner")
        ),
        sa.CheckConstraint(
            "num_nonnulls(required_course_id, required_lesson_id) = 1",
            name=op.f("ck_prerequisites_one_ask"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_prerequisites_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_prerequisites_lesson_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_prerequisites_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["required_course_id"], ["courses.id"], name=op.f("fk_prerequisites_required_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["required_lesson_id"], ["lessons.id"], name=op.f("fk_prerequisites_required_lesson_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prerequisites")),
        sa.UniqueConstraint(
            "course_id",
            "lesson_id",
            "required_course_id",
            "required_lesson_id",
            name="uq_prerequisites_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("ix_prerequisites_program_id"), "prerequisites", ["program_id"], unique=False
    )
    op.create_table(
        "lesson_records",
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_version_id", sa.Uuid(), nullable=False),
        sa.Column("move_on", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("active_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("watched", postgresql.INT4MULTIRANGE(), server_default="{}", nullable=False),
        sa.Column("watched_s", sa.BigInteger(), nullable=False),
        sa.Column("score_bps", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("passed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("waived_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("waived_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "satisfied",
            sa.Boolean(),
            sa.Computed(
                "waived_at is not null or case move_on\n    when 'not_applicable' then true\n    when 'completed' then completed_at is not null\n    when 'passed' then passed_at is not null\n    when 'completed_and_passed' then completed_at is not null and passed_at is not null\n    else completed_at is not null or passed_at is not null\nend",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(waived_at is null) = (waived_by is null) and (waived_at is null) = (reason = '')",
            name=op.f("ck_lesson_records_waived_by_someone_for_a_reason"),
        ),
        sa.CheckConstraint(
            "move_on in ('not_applicable', 'completed', 'passed', 'completed_and_passed', 'completed_or_passed')",
            name=op.f("ck_lesson_records_move_on_known"),
        ),
        sa.CheckConstraint(
            "score_bps between 0 and 10000", name=op.f("ck_lesson_records_score_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_lesson_records_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_lesson_records_lesson_id")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_version_id"],
            ["lesson_versions.id"],
            name=op.f("fk_lesson_records_lesson_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_lesson_records_program_id")
        ),
        sa.PrimaryKeyConstraint("leader_id", "lesson_id", name=op.f("pk_lesson_records")),
    )
    op.create_index("ix_lesson_records_lesson_id", "lesson_records", ["lesson_id"], unique=False)
    op.create_index(
        "ix_lesson_records_program_id_leader_id",
        "lesson_records",
        ["program_id", "leader_id"],
        unique=False,
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_index("ix_lesson_records_program_id_leader_id", table_name="lesson_records")
    op.drop_index("ix_lesson_records_lesson_id", table_name="lesson_records")
    op.drop_table("lesson_records")
    op.drop_index(op.f("ix_prerequisites_program_id"), table_name="prerequisites")
    op.drop_table("prerequisites")
    op.drop_index(
        "uq_lesson_versions_one_published",
        table_name="lesson_versions",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.drop_index(
        "uq_lesson_versions_one_draft",
        table_name="lesson_versions",
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.drop_table("lesson_versions")
    op.drop_table("lessons")
    op.drop_index(op.f("ix_modules_course_id"), table_name="modules")
    op.drop_table("modules")
    op.drop_index("ix_enrollments_program_id_id", table_name="enrollments")
    op.drop_table("enrollments")
    op.drop_table("courses")
    op.drop_table("programs")

"""Create the tables of assessments: question banks, papers, attempts and answers.

Revision: training_assessments, after notices_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "training_assessments"
down_revision = "notices_create"
branch_labels = None
depends_on = None


RULES = (
    (
        "question_versions",
        "question_versions_append_only",
        """create or replace function question_versions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'question_versions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger question_versions_append_only before update or delete on question_versions for each row execute function question_versions_append_only()""",
    ),
    (
        "question_versions",
        "question_versions_no_truncate",
        """create or replace function question_versions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'question_versions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger question_versions_no_truncate before truncate on question_versions for each statement execute function question_versions_no_truncate()""",
    ),
    (
        "assessment_items",
        "assessment_items_append_only",
        """create or replace function assessment_items_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'assessment_items is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger assessment_items_append_only before update or delete on assessment_items for each row execute function assessment_items_append_only()""",
    ),
    (
        "assessment_items",
        "assessment_items_no_truncate",
        """create or replace function assessment_items_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'assessment_items is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger assessment_items_no_truncate before truncate on assessment_items for each statement execute function assessment_items_no_truncate()""",
    ),
    (
        "assessment_versions",
        "assessment_versions_published_stay",
        """create or replace function assessment_versions_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'draft' and (tg_op = 'DELETE'
        or to_jsonb(new) - array['state', 'version'] <> to_jsonb(old) - array['state', 'version']
        or new.state = 'draft')
    then
        raise exception 'a published assessment never changes; make a new version'
            using errcode = 'restrict_violation';
    end if;
    return coalesce(new, old);
end $body$""",
        """create trigger assessment_versions_published_stay before update or delete on assessment_versions for each row execute function assessment_versions_published_stay()""",
    ),
    (
        "attempt_grants",
        "attempt_grants_append_only",
        """create or replace function attempt_grants_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'attempt_grants is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attempt_grants_append_only before update or delete on attempt_grants for each row execute function attempt_grants_append_only()""",
    ),
    (
        "attempt_grants",
        "attempt_grants_no_truncate",
        """create or replace function attempt_grants_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'attempt_grants is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger attempt_grants_no_truncate before truncate on attempt_grants for each statement execute function attempt_grants_no_truncate()""",
    ),
    (
        "attempts",
        "attempts_results_stay",
        """create or replace function attempts_results_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.state = 'voided'
        or old.state <> 'open' and (new.state <> 'voided'
            or to_jsonb(new) - array['state', 'voided_at', 'voided_by', 'reason']
                <> to_jsonb(old) - array['state', 'voided_at', 'voided_by', 'reason'])
        or (new.leader_id, new.assessment_id, new.assessment_version_id, new.number,
            new.started_at, new.expires_at)
            is distinct from (old.leader_id, old.assessment_id, old.assessment_version_id,
            old.number, old.started_at, old.expires_at)
    then
        raise exception 'an attempt that is over is at most voided; its terms never change'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger attempts_results_stay before update or delete on attempts for each row execute function attempts_results_stay()""",
    ),
    (
        "attempt_questions",
        "attempt_questions_stay",
        """create or replace function attempt_questions_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE'
        or to_jsonb(new) - array['answer', 'answered_at', 'mark_bps']
            <> to_jsonb(old) - array['answer', 'answered_at', 'mark_bps']
        or (select state from attempts where id = old.attempt_id) <> 'open'
    then
        raise exception 'a paper never changes, nor an answer once its attempt is over'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger attempt_questions_stay before update or delete on attempt_questions for each row execute function attempt_questions_stay()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "question_banks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_banks")),
        sa.UniqueConstraint("code", name=op.f("uq_question_banks_code")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["question_banks.id"], name=op.f("fk_questions_bank_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("bank_id", "code", name=op.f("uq_questions_bank_id_code")),
    )
    op.create_table(
        "question_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("marks > 0", name=op.f("ck_question_versions_marks_positive")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_question_versions_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_versions")),
        sa.UniqueConstraint(
            "question_id", "number", name=op.f("uq_question_versions_question_id_number")
        ),
    )
    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_assessments_lesson_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("lesson_id", name=op.f("uq_assessments_lesson_id")),
    )
    op.create_table(
        "assessment_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sections", postgresql.JSONB(), nullable=False),
        sa.Column("question_ids", postgresql.JSONB(), nullable=False),
        sa.Column("pass_bps", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("cooldown_minutes", sa.BigInteger(), nullable=False),
        sa.Column("time_limit_s", sa.BigInteger(), nullable=False),
        sa.Column("grading", sa.Text(), nullable=False),
        sa.Column("review", sa.Text(), nullable=False),
        sa.Column("shuffle_questions", sa.Boolean(), nullable=False),
        sa.Column("shuffle_options", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(published_at is null) = (published_by is null) and (state = 'draft') = (published_at is null)",
            name=op.f("ck_assessment_versions_published_by_someone"),
        ),
        sa.CheckConstraint(
            "grading in ('highest', 'average', 'first', 'last')",
            name=op.f("ck_assessment_versions_grading_known"),
        ),
        sa.CheckConstraint(
            "review in ('never', 'after_submission', 'after_pass', 'after_last_attempt')",
            name=op.f("ck_assessment_versions_review_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'superseded')",
            name=op.f("ck_assessment_versions_state_known"),
        ),
        sa.CheckConstraint(
            "max_attempts >= 0 and cooldown_minutes >= 0 and time_limit_s >= 0",
            name=op.f("ck_assessment_versions_limits_not_negative"),
        ),
        sa.CheckConstraint(
            "pass_bps between 0 and 10000", name=op.f("ck_assessment_versions_pass_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name=op.f("fk_assessment_versions_assessment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_versions")),
        sa.UniqueConstraint(
            "assessment_id", "number", name=op.f("uq_assessment_versions_assessment_id_number")
        ),
    )
    op.create_index(
        "uq_assessment_versions_one_draft",
        "assessment_versions",
        ["assessment_id"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_index(
        "uq_assessment_versions_one_published",
        "assessment_versions",
        ["assessment_id"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "attempt_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "attempts > 0 and reason <> ''", name=op.f("ck_attempt_grants_attempts_for_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name=op.f("fk_attempt_grants_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_attempt_grants_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_grants")),
    )
    op.create_index(
        "ix_attempt_grants_assessment_id", "attempt_grants", ["assessment_id"], unique=False
    )
    op.create_index(
        "ix_attempt_grants_leader_id_assessment_id",
        "attempt_grants",
        ["leader_id", "assessment_id"],
        unique=False,
    )
    op.create_table(
        "assessment_items",
        sa.Column("assessment_version_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("question_version_id", sa.Uuid(), nullable=False),
        sa.Column("section", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "section >= 0 and position >= 0", name=op.f("ck_assessment_items_places_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_version_id"],
            ["assessment_versions.id"],
            name=op.f("fk_assessment_items_assessment_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_assessment_items_question_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_versions.id"],
            name=op.f("fk_assessment_items_question_version_id"),
        ),
        sa.PrimaryKeyConstraint(
            "assessment_version_id", "question_id", name=op.f("pk_assessment_items")
        ),
        sa.UniqueConstraint(
            "assessment_version_id",
            "section",
            "position",
            name=op.f("uq_assessment_items_assessment_version_id_section_position"),
        ),
    )
    op.create_index(
        op.f("ix_assessment_items_question_version_id"),
        "assessment_items",
        ["question_version_id"],
        unique=False,
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("graded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("score_bps", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("voided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'voided') = (voided_at is not null) and (voided_at is null) = (voided_by is null) and (voided_at is null) = (reason = '')",
            name=op.f("ck_attempts_voided_by_someone_for_a_reason"),
        ),
        sa.CheckConstraint(
            "num_nulls(ended_at, graded_at, score_bps) in (0, 3) and (state <> 'open' or score_bps is null) and (state not in ('submitted', 'expired') or score_bps is not null)",
            name=op.f("ck_attempts_scored_when_graded"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'submitted', 'expired', 'voided')",
            name=op.f("ck_attempts_state_known"),
        ),
        sa.CheckConstraint("expires_at > started_at", name=op.f("ck_attempts_expires_after_start")),
        sa.CheckConstraint("number > 0", name=op.f("ck_attempts_number_positive")),
        sa.CheckConstraint(
            "score_bps between 0 and 10000", name=op.f("ck_attempts_score_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name=op.f("fk_attempts_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_version_id"],
            ["assessment_versions.id"],
            name=op.f("fk_attempts_assessment_version_id"),
        ),
        sa.ForeignKeyConstraint(["leader_id"], ["leaders.id"], name=op.f("fk_attempts_leader_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint(
            "leader_id",
            "assessment_id",
            "number",
            name=op.f("uq_attempts_leader_id_assessment_id_number"),
        ),
    )
    op.create_index(
        "ix_attempts_assessment_id_id", "attempts", ["assessment_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_attempts_assessment_version_id"),
        "attempts",
        ["assessment_version_id"],
        unique=False,
    )
    op.create_index(
        "ix_attempts_expiring",
        "attempts",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_attempts_one_open",
        "attempts",
        ["leader_id", "assessment_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "attempt_questions",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("question_version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("mark_bps", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(answer is null) = (answered_at is null)",
            name=op.f("ck_attempt_questions_answered_at_an_instant"),
        ),
        sa.CheckConstraint(
            "mark_bps between 0 and 10000", name=op.f("ck_attempt_questions_mark_in_range")
        ),
        sa.CheckConstraint("marks > 0", name=op.f("ck_attempt_questions_marks_positive")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_attempt_questions_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_attempt_questions_question_id")
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_versions.id"],
            name=op.f("fk_attempt_questions_question_version_id"),
        ),
        sa.PrimaryKeyConstraint("attempt_id", "question_id", name=op.f("pk_attempt_questions")),
        sa.UniqueConstraint(
            "attempt_id", "position", name=op.f("uq_attempt_questions_attempt_id_position")
        ),
    )
    op.create_index(
        "ix_attempt_questions_question_version_id",
        "attempt_questions",
        ["question_version_id"],
        unique=False,
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_index("ix_attempt_questions_question_version_id", table_name="attempt_questions")
    op.drop_table("attempt_questions")
    op.drop_index(
        "uq_attempts_one_open", table_name="attempts", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_index(
        "ix_attempts_expiring", table_name="attempts", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_index(op.f("ix_attempts_assessment_version_id"), table_name="attempts")
    op.drop_index("ix_attempts_assessment_id_id", table_name="attempts")
    op.drop_table("attempts")
    op.drop_index(op.f("ix_assessment_items_question_version_id"), table_name="assessment_items")
    op.drop_table("assessment_items")
    op.drop_index("ix_attempt_grants_leader_id_assessment_id", table_name="attempt_grants")
    op.drop_index("ix_attempt_grants_assessment_id", table_name="attempt_grants")
    op.drop_table("attempt_grants")
    op.drop_index(
        "uq_assessment_versions_one_published",
        table_name="assessment_versions",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.drop_index(
        "uq_assessment_versions_one_draft",
        table_name="assessment_versions",
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.drop_table("assessment_versions")
    op.drop_table("assessments")
    op.drop_table("question_versions")
    op.drop_table("questions")
    op.drop_table("question_banks")

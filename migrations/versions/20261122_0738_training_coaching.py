"""Create the tables of coaching, points, badges and rankings; an adjustment may be a bonus.

Revision: training_coaching, after training_certificates.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "training_coaching"
down_revision = "training_certificates"
branch_labels = None
depends_on = None


RULES = (
    (
        "training_rankings",
        "training_rankings_append_only",
        """create or replace function training_rankings_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'training_rankings is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger training_rankings_append_only before update or delete on training_rankings for each row execute function training_rankings_append_only()""",
    ),
    (
        "training_rankings",
        "training_rankings_no_truncate",
        """create or replace function training_rankings_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'training_rankings is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger training_rankings_no_truncate before truncate on training_rankings for each statement execute function training_rankings_no_truncate()""",
    ),
    (
        "training_ranking_places",
        "training_ranking_places_append_only",
        """create or replace function training_ranking_places_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'training_ranking_places is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger training_ranking_places_append_only before update or delete on training_ranking_places for each row execute function training_ranking_places_append_only()""",
    ),
    (
        "training_ranking_places",
        "training_ranking_places_no_truncate",
        """create or replace function training_ranking_places_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'training_ranking_places is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger training_ranking_places_no_truncate before truncate on training_ranking_places for each statement execute function training_ranking_places_no_truncate()""",
    ),
    (
        "coaching_notes",
        "coaching_notes_append_only",
        """create or replace function coaching_notes_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'coaching_notes is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger coaching_notes_append_only before update or delete on coaching_notes for each row execute function coaching_notes_append_only()""",
    ),
    (
        "coaching_notes",
        "coaching_notes_no_truncate",
        """create or replace function coaching_notes_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'coaching_notes is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger coaching_notes_no_truncate before truncate on coaching_notes for each statement execute function coaching_notes_no_truncate()""",
    ),
    (
        "points_entries",
        "points_entries_append_only",
        """create or replace function points_entries_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'points_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger points_entries_append_only before update or delete on points_entries for each row execute function points_entries_append_only()""",
    ),
    (
        "points_entries",
        "points_entries_no_truncate",
        """create or replace function points_entries_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'points_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger points_entries_no_truncate before truncate on points_entries for each statement execute function points_entries_no_truncate()""",
    ),
    (
        "coaching_segment_runs",
        "coaching_segment_runs_append_only",
        """create or replace function coaching_segment_runs_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'coaching_segment_runs is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger coaching_segment_runs_append_only before update or delete on coaching_segment_runs for each row execute function coaching_segment_runs_append_only()""",
    ),
    (
        "coaching_segment_runs",
        "coaching_segment_runs_no_truncate",
        """create or replace function coaching_segment_runs_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'coaching_segment_runs is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger coaching_segment_runs_no_truncate before truncate on coaching_segment_runs for each statement execute function coaching_segment_runs_no_truncate()""",
    ),
    (
        "coaching_segments",
        "coaching_segments_append_only",
        """create or replace function coaching_segments_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'coaching_segments is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger coaching_segments_append_only before update or delete on coaching_segments for each row execute function coaching_segments_append_only()""",
    ),
    (
        "coaching_segments",
        "coaching_segments_no_truncate",
        """create or replace function coaching_segments_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'coaching_segments is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger coaching_segments_no_truncate before truncate on coaching_segments for each statement execute function coaching_segments_no_truncate()""",
    ),
)


REASONS = "ck_settlement_adjustments_reason_code_known"


def allow_reasons(*codes: str) -> None:
    """Constrain why an adjustment may be made."""
    known = ", ".join(f"'{code}'" for code in codes)
    op.drop_constraint(REASONS, "settlement_adjustments")
    op.create_check_constraint(op.f(REASONS), "settlement_adjustments", f"reason_code in ({known})")


def upgrade() -> None:
    allow_reasons(
        *("goodwill", "correction", "bonus", "dispute", "fraud", "penalty", "write_off", "other")
    )
    op.create_table(
        "badges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("needed", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind in ('lessons', 'programs', 'points', 'streak_weeks', 'certificates')",
            name=op.f("ck_badges_kind_known"),
        ),
        sa.CheckConstraint("needed > 0", name=op.f("ck_badges_needed_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badges")),
        sa.UniqueConstraint("code", name=op.f("uq_badges_code")),
    )
    op.create_table(
        "coaching_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("tasks", postgresql.JSONB(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "segment in ('head', 'middle', 'tail', 'new')",
            name=op.f("ck_coaching_templates_segment_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching_templates")),
    )
    op.create_index(
        "uq_coaching_templates_in_use",
        "coaching_templates",
        ["segment"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "points_rules",
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "cause in ('lesson', 'program', 'session', 'week')",
            name=op.f("ck_points_rules_cause_known"),
        ),
        sa.CheckConstraint("points >= 0", name=op.f("ck_points_rules_points_not_negative")),
        sa.PrimaryKeyConstraint("cause", name=op.f("pk_points_rules")),
    )
    op.create_table(
        "coaches",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("load_limit", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("load_limit >= 0", name=op.f("ck_coaches_load_limit_not_negative")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_coaches_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_coaches")),
    )
    op.create_table(
        "coaching_segment_runs",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("ranked", sa.BigInteger(), nullable=False),
        sa.Column("head_bps", sa.BigInteger(), nullable=False),
        sa.Column("upper_bps", sa.BigInteger(), nullable=False),
        sa.Column("new_days", sa.BigInteger(), nullable=False),
        sa.Column("calculated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("calculated_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "0 <= head_bps and head_bps <= upper_bps and upper_bps <= 10000",
            name=op.f("ck_coaching_segment_runs_shares_in_order"),
        ),
        sa.CheckConstraint(
            "ranked >= 0 and new_days >= 0", name=op.f("ck_coaching_segment_runs_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["month"], ["settlement_periods.month"], name=op.f("fk_coaching_segment_runs_month")
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_coaching_segment_runs")),
    )
    op.create_table(
        "training_rankings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amounts", postgresql.JSONB(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("span <> 'all'", name=op.f("ck_training_rankings_of_a_time_that_ends")),
        sa.CheckConstraint(
            "span in ('week', 'month', 'all')", name=op.f("ck_training_rankings_span_known")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_training_rankings_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_rankings")),
        sa.UniqueConstraint(
            "span",
            "starts_on",
            "program_id",
            name="uq_training_rankings_closed_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "weekly_targets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("program_id", sa.Uuid(), nullable=True),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("lessons", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "segment in ('head', 'middle', 'tail', 'new')",
            name=op.f("ck_weekly_targets_segment_known"),
        ),
        sa.CheckConstraint(
            "extract(isodow from from_on) = 1 and extract(isodow from until_on) = 1",
            name=op.f("ck_weekly_targets_from_monday"),
        ),
        sa.CheckConstraint(
            "lessons >= 0 and sessions >= 0 and points >= 0 and lessons + sessions + points > 0",
            name=op.f("ck_weekly_targets_asks_for_something"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(segment, program_id, cohort_id) <= 1",
            name=op.f("ck_weekly_targets_one_audience"),
        ),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_weekly_targets_ends_after_begin")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_weekly_targets_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_weekly_targets_cohort_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_targets")),
    )
    op.create_table(
        "badge_awards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("awarded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null) and (decided_at is null) = (reason = '') and (state = 'awarded' or decided_at is not null)",
            name=op.f("ck_badge_awards_decided_by_someone_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state in ('awarded', 'revoked')", name=op.f("ck_badge_awards_state_known")
        ),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_badge_awards_badge_id")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_badge_awards_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_awards")),
        sa.UniqueConstraint(
            "leader_id", "badge_id", name=op.f("uq_badge_awards_leader_id_badge_id")
        ),
    )
    op.create_index("ix_badge_awards_badge_id_id", "badge_awards", ["badge_id", "id"], unique=False)
    op.create_table(
        "badge_counts",
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind in ('lessons', 'programs', 'points', 'streak_weeks', 'certificates')",
            name=op.f("ck_badge_counts_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_badge_counts_leader_id")
        ),
        sa.PrimaryKeyConstraint("leader_id", "kind", name=op.f("pk_badge_counts")),
    )
    op.create_table(
        "coaching_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("coach_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at is null) and (closed_at is null) = (closed_by is null)",
            name=op.f("ck_coaching_plans_closed_by_someone"),
        ),
        sa.CheckConstraint(
            "segment in ('head', 'middle', 'tail', 'new')",
            name=op.f("ck_coaching_plans_segment_known"),
        ),
        sa.CheckConstraint(
            "state <> 'cancelled' or reason <> ''",
            name=op.f("ck_coaching_plans_cancelled_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'done', 'cancelled')", name=op.f("ck_coaching_plans_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["coach_id"], ["coaches.staff_id"], name=op.f("fk_coaching_plans_coach_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_coaching_plans_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["coaching_templates.id"], name=op.f("fk_coaching_plans_template_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching_plans")),
    )
    op.create_index(
        "ix_coaching_plans_coach_id",
        "coaching_plans",
        ["coach_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        op.f("ix_coaching_plans_leader_id"), "coaching_plans", ["leader_id"], unique=False
    )
    op.create_index("ix_coaching_plans_month", "coaching_plans", ["month"], unique=False)
    op.create_index(
        "uq_coaching_plans_one_open",
        "coaching_plans",
        ["leader_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "coaching_segments",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("ranked", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(segment = 'new') = (rank is null)",
            name=op.f("ck_coaching_segments_new_is_not_ranked"),
        ),
        sa.CheckConstraint(
            "net_fen > 0 or segment in ('tail', 'new')",
            name=op.f("ck_coaching_segments_nothing_sold_is_tail_or_new"),
        ),
        sa.CheckConstraint(
            "segment in ('head', 'middle', 'tail', 'new')",
            name=op.f("ck_coaching_segments_segment_known"),
        ),
        sa.CheckConstraint(
            "rank = position and rank between 1 and ranked",
            name=op.f("ck_coaching_segments_rank_of_ranked"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_coaching_segments_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["month"], ["coaching_segment_runs.month"], name=op.f("fk_coaching_segments_month")
        ),
        sa.PrimaryKeyConstraint("month", "leader_id", name=op.f("pk_coaching_segments")),
        sa.UniqueConstraint("month", "position", name=op.f("uq_coaching_segments_month_position")),
    )
    op.create_index(
        "ix_coaching_segments_leader_id_month",
        "coaching_segments",
        ["leader_id", "month"],
        unique=False,
    )
    op.create_table(
        "leaderboard_preferences",
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_leaderboard_preferences_leader_id")
        ),
        sa.PrimaryKeyConstraint("leader_id", name=op.f("pk_leaderboard_preferences")),
    )
    op.create_table(
        "points_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(cause = 'reversal') = (reverses_id is not null)",
            name=op.f("ck_points_entries_reversal_of_something"),
        ),
        sa.CheckConstraint(
            "(reason <> '') = (cause in ('manual', 'reversal'))",
            name=op.f("ck_points_entries_by_hand_for_a_reason"),
        ),
        sa.CheckConstraint(
            "cause in ('lesson', 'program', 'session', 'week', 'manual', 'reversal')",
            name=op.f("ck_points_entries_cause_known"),
        ),
        sa.CheckConstraint(
            "points >= 0 or cause in ('manual', 'reversal')",
            name=op.f("ck_points_entries_rules_only_give"),
        ),
        sa.CheckConstraint("reverses_id <> id", name=op.f("ck_points_entries_reverses_another")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_points_entries_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["points_entries.id"], name=op.f("fk_points_entries_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entries")),
        sa.UniqueConstraint(
            "leader_id",
            "cause",
            "cause_id",
            name=op.f("uq_points_entries_leader_id_cause_cause_id"),
        ),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_points_entries_reverses_id")),
    )
    op.create_index("ix_points_entries_at", "points_entries", ["at"], unique=False)
    op.create_index(
        "ix_points_entries_leader_id_id", "points_entries", ["leader_id", "id"], unique=False
    )
    op.create_table(
        "points_standings",
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_points_standings_leader_id")
        ),
        sa.PrimaryKeyConstraint("leader_id", name=op.f("pk_points_standings")),
    )
    op.create_table(
        "coaching_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.CheckConstraint("body <> ''", name=op.f("ck_coaching_notes_says_something")),
        sa.CheckConstraint("corrects_id <> id", name=op.f("ck_coaching_notes_corrects_another")),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["coaching_notes.id"], name=op.f("fk_coaching_notes_corrects_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["coaching_plans.id"], name=op.f("fk_coaching_notes_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching_notes")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_coaching_notes_corrects_id")),
    )
    op.create_index(
        "ix_coaching_notes_plan_id_id", "coaching_notes", ["plan_id", "id"], unique=False
    )
    op.create_table(
        "training_ranking_places",
        sa.Column("ranking_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(amount_fen = 0) = (adjustment_id is null)",
            name=op.f("ck_training_ranking_places_paid_by_adjustment"),
        ),
        sa.CheckConstraint(
            "rank > 0 and points > 0 and amount_fen >= 0",
            name=op.f("ck_training_ranking_places_signs"),
        ),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["settlement_adjustments.id"],
            name=op.f("fk_training_ranking_places_adjustment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_training_ranking_places_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["ranking_id"],
            ["training_rankings.id"],
            name=op.f("fk_training_ranking_places_ranking_id"),
        ),
        sa.PrimaryKeyConstraint("ranking_id", "rank", name=op.f("pk_training_ranking_places")),
        sa.UniqueConstraint("adjustment_id", name=op.f("uq_training_ranking_places_adjustment_id")),
        sa.UniqueConstraint(
            "ranking_id", "leader_id", name=op.f("uq_training_ranking_places_ranking_id_leader_id")
        ),
    )
    op.create_table(
        "coaching_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("by_leader", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'lesson') = (lesson_id is not null)",
            name=op.f("ck_coaching_tasks_lesson_of_a_lesson"),
        ),
        sa.CheckConstraint(
            "kind in ('lesson', 'host', 'call', 'other')", name=op.f("ck_coaching_tasks_kind_known")
        ),
        sa.CheckConstraint(
            "(done_at is null) = (done_by is null)", name=op.f("ck_coaching_tasks_done_by_someone")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_coaching_tasks_lesson_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["coaching_plans.id"], name=op.f("fk_coaching_tasks_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching_tasks")),
        sa.UniqueConstraint("plan_id", "position", name=op.f("uq_coaching_tasks_plan_id_position")),
    )
    op.create_index("ix_coaching_tasks_lesson_id", "coaching_tasks", ["lesson_id"], unique=False)
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    allow_reasons(*("goodwill", "correction", "dispute", "fraud", "penalty", "write_off", "other"))
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_index("ix_coaching_tasks_lesson_id", table_name="coaching_tasks")
    op.drop_table("coaching_tasks")
    op.drop_table("training_ranking_places")
    op.drop_index("ix_coaching_notes_plan_id_id", table_name="coaching_notes")
    op.drop_table("coaching_notes")
    op.drop_table("points_standings")
    op.drop_index("ix_points_entries_leader_id_id", table_name="points_entries")
    op.drop_index("ix_points_entries_at", table_name="points_entries")
    op.drop_table("points_entries")
    op.drop_table("leaderboard_preferences")
    op.drop_index("ix_coaching_segments_leader_id_month", table_name="coaching_segments")
    op.drop_table("coaching_segments")
    op.drop_index(
        "uq_coaching_plans_one_open",
        table_name="coaching_plans",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_coaching_plans_month", table_name="coaching_plans")
    op.drop_index(op.f("ix_coaching_plans_leader_id"), table_name="coaching_plans")
    op.drop_index(
        "ix_coaching_plans_coach_id",
        table_name="coaching_plans",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_table("coaching_plans")
    op.drop_table("badge_counts")
    op.drop_index("ix_badge_awards_badge_id_id", table_name="badge_awards")
    op.drop_table("badge_awards")
    op.drop_table("weekly_targets")
    op.drop_table("training_rankings")
    op.drop_table("coaching_segment_runs")
    op.drop_table("coaches")
    op.drop_table("points_rules")
    op.drop_index(
        "uq_coaching_templates_in_use",
        table_name="coaching_templates",
        postgresql_where=sa.text("active"),
    )
    op.drop_table("coaching_templates")
    op.drop_table("badges")

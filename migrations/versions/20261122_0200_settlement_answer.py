"""Let statements be answered: adjustments, how statements stand with their leaders, disputes.

Revision: settlement_answer, after payouts_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "settlement_answer"
down_revision = "payouts_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "settlement_adjustment_attachments",
        "settlement_adjustment_attachments_append_only",
        """create or replace function settlement_adjustment_attachments_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_adjustment_attachments is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_adjustment_attachments_append_only before update or delete on settlement_adjustment_attachments for each row execute function settlement_adjustment_attachments_append_only()""",
    ),
    (
        "settlement_adjustment_attachments",
        "settlement_adjustment_attachments_no_truncate",
        """create or replace function settlement_adjustment_attachments_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_adjustment_attachments is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_adjustment_attachments_no_truncate before truncate on settlement_adjustment_attachments for each statement execute function settlement_adjustment_attachments_no_truncate()""",
    ),
    (
        "settlement_adjustments",
        "settlement_adjustments_decided_stay",
        """create or replace function settlement_adjustments_decided_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.state <> 'proposed' then
        raise exception 'an adjustment is never removed, a decided one never changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger settlement_adjustments_decided_stay before update or delete on settlement_adjustments for each row execute function settlement_adjustments_decided_stay()""",
    ),
    (
        "settlement_adjustments",
        "settlement_adjustments_no_truncate",
        """create or replace function settlement_adjustments_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_adjustments is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_adjustments_no_truncate before truncate on settlement_adjustments for each statement execute function settlement_adjustments_no_truncate()""",
    ),
    (
        "settlement_standing_moves",
        "settlement_standing_moves_append_only",
        """create or replace function settlement_standing_moves_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_standing_moves is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_standing_moves_append_only before update or delete on settlement_standing_moves for each row execute function settlement_standing_moves_append_only()""",
    ),
    (
        "settlement_standing_moves",
        "settlement_standing_moves_no_truncate",
        """create or replace function settlement_standing_moves_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_standing_moves is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_standing_moves_no_truncate before truncate on settlement_standing_moves for each statement execute function settlement_standing_moves_no_truncate()""",
    ),
    (
        "settlement_standings",
        "settlement_standings_final_stay",
        """create or replace function settlement_standings_final_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.state = 'final' then
        raise exception 'an issued statement is never taken back, a final one never changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger settlement_standings_final_stay before update or delete on settlement_standings for each row execute function settlement_standings_final_stay()""",
    ),
    (
        "settlement_standings",
        "settlement_standings_no_truncate",
        """create or replace function settlement_standings_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_standings is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_standings_no_truncate before truncate on settlement_standings for each statement execute function settlement_standings_no_truncate()""",
    ),
    (
        "settlement_disputes",
        "settlement_disputes_closed_stay",
        """create or replace function settlement_disputes_closed_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.state not in ('open', 'under_review') then
        raise exception 'a dispute is never removed, a closed one never changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger settlement_disputes_closed_stay before update or delete on settlement_disputes for each row execute function settlement_disputes_closed_stay()""",
    ),
    (
        "settlement_disputes",
        "settlement_disputes_no_truncate",
        """create or replace function settlement_disputes_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'settlement_disputes is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger settlement_disputes_no_truncate before truncate on settlement_disputes for each statement execute function settlement_disputes_no_truncate()""",
    ),
)

BACKFILL = (
    """
insert into settlement_standings (statement_id, state, issued_at, answer_by, answered_at)
select s.id, case p.state when 'locked' then 'final' else 'auto_confirmed' end, p.approved_at,
    p.approved_at, p.approved_at
from settlement_statements s join settlement_periods p on p.month = s.month
where p.state in ('approved', 'locked')
""",
    """
insert into settlement_standing_moves
    (statement_id, action, from_state, to_state, actor, at, why)
select n.statement_id, m.action, m.from_state, m.to_state, 'system', n.issued_at,
    'settled before leaders could answer'
from settlement_standings n cross join (values
    (1, 'issue', 'draft', 'issued'),
    (2, 'auto_confirm', 'issued', 'auto_confirmed'),
    (3, 'finish', 'auto_confirmed', 'final')
) m (place, action, from_state, to_state)
where m.place < 3 or n.state = 'final'
order by n.statement_id, m.place
""",
)


def upgrade() -> None:
    op.create_table(
        "settlement_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'rejected') = (note <> '')",
            name=op.f("ck_settlement_adjustments_rejected_for_a_reason"),
        ),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_at) = case when state in ('approved', 'rejected') then 0 else 2 end",
            name=op.f("ck_settlement_adjustments_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "num_nulls(withdrawn_by, withdrawn_at) = case state when 'withdrawn' then 0 else 2 end",
            name=op.f("ck_settlement_adjustments_withdrawn_by_someone"),
        ),
        sa.CheckConstraint(
            "reason_code <> 'write_off' or amount_fen > 0 or reverses_id is not null",
            name=op.f("ck_settlement_adjustments_write_off_adds"),
        ),
        sa.CheckConstraint(
            "reason_code in ('goodwill', 'correction', 'dispute', 'fraud', 'penalty', 'write_off', 'other')",
            name=op.f("ck_settlement_adjustments_reason_code_known"),
        ),
        sa.CheckConstraint(
            "state in ('proposed', 'approved', 'rejected', 'withdrawn')",
            name=op.f("ck_settlement_adjustments_state_known"),
        ),
        sa.CheckConstraint(
            "amount_fen <> 0", name=op.f("ck_settlement_adjustments_amount_not_zero")
        ),
        sa.CheckConstraint(
            "decided_by <> proposed_by and decided_by <> edited_by",
            name=op.f("ck_settlement_adjustments_decided_by_another"),
        ),
        sa.CheckConstraint(
            "reverses_id <> id", name=op.f("ck_settlement_adjustments_reverses_another")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_settlement_adjustments_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["settlement_adjustments.id"],
            name=op.f("fk_settlement_adjustments_reverses_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_adjustments")),
    )
    op.create_index(
        "ix_settlement_adjustments_decided_at",
        "settlement_adjustments",
        ["decided_at"],
        unique=False,
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_index(
        "ix_settlement_adjustments_leader_id", "settlement_adjustments", ["leader_id"], unique=False
    )
    op.create_index(
        "uq_settlement_adjustments_reversed_once",
        "settlement_adjustments",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("state in ('proposed', 'approved')"),
    )
    op.create_table(
        "settlement_adjustment_attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "sha256 = encode(sha256(content), 'hex')",
            name=op.f("ck_settlement_adjustment_attachments_digest"),
        ),
        sa.CheckConstraint(
            "size_bytes = octet_length(content) and size_bytes between 1 and 1048576",
            name=op.f("ck_settlement_adjustment_attachments_size"),
        ),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["settlement_adjustments.id"],
            name=op.f("fk_settlement_adjustment_attachments_adjustment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_adjustment_attachments")),
    )
    op.create_index(
        op.f("ix_settlement_adjustment_attachments_adjustment_id"),
        "settlement_adjustment_attachments",
        ["adjustment_id"],
        unique=False,
    )
    op.create_table(
        "settlement_disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("claimant_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("adjustment_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(adjustment_id is not null) = (kind = 'amount' and state = 'upheld')",
            name=op.f("ck_settlement_disputes_upheld_amount_is_adjusted"),
        ),
        sa.CheckConstraint(
            "(decided_by is null) = (note = '')",
            name=op.f("ck_settlement_disputes_decided_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (state <> 'withdrawn')",
            name=op.f("ck_settlement_disputes_withdrawn_at_some_time"),
        ),
        sa.CheckConstraint(
            "kind = 'amount' or order_id is not null",
            name=op.f("ck_settlement_disputes_attribution_of_an_order"),
        ),
        sa.CheckConstraint(
            "kind in ('amount', 'attribution')", name=op.f("ck_settlement_disputes_kind_known")
        ),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_at) = case when state in ('upheld', 'rejected') then 0 else 2 end",
            name=op.f("ck_settlement_disputes_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "num_nulls(statement_id, part, position, amount_fen) = case kind when 'amount' then 0 else 4 end",
            name=op.f("ck_settlement_disputes_amount_of_a_row"),
        ),
        sa.CheckConstraint(
            "part in ('line', 'correction', 'component')",
            name=op.f("ck_settlement_disputes_part_known"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'under_review', 'upheld', 'rejected', 'withdrawn')",
            name=op.f("ck_settlement_disputes_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by <> opened_by", name=op.f("ck_settlement_disputes_decided_by_another")
        ),
        sa.CheckConstraint(
            "held_fen >= 0 and held_fen <= greatest(coalesce(amount_fen, 0), 0)",
            name=op.f("ck_settlement_disputes_held"),
        ),
        sa.CheckConstraint(
            "num_nulls(reviewed_by, reviewed_at) in (0, 2)",
            name=op.f("ck_settlement_disputes_reviewed_by_someone"),
        ),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["settlement_adjustments.id"],
            name=op.f("fk_settlement_disputes_adjustment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["claimant_id"], ["leaders.id"], name=op.f("fk_settlement_disputes_claimant_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_disputes_statement_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_disputes")),
        sa.UniqueConstraint("adjustment_id", name=op.f("uq_settlement_disputes_adjustment_id")),
    )
    op.create_index(
        "ix_settlement_disputes_claimant_id", "settlement_disputes", ["claimant_id"], unique=False
    )
    op.create_index(
        "ix_settlement_disputes_statement_id", "settlement_disputes", ["statement_id"], unique=False
    )
    op.create_index(
        "uq_settlement_disputes_order",
        "settlement_disputes",
        ["order_id", "claimant_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'attribution' and state in ('open', 'under_review')"),
    )
    op.create_index(
        "uq_settlement_disputes_row",
        "settlement_disputes",
        ["statement_id", "part", "position"],
        unique=True,
        postgresql_where=sa.text("kind = 'amount' and state in ('open', 'under_review')"),
    )
    op.create_table(
        "settlement_standing_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "action in ('issue', 'confirm', 'auto_confirm', 'dispute', 'resolve', 'finish')",
            name=op.f("ck_settlement_standing_moves_action_known"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_standing_moves_statement_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_standing_moves")),
    )
    op.create_index(
        op.f("ix_settlement_standing_moves_statement_id"),
        "settlement_standing_moves",
        ["statement_id"],
        unique=False,
    )
    op.create_table(
        "settlement_standings",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer_by", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'issued') = (answered_at is null)",
            name=op.f("ck_settlement_standings_answered"),
        ),
        sa.CheckConstraint("state <> 'draft'", name=op.f("ck_settlement_standings_issued")),
        sa.CheckConstraint(
            "state in ('draft', 'issued', 'confirmed', 'auto_confirmed', 'disputed', 'resolved', 'final')",
            name=op.f("ck_settlement_standings_state_known"),
        ),
        sa.CheckConstraint(
            "answer_by >= issued_at", name=op.f("ck_settlement_standings_time_to_answer")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_settlement_standings_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_settlement_standings")),
    )
    op.create_index(
        "ix_settlement_standings_unanswered",
        "settlement_standings",
        ["answer_by", "statement_id"],
        unique=False,
        postgresql_where=sa.text("state = 'issued'"),
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)
    for statement in BACKFILL:
        op.execute(statement)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_table("settlement_standings")
    op.drop_table("settlement_standing_moves")
    op.drop_table("settlement_disputes")
    op.drop_table("settlement_adjustment_attachments")
    op.drop_table("settlement_adjustments")

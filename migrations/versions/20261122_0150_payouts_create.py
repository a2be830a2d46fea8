"""Create the tables of payouts.

Revision: payouts_create, after kernel_chain.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "payouts_create"
down_revision = "kernel_chain"
branch_labels = None
depends_on = None

RULES = (
    (
        "payout_notices",
        "payout_notices_append_only",
        """create or replace function payout_notices_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'payout_notices is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger payout_notices_append_only before update or delete on payout_notices for each row execute function payout_notices_append_only()""",
    ),
    (
        "payout_notices",
        "payout_notices_no_truncate",
        """create or replace function payout_notices_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'payout_notices is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger payout_notices_no_truncate before truncate on payout_notices for each statement execute function payout_notices_no_truncate()""",
    ),
    (
        "payout_accounts",
        "payout_accounts_kept",
        """create or replace function payout_accounts_kept() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.withdrawn_at is not null
            and new.withdrawn_at is distinct from old.withdrawn_at
        or to_jsonb(new) - array['sealed', 'key_id', 'withdrawn_at']
            <> to_jsonb(old) - array['sealed', 'key_id', 'withdrawn_at']
    then
        raise exception 'versions of payout accounts are kept' using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger payout_accounts_kept before update or delete on payout_accounts for each row execute function payout_accounts_kept()""",
    ),
    (
        "payout_items",
        "payout_items_kept",
        """create or replace function payout_items_kept() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' then
        if (select state from payout_batches where id = old.batch_id) <> 'draft' then
            raise exception 'an item leaves a draft only' using errcode = 'restrict_violation';
        end if;
        return old;
    end if;
    if old.state = 'succeeded' and to_jsonb(new) <> to_jsonb(old)
        or to_jsonb(new) - array['account_id', 'state', 'reason', 'due_at']
            <> to_jsonb(old) - array['account_id', 'state', 'reason', 'due_at']
    then
        raise exception 'what an item pays never changes' using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger payout_items_kept before update or delete on payout_items for each row execute function payout_items_kept()""",
    ),
    (
        "payout_attempts",
        "payout_attempts_kept",
        """create or replace function payout_attempts_kept() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.settled_at is not null and to_jsonb(new) <> to_jsonb(old)
        or to_jsonb(new) - array['state', 'provider_ref', 'reason', 'action', 'filed_at',
                'cancel_asked_at', 'settled_at', 'due_at']
            <> to_jsonb(old) - array['state', 'provider_ref', 'reason', 'action', 'filed_at',
                'cancel_asked_at', 'settled_at', 'due_at']
    then
        raise exception 'an attempt to pay is kept' using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger payout_attempts_kept before update or delete on payout_attempts for each row execute function payout_attempts_kept()""",
    ),
    (
        "payout_archives",
        "payout_archives_append_only",
        """create or replace function payout_archives_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'payout_archives is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger payout_archives_append_only before update or delete on payout_archives for each row execute function payout_archives_append_only()""",
    ),
    (
        "payout_archives",
        "payout_archives_no_truncate",
        """create or replace function payout_archives_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'payout_archives is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger payout_archives_no_truncate before truncate on payout_archives for each statement execute function payout_archives_no_truncate()""",
    ),
    (
        "payout_taxes",
        "payout_taxes_append_only",
        """create or replace function payout_taxes_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'payout_taxes is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger payout_taxes_append_only before update or delete on payout_taxes for each row execute function payout_taxes_append_only()""",
    ),
    (
        "payout_taxes",
        "payout_taxes_no_truncate",
        """create or replace function payout_taxes_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'payout_taxes is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger payout_taxes_no_truncate before truncate on payout_taxes for each statement execute function payout_taxes_no_truncate()""",
    ),
    (
        "payout_tax_regimes",
        "payout_tax_regimes_decided_stay",
        """create or replace function payout_tax_regimes_decided_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'draft' or tg_op = 'DELETE' then
        raise exception 'a decided tax regime never changes' using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger payout_tax_regimes_decided_stay before update or delete on payout_tax_regimes for each row execute function payout_tax_regimes_decided_stay()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "payout_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("executed_by", sa.Text(), nullable=True),
        sa.Column("executed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state in ('executing', 'done', 'partly_failed')) = (executed_by is not null) and (executed_by is null or approved_by is not null) and (state <> 'draft' or approved_by is null) and (state <> 'approved' or approved_by is not null) and (state = 'cancelled') = (cancelled_by is not null)",
            name=op.f("ck_payout_batches_state_by_someone"),
        ),
        sa.CheckConstraint(
            "month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_payout_batches_month_form")
        ),
        sa.CheckConstraint(
            "state in ('draft', 'approved', 'executing', 'done', 'partly_failed', 'cancelled')",
            name=op.f("ck_payout_batches_state_known"),
        ),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null) and (executed_by is null) = (executed_at is null) and (cancelled_by is null) = (cancelled_at is null)",
            name=op.f("ck_payout_batches_dated_by_someone"),
        ),
        sa.CheckConstraint(
            "approved_by <> created_by", name=op.f("ck_payout_batches_approver_is_not_preparer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batches")),
    )
    op.create_index(op.f("ix_payout_batches_channel"), "payout_batches", ["channel"], unique=False)
    op.create_table(
        "payout_reconciliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("since_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("matched", sa.BigInteger(), nullable=True),
        sa.Column("differing", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'requested') = (finished_at is null) and (state = 'done') = (matched is not null) and (matched is null) = (differing is null)",
            name=op.f("ck_payout_reconciliations_finished_with_counts"),
        ),
        sa.CheckConstraint(
            "state in ('requested', 'done', 'failed')",
            name=op.f("ck_payout_reconciliations_state_known"),
        ),
        sa.CheckConstraint(
            "since_at < until_at", name=op.f("ck_payout_reconciliations_span_in_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_reconciliations")),
    )
    op.create_table(
        "payout_archives",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("archived_by", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["month"], ["settlement_periods.month"], name=op.f("fk_payout_archives_month")
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_payout_archives")),
    )
    op.create_table(
        "payout_differences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=True),
        sa.Column("our_fen", sa.BigInteger(), nullable=True),
        sa.Column("their_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_state", sa.Text(), nullable=True),
        sa.Column("their_state", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind <> 'matched'", name=op.f("ck_payout_differences_differs")),
        sa.CheckConstraint(
            "kind in ('matched', 'missing_at_provider', 'missing_here', 'amount_mismatch', 'status_mismatch')",
            name=op.f("ck_payout_differences_kind_known"),
        ),
        sa.CheckConstraint(
            "num_nulls(resolved_by, resolved_at) = case state when 'open' then 2 else 0 end and (state = 'open' or note <> '')",
            name=op.f("ck_payout_differences_resolved_by_someone"),
        ),
        sa.CheckConstraint(
            "our_state in ('created', 'submitted', 'awaiting_user', 'transferring', 'succeeded', 'failed', 'cancelled', 'unknown')",
            name=op.f("ck_payout_differences_our_state_known"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'resolved')", name=op.f("ck_payout_differences_state_known")
        ),
        sa.CheckConstraint(
            "their_state in ('created', 'submitted', 'awaiting_user', 'transferring', 'succeeded', 'failed', 'cancelled', 'unknown')",
            name=op.f("ck_payout_differences_their_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["payout_reconciliations.id"],
            name=op.f("fk_payout_differences_reconciliation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_differences")),
    )
    op.create_index(
        op.f("ix_payout_differences_reconciliation_id"),
        "payout_differences",
        ["reconciliation_id"],
        unique=False,
    )
    op.create_index(
        "uq_payout_differences_open",
        "payout_differences",
        ["channel", "number", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "payout_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("usable_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('bank', 'wechat', 'stripe', 'demo')",
            name=op.f("ck_payout_accounts_kind_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_payout_accounts_number_from_one")),
        sa.CheckConstraint(
            "usable_from >= changed_at", name=op.f("ck_payout_accounts_usable_after_change")
        ),
        sa.CheckConstraint(
            "withdrawn_at < usable_from", name=op.f("ck_payout_accounts_withdrawn_before_use")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_payout_accounts_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_accounts")),
        sa.UniqueConstraint(
            "leader_id", "number", name=op.f("uq_payout_accounts_leader_id_number")
        ),
    )
    op.create_index(op.f("ix_payout_accounts_key_id"), "payout_accounts", ["key_id"], unique=False)
    op.create_table(
        "payout_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_payout_notices_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_notices")),
    )
    op.create_index(
        "ix_payout_notices_leader_id_id", "payout_notices", ["leader_id", "id"], unique=False
    )
    op.create_table(
        "payout_tax_regimes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state <> 'draft') = (decided_by is not null) and (decided_by is null) = (decided_at is null)",
            name=op.f("ck_payout_tax_regimes_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "decided_by <> created_by or state <> 'approved'",
            name=op.f("ck_payout_tax_regimes_two_people"),
        ),
        sa.CheckConstraint(
            "regime in ('none', 'per_occurrence', 'platform_cumulative')",
            name=op.f("ck_payout_tax_regimes_regime_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'approved', 'withdrawn')",
            name=op.f("ck_payout_tax_regimes_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_payout_tax_regimes_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_tax_regimes")),
    )
    op.create_index(
        op.f("ix_payout_tax_regimes_leader_id"), "payout_tax_regimes", ["leader_id"], unique=False
    )
    op.create_index(
        "uq_payout_tax_regimes_scope",
        "payout_tax_regimes",
        ["leader_id", "effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'approved'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "payout_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('created', 'submitted', 'awaiting_user', 'transferring', 'succeeded', 'failed', 'cancelled', 'unknown')",
            name=op.f("ck_payout_items_state_known"),
        ),
        sa.CheckConstraint("gross_fen > 0", name=op.f("ck_payout_items_gross_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payout_accounts.id"], name=op.f("fk_payout_items_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batches.id"], name=op.f("fk_payout_items_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_payout_items_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_payout_items_statement_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_items")),
    )
    op.create_index("ix_payout_items_batch_id_id", "payout_items", ["batch_id", "id"], unique=False)
    op.create_index(
        "ix_payout_items_due",
        "payout_items",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_index(
        "ix_payout_items_leader_id_id", "payout_items", ["leader_id", "id"], unique=False
    )
    op.create_index("ix_payout_items_month_id", "payout_items", ["month", "id"], unique=False)
    op.create_index("ix_payout_items_statement_id", "payout_items", ["statement_id"], unique=False)
    op.create_index(
        "uq_payout_items_open",
        "payout_items",
        ["statement_id"],
        unique=True,
        postgresql_where=sa.text(
            "state in ('created', 'submitted', 'awaiting_user', 'transferring', 'unknown')"
        ),
    )
    op.create_table(
        "payout_left_outs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "reason in ('nothing_due', 'unanswered', 'held', 'in_another_batch', 'no_account', 'other_account_kind', 'account_waiting', 'no_tax_regime', 'removed')",
            name=op.f("ck_payout_left_outs_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batches.id"], name=op.f("fk_payout_left_outs_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_payout_left_outs_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement_statements.id"],
            name=op.f("fk_payout_left_outs_statement_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_left_outs")),
    )
    op.create_index(
        "ix_payout_left_outs_batch_id_id", "payout_left_outs", ["batch_id", "id"], unique=False
    )
    op.create_table(
        "payout_attempts",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "action", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("submitted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("filed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_asked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state in ('succeeded', 'failed', 'cancelled')) = (settled_at is not null)",
            name=op.f("ck_payout_attempts_settling_dated"),
        ),
        sa.CheckConstraint(
            "number ~ '^[0-9A-Za-z]{6,32}$'", name=op.f("ck_payout_attempts_number_form")
        ),
        sa.CheckConstraint(
            "state in ('created', 'submitted', 'awaiting_user', 'transferring', 'succeeded', 'failed', 'cancelled', 'unknown')",
            name=op.f("ck_payout_attempts_state_known"),
        ),
        sa.CheckConstraint(
            "gross_fen = tax_fen + net_fen", name=op.f("ck_payout_attempts_gross_is_the_sum")
        ),
        sa.CheckConstraint(
            "tax_fen >= 0 and net_fen > 0", name=op.f("ck_payout_attempts_amounts_positive")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payout_accounts.id"], name=op.f("fk_payout_attempts_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["payout_items.id"], name=op.f("fk_payout_attempts_item_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_payout_attempts")),
    )
    op.create_index(
        "ix_payout_attempts_channel_submitted_at",
        "payout_attempts",
        ["channel", "submitted_at"],
        unique=False,
    )
    op.create_index(
        "ix_payout_attempts_due",
        "payout_attempts",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_index(
        "ix_payout_attempts_item_id", "payout_attempts", ["item_id", "number"], unique=False
    )
    op.create_index(
        "uq_payout_attempts_in_flight",
        "payout_attempts",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text(
            "state in ('created', 'submitted', 'awaiting_user', 'transferring', 'unknown')"
        ),
    )
    op.create_table(
        "payout_taxes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("regime_id", sa.Uuid(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("table_version", sa.Text(), nullable=False),
        sa.Column("tax_month", sa.Text(), nullable=False),
        sa.Column("booked_month", sa.Text(), nullable=False),
        sa.Column("income_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "inputs", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "exact ~ '^-?[0-9]+/[1-9][0-9]*$'", name=op.f("ck_payout_taxes_exact_form")
        ),
        sa.CheckConstraint(
            "regime in ('none', 'per_occurrence', 'platform_cumulative')",
            name=op.f("ck_payout_taxes_regime_known"),
        ),
        sa.CheckConstraint(
            "tax_month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_payout_taxes_tax_month_form")
        ),
        sa.CheckConstraint(
            "booked_month >= tax_month", name=op.f("ck_payout_taxes_booked_in_or_after_it")
        ),
        sa.CheckConstraint(
            "case when reverses_id is null then income_fen > 0 and tax_fen >= 0 else income_fen < 0 and tax_fen <= 0 end",
            name=op.f("ck_payout_taxes_signs"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_payout_taxes_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["number"], ["payout_attempts.number"], name=op.f("fk_payout_taxes_number")
        ),
        sa.ForeignKeyConstraint(
            ["regime_id"], ["payout_tax_regimes.id"], name=op.f("fk_payout_taxes_regime_id")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["payout_taxes.id"], name=op.f("fk_payout_taxes_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_taxes")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_payout_taxes_reverses_id")),
    )
    op.create_index(
        "ix_payout_taxes_booked_month_leader_id",
        "payout_taxes",
        ["booked_month", "leader_id"],
        unique=False,
    )
    op.create_index(
        "ix_payout_taxes_leader_id_tax_month",
        "payout_taxes",
        ["leader_id", "tax_month"],
        unique=False,
    )
    op.create_index(
        "uq_payout_taxes_number",
        "payout_taxes",
        ["number"],
        unique=True,
        postgresql_where=sa.text("reverses_id is null"),
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index(
        "uq_payout_taxes_number",
        table_name="payout_taxes",
        postgresql_where=sa.text("reverses_id is null"),
    )
    op.drop_index("ix_payout_taxes_leader_id_tax_month", table_name="payout_taxes")
    op.drop_index("ix_payout_taxes_booked_month_leader_id", table_name="payout_taxes")
    op.drop_table("payout_taxes")
    op.drop_index(
        "uq_payout_attempts_in_flight",
        table_name="payout_attempts",
        postgresql_where=sa.text(
            "state in ('created', 'submitted', 'awaiting_user', 'transferring', 'unknown')"
        ),
    )
    op.drop_index("ix_payout_attempts_item_id", table_name="payout_attempts")
    op.drop_index(
        "ix_payout_attempts_due",
        table_name="payout_attempts",
        postgresql_where=sa.text("due_at is not null"),
    )
    op.drop_index("ix_payout_attempts_channel_submitted_at", table_name="payout_attempts")
    op.drop_table("payout_attempts")
    op.drop_index("ix_payout_left_outs_batch_id_id", table_name="payout_left_outs")
    op.drop_table("payout_left_outs")
    op.drop_index(
        "uq_payout_items_open",
        table_name="payout_items",
        postgresql_where=sa.text(
            "state in ('created', 'submitted', 'awaiting_user', 'transferring', 'unknown')"
        ),
    )
    op.drop_index("ix_payout_items_statement_id", table_name="payout_items")
    op.drop_index("ix_payout_items_month_id", table_name="payout_items")
    op.drop_index("ix_payout_items_leader_id_id", table_name="payout_items")
    op.drop_index(
        "ix_payout_items_due",
        table_name="payout_items",
        postgresql_where=sa.text("due_at is not null"),
    )
    op.drop_index("ix_payout_items_batch_id_id", table_name="payout_items")
    op.drop_table("payout_items")
    op.drop_index(
        "uq_payout_tax_regimes_scope",
        table_name="payout_tax_regimes",
        postgresql_where=sa.text("state = 'approved'"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index(op.f("ix_payout_tax_regimes_leader_id"), table_name="payout_tax_regimes")
    op.drop_table("payout_tax_regimes")
    op.drop_index("ix_payout_notices_leader_id_id", table_name="payout_notices")
    op.drop_table("payout_notices")
    op.drop_index(op.f("ix_payout_accounts_key_id"), table_name="payout_accounts")
    op.drop_table("payout_accounts")
    op.drop_index(
        "uq_payout_differences_open",
        table_name="payout_differences",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(op.f("ix_payout_differences_reconciliation_id"), table_name="payout_differences")
    op.drop_table("payout_differences")
    op.drop_table("payout_archives")
    op.drop_table("payout_reconciliations")
    op.drop_index(op.f("ix_payout_batches_channel"), table_name="payout_batches")
    op.drop_table("payout_batches")

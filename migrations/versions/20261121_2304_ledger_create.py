"""Create the tables of ledger.

Revision: ledger_create, after catalogue_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "ledger_create"
down_revision = "catalogue_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "ledger_accounts",
        "ledger_accounts_append_only",
        """create or replace function ledger_accounts_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'ledger_accounts is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger ledger_accounts_append_only before update or delete on ledger_accounts for each row execute function ledger_accounts_append_only()""",
    ),
    (
        "ledger_accounts",
        "ledger_accounts_no_truncate",
        """create or replace function ledger_accounts_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'ledger_accounts is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger ledger_accounts_no_truncate before truncate on ledger_accounts for each statement execute function ledger_accounts_no_truncate()""",
    ),
    (
        "ledger_transactions",
        "ledger_transactions_append_only",
        """create or replace function ledger_transactions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'ledger_transactions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger ledger_transactions_append_only before update or delete on ledger_transactions for each row execute function ledger_transactions_append_only()""",
    ),
    (
        "ledger_transactions",
        "ledger_transactions_no_truncate",
        """create or replace function ledger_transactions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'ledger_transactions is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger ledger_transactions_no_truncate before truncate on ledger_transactions for each statement execute function ledger_transactions_no_truncate()""",
    ),
    (
        "ledger_entries",
        "ledger_entries_append_only",
        """create or replace function ledger_entries_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'ledger_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger ledger_entries_append_only before update or delete on ledger_entries for each row execute function ledger_entries_append_only()""",
    ),
    (
        "ledger_entries",
        "ledger_entries_no_truncate",
        """create or replace function ledger_entries_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'ledger_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger ledger_entries_no_truncate before truncate on ledger_entries for each statement execute function ledger_entries_no_truncate()""",
    ),
    (
        "ledger_transactions",
        "ledger_transactions_balanced",
        """create or replace function ledger_transactions_balanced() returns trigger language plpgsql as $body$
begin
    if exists (
        select from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
        where t.id = new.id group by t.id
        having count(e.position) <> t.entry_count or sum(e.amount_fen) <> 0
    ) then
        raise exception using errcode = 'check_violation',
            message = 'ledger transaction ' || new.id || ' is not balanced';
    end if;
    return null;
end $body$""",
        """create constraint trigger ledger_transactions_balanced after insert on ledger_transactions deferrable initially deferred for each row execute function ledger_transactions_balanced()""",
    ),
    (
        "ledger_entries",
        "ledger_entries_balanced",
        """create or replace function ledger_entries_balanced() returns trigger language plpgsql as $body$
begin
    if exists (
        select from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
        where t.id = new.transaction_id group by t.id
        having count(e.position) <> t.entry_count or sum(e.amount_fen) <> 0
    ) then
        raise exception using errcode = 'check_violation',
            message = 'ledger transaction ' || new.transaction_id || ' is not balanced';
    end if;
    return null;
end $body$""",
        """create constraint trigger ledger_entries_balanced after insert on ledger_entries deferrable initially deferred for each row execute function ledger_entries_balanced()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('expense', 'leader', 'held', 'clearing', 'tax', 'bank')",
            name=op.f("ck_ledger_accounts_kind_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("kind", "owner", name=op.f("uq_ledger_accounts_kind_owner")),
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("entry_count >= 2", name=op.f("ck_ledger_transactions_two_sides")),
        sa.CheckConstraint(
            "reverses_id <> id", name=op.f("ck_ledger_transactions_reverses_another")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_transactions_reverses_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint(
            "kind", "reference", name=op.f("uq_ledger_transactions_kind_reference")
        ),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_transactions_reverses_id")),
    )
    op.create_index(
        "ix_ledger_transactions_reference", "ledger_transactions", ["reference"], unique=False
    )
    op.create_table(
        "ledger_entries",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_ledger_entries_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_entries_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_entries_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("transaction_id", "position", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        op.f("ix_ledger_entries_account_id"), "ledger_entries", ["account_id"], unique=False
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index(op.f("ix_ledger_entries_account_id"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index("ix_ledger_transactions_reference", table_name="ledger_transactions")
    op.drop_table("ledger_transactions")
    op.drop_table("ledger_accounts")

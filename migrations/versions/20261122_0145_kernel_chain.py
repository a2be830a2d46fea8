"""Link the audit log into a chain; check the entries of the ledger a statement at a time.

Revision: kernel_chain, after attribution_complete.
"""

import sqlalchemy as sa
from alembic import op

revision = "kernel_chain"
down_revision = "attribution_complete"
branch_labels = None
depends_on = None

BEFORE = (
    (
        "audit_entries",
        "audit_entries_append_only",
        """create or replace function audit_entries_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'audit_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger audit_entries_append_only before update or delete on audit_entries for each row execute function audit_entries_append_only()""",
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

AFTER = (
    (
        "audit_entries",
        "audit_entries_append_only",
        """create or replace function audit_entries_append_only() returns trigger language plpgsql as $body$
begin
    -- One change is allowed, once: an entry gets its place in the chain.
    if tg_op = 'UPDATE' and old.sequence is null and new.sequence is not null
        and (new.id, new.at, new.actor_kind, new.actor_id, new.action, new.subject, new.facts)
            is not distinct from (old.id, old.at, old.actor_kind, old.actor_id, old.action, old.subject, old.facts)
    then
        return new;
    end if;
    raise exception 'audit_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger audit_entries_append_only before update or delete on audit_entries for each row execute function audit_entries_append_only()""",
    ),
    (
        "ledger_transactions",
        "ledger_transactions_balanced",
        """create or replace function ledger_transactions_balanced() returns trigger language plpgsql as $body$
begin
    if not exists (select from ledger_entries where transaction_id = new.id) then
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
    declare
        faulty uuid;
    begin
        -- Laterally, so that the plan looks entries up by their transaction whatever its age.
        select f.transaction_id into faulty
        from (select distinct transaction_id from fresh) f
        cross join lateral (
            select count(*) as entries, sum(amount_fen) as sum_fen
            from ledger_entries e where e.transaction_id = f.transaction_id
        ) booked
        where booked.sum_fen <> 0 or booked.entries <> (
            select entry_count from ledger_transactions t where t.id = f.transaction_id
        )
        limit 1;
        if faulty is not null then
            raise exception using errcode = 'check_violation',
                message = 'ledger transaction ' || faulty || ' is not balanced';
        end if;
    end;
    return null;
end $body$""",
        """create trigger ledger_entries_balanced after insert on ledger_entries referencing new table as fresh for each statement execute function ledger_entries_balanced()""",
    ),
)


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column("audit_entries", sa.Column("previous", sa.Text(), nullable=True))
    op.add_column("audit_entries", sa.Column("digest", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_audit_entries_linked_whole"),
        "audit_entries",
        "num_nulls(sequence, previous, digest) in (0, 3) and sequence > 0",
    )
    op.create_unique_constraint(op.f("uq_audit_entries_sequence"), "audit_entries", ["sequence"])
    op.create_index(
        "ix_audit_entries_unlinked",
        "audit_entries",
        ["at", "id"],
        unique=False,
        postgresql_where=sa.text("sequence is null"),
    )
    _exchange(AFTER)


def downgrade() -> None:
    _exchange(BEFORE)
    op.drop_index(
        "ix_audit_entries_unlinked",
        table_name="audit_entries",
        postgresql_where=sa.text("sequence is null"),
    )
    op.drop_constraint(op.f("uq_audit_entries_sequence"), "audit_entries", type_="unique")
    op.drop_constraint(op.f("ck_audit_entries_linked_whole"), "audit_entries", type_="check")
    op.drop_column("audit_entries", "digest")
    op.drop_column("audit_entries", "previous")
    op.drop_column("audit_entries", "sequence")


def _exchange(rules: tuple[tuple[str, str, str, str], ...]) -> None:
    for table, name, function, trigger in rules:
        op.execute(f"drop trigger {name} on {table}")
        op.execute(function)
        op.execute(trigger)

"""Create the tables of kernel.

Revision: kernel_create, after None.
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "kernel_create"
down_revision = None
branch_labels = None
depends_on = None

RULES = (
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
        "audit_entries",
        "audit_entries_no_truncate",
        """create or replace function audit_entries_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'audit_entries is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger audit_entries_no_truncate before truncate on audit_entries for each statement execute function audit_entries_no_truncate()""",
    ),
)

DROP_JOBS = """
do $$
declare thing record;
begin
    for thing in select oid::regclass as name from pg_class
        where relname like 'procrastinate%' and relkind = 'r' and relnamespace = 'public'::regnamespace
    loop execute format('drop table %s cascade', thing.name); end loop;
    for thing in select oid::regprocedure as name from pg_proc
        where proname like 'procrastinate%' and pronamespace = 'public'::regnamespace
    loop execute format('drop function %s cascade', thing.name); end loop;
    for thing in select oid::regtype as name from pg_type
        where typname like 'procrastinate%' and typtype in ('e', 'c') and typnamespace = 'public'::regnamespace
    loop execute format('drop type if exists %s cascade', thing.name); end loop;
end $$
"""


def upgrade() -> None:
    # The job tables come from the library that works with them.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"], unique=False)
    op.create_index(op.f("ix_audit_entries_subject"), "audit_entries", ["subject"], unique=False)
    op.create_table(
        "idempotent_answers",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(
        op.f("ix_idempotent_answers_answered_at"),
        "idempotent_answers",
        ["answered_at"],
        unique=False,
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_index(op.f("ix_idempotent_answers_answered_at"), table_name="idempotent_answers")
    op.drop_table("idempotent_answers")
    op.drop_index(op.f("ix_audit_entries_subject"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_at"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.execute(DROP_JOBS)

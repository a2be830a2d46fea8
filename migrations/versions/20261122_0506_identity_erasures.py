"""Note whose personal data was erased.

Revision: identity_erasures, after imports_create.
"""

import sqlalchemy as sa
from alembic import op

revision = "identity_erasures"
down_revision = "imports_create"
branch_labels = None
depends_on = None


RULES = (
    (
        "erasures",
        "erasures_append_only",
        """create or replace function erasures_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'erasures is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger erasures_append_only before update or delete on erasures for each row execute function erasures_append_only()""",
    ),
    (
        "erasures",
        "erasures_no_truncate",
        """create or replace function erasures_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'erasures is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger erasures_no_truncate before truncate on erasures for each statement execute function erasures_no_truncate()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_erasures_shopper_id")
        ),
        sa.PrimaryKeyConstraint("shopper_id", name=op.f("pk_erasures")),
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_table("erasures")

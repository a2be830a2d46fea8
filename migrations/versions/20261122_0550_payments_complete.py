"""Complete payments: methods, what came in, decisions, repeated refunds, comparisons with lists.

Revision: payments_complete, after campaigns_complete.
"""

import sqlalchemy as sa
from alembic import op

revision = "payments_complete"
down_revision = "campaigns_complete"
branch_labels = None
depends_on = None

WITHIN = "ck_payments_refunds_within_amount"
RECORDED = "ck_payments_success_recorded"

FILL = (
    # What was paid until now was asked for to the fen, or parked with a note of what came.
    """update payments set
        method = case provider when 'stripe' then 'automatic' else provider end,
        begun_at = case when provider_ref is not null then created_at end,
        received_fen = case
            when state = 'succeeded' or note like 'paid a second time%' then amount_fen
            when state = 'parked' then substring(note from '^paid ([0-9]+) fen')::bigint
        end""",
    "update payments set received_currency = currency where received_fen is not null",
    """update payments p set resolved_at = r.requested_at from payment_refunds r
        where r.payment_id = p.id and r.reference like 'second-payment:%'""",
    """update payment_refunds set
        automatic = reference like 'late:%' or reference like 'second-payment:%',
        accepted_at = case state
            when 'succeeded' then settled_at when 'submitted' then requested_at end""",
)


def upgrade() -> None:
    """Migrate forward."""
    _create_tables()
    op.add_column("payment_refunds", sa.Column("retry_of", sa.Uuid()))
    op.add_column("payment_refunds", sa.Column("automatic", sa.Boolean()))
    op.add_column("payment_refunds", sa.Column("accepted_at", sa.TIMESTAMP(timezone=True)))
    op.add_column("payments", sa.Column("method", sa.Text()))
    op.add_column("payments", sa.Column("received_fen", sa.BigInteger()))
    op.add_column("payments", sa.Column("received_currency", sa.Text()))
    op.add_column("payments", sa.Column("payable_until", sa.TIMESTAMP(timezone=True)))
    op.add_column("payments", sa.Column("begun_at", sa.TIMESTAMP(timezone=True)))
    op.add_column("payments", sa.Column("resolved_at", sa.TIMESTAMP(timezone=True)))
    for statement in FILL:
        op.execute(statement)
    op.alter_column("payment_refunds", "automatic", nullable=False)
    op.alter_column("payments", "method", nullable=False)
    op.create_index(
        "ix_payment_refunds_accepted",
        "payment_refunds",
        ["accepted_at"],
        postgresql_where=sa.text("accepted_at is not null"),
    )
    op.create_unique_constraint(
        op.f("uq_payment_refunds_retry_of"), "payment_refunds", ["retry_of"]
    )
    op.create_foreign_key(
        op.f("fk_payment_refunds_retry_of"),
        "payment_refunds",
        "payment_refunds",
        ["retry_of"],
        ["id"],
    )
    op.create_index(
        "ix_payments_undecided",
        "payments",
        ["id"],
        postgresql_where=sa.text("state = 'parked' and resolved_at is null"),
    )
    op.create_index(
        "ix_payments_succeeded",
        "payments",
        ["provider", "succeeded_at"],
        postgresql_where=sa.text("succeeded_at is not null"),
    )
    op.drop_constraint(op.f(WITHIN), "payments", type_="check")
    op.create_check_constraint(
        op.f(WITHIN), "payments", "refunded_fen between 0 and coalesce(received_fen, amount_fen)"
    )
    op.drop_constraint(op.f(RECORDED), "payments", type_="check")
    op.create_check_constraint(
        op.f(RECORDED),
        "payments",
        "state <> 'succeeded' or (succeeded_at is not null and provider_ref is not null"
        " and received_fen is not null and received_fen >= amount_fen)",
    )


def _create_tables() -> None:
    op.create_table(
        "payment_reconciliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by_file", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("matched", sa.BigInteger(), nullable=True),
        sa.Column("differing", sa.BigInteger(), nullable=True),
        sa.Column("paid_fen", sa.BigInteger(), nullable=True),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=True),
        sa.Column("fee_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'requested') = (finished_at is null) and (state = 'done') = (matched is not null) and num_nulls(matched, differing, paid_fen, refunded_fen, fee_fen) in (0, 5)",
            name=op.f("ck_payment_reconciliations_finished_with_counts"),
        ),
        sa.CheckConstraint(
            "state in ('requested', 'done', 'failed')",
            name=op.f("ck_payment_reconciliations_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_reconciliations")),
    )
    op.create_index(
        "ix_payment_reconciliations_day",
        "payment_reconciliations",
        ["provider", "day"],
        unique=False,
    )
    op.create_table(
        "payment_differences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("our_fen", sa.BigInteger(), nullable=True),
        sa.Column("their_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_state", sa.Text(), nullable=True),
        sa.Column("their_state", sa.Text(), nullable=True),
        sa.Column("fee_fen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind <> 'matched'", name=op.f("ck_payment_differences_differs")),
        sa.CheckConstraint(
            "kind in ('matched', 'missing_at_provider', 'missing_here', 'amount_mismatch', 'status_mismatch')",
            name=op.f("ck_payment_differences_kind_known"),
        ),
        sa.CheckConstraint(
            "num_nulls(resolved_by, resolved_at) = case state when 'open' then 2 else 0 end and (state = 'open' or note <> '')",
            name=op.f("ck_payment_differences_resolved_by_someone"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'resolved')", name=op.f("ck_payment_differences_state_known")
        ),
        sa.CheckConstraint(
            "subject in ('payment', 'refund')", name=op.f("ck_payment_differences_subject_known")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["payment_reconciliations.id"],
            name=op.f("fk_payment_differences_reconciliation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_differences")),
    )
    op.create_index(
        "ix_payment_differences_day", "payment_differences", ["provider", "day"], unique=False
    )
    op.create_index(
        "ix_payment_differences_open",
        "payment_differences",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        op.f("ix_payment_differences_reconciliation_id"),
        "payment_differences",
        ["reconciliation_id"],
        unique=False,
    )
    op.create_index(
        "uq_payment_differences_facts",
        "payment_differences",
        ["provider", "number", "kind", "our_fen", "their_fen", "our_state", "their_state"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "payment_resolutions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action in ('refund', 'accept', 'dismiss')",
            name=op.f("ck_payment_resolutions_action_known"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_payment_resolutions_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_resolutions")),
    )
    op.create_index(
        op.f("ix_payment_resolutions_payment_id"),
        "payment_resolutions",
        ["payment_id"],
        unique=False,
    )
    for statement in TRIGGERS:
        op.execute(statement)


TRIGGERS = (
    """create or replace function payment_resolutions_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'payment_resolutions is append-only' using errcode = 'restrict_violation';
end $body$""",
    "create trigger payment_resolutions_append_only before update or delete on payment_resolutions "
    "for each row execute function payment_resolutions_append_only()",
    """create or replace function payment_resolutions_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'payment_resolutions is append-only' using errcode = 'restrict_violation';
end $body$""",
    "create trigger payment_resolutions_no_truncate before truncate on payment_resolutions "
    "for each statement execute function payment_resolutions_no_truncate()",
)


def downgrade() -> None:
    """Migrate back; with a payment that gave back more than was asked for, it fails."""
    op.drop_constraint(op.f(RECORDED), "payments", type_="check")
    op.create_check_constraint(
        op.f(RECORDED),
        "payments",
        "state <> 'succeeded' or (succeeded_at is not null and provider_ref is not null)",
    )
    op.drop_constraint(op.f(WITHIN), "payments", type_="check")
    op.create_check_constraint(op.f(WITHIN), "payments", "refunded_fen between 0 and amount_fen")
    op.drop_index("ix_payments_succeeded", table_name="payments")
    op.drop_index("ix_payments_undecided", table_name="payments")
    for name in (
        "resolved_at",
        "begun_at",
        "payable_until",
        "received_currency",
        "received_fen",
        "method",
    ):
        op.drop_column("payments", name)
    op.drop_index("ix_payment_refunds_accepted", table_name="payment_refunds")
    for name in ("accepted_at", "automatic", "retry_of"):
        op.drop_column("payment_refunds", name)
    op.drop_index(op.f("ix_payment_resolutions_payment_id"), table_name="payment_resolutions")
    op.drop_table("payment_resolutions")
    op.drop_index(
        "uq_payment_differences_facts",
        table_name="payment_differences",
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index(
        op.f("ix_payment_differences_reconciliation_id"), table_name="payment_differences"
    )
    op.drop_index(
        "ix_payment_differences_open",
        table_name="payment_differences",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_payment_differences_day", table_name="payment_differences")
    op.drop_table("payment_differences")
    op.drop_index("ix_payment_reconciliations_day", table_name="payment_reconciliations")
    op.drop_table("payment_reconciliations")
    op.execute("drop function payment_resolutions_append_only")
    op.execute("drop function payment_resolutions_no_truncate")

"""Create the tables of payments.

Revision: payments_create, after ledger_create.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "payments_create"
down_revision = "ledger_create"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("client_parameters", postgresql.JSONB(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("succeeded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'succeeded' or (succeeded_at is not null and provider_ref is not null)",
            name=op.f("ck_payments_success_recorded"),
        ),
        sa.CheckConstraint(
            "state in ('created', 'pending', 'succeeded', 'failed', 'cancelled', 'parked')",
            name=op.f("ck_payments_state_known"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_amount_positive")),
        sa.CheckConstraint(
            "refunded_fen between 0 and amount_fen", name=op.f("ck_payments_refunds_within_amount")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "provider", "provider_ref", name=op.f("uq_payments_provider_provider_ref")
        ),
    )
    op.create_index(
        "ix_payments_due",
        "payments",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_index(op.f("ix_payments_reference"), "payments", ["reference"], unique=False)
    op.create_index(
        "uq_payments_live_reference",
        "payments",
        ["reference"],
        unique=True,
        postgresql_where=sa.text("state in ('created', 'pending', 'succeeded')"),
    )
    op.create_table(
        "provider_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("handled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'handled') = (handled_at is not null)",
            name=op.f("ck_provider_events_handling_dated"),
        ),
        sa.CheckConstraint(
            "state in ('received', 'waiting', 'handled', 'parked')",
            name=op.f("ck_provider_events_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint(
            "provider", "event_id", name=op.f("uq_provider_events_provider_event_id")
        ),
    )
    op.create_index(
        "ix_provider_events_due",
        "provider_events",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state in ('received', 'waiting')"),
    )
    op.create_table(
        "payment_refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state in ('succeeded', 'failed')) = (settled_at is not null)",
            name=op.f("ck_payment_refunds_settling_dated"),
        ),
        sa.CheckConstraint(
            "state in ('requested', 'submitted', 'succeeded', 'failed')",
            name=op.f("ck_payment_refunds_state_known"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_payment_refunds_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refunds")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_refunds_reference")),
    )
    op.create_index(
        "ix_payment_refunds_due",
        "payment_refunds",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state in ('requested', 'submitted')"),
    )
    op.create_index(
        op.f("ix_payment_refunds_payment_id"), "payment_refunds", ["payment_id"], unique=False
    )
    op.create_index(
        op.f("ix_payment_refunds_provider_ref"), "payment_refunds", ["provider_ref"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_payment_refunds_provider_ref"), table_name="payment_refunds")
    op.drop_index(op.f("ix_payment_refunds_payment_id"), table_name="payment_refunds")
    op.drop_index(
        "ix_payment_refunds_due",
        table_name="payment_refunds",
        postgresql_where=sa.text("state in ('requested', 'submitted')"),
    )
    op.drop_table("payment_refunds")
    op.drop_index(
        "ix_provider_events_due",
        table_name="provider_events",
        postgresql_where=sa.text("state in ('received', 'waiting')"),
    )
    op.drop_table("provider_events")
    op.drop_index(
        "uq_payments_live_reference",
        table_name="payments",
        postgresql_where=sa.text("state in ('created', 'pending', 'succeeded')"),
    )
    op.drop_index(op.f("ix_payments_reference"), table_name="payments")
    op.drop_index(
        "ix_payments_due", table_name="payments", postgresql_where=sa.text("due_at is not null")
    )
    op.drop_table("payments")

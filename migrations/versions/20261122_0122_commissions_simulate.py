"""Replay past months under other terms; say why an assignment was rejected.

Revision: commissions_simulate, after commissions_pay.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "commissions_simulate"
down_revision = "commissions_pay"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commission_simulations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("terms_version", sa.BigInteger(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("cutoff_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("touched_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("leaders", sa.BigInteger(), nullable=False),
        sa.Column("leaders_done", sa.BigInteger(), nullable=False),
        sa.Column("last_leader_id", sa.Uuid(), nullable=True),
        sa.Column("volume_fen", sa.BigInteger(), nullable=False),
        sa.Column("actual_fen", sa.BigInteger(), nullable=False),
        sa.Column("simulated_fen", sa.BigInteger(), nullable=False),
        sa.Column("gaining", sa.BigInteger(), nullable=False),
        sa.Column("losing", sa.BigInteger(), nullable=False),
        sa.Column("largest_gain_fen", sa.BigInteger(), nullable=False),
        sa.Column("largest_loss_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'running') = (ended_at is null)",
            name=op.f("ck_commission_simulations_ended_once"),
        ),
        sa.CheckConstraint(
            "state in ('running', 'done', 'cancelled')",
            name=op.f("ck_commission_simulations_state_known"),
        ),
        sa.CheckConstraint(
            "leaders_done between 0 and leaders",
            name=op.f("ck_commission_simulations_done_of_total"),
        ),
        sa.ForeignKeyConstraint(
            ["last_leader_id"],
            ["leaders.id"],
            name=op.f("fk_commission_simulations_last_leader_id"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["commission_plans.id"], name=op.f("fk_commission_simulations_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_simulations")),
    )
    op.create_index(
        "uq_commission_simulations_running",
        "commission_simulations",
        ["plan_id", "number", "month"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "commission_simulation_leaders",
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("volume_fen", sa.BigInteger(), nullable=False),
        sa.Column("actual_fen", sa.BigInteger(), nullable=False),
        sa.Column("simulated_fen", sa.BigInteger(), nullable=False),
        sa.Column("difference_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "difference_fen = simulated_fen - actual_fen",
            name=op.f("ck_commission_simulation_leaders_difference"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_commission_simulation_leaders_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["simulation_id"],
            ["commission_simulations.id"],
            name=op.f("fk_commission_simulation_leaders_simulation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "simulation_id", "leader_id", name=op.f("pk_commission_simulation_leaders")
        ),
    )
    op.create_index(
        "ix_commission_simulation_leaders_difference",
        "commission_simulation_leaders",
        ["simulation_id", "difference_fen", "leader_id"],
        unique=False,
    )
    op.add_column(
        "commission_plan_assignments",
        sa.Column("reason", sa.Text(), nullable=False, server_default=sa.text("''")),
    )
    op.alter_column("commission_plan_assignments", "reason", server_default=None)
    op.create_check_constraint(
        op.f("ck_commission_plan_assignments_rejected_for_a_reason"),
        "commission_plan_assignments",
        "state <> 'rejected' or reason <> ''",
    )


def downgrade() -> None:
    op.drop_constraint(
        op.f("ck_commission_plan_assignments_rejected_for_a_reason"), "commission_plan_assignments"
    )
    op.drop_column("commission_plan_assignments", "reason")
    op.drop_index(
        "ix_commission_simulation_leaders_difference", table_name="commission_simulation_leaders"
    )
    op.drop_table("commission_simulation_leaders")
    op.drop_index(
        "uq_commission_simulations_running",
        table_name="commission_simulations",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.drop_table("commission_simulations")

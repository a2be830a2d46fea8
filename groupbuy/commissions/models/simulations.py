"""Past months replayed under other terms; nothing in the books comes from here."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.commissions.rules.monthly import SimulationState
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference


class Simulation(Base):
    """A month replayed as if a plan had said something else, leader by leader.

    `terms` is what the plan's version `number` said when the simulation was asked for (its
    `terms_version`): a draft may change or go meanwhile. `last_leader_id` is whom it came to; the
    sums are those of the leaders done.
    """

    __tablename__ = "commission_simulations"
    __table_args__ = (
        one_of("state", SimulationState),
        CheckConstraint("(state = 'running') = (ended_at is null)", name="ended_once"),
        CheckConstraint("leaders_done between 0 and leaders", name="done_of_total"),
        Index(
            "uq_commission_simulations_running",
            "plan_id",
            "number",
            "month",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[str] = primary_id("sim")
    plan_id: Mapped[str] = reference("pln", "commission_plans.id")
    number: Mapped[int]
    terms_version: Mapped[int]
    terms: Mapped[dict[str, Any]]
    month: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    cutoff_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=SimulationState.RUNNING)
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    leaders: Mapped[int]
    leaders_done: Mapped[int] = mapped_column(default=0)
    last_leader_id: Mapped[str | None] = reference("ldr", "leaders.id")
    volume_fen: Mapped[int] = mapped_column(default=0)
    actual_fen: Mapped[int] = mapped_column(default=0)
    simulated_fen: Mapped[int] = mapped_column(default=0)
    gaining: Mapped[int] = mapped_column(default=0)
    losing: Mapped[int] = mapped_column(default=0)
    largest_gain_fen: Mapped[int] = mapped_column(default=0)
    largest_loss_fen: Mapped[int] = mapped_column(default=0)


class SimulationLeader(Base):
    """What one leader's month was worth, and what it would have been."""

    __tablename__ = "commission_simulation_leaders"
    __table_args__ = (
        CheckConstraint("difference_fen = simulated_fen - actual_fen", name="difference"),
        Index(
            "ix_commission_simulation_leaders_difference",
            "simulation_id",
            "difference_fen",
            "leader_id",
        ),
    )

    simulation_id: Mapped[str] = reference("sim", "commission_simulations.id", primary_key=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    volume_fen: Mapped[int]
    actual_fen: Mapped[int]
    simulated_fen: Mapped[int]
    difference_fen: Mapped[int]

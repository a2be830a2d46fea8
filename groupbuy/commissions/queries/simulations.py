"""Reads of simulations, and of the past months that they replay."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, defer

from groupbuy.commissions.models import PlanVersion, Simulation, SimulationLeader, VersionState
from groupbuy.commissions.queries.owned import COLUMNS, completed_in, owned_lines
from groupbuy.commissions.rules.calculation import CompletedLine
from groupbuy.commissions.rules.monthly import SimulationState
from groupbuy.commissions.rules.simulation import PastLine
from groupbuy.commissions.rules.terms import (
    Sold,
)
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader

STREAMED = 5_000
"""Rows in memory at a time while a month is read."""
ASKED = (*("leader_level", "rule_target_id", "sku_id", "product_id", "category_ids", "item_earns"),)
WIDTH = len(COLUMNS) + 2
"""Columns of a `CompletedLine`."""


def simulation(simulation_id: str) -> Simulation:
    """Return a simulation as it is now, or raise NotFound."""
    found = session().get(Simulation, simulation_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def locked_simulation(simulation_id: str, *, or_skip: bool = False) -> Simulation | None:
    """Return a simulation, locked; None if there is none, or if it is locked and may be skipped."""
    query = select(Simulation).where(Simulation.id == simulation_id)
    query = query.with_for_update(skip_locked=or_skip)
    return session().scalar(query.execution_options(populate_existing=True))


def simulation_list(
    *,
    limit: int,
    cursor: str | None,
    plan_id: str | None = None,
    month: str | None = None,
    state: str | None = None,
) -> Page[Simulation]:
    """Return simulations, the newest first."""
    query = select(Simulation)
    wanted = {"plan_id": plan_id, "month": month, "state": state}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(getattr(Simulation, column) == value)
    return paginate(query, by=[Simulation.id], limit=limit, cursor=cursor, descending=True)


def simulation_leaders(
    *, simulation_id: str, limit: int, cursor: str | None, sort: str
) -> Page[SimulationLeader]:
    """Return what each leader would have gained or lost, or raise NotFound.

    Sorted by `leader`, by `difference` (who loses most first), or by `-difference`.
    """
    query = select(SimulationLeader).where(
        SimulationLeader.simulation_id == simulation(simulation_id).id
    )
    by: list[InstrumentedAttribute[Any]] = [SimulationLeader.leader_id]
    if sort != "leader":
        by.insert(0, SimulationLeader.difference_fen)
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=sort.startswith("-"))


def cut_simulation_ids(*, untouched_since: datetime) -> list[str]:
    """Return the running simulations that nothing has moved since an instant."""
    query = select(Simulation.id).where(
        Simulation.state == SimulationState.RUNNING, Simulation.touched_at < untouched_since
    )
    return list(session().scalars(query.order_by(Simulation.id)))


def leaders_then(before: datetime) -> int:
    """Return how many leaders had begun before an instant."""
    query = select(func.count()).select_from(Leader).where(Leader.since < before)
    return session().scalar(query) or 0


def next_leaders(*, after: str | None, before: datetime, limit: int) -> Sequence[Leader]:
    """Return the next leaders, in order of id, of those who had begun before an instant."""
    query = select(Leader).where(Leader.since < before).order_by(Leader.id).limit(limit)
    if after is not None:
        query = query.where(Leader.id > after)
    return session().scalars(query).all()


def past_lines(
    leader_ids: Sequence[str], *, starts_at: datetime, ends_at: datetime, cutoff_at: datetime
) -> Iterator[tuple[str, list[PastLine]]]:
    """Stream leaders' lines of a month as they stood at its cutoff, leader by leader."""
    lines = owned_lines(
        leader_ids, completed_in(starts_at, ends_at), before=cutoff_at, also=ASKED
    ).order_by("leader_id")
    rows = session().execute(lines, execution_options={"yield_per": STREAMED})
    past = (
        PastLine(CompletedLine(*row[:WIDTH]), row[WIDTH], row[WIDTH + 1], Sold(*row[WIDTH + 2 :]))
        for row in rows
    )
    for leader_id, theirs in groupby(past, key=lambda one: one.line.leader_id):
        yield leader_id, list(theirs)


def published_versions() -> list[PlanVersion]:
    """Return every published version, without reading its item rules."""
    query = select(PlanVersion).where(PlanVersion.state == VersionState.PUBLISHED)
    return list(session().scalars(query.options(defer(PlanVersion.item_rules))))

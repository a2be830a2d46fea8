"""Simulations over HTTP."""

from typing import Any

from groupbuy.commissions import errors, queries, services
from groupbuy.commissions.models import Simulation, SimulationLeader
from groupbuy.commissions.schemas.simulations import (
    SimulationBody,
    SimulationLeaderQuery,
    SimulationLeaderSchema,
    SimulationQuery,
    SimulationSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings

api = Api(
    "commission-simulations",
    __name__,
    url_prefix="/api/v1",
    description="Past months replayed under other terms",
)

SIMULATIONS = "/hq/commission-simulations"
SIMULATION = f"{SIMULATIONS}/<id(sim):simulation_id>"


@api.post(
    SIMULATIONS,
    allow="plans.edit",
    body=SimulationBody,
    returns=SimulationSchema,
    status=201,
    idempotent=True,
    problems=[
        NotFound,
        errors.MonthStillOpen,
        errors.SimulationRunning,
        errors.PlanNotPublishable,
    ],
)
def start_simulation(actor: Actor, body: dict[str, Any]) -> Simulation:
    """Begin to replay a month under a version of a plan; a job does the work."""
    present = settings()
    with transaction():
        return services.start_simulation(
            **body,
            calendar=present.calendar,
            hold_days=present.hold_days,
            actor=actor,
            now=clock.now(),
        )


@api.get(SIMULATIONS, allow="plans.read", query=SimulationQuery, returns=page_of(SimulationSchema))
def list_simulations(actor: Actor, query: dict[str, Any]) -> Page[Simulation]:
    """List simulations, the newest first."""
    return queries.simulation_list(**query)


@api.get(SIMULATION, allow="plans.read", returns=SimulationSchema)
def show_simulation(actor: Actor, simulation_id: str) -> Simulation:
    """Show a simulation: how far it is, and its sums."""
    return queries.simulation(simulation_id)


@api.get(
    f"{SIMULATION}/leaders",
    allow="plans.read",
    query=SimulationLeaderQuery,
    returns=page_of(SimulationLeaderSchema),
)
def list_simulation_leaders(
    actor: Actor, simulation_id: str, query: dict[str, Any]
) -> Page[SimulationLeader]:
    """List what each leader would have gained or lost."""
    return queries.simulation_leaders(simulation_id=simulation_id, **query)


@api.post(
    f"{SIMULATION}/cancellation",
    allow="plans.edit",
    body=Nothing,
    returns=SimulationSchema,
    problems=[NotInThisState],
)
def cancel_simulation(actor: Actor, simulation_id: str, body: dict[str, Any]) -> Simulation:
    """Stop a simulation where it is."""
    with transaction():
        return services.cancel_simulation(simulation_id=simulation_id, actor=actor, now=clock.now())

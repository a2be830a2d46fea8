"""What commissions does by the queue and by the clock."""

from groupbuy.commissions import queries, services
from groupbuy.commissions.services.simulating import CUT_AFTER, JOB
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every, job, one_by_one


@job(JOB)
def simulate(simulation_id: str) -> None:
    """Do a simulation to its end, a portion of leaders in each transaction."""
    more = True
    while more:
        with transaction():
            more = services.advance_simulation(simulation_id=simulation_id, now=clock.now())


@every("*/5 * * * *", "commissions.resume_simulations")
def resume_simulations() -> None:
    """Take up simulations that were cut."""
    now = clock.now()
    one_by_one(
        queries.cut_simulation_ids(untouched_since=now - CUT_AFTER),
        lambda simulation_id: services.resume_simulation(simulation_id=simulation_id, now=now),
    )

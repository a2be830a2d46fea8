"""What settlement does in many steps, each a transaction of its own."""

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import in_steps, transaction
from groupbuy.settlement import queries, services
from groupbuy.settlement.models import SettlementPeriod


def calculate_month(*, month: str, actor: Actor) -> SettlementPeriod:
    """Calculate a month from where it stands to its end.

    Whoever calls it at the same time takes part in the same calculation.
    """
    for _ in in_steps(
        lambda: services.begin(month=month, actor=actor, now=clock.now()),
        lambda run: services.advance(run_id=run.run_id, actor=actor, now=clock.now()),
        lambda run: run.finished,
    ):
        pass
    with transaction():
        return queries.calculated_period(month)

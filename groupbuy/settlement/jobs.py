"""What settlement does by the clock, and in many steps, each a transaction of its own."""

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import in_steps, transaction
from groupbuy.kernel.jobs import every
from groupbuy.settlement import queries, services
from groupbuy.settlement.models import SettlementPeriod


@every("*/10 * * * *", "settlement.confirm_unanswered")
def confirm_unanswered() -> None:
    """Confirm the statements whose leaders had their time and said nothing."""
    more = True
    while more:
        with transaction():
            more = services.auto_confirm(now=clock.now()) > 0


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

"""What settlement does by the clock, and in many steps, each a transaction of its own."""

from collections.abc import Callable

from sqlalchemy import text

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import retrying, session, transaction
from groupbuy.kernel.jobs import every
from groupbuy.settlement import queries, services
from groupbuy.settlement.models import SettlementPeriod
from groupbuy.settlement.services import Progress, Recomputed


@every("*/10 * * * *", "settlement.confirm_unanswered")
def confirm_unanswered() -> None:
    """Confirm the statements whose leaders had their time and said nothing."""
    more = True
    while more:
        with transaction():
            more = services.auto_confirm(now=clock.now()) > 0


def calculate_month(
    *, month: str, actor: Actor, show: Callable[[Progress], None] | None = None
) -> SettlementPeriod:
    """Calculate a month from where it stands to its end, telling `show` after each step.

    Whoever calls it at the same time takes part in the same calculation.
    """

    def begin() -> Progress:
        with transaction():
            return services.begin(month=month, actor=actor, now=clock.now())

    def advance() -> Progress:
        with transaction():
            return services.advance(run_id=progress.run_id, actor=actor, now=clock.now())

    progress = retrying(begin)
    while not progress.finished:
        progress = retrying(advance)
        if show is not None:
            show(progress)
    with transaction():
        period = queries.locked_period(month)
    assert period is not None, "a calculated month has a period"
    return period


def recompute_month(*, month: str, show: Callable[[Progress], None] | None = None) -> Recomputed:
    """Tell a calculated month again from its events and hold it against what is stored.

    Raises:
        NotInThisState: it is not calculated.
    """
    with transaction():
        session().execute(text("set transaction isolation level repeatable read, read only"))
        session().execute(text("set local timezone = 'UTC'"))
        period = queries.calculated_period(month)
        return services.recompute(period=period, show=show)

"""What happens to orders by the clock."""

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every
from groupbuy.orders.services import cancelling, moving


@every("*/10 * * * * *", "orders.expire_due")
def expire_due() -> None:
    """Cancel unpaid orders whose time is over, batch by batch, each in its own transaction."""
    more = True
    while more:
        with transaction():
            more = cancelling.expire_due(now=clock.now()) > 0


@every("*/10 * * * * *", "orders.complete_due")
def complete_due() -> None:
    """Complete orders whose after-sale window is over."""
    more = True
    while more:
        with transaction():
            more = moving.complete_due(now=clock.now()) > 0

"""What happens to orders by the clock."""

from functools import partial

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock
from groupbuy.kernel.db import retrying, transaction
from groupbuy.kernel.jobs import every, one_by_one
from groupbuy.orders import queries
from groupbuy.orders.services import cancelling, closing, counting, moving


@every("* * * * * */10", "orders.expire_due")
def expire_due() -> None:
    """Cancel unpaid orders whose time is over, each in its own transaction."""
    now = clock.now()
    one_by_one(
        queries.ids_due_to_expire(now=now),
        lambda order_id: cancelling.expire(order_id=order_id, now=now),
    )


@every("* * * * * */10", "orders.complete_due")
def complete_due() -> None:
    """Complete orders whose after-sale window is over."""
    more = True
    while more:
        with transaction():
            more = moving.complete_due(now=clock.now()) > 0


@every("41 * * * *", "orders.fulfil_campaigns")
def fulfil_campaigns() -> None:
    """Tell campaigns that all their orders have come to an end."""
    now = clock.now()
    one_by_one(
        queries.campaign_ids_to_fulfil(),
        lambda campaign_id: campaigns.fulfil(campaign_id=campaign_id, now=now),
    )


@every("* * * * * */5", "orders.recount_group_buys")
def recount_group_buys() -> None:
    """Count again what open group buys sold: something may have been given back."""
    with transaction():
        counting.recount()


@every("* * * * * */5", "orders.settle_campaigns")
def settle_campaigns() -> None:
    """Settle the orders of decided group buys, a batch in each transaction.

    A campaign that fails stops no other.
    """
    faults: list[Exception] = []
    for campaign_id in campaign_queries.unsettled_campaign_ids():
        try:
            while retrying(partial(_settle_batch, campaign_id)):
                pass
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("some campaigns could not be settled", faults)


def _settle_batch(campaign_id: str) -> int:
    with transaction():
        return closing.settle_batch(campaign_id=campaign_id, now=clock.now())

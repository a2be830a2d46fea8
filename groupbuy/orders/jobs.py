"""What happens to orders by the clock."""

from datetime import timedelta
from functools import partial

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock
from groupbuy.kernel.db import retrying, transaction
from groupbuy.kernel.jobs import every, job, one_by_one
from groupbuy.kernel.settings import settings
from groupbuy.orders import queries
from groupbuy.orders.services import (
    cancelling,
    carts,
    closing,
    correcting,
    counting,
    deciding,
    moving,
)


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


@every("* * * * * 27", "orders.decide_overdue_after_sales")
def decide_overdue_after_sales() -> None:
    """Approve small requests that nobody decided in time, and mark the others as urgent."""
    now, automatic_fen = clock.now(), settings().after_sale_automatic_fen
    one_by_one(
        queries.after_sale_ids_overdue(now=now),
        lambda after_sale_id: deciding.decide_overdue(
            after_sale_id=after_sale_id, automatic_fen=automatic_fen, now=now
        ),
    )


@every("* * * * * 47", "orders.end_unreturned_after_sales")
def end_unreturned_after_sales() -> None:
    """Withdraw after-sales whose goods did not come back in time."""
    now = clock.now()
    one_by_one(
        queries.after_sale_ids_unreturned(now=now),
        lambda after_sale_id: deciding.end_unreturned(after_sale_id=after_sale_id, now=now),
    )


@every("43 3 * * *", "orders.forget_carts")
def forget_carts() -> None:
    """Forget carts that nobody touched for long."""
    with transaction():
        carts.forget_old(now=clock.now())


@job(correcting.JOB)
def settle_correction(correction_id: str) -> None:
    """Settle a running correction, each order in its own transaction; killed anywhere, it goes on.

    An order that fails stops no other, and is tried again.
    """
    now, known = clock.now(), settings()
    try:
        one_by_one(
            queries.planned_order_ids(correction_id),
            lambda order_id: correcting.settle_order(
                correction_id=correction_id,
                order_id=order_id,
                leaders_limit_fen=known.leader_correction_fen,
                decide_within=timedelta(hours=known.after_sale_decision_hours),
                now=now,
            ),
        )
    finally:
        with transaction():
            correcting.finish(correction_id=correction_id, now=now)


@every("*/5 * * * * 33", "orders.resume_corrections")
def resume_corrections() -> None:
    """Go on with corrections that are under way, should their job be lost."""
    for correction_id in queries.running_correction_ids():
        settle_correction(correction_id)


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

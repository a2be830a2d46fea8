"""What happens to orders by the clock."""

from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every, one_by_one
from groupbuy.kernel.settings import settings
from groupbuy.orders import queries
from groupbuy.orders.services import cancelling, carts, deciding, moving


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

"""Closing a campaign of 10,000 orders, killed on its way: it ends the same."""

from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import EXTENSION
from groupbuy.orders.jobs import settle_campaigns
from tests.client import Api
from tests.crash import killed
from tests.factories.crowds import crowd
from tests.journeys.headquarters import Shop, made
from tests.orders.closed import Sale
from tests.orders.test_races import books_hold

pytestmark = [pytest.mark.long, pytest.mark.committed]
MANY = 10_000
LADDER = [{"from_units": 0, "price_fen": 1000}, {"from_units": MANY, "price_fen": 800}]


def crowded(api: Api, **campaign: Any) -> Sale:
    """Open a campaign in which 10,000 shoppers bought an egg, and close it."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=MANY + 10)
    sale = Sale(shop, ["bo"], allotment=MANY + 10, **campaign)
    crowd(sale.orders["bo"], size=MANY - 1)
    with transaction():
        campaigns.close(campaign_id=sale.campaign, actor=SYSTEM, now=clock.now())
    return sale


def settle(sale: Sale, times: int) -> None:
    """Let a worker die in the middle of a batch and at the end of others, then finish."""
    settings, at = sale.shop.api.app.extensions[EXTENSION], sale.shop.api.clock.at
    for nth in range(1, times + 1):
        job = "orders.settle_campaigns"
        killed(settings, at, "groupbuy.kernel.db:Session.commit", "after", nth=nth, job=job)
        killed(settings, at, "groupbuy.kernel.jobs:enqueue_many", "after", nth=nth, job=job)
    settle_campaigns()


def count(what: str) -> int:
    session().rollback()
    return int(session().execute(text(f"select count(*) from {what}")).scalar_one())


def test_it_gives_ten_thousand_orders_back(api: Api) -> None:
    terms = {"measure": "participants", "minimum": MANY + 1}
    sale = crowded(api, kind="threshold", terms=terms)
    settle(sale, 3)
    assert count("orders where cancel_reason = 'group_failed'") == MANY
    assert count("payment_refunds where amount_fen = 1000") == MANY
    assert count("procrastinate_jobs where task_name = 'payments.refund'") == MANY
    assert count("order_transitions where action = 'cancel'") == MANY
    closing = made(sale.shop.hua.get(f"/hq/campaigns/{sale.campaign}/closing"), 200)
    assert (closing["orders"], closing["settled"], closing["refunds_requested"]) == (MANY,) * 3
    books_hold()


def test_it_levels_ten_thousand_orders(api: Api) -> None:
    sale = crowded(api, ladder=LADDER)
    settle(sale, 3)
    assert count("order_lines where final_price_fen = 800 and refund_requested_fen = 200") == MANY
    assert count("payment_refunds where amount_fen = 200") == MANY
    books_hold()


def test_it_prepares_ten_thousand_orders(api: Api) -> None:
    terms = {"measure": "participants", "minimum": MANY}
    sale = crowded(api, kind="threshold", terms=terms)
    settle_campaigns()
    assert count("orders where state = 'preparing'") == MANY
    assert count("campaigns where settled_at is not null") == 1
    assert sale.state("bo") == "preparing"
    books_hold()

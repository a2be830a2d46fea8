"""Settling the orders of decided group buys against payments, cancellations, each other."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.jobs import settle_campaigns
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.services import cancelling, closing, paying
from groupbuy.payments.services import payments
from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.orders.closed import LADDER, NEIGHBOURS, Sale, figures, threshold
from tests.orders.test_races import books_hold, together
from tests.rivals import at_once, second_waits_for_first


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with a hundred eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=100)
    return shop


@pytest.fixture(autouse=True)
def _books(app: Flask, request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if not request.node.get_closest_marker("breaks_books"):
        session().rollback()
        books_hold()


@pytest.mark.committed
class TestRaces:
    """Payments, cancellations and closers against each other: whoever comes first decides."""

    def pay(self, order_id: str, shopper_id: str) -> None:
        now = clock.now()
        payment = paying.begin_payment(
            order_id=order_id, shopper_id=shopper_id, provider="demo", now=now
        )
        started = payments.start(payment, now=now)
        payments.record_start(payment_id=payment.id, started=started, now=now)

    def test_it_counts_a_payment_that_was_under_way_when_it_closes(
        self, app: Flask, shop: Shop
    ) -> None:
        sale = threshold(shop, ["bo"], minimum=2)
        order = shop.order("zed", sale.group_buy, {"Eggs": 1})
        zed = shop.api.shopper("zed").id
        second_waits_for_first(
            app,
            lambda: self.pay(order["id"], zed),
            lambda: campaigns.close(campaign_id=sale.campaign, actor=SYSTEM, now=clock.now()),
        )
        settle_campaigns()
        assert sale.state("bo") == "preparing"

    def test_it_returns_a_payment_that_waited_for_the_closing(self, app: Flask, shop: Shop) -> None:
        sale = threshold(shop, ["bo"], minimum=2)
        order = shop.order("zed", sale.group_buy, {"Eggs": 1})
        zed = shop.api.shopper("zed").id
        second_waits_for_first(
            app,
            lambda: campaigns.close(campaign_id=sale.campaign, actor=SYSTEM, now=clock.now()),
            lambda: self.pay(order["id"], zed),
        )
        settle_campaigns()
        run_pending()
        shown = made(shop.api.shopper("zed").get(f"/orders/{order['id']}"), 200)
        assert (shown["state"], shown["cancel_reason"]) == ("cancelled", "group_failed")
        assert sale.state("bo") == "cancelled"

    def test_it_gives_back_once_what_its_shopper_cancels_while_it_is_settled(
        self, app: Flask, shop: Shop
    ) -> None:
        sale = threshold(shop, ["bo", "zed"], minimum=3)
        sale.close()
        bo = sale.orders["bo"]

        def cancel() -> None:
            cancelling.cancel(
                order_id=bo, reason=CancelReason.SHOPPER, actor=SYSTEM, now=clock.now()
            )

        second_waits_for_first(
            app,
            cancel,
            lambda: closing.settle_batch(campaign_id=sale.campaign, now=clock.now()),
        )
        settle_campaigns()
        run_pending()
        after = figures()
        assert after["payments"] == [("succeeded", 1000, 1000, 2)]
        assert [row[:2] for row in after["orders"]] == [
            ("cancelled", "group_failed"),
            ("cancelled", "shopper"),
        ]

    def test_it_may_be_cancelled_by_its_shopper_while_the_group_closes(
        self, app: Flask, shop: Shop
    ) -> None:
        sale = threshold(shop, ["bo", "zed"], minimum=2)

        def cancel() -> None:
            cancelling.cancel(
                order_id=sale.orders["bo"],
                reason=CancelReason.SHOPPER,
                actor=SYSTEM,
                now=clock.now(),
            )

        def close() -> None:
            campaigns.close(campaign_id=sale.campaign, actor=SYSTEM, now=clock.now())

        at_once(app, [cancel, close])
        settle_campaigns()
        run_pending()
        assert sale.state("bo") == "cancelled"
        assert sale.state("zed") in ("preparing", "cancelled")

    def test_it_settles_once_however_many_workers_do(self, app: Flask, shop: Shop) -> None:
        sale = threshold(shop, NEIGHBOURS, minimum=8)
        sale.close()
        at_once(app, [settle_campaigns] * 3, in_one=False)
        run_pending()
        assert figures()["payments"] == [("succeeded", 1000, 1000, 7)]

    def test_it_is_decided_once_by_two_closers(self, app: Flask, shop: Shop) -> None:
        sale = threshold(shop, ["bo"], minimum=1)
        shop.api.clock.at = sale.closes_at

        def tick() -> bool:
            return campaigns.advance_one(campaign_id=sale.campaign, now=clock.now())

        moved = at_once(app, [tick] * 3)
        assert sorted(moved) == [False, False, True]

    def test_it_sells_one_shopper_no_more_than_the_cap(self, shop: Shop) -> None:
        sale = Sale(shop, [], kind="flash", limit_per_shopper=2)
        line = {"sku_id": shop.skus["Eggs"], "quantity": 1}
        body = {"group_buy_id": sale.group_buy, "lines": [line], "quote_total_fen": 1000}
        bo = shop.api.shopper("bo")
        answers = together(*[lambda: bo.post("/orders", body)] * 20)
        codes = [answer.json.get("code", "placed") for answer in answers]
        assert codes.count("placed") == 2
        assert set(codes) == {"placed", "shopper-limit-reached"}

    def test_it_levels_an_order_that_came_back_to_life_after_all_was_settled(
        self, shop: Shop
    ) -> None:
        sale = Sale(shop, NEIGHBOURS[:4], ladder=LADDER)
        order = shop.order("bo", sale.group_buy, {"Eggs": 1})
        with transaction():
            payment = paying.begin_payment(
                order_id=order["id"],
                shopper_id=shop.api.shopper("bo").id,
                provider="demo",
                now=clock.now(),
            )
        shop.wait(minutes=30)
        sale.close()
        settle_campaigns()
        assert figures()["settled"] == [(1,)]
        with transaction():  # what was returned to the house is given to the campaign again
            session().execute(text("update campaigns set state = 'open', settled_at = now()"))
            campaigns.raise_allotment(
                campaign_id=sale.campaign,
                sku_id=shop.skus["Eggs"],
                units=1,
                actor=SYSTEM,
                now=clock.now(),
            )
            session().execute(text("update campaigns set state = 'succeeded'"))
        started = payments.start(payment, now=clock.now())
        with transaction():
            payments.record_start(payment_id=payment.id, started=started, now=clock.now())
        settle_campaigns()
        run_pending()
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert (shown["state"], shown["refunded_fen"]) == ("paid", 200)
        assert figures()["settled"] == [(1,)]

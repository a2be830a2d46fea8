"""Where pricing, campaigns, payments and orders meet: money that nobody may lose on the way."""

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import engine, session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.jobs import settle_campaigns
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.services import cancelling, paying, placing, refunding
from groupbuy.orders.services.refunding import Return
from groupbuy.payments.models import PaymentRefund
from groupbuy.payments.providers.interface import RefundStatus
from groupbuy.payments.rules.states import RefundState, ResolutionAction
from groupbuy.payments.services import payments, record_refund_result, resolving
from groupbuy.pricing import services as prices
from groupbuy.pricing.models import Promotion
from groupbuy.pricing.rules import Delivery, Wanted
from tests.client import Api
from tests.factories import leaders, pricing
from tests.journeys.headquarters import Shop, made
from tests.orders.closed import LADDER, Sale, figures, threshold
from tests.orders.test_races import books_hold
from tests.rivals import at_once


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with a hundred eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=100)
    return shop


def deadlocks() -> int:
    """Return how many deadlocks PostgreSQL broke in this database."""
    with engine().connect() as connection:
        connection.execute(text("select pg_stat_force_next_flush()"))
        found = connection.scalar(
            text("select deadlocks from pg_stat_database where datname = current_database()")
        )
        return int(found or 0)


@pytest.mark.committed
def test_it_gives_back_everybodys_money_though_somebody_had_paid_too_much(shop: Shop) -> None:
    sale = threshold(shop, ["bo"], minimum=3)
    order = shop.order("zed", sale.group_buy, {"Eggs": 1})
    now = clock.now()
    with transaction():
        payment = paying.begin_payment(
            order_id=order["id"], shopper_id=shop.api.shopper("zed").id, provider="demo", now=now
        )
    with transaction():
        payments.record_success(
            payment_id=payment.id, provider_ref="too-much", amount_fen=1300, currency="cny", now=now
        )
    with transaction():
        resolving.resolve_payment(
            payment_id=payment.id,
            action=ResolutionAction.ACCEPT,
            reason="the surplus goes back",
            actor=Actor(kind="staff", id="hua", role="operator"),
            now=now,
        )
    run_pending()
    sale.close()
    settle_campaigns()
    run_pending()
    assert figures()["payments"] == [("succeeded", 1000, 1000, 1), ("succeeded", 1000, 1300, 1)]
    books_hold()


class Pair:
    """One order of Bo's and two who work on it."""

    def __init__(self, shop: Shop) -> None:
        self.sale = Sale(shop, ["bo"])
        self.order = self.sale.orders["bo"]
        shown = made(shop.api.shopper("bo").get(f"/orders/{self.order}"), 200)
        self.line = shown["lines"][0]["id"]

    def cancel(self) -> None:
        cancelling.cancel(
            order_id=self.order, reason=CancelReason.STAFF, actor=SYSTEM, now=clock.now()
        )

    def refund(self) -> Any:
        return refunding.refund_lines(
            order_id=self.order,
            returns=[Return(self.line, amount_fen=100)],
            reason="bruised",
            actor=SYSTEM,
            now=clock.now(),
        ).id


def crossing(monkeypatch: pytest.MonkeyPatch, *, module: Any, name: str) -> None:
    """Let whoever comes to a function wait there until somebody else waits for a lock."""
    plain = getattr(module, name)

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = plain(*args, **kwargs)
        threading.Event().wait(0.4)
        return found

    monkeypatch.setattr(module, name, slow)


@pytest.mark.committed
class TestLocks:
    """Everybody takes payments, orders, group buys, stock in this order: nobody has to give up."""

    @pytest.fixture(autouse=True)
    def _nobody_gives_up(self, app: Flask) -> Any:
        before = deadlocks()
        yield
        session().rollback()
        assert deadlocks() == before
        books_hold()

    def test_it_refunds_while_the_order_is_cancelled(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pair = Pair(shop)
        crossing(monkeypatch, module=cancelling, name="hold_payments")
        crossing(monkeypatch, module=refunding, name="locked")
        at_once(app, [pair.cancel, pair.refund])

    def test_it_hears_of_a_refused_refund_while_the_order_is_cancelled(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pair = Pair(shop)
        with transaction():
            pair.refund()
        refund = session().query(PaymentRefund).one()
        refused = RefundStatus(None, refund.id, RefundState.FAILED, 100, "account closed")
        refund_id = refund.id
        session().rollback()
        crossing(monkeypatch, module=cancelling, name="hold_payments")
        crossing(monkeypatch, module=refunding, name="locked")

        def refuse() -> None:
            record_refund_result(refund_id=refund_id, status=refused, now=clock.now())

        at_once(app, [pair.cancel, refuse])
        if figures()["payments"] == [("succeeded", 1000, 900, 1)]:
            # What was refused after the cancellation is free again: staff give it back anew.
            with transaction():
                pair.refund()
        run_pending()
        assert figures()["payments"] == [("succeeded", 1000, 1000, 1)]

    def test_it_sells_while_headquarters_adds_stock(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sale = Sale(shop, [])
        bo = shop.api.shopper("bo").id
        crossing(monkeypatch, module=placing, name="_reserve")

        def add() -> None:
            threading.Event().wait(0.2)
            campaigns.raise_allotment(
                campaign_id=sale.campaign,
                sku_id=shop.skus["Eggs"],
                units=5,
                actor=SYSTEM,
                now=clock.now(),
            )

        at_once(app, [partial(place, shop, sale, bo, 1000), add])

    def test_it_closes_while_the_last_order_is_placed(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sale = Sale(shop, [])
        bo = shop.api.shopper("bo").id
        crossing(monkeypatch, module=placing, name="_reserve")

        def close() -> None:
            threading.Event().wait(0.2)
            campaigns.close(campaign_id=sale.campaign, actor=SYSTEM, now=clock.now())

        at_once(app, [partial(place, shop, sale, bo, 1000), close])

    def test_it_places_an_order_that_costs_nothing_while_another_is_paid(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sale = threshold(shop, [], minimum=3)
        order = shop.order("zed", sale.group_buy, {"Eggs": 1})
        bo, zed = shop.api.shopper("bo").id, shop.api.shopper("zed").id
        coupon = pricing.coupon(bo, off_fen=1000)
        crossing(monkeypatch, module=placing, name="_reserve")
        crossing(monkeypatch, module=paying, name="locked_with_group")
        at_once(
            app,
            [
                partial(place, shop, sale, bo, 0, coupon_id=coupon.id),
                partial(pay, order["id"], zed),
            ],
        )


def place(shop: Shop, sale: Sale, shopper_id: str, total_fen: int, **more: Any) -> str:
    return placing.place(
        shopper_id=shopper_id,
        lines=[Wanted(shop.skus["Eggs"], 1)],
        group_buy_id=sale.group_buy,
        pickup_point_id=None,
        quote_total_fen=total_fen,
        payable_for=timedelta(minutes=30),
        actor=Actor(kind="shopper", id=shopper_id, role="shopper"),
        now=clock.now(),
        **more,
    ).order.id


def pay(order_id: str, shopper_id: str) -> None:
    now = clock.now()
    payment = paying.begin_payment(
        order_id=order_id, shopper_id=shopper_id, provider="demo", now=now
    )
    started = payments.start(payment, now=now)
    payments.record_start(payment_id=payment.id, started=started, now=now)


@pytest.mark.committed
class TestPlacedAsItCloses:
    """An order that is written down only after its campaign was settled is settled too."""

    def late(
        self,
        app: Flask,
        shop: Shop,
        sale: Sale,
        unpaid: str,
        monkeypatch: pytest.MonkeyPatch,
        *,
        total_fen: int = 1000,
        **more: Any,
    ) -> str:
        """Close and settle a campaign while Zed's order is priced; its goods are Tao's."""
        zed, plain = shop.api.shopper("zed").id, prices.price_basket
        closed: list[bool] = []

        def end() -> None:
            with app.app_context():
                sale.close()
                with transaction():
                    cancelling.cancel(
                        order_id=unpaid, reason=CancelReason.SHOPPER, actor=SYSTEM, now=clock.now()
                    )
                settle_campaigns()

        def slow(**asked: Any) -> Any:
            priced = plain(**asked)
            if not closed:
                closed.append(True)
                worker = threading.Thread(target=end)
                worker.start()
                worker.join(10)
            return priced

        monkeypatch.setattr(prices, "price_basket", slow)
        with transaction():
            return place(shop, sale, zed, total_fen, **more)

    def test_it_gets_what_the_ladder_saved(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sale = Sale(shop, ["bo", "a", "b", "c"], ladder=LADDER)
        unpaid = shop.order("tao", sale.group_buy, {"Eggs": 1})["id"]
        order_id = self.late(app, shop, sale, unpaid, monkeypatch)
        with transaction():
            pay(order_id, shop.api.shopper("zed").id)
        settle_campaigns()
        run_pending()
        assert figures()["payments"] == [("succeeded", 1000, 200, 5)]
        books_hold()

    def test_it_is_called_off_though_it_costs_nothing(
        self, app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sale = threshold(shop, ["bo"], minimum=3)
        unpaid = shop.order("tao", sale.group_buy, {"Eggs": 1})["id"]
        coupon = pricing.coupon(shop.api.shopper("zed").id, off_fen=1000)
        order_id = self.late(app, shop, sale, unpaid, monkeypatch, total_fen=0, coupon_id=coupon.id)
        settle_campaigns()
        run_pending()
        shown = made(shop.api.shopper("zed").get(f"/orders/{order_id}"), 200)
        assert (shown["state"], shown["cancel_reason"]) == ("cancelled", "group_failed")
        books_hold()


@pytest.mark.committed
def test_it_gives_a_newcomer_the_newcomers_price_once(app: Flask, shop: Shop) -> None:
    sale = Sale(shop, [])
    pricing.reduction(300, newcomers_only=True)
    bo = leaders.shopper_id("bo")
    results = at_once(app, [lambda: place(shop, sale, bo, 700)] * 4)
    assert sum(isinstance(result, str) for result in results) == 1, results


@pytest.mark.committed
def test_it_counts_an_order_of_a_promotion_that_acts_because_of_its_coupon(shop: Shop) -> None:
    point = shop.recruit("mei")["point"]
    always = {"from_fen": 0}
    free = pricing.promotion("free_delivery", always, orders_max=1)
    bo = leaders.shopper_id("bo")
    coupon = pricing.coupon(bo)
    with transaction():
        placing.place(
            shopper_id=bo,
            lines=[Wanted(shop.skus["Eggs"], 1)],
            group_buy_id=None,
            pickup_point_id=point,
            quote_total_fen=1000,
            payable_for=timedelta(minutes=30),
            actor=Actor(kind="shopper", id=bo, role="shopper"),
            now=clock.now(),
            coupon_id=coupon.id,
            delivery=Delivery(fee_fen=400, free_from_fen=1500),
        )
    assert session().get_one(Promotion, free.id, populate_existing=True).orders_used == 1

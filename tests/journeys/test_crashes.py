"""Processes die in the middle of things: nothing is half-done, and what was promised happens."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import EXTENSION
from tests.client import Api
from tests.crash import PENDING, killed
from tests.doubles.fixtures import stripe
from tests.doubles.stripe import StripeDouble
from tests.journeys.headquarters import Shop, made
from tests.orders.test_races import books_hold

__all__ = ["stripe"]

pytestmark = pytest.mark.committed


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with ten eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=10)
    return shop


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, an accepted leader."""
    return shop.recruit("mei")


@pytest.fixture(autouse=True)
def _books(app: Flask) -> Iterator[None]:
    yield
    session().rollback()
    books_hold()


def count(table: str) -> int:
    session().rollback()
    return int(session().execute(text(f"select count(*) from {table}")).scalar_one())


class TestPlacing:
    """The web process dies while it places an order."""

    def request(self, shop: Shop, mei: dict[str, str]) -> dict[str, Any]:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 10}]
        body = {"lines": lines, "quote_total_fen": 15_000, "pickup_point_id": mei["point"]}
        token = shop.api.shopper("bo").token
        return {"method": "POST", "path": "/orders", "body": body, "token": token, "key": "k"}

    def crash(self, shop: Shop, request: dict[str, Any], victim: str, when: str) -> None:
        settings = shop.api.app.extensions[EXTENSION]
        killed(settings, shop.api.clock.at, victim, when, request=request)

    def test_it_leaves_nothing_when_killed_after_reserving(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        request = self.request(shop, mei)
        self.crash(shop, request, "groupbuy.inventory.services:reserve", "after")
        assert (count("orders"), count("stock_reservations")) == (0, 0)
        answer = shop.api.shopper("bo").post("/orders", request["body"], key="k")
        assert made(answer)["state"] == "pending_payment"

    def test_it_has_one_order_when_killed_between_commit_and_answer(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        request = self.request(shop, mei)
        self.crash(shop, request, "flask:Flask.finalize_request", "before")
        assert count("orders") == 1
        bo = shop.api.shopper("bo")
        placed = made(bo.post("/orders", request["body"], key="k"))
        assert [placed["id"]] == [o["id"] for o in made(bo.get("/orders"), 200)["items"]]
        assert count("orders") == 1


class TestPaying:
    """The web process dies between Stripe's answer and our record of it."""

    def test_it_asks_stripe_for_the_same_payment_again(
        self, shop: Shop, mei: dict[str, str], stripe: StripeDouble
    ) -> None:
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        path = f"/orders/{order['id']}/payment"
        token = shop.api.shopper("bo").token
        body: dict[str, Any] = {}
        request = {"method": "POST", "path": path, "body": body, "token": token, "key": "k"}
        settings = shop.api.app.extensions[EXTENSION]
        victim = "groupbuy.payments.services.payments:record_start"
        killed(settings, shop.api.clock.at, victim, "before", request=request)
        started = made(shop.api.shopper("bo").post(path), 200)
        assert started["state"] == "pending"
        assert len(stripe.intents) == 1


class TestCompleting:
    """The worker dies while it completes orders."""

    def test_it_completes_all_of_them_after_the_restart(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        orders = [
            shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"]) for _ in range(3)
        ]
        for order in orders:
            shop.pay("bo", order["id"])
        shop.deliver(mei["point"])
        for order in orders:
            shop.hand_over("mei", "bo", order["id"])
        shop.api.clock.advance(hours=24)
        settings = shop.api.app.extensions[EXTENSION]
        victim = "groupbuy.orders.services.moving:announce"
        killed(settings, shop.api.clock.at, victim, "after", job="orders.complete_due")
        assert count("orders where state = 'completed'") == 0
        shop.tick()
        assert count("orders where state = 'completed'") == 3


class TestPromises:
    """What was promised before the crash happens after it."""

    def test_it_refunds_what_was_cancelled_before_the_crash(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        order = shop.order("bo", None, {"Eggs": 2}, pickup_point_id=mei["point"])
        shop.pay("bo", order["id"])
        made(shop.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        settings = shop.api.app.extensions[EXTENSION]
        victim = "groupbuy.payments.services:record_refund_result"
        killed(settings, shop.api.clock.at, victim, "before", job=PENDING)
        assert count("orders where refund_status = 'full'") == 0
        run_pending()
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert shown["refund_status"] == "full"

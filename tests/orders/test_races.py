"""Orders when two things happen at once: every interleaving here is forced or really concurrent."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.registry import invariants
from groupbuy.kernel import books, clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.problems import NotInThisState, Problem
from groupbuy.orders.models import Order
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.services import cancelling, paying, refunding
from groupbuy.orders.services.refunding import Return
from groupbuy.payments.services import payments
from tests.client import Answer, Api
from tests.journeys.headquarters import Shop, made
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with one single egg."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=1)
    return shop


@pytest.fixture
def order(shop: Shop) -> dict[str, Any]:
    """Bo's unpaid order for the last egg."""
    mei = shop.recruit("mei")
    return shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])


def together(*requests: Any) -> list[Answer]:
    """Send requests from connections of their own, all at once."""
    barrier = Barrier(len(requests))

    def send(request: Any) -> Answer:
        barrier.wait(10)
        answer: Answer = request()
        return answer

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def books_hold() -> None:
    """Hold the database against every invariant."""
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken


class TestOneUnit:
    """Two buyers and one unit."""

    def test_it_sells_the_last_unit_once(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
        body = {"lines": lines, "quote_total_fen": 1500, "pickup_point_id": mei["point"]}
        buyers = [shop.api.shopper(name) for name in ("bo", "zed", "tao", "lan")]
        answers = together(*(lambda b=buyer: b.post("/orders", body) for buyer in buyers))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        assert {a.json["code"] for a in answers if a.status_code == 409} == {"out-of-stock"}
        books_hold()

    def test_it_places_one_order_for_one_key_from_two_connections(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
        body = {"lines": lines, "quote_total_fen": 1500, "pickup_point_id": mei["point"]}
        bo = shop.api.shopper("bo")
        answers = together(*[lambda: bo.post("/orders", body, key="one")] * 4)
        created = {answer.json["id"] for answer in answers if answer.status_code == 201}
        others = {a.json["code"] for a in answers if a.status_code != 201}
        assert len(created) == 1
        assert others <= {"request-in-progress"}
        assert len(made(bo.get("/orders"), 200)["items"]) == 1
        books_hold()


class TestExpiryAgainstPayment:
    """Whoever locks first decides, and the goods are sold or the money goes back."""

    def pay(self, order: dict[str, Any]) -> None:
        payment = paying.begin_payment(
            order_id=order["id"],
            shopper_id=session().get_one(Order, order["id"]).shopper_id,
            provider="demo",
            now=clock.now(),
        )
        started = payments.start(payment, now=clock.now())
        payments.record_start(payment_id=payment.id, started=started, now=clock.now())

    def expire(self, order: dict[str, Any]) -> None:
        cancelling.cancel(
            order_id=order["id"], reason=CancelReason.TIMEOUT, actor=SYSTEM, now=clock.now()
        )

    def test_it_leaves_alone_what_was_paid_while_the_sweep_waited(
        self, app: Flask, shop: Shop, order: dict[str, Any]
    ) -> None:
        def pay_in_time() -> None:
            self.pay(order)
            shop.api.clock.advance(minutes=31)

        _, swept = second_waits_for_first(app, pay_in_time, lambda: self.sweep_at_expiry(order))
        assert not isinstance(swept, Exception)
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert shown["state"] == "paid"
        books_hold()

    def sweep_at_expiry(self, order: dict[str, Any]) -> bool:
        expires_at = session().get_one(Order, order["id"]).expires_at
        return cancelling.expire(order_id=order["id"], now=expires_at)

    def test_it_refuses_to_pay_what_expired_while_the_payment_waited(
        self, app: Flask, shop: Shop, order: dict[str, Any]
    ) -> None:
        _, payment = second_waits_for_first(
            app, lambda: self.expire(order), lambda: self.pay(order)
        )
        assert isinstance(payment, NotInThisState)
        books_hold()


class TestLatePayment:
    """Money that arrives after expiry."""

    def late(self, shop: Shop, order: dict[str, Any], *, resell: bool) -> dict[str, Any]:
        with transaction():
            payment = paying.begin_payment(
                order_id=order["id"],
                shopper_id=shop.api.shopper("bo").id,
                provider="demo",
                now=clock.now(),
            )
        shop.wait(minutes=30)
        if resell:
            point = order["pickup_point_id"]
            shop.order("zed", None, {"Eggs": 1}, pickup_point_id=point)
        started = payments.start(payment, now=clock.now())
        with transaction():
            payments.record_start(payment_id=payment.id, started=started, now=clock.now())
        run_pending()
        return made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)

    def test_it_brings_the_order_back_while_the_goods_are_there(
        self, shop: Shop, order: dict[str, Any]
    ) -> None:
        shown = self.late(shop, order, resell=False)
        assert (shown["state"], shown["cancel_reason"]) == ("paid", None)
        moves = [step["action"] for step in shown["timeline"] if step["kind"] == "order"]
        assert moves == ["place", "cancel", "revive"]
        books_hold()

    def test_it_returns_the_money_when_the_goods_are_gone(
        self, shop: Shop, order: dict[str, Any]
    ) -> None:
        shown = self.late(shop, order, resell=True)
        assert shown["state"] == "cancelled"
        (payment,) = made(shop.hua.get("/hq/payments", reference=order["id"]), 200)["items"]
        assert (payment["state"], payment["refunded_fen"]) == ("succeeded", 1500)
        books_hold()


class TestRefunds:
    """Refunds of one line at once never exceed it."""

    def test_it_refunds_a_line_once_however_many_ask(
        self, app: Flask, shop: Shop, order: dict[str, Any]
    ) -> None:
        shop.pay("bo", order["id"])
        line = order["lines"][0]["id"]

        def refund() -> Any:
            return refunding.refund_lines(
                order_id=order["id"],
                returns=[Return(line, amount_fen=1000)],
                reason="cracked",
                actor=SYSTEM,
                now=clock.now(),
            )

        results = at_once(app, [refund] * 6)
        assert sum(isinstance(result, Problem) for result in results) == 5
        run_pending()
        shown = made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)
        assert shown["refunded_fen"] == 1000
        books_hold()

"""Lists of orders and the story of one, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.rules import Action
from groupbuy.orders.rules.after_sales import AfterSaleAction
from groupbuy.orders.rules.timeline import AFTER_SALE_WORDS, ORDER_WORDS
from tests.client import Caller
from tests.journeys.headquarters import made
from tests.orders.conftest import Stand
from tests.orders.test_api import refused


class TestTimeline:
    """GET /orders/{id}"""

    def test_it_tells_payment_moves_after_sale_and_refund_in_order(self, stand: Stand) -> None:
        order = stand.order("bo", stand.group_buy, {"Eggs": 2})
        stand.api.clock.advance(minutes=1)
        stand.pay("bo", order["id"])
        stand.api.clock.advance(minutes=1)
        stand.deliver(stand.mei["point"])
        stand.api.clock.advance(minutes=1)
        stand.hand_over("mei", "bo", order["id"])
        stand.api.clock.advance(minutes=1)
        case = stand.asked(order, Eggs=1)
        stand.api.clock.advance(minutes=1)
        stand.decide(case, "approval")
        stand.api.clock.advance(minutes=1)
        run_pending()
        timeline = stand.shown(order)["timeline"]
        assert [(step["kind"], step["action"]) for step in timeline] == [
            ("order", "place"),
            ("payment", "request"),
            ("payment", "succeed"),
            ("order", "pay"),
            ("order", "prepare"),
            ("order", "ship"),
            ("order", "arrive"),
            ("order", "pick_up"),
            ("after_sale", "request"),
            ("after_sale", "approve"),
            ("after_sale", "refund"),
            ("refund", "request"),
            ("after_sale", "settle"),
            ("refund", "succeeded"),
        ]
        assert timeline[2]["amount_fen"] == 2400
        assert timeline[-1] == {**timeline[-1], "text": "Money refunded", "amount_fen": 1200}
        assert "actor" not in timeline[0]
        staff = made(stand.hua.get(f"/hq/orders/{order['id']}"), 200)["timeline"]
        assert staff[9]["actor"] == stand.hua.id

    def test_it_speaks_the_language_that_is_asked_for(self, stand: Stand) -> None:
        order = stand.paid()
        shown = stand.api.shopper("bo").get(f"/orders/{order['id']}", language="zh-CN").json
        assert [step["text"] for step in shown["timeline"]] == [
            "已下单",
            "发起支付",
            "支付成功",
            "订单已支付",
        ]

    def test_it_has_words_for_everything_that_can_happen(self) -> None:
        assert ORDER_WORDS.keys() == set(Action)
        assert AFTER_SALE_WORDS.keys() == set(AfterSaleAction)


def ids(caller: Caller, path: str, **filters: Any) -> list[str]:
    return [item["id"] for item in made(caller.get(path, **filters), 200)["items"]]


class TestLists:
    """GET /orders, /leader/orders, /hq/orders: their filters"""

    @pytest.fixture
    def orders(self, stand: Stand) -> list[str]:
        """Bo's eggs, a day later his strawberries, of which one came back, and Zed's eggs."""
        eggs = stand.paid(Eggs=1)
        stand.api.clock.advance(days=1)
        berries = stand.paid(Strawberries=2)
        stand.decide(stand.asked(berries, Strawberries=1), "approval")
        run_pending()
        return [eggs["id"], berries["id"], stand.paid("zed", Eggs=1)["id"]]

    def test_it_finds_ones_own(self, stand: Stand, orders: list[str]) -> None:
        bo = stand.api.shopper("bo")
        eggs, berries, _ = orders
        assert ids(bo, "/orders") == [berries, eggs]
        assert ids(bo, "/orders", q="straw") == [berries]
        assert ids(bo, "/orders", q="100%") == []
        assert ids(bo, "/orders", after_sale="true") == [berries]
        assert ids(bo, "/orders", after_sale="false") == [eggs]
        assert ids(bo, "/orders", group_buy_id=stand.group_buy, state="paid") == [berries, eggs]
        assert ids(bo, "/orders", state="completed") == []
        noon = (stand.api.clock.now() - timedelta(hours=1)).isoformat()
        assert ids(bo, "/orders", since=noon) == [berries]
        assert ids(bo, "/orders", until=noon) == [eggs]
        refused(bo.get("/orders", refund_status="full"), 422, "invalid-input")

    def test_it_finds_for_leader_and_headquarters(self, stand: Stand, orders: list[str]) -> None:
        mei, hua = stand.api.shopper("mei"), stand.hua
        eggs, berries, zeds = orders
        for caller, path in ((mei, "/leader/orders"), (hua, "/hq/orders")):
            assert ids(caller, path, refund_status="partial") == [berries]
            assert ids(caller, path, q=zeds) == [zeds]
            assert ids(caller, path, q="ZED") == [zeds]
            assert ids(caller, path, q="nobody") == []
            assert ids(caller, path, since=stand.api.clock.now().isoformat()) == [zeds, berries]
        stand.deliver(stand.mei["point"])
        code = made(stand.api.shopper("bo").get(f"/orders/{eggs}"), 200)["pickup_code"]
        assert ids(hua, "/hq/orders", q=code) == [eggs]
        # To a leader the code is the shopper's to show: nobody tries codes where nothing counts.
        assert ids(mei, "/leader/orders", q=code) == []
        stand.recruit("tao")
        assert ids(stand.api.shopper("tao"), "/leader/orders", q=zeds) == []

    def test_it_shows_one_order_in_a_constant_number_of_statements(
        self, stand: Stand, orders: list[str], count_statements: Any
    ) -> None:
        counts = []
        for order_id in orders[:2]:
            with count_statements() as statements:
                made(stand.api.shopper("bo").get(f"/orders/{order_id}"), 200)
            counts.append(len(statements))
        # Lines of refunds are read only where there are refunds.
        assert max(counts) - min(counts) <= 1
        assert max(counts) <= 9

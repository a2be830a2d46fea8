"""Orders whose price is more than unit prices: gifts, reductions, a coupon, delivery."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.app.registry import invariants
from groupbuy.commissions.models import CommissionLine
from groupbuy.inventory import queries as inventory
from groupbuy.kernel import books
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import EXTENSION
from groupbuy.pricing.models import Coupon, Promotion
from tests.client import Api
from tests.factories import pricing
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with strawberries, eggs and a bag to give away."""
    shop = Shop(api)
    shop.stock("Strawberries", price_fen=2000, units=50)
    shop.stock("Eggs", price_fen=1000, units=50)
    shop.stock("Bag", price_fen=300, units=3)
    return shop


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, an accepted leader."""
    return shop.recruit("mei")


@pytest.fixture
def fee(app: Flask) -> Iterator[None]:
    """Delivery costs 6 yuan on an order from the house."""
    known = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(known, delivery_fee_fen=600)
    yield
    app.extensions[EXTENSION] = known


def books_hold() -> None:
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken


def basket(shop: Shop, mei: dict[str, str], goods: dict[str, int], **more: Any) -> dict[str, Any]:
    lines = [{"sku_id": shop.skus[title], "quantity": n} for title, n in goods.items()]
    return {"lines": lines, "pickup_point_id": mei["point"], **more}


def quoted(shop: Shop, body: dict[str, Any], by: str = "bo") -> dict[str, Any]:
    return made(shop.api.shopper(by).post("/quotes", body), 200)


def shown(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    return made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)


def buy(
    shop: Shop, mei: dict[str, str], goods: dict[str, int], by: str = "bo", **more: Any
) -> dict[str, Any]:
    order = shop.order(by, None, goods, pickup_point_id=mei["point"], **more)
    shop.pay(by, order["id"])
    return order


class TestPromotions:
    """What is in force acts on quotes and orders."""

    def test_it_takes_off_what_it_says_and_explains_it(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        promotion = pricing.reduction(500)
        order = buy(shop, mei, {"Strawberries": 1, "Eggs": 1})
        money = ("goods_fen", "discount_fen", "delivery_fen", "total_fen")
        assert [order[name] for name in money] == [3000, 500, 0, 2500]
        assert [line["amount_fen"] for line in order["lines"]] == [1667, 833]
        effect = order["lines"][0]["effects"][-1]
        assert (effect["step"], effect["source"]) == ("reduction", promotion.id)
        assert effect["text"] == "Weekend deal: ¥5 off from 1 units"
        books_hold()

    def test_it_ends_to_the_instant(self, shop: Shop, mei: dict[str, str]) -> None:
        pricing.reduction(500)
        shop.api.clock.advance(days=7, microseconds=-1)
        body = basket(shop, mei, {"Eggs": 1})
        assert quoted(shop, body)["total_fen"] == 500
        shop.api.clock.advance(microseconds=1)
        assert quoted(shop, body)["total_fen"] == 1000
        answer = shop.api.shopper("bo").post("/orders", {**body, "quote_total_fen": 500})
        problem = refused(answer, 409, "quote-changed")
        assert problem["quote"]["total_fen"] == 1000
        assert problem["quote"]["lines"][0]["effects"][0]["text"] == "Unit price ¥10 × 1"

    def test_it_prices_for_members(self, shop: Shop, mei: dict[str, str]) -> None:
        session().execute(
            text("update skus set member_price_fen = 800 where id = cast(:id as uuid)"),
            {"id": shop.skus["Eggs"][4:]},
        )
        body = basket(shop, mei, {"Eggs": 2})
        assert quoted(shop, body)["total_fen"] == 2000
        session().execute(text("update shoppers set member_until = '2026-03-03T00:00:00Z'"))
        quote = quoted(shop, body)
        assert quote["total_fen"] == 1600
        assert quote["lines"][0]["effects"][0]["source"] == "member"
        shop.api.clock.advance(days=1)
        assert quoted(shop, body)["total_fen"] == 2000

    def test_it_is_for_newcomers_once(self, shop: Shop, mei: dict[str, str]) -> None:
        pricing.reduction(500, newcomers_only=True)
        assert buy(shop, mei, {"Eggs": 1})["total_fen"] == 500
        assert buy(shop, mei, {"Eggs": 1})["total_fen"] == 1000

    def test_it_is_for_so_many_orders_and_gives_places_back(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        pricing.reduction(500, orders_max=1)
        first = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        assert first["total_fen"] == 500
        body = basket(shop, mei, {"Eggs": 1})
        assert quoted(shop, body, by="zed")["total_fen"] == 1000
        shop.wait(minutes=30)
        assert quoted(shop, body, by="zed")["total_fen"] == 500
        books_hold()
        buy(shop, mei, {"Eggs": 1}, by="zed")
        assert session().query(Promotion).one().orders_used == 1
        books_hold()


class TestGifts:
    """A gift is a line at price 0 with stock of its own."""

    def test_it_is_given_reserved_and_sold_and_earns_nothing(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        pricing.gift(shop.skus["Bag"], from_units=2)
        order = buy(shop, mei, {"Eggs": 2})
        [eggs, bag] = order["lines"]
        assert (bag["gift"], bag["quantity"], bag["amount_fen"]) == (True, 1, 0)
        assert (eggs["gift"], order["total_fen"]) == (False, 2000)
        assert inventory.house_stock([shop.skus["Bag"]])[shop.skus["Bag"]].available == 2
        line = session().query(CommissionLine).filter_by(order_line_id=bag["id"]).one()
        assert (line.item_earns, line.base_fen) == (False, 0)
        books_hold()

    def test_it_may_be_of_a_sku_that_is_bought_too(self, shop: Shop, mei: dict[str, str]) -> None:
        pricing.gift(shop.skus["Bag"], from_units=2)
        order = buy(shop, mei, {"Bag": 2})
        assert [(x["gift"], x["quantity"]) for x in order["lines"]] == [(False, 2), (True, 1)]
        shop.refund(order["id"], order["lines"][0]["id"], quantity=2)
        assert shown(shop, order)["state"] == "cancelled"
        assert inventory.house_stock([shop.skus["Bag"]])[shop.skus["Bag"]].available == 3
        books_hold()

    def test_it_is_no_more_than_is_left(self, shop: Shop, mei: dict[str, str]) -> None:
        pricing.gift(shop.skus["Bag"], quantity=2)
        for given in (2, 1):
            assert buy(shop, mei, {"Eggs": 1})["lines"][1]["quantity"] == given
        assert len(buy(shop, mei, {"Eggs": 1})["lines"]) == 1

    def test_it_is_told_when_it_is_gone_since_the_quote(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        pricing.gift(shop.skus["Bag"], quantity=3)
        body = basket(shop, mei, {"Eggs": 1})
        quote = quoted(shop, body)
        buy(shop, mei, {"Bag": 3}, by="zed")
        seen = {"quote_total_fen": quote["total_fen"], "quote_digest": quote["digest"]}
        bo = shop.api.shopper("bo")
        problem = refused(bo.post("/orders", {**body, **seen}), 409, "quote-changed")
        assert len(problem["quote"]["lines"]) == 1
        made(bo.post("/orders", {**body, "quote_total_fen": quote["total_fen"]}))

    def test_it_does_not_count_against_a_shoppers_limit(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        session().execute(text("update skus set per_shopper_max = 2"))
        pricing.gift(shop.skus["Bag"], quantity=2)
        assert len(buy(shop, mei, {"Eggs": 1})["lines"]) == 2
        buy(shop, mei, {"Bag": 1})


class TestCoupons:
    """One coupon on an order."""

    def bos(self, shop: Shop, **fields: Any) -> Coupon:
        return pricing.coupon(shop.api.shopper("bo").id, **fields)

    def state(self, coupon: Coupon) -> str:
        session().refresh(coupon)
        return coupon.state

    def test_it_is_reserved_with_the_order_and_used_at_payment(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        coupon = self.bos(shop)
        order = shop.order(
            "bo", None, {"Eggs": 1}, pickup_point_id=mei["point"], coupon_id=coupon.id
        )
        assert (order["total_fen"], order["coupon_id"]) == (500, coupon.id)
        assert self.state(coupon) == "reserved"
        books_hold()
        shop.pay("bo", order["id"])
        assert (self.state(coupon), coupon.order_id) == ("used", order["id"])
        books_hold()

    def test_it_pays_a_whole_order_at_once(self, shop: Shop, mei: dict[str, str]) -> None:
        coupon = self.bos(shop, off_fen=5000)
        point = mei["point"]
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=point, coupon_id=coupon.id)
        assert (order["state"], order["total_fen"]) == ("paid", 0)
        assert self.state(coupon) == "used"
        books_hold()

    def test_it_comes_back_when_the_order_expires(self, shop: Shop, mei: dict[str, str]) -> None:
        coupon = self.bos(shop)
        point = mei["point"]
        shop.order("bo", None, {"Eggs": 1}, pickup_point_id=point, coupon_id=coupon.id)
        shop.wait(minutes=30)
        assert (self.state(coupon), coupon.order_id) == ("claimed", None)
        buy(shop, mei, {"Eggs": 1}, coupon_id=coupon.id)
        books_hold()

    def test_it_comes_back_when_a_paid_order_is_cancelled_or_refunded_in_full(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        coupon = self.bos(shop)
        order = buy(shop, mei, {"Eggs": 1}, coupon_id=coupon.id)
        made(shop.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        assert self.state(coupon) == "claimed"
        order = buy(shop, mei, {"Eggs": 2}, coupon_id=coupon.id)
        shop.refund(order["id"], order["lines"][0]["id"], quantity=1)
        assert self.state(coupon) == "used"
        shop.refund(order["id"], order["lines"][0]["id"], quantity=1)
        assert (shown(shop, order)["state"], self.state(coupon)) == ("cancelled", "claimed")
        books_hold()

    def test_it_says_why_it_does_not_apply(self, shop: Shop, mei: dict[str, str]) -> None:
        bo = shop.api.shopper("bo")

        def reason(coupon: Coupon) -> tuple[str, int]:
            answer = bo.post("/quotes", basket(shop, mei, {"Eggs": 1}, coupon_id=coupon.id))
            problem = refused(answer, 409, "coupon-not-applicable")
            return problem["reason"], problem["missing_fen"]

        high = self.bos(shop, from_fen=1500)
        assert reason(high) == ("threshold_not_reached", 500)
        assert reason(pricing.coupon(shop.api.shopper("zed").id)) == ("not_yours", 0)
        held = self.bos(shop)
        buy(shop, mei, {"Eggs": 1}, coupon_id=held.id)
        assert reason(held) == ("not_free", 0)
        late = self.bos(shop, valid_days=1)
        shop.api.clock.advance(days=1)
        assert reason(late) == ("expired", 0)

    def test_it_suggests_what_saves_most_in_one_statement(
        self, shop: Shop, mei: dict[str, str], count_statements: Any
    ) -> None:
        small, big = self.bos(shop), self.bos(shop, off_fen=800)
        self.bos(shop, from_fen=9999)
        body = basket(shop, mei, {"Eggs": 1})
        with count_statements() as statements:
            usable = quoted(shop, body)["usable_coupons"]
        assert [(x["coupon_id"], x["saves_fen"]) for x in usable] == [
            (big.id, 800),
            (small.id, 500),
        ]
        shop.api.shopper("zed")
        with count_statements() as plain:
            assert quoted(shop, body, by="zed")["usable_coupons"] == []
        assert len(statements) == len(plain) + 1


class TestDelivery:
    """The fee of an order from the house."""

    def test_it_goes_back_with_the_last_of_the_goods(
        self, shop: Shop, mei: dict[str, str], fee: None
    ) -> None:
        order = buy(shop, mei, {"Eggs": 2})
        assert (order["delivery_fen"], order["total_fen"]) == (600, 2600)
        assert order["delivery_effects"][0]["text"] == "Delivery fee"
        line = order["lines"][0]["id"]
        assert shop.refund(order["id"], line, quantity=1)["delivery_fen"] == 0
        assert shop.refund(order["id"], line, quantity=1)["amount_fen"] == 1600
        after = shown(shop, order)
        assert (after["state"], after["refund_status"]) == ("cancelled", "full")
        books_hold()

    def test_it_goes_back_with_a_cancellation(
        self, shop: Shop, mei: dict[str, str], fee: None
    ) -> None:
        order = buy(shop, mei, {"Eggs": 2})
        made(shop.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        run_pending()
        assert shown(shop, order)["refunded_fen"] == 2600
        books_hold()

    def test_it_goes_back_when_staff_say_so_and_never_twice(
        self, shop: Shop, mei: dict[str, str], fee: None
    ) -> None:
        order = buy(shop, mei, {"Eggs": 2})
        body = {"order_id": order["id"], "delivery_fen": 400, "reason": "came late"}
        refund = made(shop.hua.post("/hq/refunds", body))
        assert (refund["amount_fen"], refund["lines"]) == (400, [])
        problem = refused(shop.hua.post("/hq/refunds", body), 409, "refund-exceeds-delivery")
        assert problem["left_fen"] == 200
        run_pending()
        assert shown(shop, order)["refunded_fen"] == 400
        shop.refund(order["id"], order["lines"][0]["id"], quantity=2)
        assert shown(shop, order)["refunded_fen"] == 2600
        books_hold()

    def test_it_goes_back_in_parts_when_the_goods_cost_nothing(
        self, shop: Shop, mei: dict[str, str], fee: None
    ) -> None:
        pricing.reduction(9999)
        order = buy(shop, mei, {"Eggs": 1})
        assert (order["total_fen"], order["delivery_fen"]) == (600, 600)
        body = {"order_id": order["id"], "delivery_fen": 100, "reason": "came late"}
        assert made(shop.hua.post("/hq/refunds", body))["amount_fen"] == 100
        run_pending()
        made(shop.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        run_pending()
        assert shown(shop, order)["refunded_fen"] == 600
        books_hold()

    def test_it_refuses_a_refund_of_nothing(self, shop: Shop, mei: dict[str, str]) -> None:
        body = {"order_id": f"ord_{'0' * 32}", "reason": "nothing"}
        refused(shop.hua.post("/hq/refunds", body), 422, "invalid-input")


def test_it_takes_nothing_back_when_a_threshold_is_no_longer_reached(
    shop: Shop, mei: dict[str, str]
) -> None:
    pricing.reduction(900, from_units=3)
    order = buy(shop, mei, {"Strawberries": 2, "Eggs": 1})
    amounts = {line["title"]: line["amount_fen"] for line in order["lines"]}
    strawberries = next(x for x in order["lines"] if x["title"] == "Strawberries")
    refund = shop.refund(order["id"], strawberries["id"], quantity=2)
    assert refund["amount_fen"] == amounts["Strawberries"] == 3280
    assert shown(shop, order)["refunded_fen"] == order["total_fen"] - amounts["Eggs"]
    books_hold()


@pytest.mark.parametrize("seed", range(6))
def test_it_returns_what_was_paid_by_any_refunds(
    shop: Shop, mei: dict[str, str], fee: None, seed: int
) -> None:
    dice = Random(seed)
    pricing.reduction(dice.randint(1, 2500), from_units=2)
    pricing.promotion("buy_get", {"buy": 2, "get": 1})
    pricing.gift(shop.skus["Bag"])
    coupon = pricing.coupon(shop.api.shopper("bo").id, off_fen=dice.randint(1, 1500))
    goods = {"Strawberries": dice.randint(1, 4), "Eggs": dice.randint(1, 4)}
    order = buy(shop, mei, goods, coupon_id=coupon.id)
    left = {x["id"]: x["quantity"] for x in order["lines"] if x["amount_fen"]}
    returned_fen = 0
    while left:
        line = dice.choice(sorted(left))
        units = dice.randint(1, left[line])
        returned_fen += shop.refund(order["id"], line, quantity=units)["amount_fen"]
        left[line] -= units
        left = {name: units for name, units in left.items() if units}
    after = shown(shop, order)
    assert returned_fen == after["refunded_fen"] == order["total_fen"]
    assert (after["state"], after["refund_status"]) == ("cancelled", "full")
    books_hold()

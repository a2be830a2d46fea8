"""A price ladder, a flash sale, a campaign that is called off, as stories."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.journeys.sales import Sale, sale
from tests.journeys.test_first_month import publish_plan
from tests.orders.test_api import refused
from tests.orders.test_races import books_hold

LADDER = [
    {"from_units": 0, "price_fen": 1000},
    {"from_units": 5, "price_fen": 800},
    {"from_units": 8, "price_fen": 701},
]


@pytest.fixture(autouse=True)
def _books(app: Flask) -> Iterator[None]:
    yield
    books_hold()


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=100)
    return shop


class TestLadder:
    """The more the neighbours buy, the less all of them pay."""

    def ladder_sale(self, shop: Shop, **campaign: Any) -> Sale:
        return sale(shop, ladder=LADDER, **campaign)

    def test_it_gives_everyone_the_difference_to_the_final_step(self, shop: Shop) -> None:
        open_sale = self.ladder_sale(shop)
        bos = open_sale.buy("bo", 3)
        assert (bos["total_fen"], bos["state"]) == (3000, "paid")
        [item] = open_sale.shown()["items"]
        assert item["price_fen"] == 1000
        assert item["ladder"] == {
            "steps": LADDER,
            "units": 3,
            "price_fen": 1000,
            "next": {"from_units": 5, "price_fen": 800, "units_missing": 2},
            "final_price_fen": None,
        }
        zeds, taos = open_sale.buy("zed", 4), open_sale.buy("tao", 2)
        assert open_sale.shown()["items"][0]["ladder"]["price_fen"] == 701
        # One unit comes back before closing: eight are left, still the last step.
        shop.refund(zeds["id"], zeds["lines"][0]["id"], quantity=1)
        shop.tick()
        shop.deliver(open_sale.point)
        shop.hand_over("mei", "tao", taos["id"])
        shop.wait(until=open_sale.closes_at)
        ladder = open_sale.shown()["items"][0]["ladder"]
        assert (ladder["units"], ladder["final_price_fen"], ladder["next"]) == (8, 701, None)
        paid = {"bo": (bos, 3 * 701), "zed": (zeds, 3 * 701), "tao": (taos, 2 * 701)}
        for name, (order, expected) in paid.items():
            shown = open_sale.order(name, order["id"])
            assert shown["total_fen"] - shown["refunded_fen"] == expected
            assert shown["refunds"][-1]["reason"] == "price_ladder"
            assert shown["refunds"][-1]["lines"][0]["quantity"] == 0
        closing = open_sale.closing()
        assert (closing["refunds_succeeded"], closing["refunds_fen"]) == (3, 8 * 299)
        # What comes back later is worth what was paid for it in the end.
        shop.refund(bos["id"], bos["lines"][0]["id"], quantity=1)
        shown = open_sale.order("bo", bos["id"])
        assert shown["total_fen"] - shown["refunded_fen"] == 2 * 701
        shop.refund(bos["id"], bos["lines"][0]["id"], quantity=2)
        assert open_sale.order("bo", bos["id"])["refund_status"] == "full"

    def test_it_gives_nothing_back_below_the_first_step(self, shop: Shop) -> None:
        open_sale = self.ladder_sale(shop)
        bos = open_sale.buy("bo", 4)
        shop.wait(until=open_sale.closes_at)
        assert open_sale.order("bo", bos["id"])["refunds"] == []
        assert open_sale.shown()["items"][0]["ladder"]["final_price_fen"] == 1000
        assert open_sale.closing()["settled"] == 1

    def test_it_levels_who_pays_after_closing_at_the_same_price(self, shop: Shop) -> None:
        open_sale = self.ladder_sale(shop)
        open_sale.buy("bo", 5)
        shop.wait(until=open_sale.closes_at - timedelta(minutes=5))
        late = shop.order("lan", open_sale.group_buy, {"Eggs": 5})
        shop.wait(minutes=6)
        shop.pay("lan", late["id"])
        shop.tick()
        shown = open_sale.order("lan", late["id"])
        assert (shown["total_fen"], shown["refunded_fen"]) == (5000, 1000)
        assert open_sale.shown()["items"][0]["ladder"]["units"] == 5

    def test_it_lowers_the_base_of_commission(self, shop: Shop) -> None:
        publish_plan(shop.api)
        shop.wait(hours=2)
        open_sale = self.ladder_sale(shop)
        open_sale.buy("bo", 5)
        shop.wait(until=open_sale.closes_at)
        shop.deliver(open_sale.point)
        orders = made(shop.api.shopper("bo").get("/orders"), 200)["items"]
        shop.hand_over("mei", "bo", orders[0]["id"])
        shop.wait(hours=24)
        estimate = made(shop.api.shopper("mei").get("/leader/earnings"), 200)
        assert estimate["volume_fen"] == 5 * 800

    @pytest.mark.parametrize(
        "ladder",
        [
            [{"from_units": 2, "price_fen": 1000}],
            [{"from_units": 0, "price_fen": 900}],
            [*LADDER[:2], {"from_units": 5, "price_fen": 700}],
            [*LADDER[:2], {"from_units": 6, "price_fen": 800}],
            [{"from_units": 0, "price_fen": 1000}, {"from_units": 1, "price_fen": 900}],
        ],
    )
    def test_it_must_descend_from_the_price(self, shop: Shop, ladder: list[Any]) -> None:
        item = {"sku_id": shop.skus["Eggs"], "price_fen": 1000, "allotment": 5, "ladder": ladder}
        body = {
            "kind": "community",
            "title": "Eggs",
            "opens_at": "2026-03-03T10:00:00+08:00",
            "closes_at": "2026-03-04T10:00:00+08:00",
            "items": [item],
        }
        answer = shop.hua.post("/hq/campaigns", body)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/items/0/ladder"


class TestFlash:
    """Few units, for an instant."""

    def test_it_opens_at_its_instant_and_frees_what_is_not_paid_soon(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        planned = shop.campaign(
            {"Eggs": 1000}, kind="flash", allotment=2, limit_per_shopper=1, lasts=timedelta(hours=1)
        )
        group_buy = shop.host("mei", planned, mei)["id"]
        body = {"group_buy_id": group_buy, "lines": [{"sku_id": shop.skus["Eggs"], "quantity": 1}]}
        shop.api.clock.advance(hours=1, microseconds=-1)
        refused(shop.api.shopper("bo").post("/quotes", body), 409, "group-buy-not-open")
        shop.api.clock.advance(microseconds=1)
        bos = shop.order("bo", group_buy, {"Eggs": 1})
        placed, expires = (datetime.fromisoformat(bos[f]) for f in ("placed_at", "expires_at"))
        assert expires - placed == timedelta(minutes=10)
        refused(
            shop.api.shopper("bo").post("/orders", {**body, "quote_total_fen": 1000}),
            409,
            "shopper-limit-reached",
        )
        shop.order("zed", group_buy, {"Eggs": 1})
        refused(
            shop.api.shopper("tao").post("/orders", {**body, "quote_total_fen": 1000}),
            409,
            "out-of-stock",
        )
        shop.wait(minutes=10)
        shop.pay("tao", shop.order("tao", group_buy, {"Eggs": 1})["id"])
        shop.wait(minutes=50)
        shown = made(shop.api.anonymous.get(f"/group-buys/{group_buy}"), 200)
        assert (shown["state"], shown["progress"]) == ("succeeded", None)

    def test_it_needs_a_cap_per_shopper(self, shop: Shop) -> None:
        body = {
            "kind": "flash",
            "title": "Eggs at eight",
            "opens_at": "2026-03-03T10:00:00+08:00",
            "closes_at": "2026-03-03T11:00:00+08:00",
            "items": [{"sku_id": shop.skus["Eggs"], "price_fen": 900, "allotment": 20}],
        }
        draft = made(shop.hua.post("/hq/campaigns", body))
        answer = shop.hua.post(f"/hq/campaigns/{draft['id']}/schedule")
        refused(answer, 409, "campaign-not-ready")
        assert answer.json["faults"] == ["limit_needed"]
        assert answer.json["sku_ids"] == [shop.skus["Eggs"]]


class TestCalledOff:
    """Headquarters calls an open campaign off."""

    def test_it_refunds_everyone_whose_goods_are_not_on_their_way(self, shop: Shop) -> None:
        open_sale = sale(shop)
        shipped = open_sale.buy("tao")
        shop.deliver(open_sale.point)
        paid = open_sale.buy("bo")
        packed = open_sale.buy("lan")
        made(shop.hua.post("/hq/shipments", {"pickup_point_id": open_sale.point}))
        unpaid = shop.order("zed", open_sale.group_buy, {"Eggs": 1})
        path = f"/hq/campaigns/{open_sale.campaign}/cancellation"
        made(shop.hua.post(path, {"reason": "The farm cannot deliver."}), 200)
        shop.tick()
        for name, order in (("bo", paid), ("lan", packed), ("zed", unpaid)):
            shown = open_sale.order(name, order["id"])
            assert (shown["state"], shown["cancel_reason"]) == ("cancelled", "staff")
            seen = made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)["timeline"]
            assert "The farm cannot deliver." in [step["reason"] for step in seen]
            assert shown["refund_status"] == ("none" if name == "zed" else "full")
        assert open_sale.order("tao", shipped["id"])["state"] == "ready_for_pickup"
        assert open_sale.closing()["settled_at"] is not None
        shop.hand_over("mei", "tao", shipped["id"])

"""Campaigns of every kind, as stories: a threshold, a price ladder, a flash sale."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.journeys.test_first_month import publish_plan
from tests.orders.test_api import refused
from tests.orders.test_races import books_hold

FOUR = {"measure": "participants", "minimum": 3}
LADDER = [
    {"from_units": 0, "price_fen": 1000},
    {"from_units": 5, "price_fen": 800},
    {"from_units": 8, "price_fen": 701},
]


@pytest.fixture(autouse=True)
def _books(app: Flask) -> Iterator[None]:
    yield
    books_hold()


@dataclass
class Sale:
    """A campaign of eggs that Mei hosts and that is open."""

    shop: Shop
    campaign: str
    group_buy: str
    point: str

    @property
    def closes_at(self) -> datetime:
        """Return when it closes."""
        shown = made(self.shop.hua.get(f"/hq/campaigns/{self.campaign}"), 200)
        return datetime.fromisoformat(shown["closes_at"])

    def buy(self, name: str, units: int = 1) -> dict[str, Any]:
        """Let a shopper order and pay; return the order."""
        order = self.shop.order(name, self.group_buy, {"Eggs": units})
        self.shop.pay(name, order["id"])
        return self.order(name, order["id"])

    def order(self, name: str, order_id: str) -> dict[str, Any]:
        """Return an order as its shopper sees it."""
        return made(self.shop.api.shopper(name).get(f"/orders/{order_id}"), 200)

    def shown(self) -> dict[str, Any]:
        """Return the group buy as anybody sees it."""
        return made(self.shop.api.anonymous.get(f"/group-buys/{self.group_buy}"), 200)

    def closing(self) -> dict[str, Any]:
        """Return how far headquarters sees it settled."""
        return made(self.shop.hua.get(f"/hq/campaigns/{self.campaign}/closing"), 200)


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=100)
    return shop


def sale(shop: Shop, **campaign: Any) -> Sale:
    """Open a campaign of eggs at ¥10 that Mei hosts."""
    mei = shop.recruit("mei")
    planned = shop.campaign({"Eggs": 1000}, **campaign)
    group_buy = shop.host("mei", planned, mei)["id"]
    shop.wait(hours=1)
    return Sale(shop, planned, group_buy, mei["point"])


def actions(order: dict[str, Any]) -> list[str]:
    return [step["action"] for step in order["timeline"]]


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
            assert shown["timeline"][-1]["reason"] == "The farm cannot deliver."
            assert shown["refund_status"] == ("none" if name == "zed" else "full")
        assert open_sale.order("tao", shipped["id"])["state"] == "ready_for_pickup"
        assert open_sale.closing()["settled_at"] is not None
        shop.hand_over("mei", "tao", shipped["id"])


class TestThreshold:
    """Three neighbours are needed."""

    def test_it_prepares_what_was_paid_once_enough_take_part(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms=FOUR)
        bos = open_sale.buy("bo", 2)
        assert bos["state"] == "group_pending"
        assert actions(bos) == ["place", "pay", "wait"]
        assert open_sale.shown()["progress"] == {
            "measure": "participants",
            "minimum": 3,
            "reached": 1,
            "missing": 2,
        }
        # Goods are not packed while the group may still fail.
        refused(
            shop.hua.post("/hq/shipments", {"pickup_point_id": open_sale.point}),
            409,
            "nothing-to-ship",
        )
        open_sale.buy("bo")  # the same neighbour again
        open_sale.buy("zed")
        assert open_sale.shown()["progress"]["reached"] == 2
        taos = open_sale.buy("tao")
        late = shop.order("lan", open_sale.group_buy, {"Eggs": 1})
        assert open_sale.shown()["progress"]["missing"] == 0
        shop.api.clock.at = open_sale.closes_at
        assert open_sale.shown()["state"] == "closed"
        shop.tick()
        assert open_sale.shown()["state"] == "succeeded"
        assert open_sale.order("bo", bos["id"])["state"] == "preparing"
        # An order that was never paid expires as ever.
        refused(
            shop.api.shopper("lan").post(f"/orders/{late['id']}/payment"), 409, "not-in-this-state"
        )
        shop.deliver(open_sale.point)
        shop.hand_over("mei", "tao", taos["id"])
        assert open_sale.order("tao", taos["id"])["state"] == "picked_up"
        closing = open_sale.closing()
        assert (closing["orders"], closing["settled"]) == (5, 5)
        assert closing["settled_at"] is not None

    def test_it_takes_who_pays_after_success_along(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms={"measure": "units", "minimum": 3})
        open_sale.buy("bo", 3)
        shop.wait(until=open_sale.closes_at - timedelta(minutes=5))
        late = shop.order("lan", open_sale.group_buy, {"Eggs": 1})
        shop.wait(minutes=6)
        assert open_sale.closing()["unpaid"] == 1
        assert open_sale.closing()["settled_at"] is None
        shop.pay("lan", late["id"])
        assert actions(open_sale.order("lan", late["id"])) == ["place", "pay"]
        shop.tick()
        assert open_sale.closing()["settled_at"] is not None
        assert open_sale.shown()["progress"]["reached"] == 3
        shop.deliver(open_sale.point)

    def test_it_gives_everything_back_when_too_few_take_part(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms=FOUR)
        bos, zeds = open_sale.buy("bo", 2), open_sale.buy("zed")
        shop.wait(until=open_sale.closes_at - timedelta(minutes=1))
        waiting = shop.order("tao", open_sale.group_buy, {"Eggs": 1})
        shop.wait(until=open_sale.closes_at)
        assert open_sale.shown()["state"] == "failed"
        for name, order in (("bo", bos), ("zed", zeds)):
            shown = open_sale.order(name, order["id"])
            assert (shown["state"], shown["cancel_reason"]) == ("cancelled", "group_failed")
            assert (shown["refund_status"], shown["refunded_fen"]) == ("full", shown["total_fen"])
        shown = open_sale.order("tao", waiting["id"])
        assert (shown["cancel_reason"], shown["refunded_fen"]) == ("group_failed", 0)
        closing = open_sale.closing()
        assert (closing["state"], closing["settled"]) == ("failed", 3)
        assert (closing["refunds_succeeded"], closing["refunds_fen"]) == (2, 3000)
        [pool] = made(shop.hua.get("/hq/stock", sku=shop.skus["Eggs"], low=100), 200)["items"][:1]
        assert pool["available"] == 100

    def test_it_loses_a_member_who_is_refunded_or_leaves(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms=FOUR)
        bos, zeds, taos = (open_sale.buy(name) for name in ("bo", "zed", "tao"))
        assert open_sale.shown()["progress"]["missing"] == 0
        shop.refund(bos["id"], bos["lines"][0]["id"], quantity=1)
        assert open_sale.order("bo", bos["id"])["state"] == "cancelled"
        made(shop.api.shopper("zed").post(f"/orders/{zeds['id']}/cancellation"), 200)
        shop.tick()
        assert open_sale.shown()["progress"]["reached"] == 1
        shop.wait(until=open_sale.closes_at)
        assert open_sale.order("tao", taos["id"])["cancel_reason"] == "group_failed"
        assert open_sale.order("zed", zeds["id"])["cancel_reason"] == "shopper"

    def test_it_goes_on_once_for_those_that_missed(self, shop: Shop) -> None:
        terms = {**FOUR, "extension_hours": 6}
        open_sale = sale(shop, kind="threshold", terms=terms)
        qi = shop.recruit("qi")
        lucky = shop.host("qi", open_sale.campaign, qi)["id"]
        for name in ("bo", "zed", "tao"):
            shop.pay(name, shop.order(name, lucky, {"Eggs": 1})["id"])
        bos = open_sale.buy("bo")
        closes_at = open_sale.closes_at
        shop.wait(until=closes_at)
        # The one that made it is decided; the other is open for six hours more.
        assert made(shop.api.anonymous.get(f"/group-buys/{lucky}"), 200)["state"] == "succeeded"
        shown = open_sale.shown()
        until = closes_at + timedelta(hours=6)
        assert (shown["state"], shown["ends_at"]) == ("open", until.isoformat())
        items = made(shop.api.anonymous.get("/group-buys"), 200)["items"]
        assert [item["id"] for item in items] == [open_sale.group_buy]
        lucky_orders = made(shop.hua.get("/hq/orders", group_buy_id=lucky), 200)["items"]
        assert {order["state"] for order in lucky_orders} == {"preparing"}
        assert open_sale.closing()["settled_at"] is None
        body = {"group_buy_id": lucky, "lines": [{"sku_id": shop.skus["Eggs"], "quantity": 1}]}
        refused(shop.api.shopper("bo").post("/quotes", body), 409, "group-buy-not-open")
        cancellation = f"/hq/campaigns/{open_sale.campaign}/cancellation"
        refused(shop.hua.post(cancellation, {"reason": "Enough."}), 409, "some-group-buys-decided")
        refused(
            shop.api.shopper("qi").post("/leader/group-buys", hosting(open_sale, shop)),
            409,
            "not-in-this-state",
        )
        open_sale.buy("zed")
        shop.api.clock.at = until - timedelta(microseconds=1)
        open_sale.buy("tao")
        shop.wait(until=until)
        assert open_sale.shown()["state"] == "succeeded"
        assert open_sale.order("bo", bos["id"])["state"] == "preparing"
        shop.wait(minutes=30)
        assert open_sale.closing()["settled_at"] is not None

    def test_it_is_extended_only_once(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms={**FOUR, "extension_hours": 6})
        bos = open_sale.buy("bo")
        closes_at = open_sale.closes_at
        shop.wait(until=closes_at)
        shop.wait(until=closes_at + timedelta(hours=6))
        assert open_sale.shown()["state"] == "failed"
        assert open_sale.order("bo", bos["id"])["refund_status"] == "full"

    def test_it_decides_at_once_when_headquarters_closes_it(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms={**FOUR, "extension_hours": 6})
        bos = open_sale.buy("bo")
        closed = made(shop.hua.post(f"/hq/campaigns/{open_sale.campaign}/closing"), 200)
        assert closed["state"] == "failed"
        shop.tick()
        assert open_sale.order("bo", bos["id"])["cancel_reason"] == "group_failed"

    def test_it_returns_money_that_comes_after_the_group_failed(self, shop: Shop) -> None:
        open_sale = sale(shop, kind="threshold", terms=FOUR)
        shop.wait(until=open_sale.closes_at - timedelta(minutes=1))
        order = shop.order("bo", open_sale.group_buy, {"Eggs": 1})
        made(shop.hua.post(f"/hq/campaigns/{open_sale.campaign}/closing"), 200)
        # The tick that cancels it has not come yet: the money is taken, and given back.
        shop.pay("bo", order["id"])
        shop.tick()
        shown = open_sale.order("bo", order["id"])
        assert (shown["state"], shown["cancel_reason"]) == ("cancelled", "group_failed")
        [payment] = made(shop.hua.get("/hq/payments", reference=order["id"]), 200)["items"]
        assert (payment["state"], payment["refunded_fen"]) == ("succeeded", 1000)

    @pytest.mark.parametrize(
        ("terms", "pointer"),
        [
            ({}, "/terms/measure"),
            ({"measure": "money", "minimum": 3}, "/terms/measure"),
            ({"measure": "units", "minimum": 0}, "/terms/minimum"),
            ({"measure": "units", "minimum": 3, "colour": "red"}, "/terms/colour"),
            ({"measure": "units", "minimum": 3, "extension_hours": 0}, "/terms/extension_hours"),
        ],
    )
    def test_it_needs_terms_that_make_sense(
        self, shop: Shop, terms: dict[str, Any], pointer: str
    ) -> None:
        body = {
            "kind": "threshold",
            "terms": terms,
            "title": "Eggs",
            "opens_at": "2026-03-03T10:00:00+08:00",
            "closes_at": "2026-03-04T10:00:00+08:00",
        }
        answer = shop.hua.post("/hq/campaigns", body)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == pointer

    def test_it_is_not_announced_when_it_could_never_succeed(self, shop: Shop) -> None:
        body = {
            "kind": "threshold",
            "terms": {"measure": "units", "minimum": 21, "extension_hours": 24},
            "title": "Eggs",
            "opens_at": "2026-03-03T10:00:00+08:00",
            "closes_at": "2026-03-04T10:00:00+08:00",
            "pickup_from": "2026-03-05T09:00:00+08:00",
            "pickup_until": "2026-03-05T20:00:00+08:00",
            "items": [{"sku_id": shop.skus["Eggs"], "price_fen": 900, "allotment": 20}],
        }
        draft = made(shop.hua.post("/hq/campaigns", body))
        answer = shop.hua.post(f"/hq/campaigns/{draft['id']}/schedule")
        refused(answer, 409, "campaign-not-ready")
        assert answer.json["faults"] == ["minimum_above_stock", "pickup_before_outcome"]
        path = f"/hq/campaigns/{draft['id']}"
        terms = {"measure": "units", "minimum": 20}
        changed = made(shop.hua.patch(path, {"terms": terms}, if_match=draft["version"]), 200)
        assert changed["terms"] == {**terms, "extension_hours": None}
        made(shop.hua.post(f"{path}/schedule"), 200)


def hosting(open_sale: Sale, shop: Shop) -> dict[str, str]:
    """Return the body by which Qi would host the campaign once more."""
    own = made(shop.api.shopper("qi").get("/leader/group-buys"), 200)["items"][0]
    group = {"name": "Another", "purpose": "long_term", "size": 20, "place": "Huamu Road 9"}
    community = made(shop.api.shopper("qi").post("/leader/communities", group))
    return {
        "campaign_id": open_sale.campaign,
        "community_id": community["id"],
        "pickup_point_id": own["pickup_point"]["id"],
    }

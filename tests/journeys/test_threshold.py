"""A campaign in which each group needs a minimum, as stories: made, missed, extended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.journeys.sales import Sale, actions, sale
from tests.orders.test_api import refused
from tests.orders.test_races import books_hold

FOUR = {"measure": "participants", "minimum": 3}


@pytest.fixture(autouse=True)
def _books(app: Flask) -> Iterator[None]:
    yield
    books_hold()


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=100)
    return shop


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

"""Goods that nobody fetched: reminders, the campaign's rule, what staff decide."""

from datetime import timedelta
from typing import Any

import pytest

from groupbuy.campaigns.rules import CampaignState
from groupbuy.fulfilment.models import Parcel
from groupbuy.fulfilment.signals import parcel_unclaimed
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.jobs import fulfil_campaigns
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Place = dict[str, str]
Order = dict[str, Any]
NOWHERE = "ucl_" + "0" * 32


@pytest.fixture
def told() -> Any:
    """How often each parcel's shopper was to be reminded."""
    seen: list[tuple[str, int]] = []

    def listen(sender: Any, now: Any) -> None:
        seen.append((sender.parcel_id, sender.reminders))

    parcel_unclaimed.connect(listen)
    yield seen
    parcel_unclaimed.disconnect(listen)


def unclaimed(shop: Shop, **query: Any) -> list[dict[str, Any]]:
    return list(made(shop.hua.get("/hq/unclaimed", **query), 200)["items"])


def state_of(shop: Shop, order: Order, by: str = "bo") -> str:
    return str(made(shop.api.shopper(by).get(f"/orders/{order['id']}"), 200)["state"])


def delivered_of_campaign(shop: Shop, mei: Place, **rules: Any) -> Order:
    """Bo's order of a campaign, ready at Mei's the moment the campaign closed."""
    campaign = shop.campaign({"Eggs": 1200}, rules=rules)
    hosted = shop.host("mei", campaign, mei)
    shop.wait(hours=1)
    order = shop.order("bo", hosted["id"], {"Eggs": 2})
    shop.pay("bo", order["id"])
    shop.wait(days=5)
    shop.deliver(mei["point"])
    return {**order, "campaign_id": campaign}


class TestByTheClock:
    """What happens by itself."""

    def test_it_reminds_keeps_and_then_asks_people(
        self, shop: Shop, arrived: Order, told: list[tuple[str, int]]
    ) -> None:
        shop.wait(days=3, seconds=-1)
        assert unclaimed(shop) == []
        shop.wait(seconds=1)
        (row,) = unclaimed(shop)
        assert (row["state"], row["rule"], row["order_ids"]) == (
            "reminded",
            "keep",
            [arrived["id"]],
        )
        shop.wait(hours=24)
        (row,) = unclaimed(shop, state="kept")
        assert row["reminders"] == 2
        shop.wait(days=7, seconds=-1)
        assert unclaimed(shop, state="listed") == []
        shop.wait(seconds=1)
        assert [r["id"] for r in unclaimed(shop, state="listed")] == [row["id"]]
        assert told == [(row["parcel_id"], 1), (row["parcel_id"], 2)]
        shown = made(shop.hua.get(f"/hq/unclaimed/{row['id']}"), 200)
        assert [step["to_state"] for step in shown["timeline"]] == ["reminded", "kept", "listed"]
        assert state_of(shop, arrived) == "ready_for_pickup"
        shop.wait(days=30)
        assert [r["state"] for r in unclaimed(shop)] == ["listed"]

    def test_it_refunds_where_the_campaign_says_so_and_lets_it_be_fulfilled(
        self, shop: Shop, mei: Place, told: list[tuple[str, int]]
    ) -> None:
        order = delivered_of_campaign(shop, mei, unclaimed_rule="refund")
        shop.wait(days=3)
        shop.wait(hours=24)
        (row,) = unclaimed(shop)
        assert row["state"] == "refunding"
        shop.wait(minutes=10)
        (row,) = unclaimed(shop, state="returned")
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert (shown["state"], shown["refund_status"]) == ("completed", "full")
        assert shown["refunds"][0]["reason"] == "unclaimed"
        assert session().get_one(Parcel, row["parcel_id"]).state == "returned"
        body = {"pickup_point_id": mei["point"], "code": shown["pickup_code"]}
        answer = shop.api.shopper("mei").post("/leader/redemptions", body)
        refused(answer, 404, "pickup-code-unknown")
        fulfil_campaigns()
        campaign = made(shop.hua.get(f"/hq/campaigns/{order['campaign_id']}"), 200)
        assert campaign["state"] == CampaignState.FULFILLED
        assert len(told) == 1

    def test_it_counts_from_the_end_of_the_pickup_window(self, shop: Shop, mei: Place) -> None:
        start = shop.api.clock.now()
        rules = {
            "pickup_from": (start + timedelta(days=6)).isoformat(),
            "pickup_until": (start + timedelta(days=7)).isoformat(),
            "keep_days": 2,
        }
        delivered_of_campaign(shop, mei, **rules)
        shop.wait(start + timedelta(days=7, seconds=-1))
        assert unclaimed(shop) == []
        shop.wait(seconds=1)
        assert [row["state"] for row in unclaimed(shop)] == ["reminded"]
        shop.wait(hours=24)
        shop.wait(days=2)
        assert [row["state"] for row in unclaimed(shop)] == ["listed"]

    def test_it_leaves_alone_what_is_fetched(self, shop: Shop, arrived: Order) -> None:
        shop.wait(days=3)
        redemption = shop.hand_over("mei", "bo", arrived["id"])
        assert [row["state"] for row in unclaimed(shop)] == ["fetched"]
        made(shop.api.shopper("mei").post(f"/leader/redemptions/{redemption['id']}/undo"), 200)
        assert [row["state"] for row in unclaimed(shop)] == ["listed"]
        shop.hand_over("mei", "bo", arrived["id"])
        shop.wait(days=20)
        assert [row["state"] for row in unclaimed(shop)] == ["fetched"]
        assert state_of(shop, arrived) == "completed"

    def test_it_ends_what_was_refunded_otherwise(self, shop: Shop, arrived: Order) -> None:
        shop.wait(days=3)
        shop.refund(arrived["id"], arrived["lines"][0]["id"], quantity=2)
        shop.tick()
        assert [row["state"] for row in unclaimed(shop)] == ["returned"]
        assert state_of(shop, arrived) == "completed"


class TestDeciding:
    """/hq/unclaimed/{id}"""

    @pytest.fixture
    def row(self, shop: Shop, arrived: Order) -> dict[str, Any]:
        """Bo's parcel, of which he was reminded."""
        shop.wait(days=3)
        return unclaimed(shop)[0]

    def test_it_extends(self, shop: Shop, row: dict[str, Any]) -> None:
        path = f"/hq/unclaimed/{row['id']}/extension"
        now = shop.api.clock.now()
        late = {"until": now.isoformat(), "reason": "回老家"}
        refused(shop.hua.post(path, late), 422, "invalid-input")
        until = shop.api.clock.advance(days=10)
        shop.api.clock.at = now
        body = {"until": until.isoformat(), "reason": "回老家"}
        extended = made(shop.hua.post(path, body), 200)
        assert (extended["state"], extended["reminders"]) == ("kept", 2)
        shop.wait(days=9)
        assert [r["state"] for r in unclaimed(shop)] == ["kept"]
        shop.wait(days=1)
        assert [r["state"] for r in unclaimed(shop)] == ["listed"]

    def test_it_refunds(self, shop: Shop, row: dict[str, Any], arrived: Order) -> None:
        path = f"/hq/unclaimed/{row['id']}"
        refused(shop.hua.post(f"{path}/refund", {}), 422, "invalid-input")
        made(shop.hua.post(f"{path}/refund", {"reason": "不会来了"}), 200)
        refused(shop.hua.post(f"{path}/refund", {"reason": "again"}), 409, "not-in-this-state")
        shop.tick()
        shop.tick()
        shown = made(shop.hua.get(path), 200)
        assert (shown["state"], shown["timeline"][1]["actor"]) == ("returned", shop.hua.id)
        assert state_of(shop, arrived) == "completed"
        body = {"until": "2030-01-01T00:00:00Z", "reason": "after all"}
        refused(shop.hua.post(f"{path}/extension", body), 409, "not-in-this-state")

    def test_it_disposes_without_a_refund(
        self, shop: Shop, row: dict[str, Any], arrived: Order
    ) -> None:
        path = f"/hq/unclaimed/{row['id']}/disposal"
        made(shop.hua.post(path, {"reason": "坏了"}), 200)
        shown = made(shop.api.shopper("bo").get(f"/orders/{arrived['id']}"), 200)
        assert (shown["state"], shown["refund_status"]) == ("completed", "none")
        assert session().get_one(Parcel, row["parcel_id"]).state == "disposed"
        refused(shop.hua.post(path, {"reason": "again"}), 409, "not-in-this-state")

    def test_it_waits_for_a_refund_before_it_disposes(
        self, shop: Shop, row: dict[str, Any], arrived: Order
    ) -> None:
        line = {"order_line_id": arrived["lines"][0]["id"], "quantity": 1}
        body = {"order_id": arrived["id"], "lines": [line], "reason": "cracked"}
        made(shop.hua.post("/hq/refunds", body))
        path = f"/hq/unclaimed/{row['id']}/disposal"
        refused(shop.hua.post(path, {"reason": "坏了"}), 409, "refund-open")
        run_pending()
        made(shop.hua.post(path, {"reason": "坏了"}), 200)

    def test_it_waits_for_a_decision_before_it_disposes_but_not_before_it_refunds(
        self, shop: Shop, row: dict[str, Any], arrived: Order
    ) -> None:
        line = {"order_line_id": arrived["lines"][0]["id"], "quantity": 1}
        bo = shop.api.shopper("bo")
        body = {"lines": [line], "reason": "not_wanted"}
        case = made(bo.post(f"/orders/{arrived['id']}/after-sales", body))
        path = f"/hq/unclaimed/{row['id']}"
        refused(shop.hua.post(f"{path}/disposal", {"reason": "坏了"}), 409, "refund-open")
        made(shop.hua.post(f"{path}/refund", {"reason": "不会来了"}), 200)
        shop.tick()
        shop.tick()
        assert state_of(shop, arrived) == "completed"
        assert made(bo.get(f"/after-sales/{case['id']}"), 200)["state"] == "withdrawn"
        shown = made(bo.get(f"/orders/{arrived['id']}"), 200)
        assert shown["refunded_fen"] == shown["total_fen"]

    def test_it_ends_the_word_for_somebody_else(
        self, shop: Shop, row: dict[str, Any], arrived: Order
    ) -> None:
        path = f"/orders/{arrived['id']}/pickup-proxies"
        made(shop.api.shopper("bo").post(path, {"name": "王阿姨"}))
        made(shop.hua.post(f"/hq/unclaimed/{row['id']}/disposal", {"reason": "坏了"}), 200)
        (proxy,) = made(shop.api.shopper("bo").get(path), 200)["items"]
        assert proxy["state"] == "revoked"

    def test_it_is_decided_by_operators(self, shop: Shop, row: dict[str, Any]) -> None:
        path = f"/hq/unclaimed/{row['id']}"
        assert shop.api.staff("auditor").get(path).status_code == 200
        for what in ("extension", "refund", "disposal"):
            assert shop.api.staff("auditor").post(f"{path}/{what}", {}).status_code == 403
            assert shop.api.shopper("mei").post(f"{path}/{what}", {}).status_code == 403
        refused(shop.hua.get(f"/hq/unclaimed/{NOWHERE}"), 404, "not-found")
        point = "ppt_" + "0" * 32
        assert unclaimed(shop, pickup_point_id=point) == []

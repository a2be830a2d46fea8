"""Attribution over HTTP: touches, and why an order is (not) mine."""

import pytest

from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop that sells eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=50)
    return shop


class TestTouch:
    """POST /touches"""

    def test_it_locks_the_first_and_protects_against_the_second(self, shop: Shop) -> None:
        campaign = shop.campaign({"Eggs": 1000})
        codes = {}
        for name in ("mei", "tao"):
            codes[name] = shop.host(name, campaign, shop.recruit(name))["share_code"]
        bo = shop.api.shopper("bo")
        results = [
            made(bo.post("/touches", {"share_code": codes[name], "scene": "group"}))["result"]
            for name in ("mei", "mei", "tao")
        ]
        assert results == ["LOCKED", "ALREADY_LOCKED", "LOCK_PROTECTED"]
        own = shop.api.shopper("mei").post("/touches", {"share_code": codes["mei"]})
        assert made(own)["result"] == "SELF"

    def test_it_refuses_an_unknown_code_and_anonymous_callers(self, shop: Shop) -> None:
        answer = shop.api.shopper("bo").post("/touches", {"share_code": "nothing"})
        refused(answer, 404, "share-code-unknown")
        assert shop.api.anonymous.post("/touches", {"share_code": "nothing"}).status_code == 401


class TestDecision:
    """Whose an order is, and why."""

    def test_it_gives_a_house_order_to_the_leader_who_holds_the_lock(self, shop: Shop) -> None:
        campaign = shop.campaign({"Eggs": 1000})
        mei, tao = shop.recruit("mei"), shop.recruit("tao")
        code = shop.host("mei", campaign, mei)["share_code"]
        made(shop.api.shopper("bo").post("/touches", {"share_code": code}))
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=tao["point"])
        path = f"/leader/attributions/{order['id']}"
        why = made(shop.api.shopper("mei").get(path), 200)
        assert (why["mine"], why["rule"], why["leader_id"]) == (True, "lock", mei["leader"])
        assert [(c["rule"], c["reason"]) for c in why["candidates"]] == [
            ("hosted", "NO_CANDIDATE"),
            ("lock", "ACCEPTED"),
            ("link", "ACCEPTED"),
            ("pickup", "ACCEPTED"),
        ]
        loser = made(shop.api.shopper("tao").get(path), 200)
        assert (loser["mine"], loser["pickup_leader_id"]) == (False, tao["leader"])
        shop.recruit("zed")
        refused(shop.api.shopper("zed").get(path), 404, "not-found")

    def test_it_gives_a_hosted_order_to_the_host_and_leaves_the_lock_alone(
        self, shop: Shop
    ) -> None:
        campaign = shop.campaign({"Eggs": 1000})
        mei, tao = shop.recruit("mei"), shop.recruit("tao")
        code = shop.host("mei", campaign, mei)["share_code"]
        hosted = shop.host("tao", campaign, tao)["id"]
        made(shop.api.shopper("bo").post("/touches", {"share_code": code}))
        shop.wait(hours=1)
        order = shop.order("bo", hosted, {"Eggs": 1})
        history = made(shop.hua.get(f"/hq/orders/{order['id']}/attribution"), 200)["items"]
        assert [(d["revision"], d["rule"], d["leader_id"]) for d in history] == [
            (1, "hosted", tao["leader"])
        ]
        second = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=tao["point"])
        path = f"/hq/orders/{second['id']}/attribution"
        (decision,) = made(shop.hua.get(path), 200)["items"]
        assert (decision["rule"], decision["leader_id"]) == ("lock", mei["leader"])

    def test_it_keeps_a_self_purchase_but_pays_nothing_for_it(self, shop: Shop) -> None:
        campaign = shop.campaign({"Eggs": 1000})
        hosted = shop.host("mei", campaign, shop.recruit("mei"))["id"]
        shop.wait(hours=1)
        order = shop.order("mei", hosted, {"Eggs": 1})
        why = made(shop.api.shopper("mei").get(f"/leader/attributions/{order['id']}"), 200)
        assert (why["mine"], why["self_purchase"], why["commissionable"]) == (True, True, False)

    def test_it_extends_the_expiry_of_the_lock_when_an_order_is_paid(self, shop: Shop) -> None:
        campaign = shop.campaign({"Eggs": 1000})
        mei = shop.recruit("mei")
        code = shop.host("mei", campaign, mei)["share_code"]
        made(shop.api.shopper("bo").post("/touches", {"share_code": code}))
        shop.wait(days=20)
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        shop.pay("bo", order["id"])
        shop.wait(days=350)
        later = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        (decision,) = made(shop.hua.get(f"/hq/orders/{later['id']}/attribution"), 200)["items"]
        assert decision["rule"] == "lock"

    def test_it_falls_to_the_leader_of_the_pickup_point_last(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        (decision,) = made(shop.hua.get(f"/hq/orders/{order['id']}/attribution"), 200)["items"]
        assert (decision["rule"], decision["leader_id"]) == ("pickup", mei["leader"])
        assert shop.api.shopper("bo").get(f"/hq/orders/{order['id']}/attribution").status_code == (
            403
        )

"""Fetching: QR codes, what a scanner reads, somebody else who comes, who waits."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from groupbuy.fulfilment.models import PickupProxy
from groupbuy.fulfilment.rules.pickup import new_code, read_code, scannable
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Place = dict[str, str]
Order = dict[str, Any]


@pytest.fixture
def proxy(shop: Shop, arrived: Order) -> dict[str, Any]:
    """Auntie Wang, who may fetch Bo's goods."""
    body = {"name": "王阿姨", "note": "隔壁"}
    path = f"/orders/{arrived['id']}/pickup-proxies"
    return made(shop.api.shopper("bo").post(path, body))


def redeem(shop: Shop, order: Order, code: str, by: str = "mei") -> Any:
    body = {"pickup_point_id": order["pickup_point_id"], "code": code}
    return shop.api.shopper(by).post("/leader/redemptions", body)


class TestCode:
    """What the shopper shows."""

    def test_it_is_drawn_as_a_picture_of_what_the_scanner_reads(
        self, shop: Shop, arrived: Order
    ) -> None:
        bo = shop.api.shopper("bo")
        pickup = made(bo.get(f"/orders/{arrived['id']}/pickup"), 200)
        assert pickup["scannable"] == f"gb:{arrived['pickup_point_id']}:{arrived['pickup_code']}"
        assert (pickup["state"], pickup["code"]) == ("ready", arrived["pickup_code"])
        png = bo.get(f"/orders/{arrived['id']}/pickup-code.png")
        assert (png.headers["Content-Type"], png.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
        svg = bo.get(f"/orders/{arrived['id']}/pickup-code.svg")
        assert svg.headers["Content-Type"].startswith("image/svg+xml")
        assert b"<svg" in svg.data
        assert made(redeem(shop, arrived, pickup["scannable"]))["order_ids"] == [arrived["id"]]
        done = made(bo.get(f"/orders/{arrived['id']}/pickup"), 200)
        assert (done["state"], done["code"], done["scannable"]) == ("handed_over", None, None)
        assert done["redemption"]["picked_up_by"] == "shopper"

    def test_it_is_shown_only_to_its_shopper_and_only_when_ready(
        self, shop: Shop, mei: Place, paid: Order
    ) -> None:
        bo = shop.api.shopper("bo")
        path = f"/orders/{paid['id']}"
        for what in ("pickup", "pickup-code.png", "pickup-code.svg", "pickup-proxies"):
            refused(bo.get(f"{path}/{what}"), 409, "not-in-this-state")
            refused(shop.api.shopper("zed").get(f"{path}/{what}"), 404, "not-found")
        made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        assert made(bo.get(f"{path}/pickup"), 200)["code"] is None
        refused(bo.get(f"{path}/pickup-code.png"), 409, "not-in-this-state")

    def test_it_is_refused_where_it_does_not_belong(self, shop: Shop, arrived: Order) -> None:
        elsewhere = shop.recruit("tao")["point"]
        text = f"gb:{elsewhere}:{arrived['pickup_code']}"
        problem = refused(redeem(shop, arrived, text), 409, "pickup-code-elsewhere")
        assert problem["pickup_point_id"] == elsewhere
        for wrong in ("gb:12345678", f"{arrived['pickup_code']}\n", "gb:ppt_1:12345678"):
            refused(redeem(shop, arrived, wrong), 422, "invalid-input")

    def test_it_is_read_as_it_was_written(self) -> None:
        point = "ppt_" + "0a" * 16
        code = new_code(set())
        assert read_code(scannable(pickup_point_id=point, code=code)) == (point, code)
        assert read_code(code) == (None, code)


class TestProxy:
    """/orders/{id}/pickup-proxies"""

    def test_it_lets_somebody_else_fetch_and_says_who(
        self, shop: Shop, arrived: Order, proxy: dict[str, Any]
    ) -> None:
        bo = shop.api.shopper("bo")
        assert proxy["code"] != arrived["pickup_code"]
        png = bo.get(f"/orders/{arrived['id']}/pickup-proxies/{proxy['id']}/code.png")
        assert png.data.startswith(b"\x89PNG")
        redemption = made(redeem(shop, arrived, proxy["code"]))
        assert (redemption["picked_up_by"], redemption["picked_up_name"]) == ("proxy", "王阿姨")
        refused(redeem(shop, arrived, proxy["code"]), 409, "already-handed-over")
        refused(redeem(shop, arrived, arrived["pickup_code"]), 409, "already-handed-over")
        shown = made(bo.get(f"/orders/{arrived['id']}/pickup-proxies"), 200)["items"]
        assert [(p["id"], p["state"]) for p in shown] == [(proxy["id"], "used")]
        undo = f"/leader/redemptions/{redemption['id']}/undo"
        made(shop.api.shopper("mei").post(undo), 200)
        assert made(redeem(shop, arrived, proxy["code"]))["picked_up_by"] == "proxy"

    def test_it_is_over_when_the_shopper_comes_first(
        self, shop: Shop, arrived: Order, proxy: dict[str, Any]
    ) -> None:
        redemption = made(redeem(shop, arrived, arrived["pickup_code"]))
        assert (redemption["picked_up_by"], redemption["picked_up_name"]) == ("shopper", "Bo")
        refused(redeem(shop, arrived, proxy["code"]), 404, "pickup-code-unknown")

    def test_it_can_be_revoked_and_given_to_another(
        self, shop: Shop, arrived: Order, proxy: dict[str, Any]
    ) -> None:
        bo, path = shop.api.shopper("bo"), f"/orders/{arrived['id']}/pickup-proxies"
        refused(bo.post(path, {"name": "李叔"}), 409, "proxy-given")
        revoked = made(bo.post(f"{path}/{proxy['id']}/revocation"), 200)
        assert revoked["state"] == "revoked"
        refused(bo.post(f"{path}/{proxy['id']}/revocation"), 409, "not-in-this-state")
        refused(bo.get(f"{path}/{proxy['id']}/code.png"), 409, "not-in-this-state")
        refused(redeem(shop, arrived, proxy["code"]), 404, "pickup-code-unknown")
        made(bo.post(path, {"name": "李叔"}))
        names = [p["name"] for p in made(bo.get(path), 200)["items"]]
        assert names == ["李叔", "王阿姨"]

    def test_it_is_the_shoppers_own_affair(
        self, shop: Shop, arrived: Order, proxy: dict[str, Any]
    ) -> None:
        zed, path = shop.api.shopper("zed"), f"/orders/{arrived['id']}/pickup-proxies"
        refused(zed.post(path, {"name": "Zed"}), 404, "not-found")
        refused(zed.post(f"{path}/{proxy['id']}/revocation"), 404, "not-found")
        refused(zed.get(f"{path}/{proxy['id']}/code.png"), 404, "not-found")
        other = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=arrived["pickup_point_id"])
        bo = shop.api.shopper("bo")
        answer = bo.post(f"/orders/{other['id']}/pickup-proxies", {"name": "王阿姨"})
        refused(answer, 409, "not-in-this-state")
        shop.pay("bo", other["id"])
        shop.deliver(arrived["pickup_point_id"])
        path = f"/orders/{other['id']}/pickup-proxies"
        refused(bo.post(f"{path}/{proxy['id']}/revocation"), 404, "not-found")

    def test_it_is_shown_with_ones_data_and_erased_with_them(
        self, shop: Shop, arrived: Order, proxy: dict[str, Any]
    ) -> None:
        bo = shop.api.shopper("bo")
        made(redeem(shop, arrived, proxy["code"]))
        shop.wait(hours=24)
        sections = made(bo.get("/me/export"), 200)["sections"]
        assert [row["state"] for row in sections["parcels"]] == ["handed_over"]
        assert [row["name"] for row in sections["pickup_proxies"]] == ["王阿姨"]
        made(bo.post("/me/erasure", {"confirmed": True}), 200)
        assert [row.name for row in session().scalars(select(PickupProxy))] == [""]

    def test_it_is_for_goods_that_are_there(self, shop: Shop, mei: Place, paid: Order) -> None:
        made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        answer = shop.api.shopper("bo").post(
            f"/orders/{paid['id']}/pickup-proxies", {"name": "王阿姨"}
        )
        refused(answer, 409, "not-in-this-state")


class TestHandingOver:
    """POST /leader/redemptions"""

    def test_it_refuses_what_was_refunded_in_full(self, shop: Shop, arrived: Order) -> None:
        shop.refund(arrived["id"], arrived["lines"][0]["id"], quantity=2)
        refused(redeem(shop, arrived, arrived["pickup_code"]), 409, "fully-refunded")

    def test_it_can_be_left_to_others_than_the_leader(self, shop: Shop, arrived: Order) -> None:
        tao = shop.api.shopper("tao")
        refused(redeem(shop, arrived, arrived["pickup_code"], by="tao"), 404, "not-found")
        point = f"/leader/pickup-points/{arrived['pickup_point_id']}"
        made(shop.api.shopper("mei").put(f"{point}/verifiers/{tao.id}"), 200)
        made(redeem(shop, arrived, arrived["pickup_code"], by="tao"))


class TestWaiting:
    """GET /leader/parcels"""

    def test_it_lists_what_waits_without_codes(
        self, shop: Shop, mei: Place, arrived: Order, count_statements: Callable[[], Any]
    ) -> None:
        caller, query = shop.api.shopper("mei"), {"pickup_point_id": mei["point"]}
        (parcel,) = made(caller.get("/leader/parcels", **query), 200)["items"]
        assert (parcel["shopper"], parcel["units"], parcel["cold_chain"]) == ("Bo", 2, False)
        assert (parcel["order_ids"], parcel["number"]) == ([arrived["id"]], 1)
        assert "code" not in parcel
        with count_statements() as few:
            caller.get("/leader/parcels", **query)
        for name in ("lan", "zed", "tao"):
            order = shop.order(name, None, {"Eggs": 1}, pickup_point_id=mei["point"])
            shop.pay(name, order["id"])
        run_pending()
        shop.deliver(mei["point"])
        with count_statements() as many:
            assert len(made(caller.get("/leader/parcels", **query), 200)["items"]) == 4
        assert len(few) == len(many)
        shop.hand_over("mei", "bo", arrived["id"])
        states = {"ready": 3, "handed_over": 1, "cancelled": 0}
        for state, count in states.items():
            shown = made(caller.get("/leader/parcels", **query, state=state), 200)["items"]
            assert len(shown) == count

    def test_it_is_for_those_who_hand_over_there(
        self, shop: Shop, mei: Place, arrived: Order
    ) -> None:
        shop.recruit("tao")
        for name in ("tao", "bo"):
            answer = shop.api.shopper(name).get("/leader/parcels", pickup_point_id=mei["point"])
            refused(answer, 404, "not-found")
        assert shop.hua.get("/leader/parcels", pickup_point_id=mei["point"]).status_code == 403
        assert shop.api.anonymous.get("/leader/parcels").status_code == 401

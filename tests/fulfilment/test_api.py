"""Shipments and pickup over HTTP, and each of their Problems."""

from typing import Any

from groupbuy.kernel.jobs import run_pending
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused


class TestShipment:
    """/hq/shipments"""

    def test_it_packs_ships_and_arrives(
        self, shop: Shop, mei: dict[str, str], paid: dict[str, Any]
    ) -> None:
        unpaid = shop.order("zed", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        shipment = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        assert (shipment["state"], shipment["parcels"]) == ("preparing", {"preparing": 1})
        path = f"/hq/shipments/{shipment['id']}"
        assert made(shop.hua.post(f"{path}/dispatch"), 200)["parcels"] == {"in_transit": 1}
        assert made(shop.hua.post(f"{path}/arrival"), 200)["state"] == "arrived"
        (parcel,) = made(shop.hua.get(f"{path}/parcels"), 200)["items"]
        assert (parcel["order_ids"], parcel["state"]) == ([paid["id"]], "ready")
        assert "code" not in parcel
        assert made(shop.api.shopper("zed").get(f"/orders/{unpaid['id']}"), 200)["state"] == (
            "pending_payment"
        )

    def test_it_takes_each_step_once_and_in_order(
        self, shop: Shop, mei: dict[str, str], paid: dict[str, Any]
    ) -> None:
        shipment = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        path = f"/hq/shipments/{shipment['id']}"
        refused(shop.hua.post(f"{path}/arrival"), 409, "not-in-this-state")
        made(shop.hua.post(f"{path}/dispatch"), 200)
        refused(shop.hua.post(f"{path}/dispatch"), 409, "not-in-this-state")
        made(shop.hua.get(path), 200)
        assert made(shop.hua.get("/hq/shipments", state="arrived"), 200)["items"] == []

    def test_it_says_when_nothing_waits(self, shop: Shop, mei: dict[str, str]) -> None:
        answer = shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]})
        refused(answer, 409, "nothing-to-ship")
        nowhere = "ppt_" + "0" * 32
        refused(shop.hua.post("/hq/shipments", {"pickup_point_id": nowhere}), 404, "not-found")

    def test_it_leaves_a_cancelled_order_behind(
        self, shop: Shop, mei: dict[str, str], paid: dict[str, Any]
    ) -> None:
        shipment = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        made(shop.api.shopper("bo").post(f"/orders/{paid['id']}/cancellation"), 200)
        run_pending()
        shown = made(shop.hua.post(f"/hq/shipments/{shipment['id']}/dispatch"), 200)
        assert shown["parcels"] == {"cancelled": 1}

    def test_it_is_for_operators(self, shop: Shop) -> None:
        assert shop.api.anonymous.get("/hq/shipments").status_code == 401
        assert shop.api.shopper("mei").post("/hq/shipments", {}).status_code == 403
        assert shop.api.staff("auditor").get("/hq/shipments").status_code == 200


class TestPickup:
    """POST /leader/redemptions"""

    def code(self, arrived: dict[str, Any]) -> dict[str, Any]:
        return {"pickup_point_id": arrived["pickup_point_id"], "code": arrived["pickup_code"]}

    def test_it_hands_over_once(self, shop: Shop, arrived: dict[str, Any]) -> None:
        mei = shop.api.shopper("mei")
        redemption = made(mei.post("/leader/redemptions", self.code(arrived)))
        assert redemption["order_ids"] == [arrived["id"]]
        answer = mei.post("/leader/redemptions", self.code(arrived))
        refused(answer, 409, "already-handed-over")

    def test_it_answers_a_repeated_request_with_the_first_answer(
        self, shop: Shop, arrived: dict[str, Any]
    ) -> None:
        mei = shop.api.shopper("mei")
        first = mei.post("/leader/redemptions", self.code(arrived), key="scan-1")
        again = mei.post("/leader/redemptions", self.code(arrived), key="scan-1")
        assert first.data == again.data

    def test_it_knows_only_codes_that_wait_there(self, shop: Shop, arrived: dict[str, Any]) -> None:
        wrong = f"{(int(arrived['pickup_code']) + 1) % 10**8:08d}"
        mei = shop.api.shopper("mei")
        answer = mei.post("/leader/redemptions", {**self.code(arrived), "code": wrong})
        refused(answer, 404, "pickup-code-unknown")
        answer = mei.post("/leader/redemptions", {**self.code(arrived), "code": "12"})
        refused(answer, 422, "invalid-input")

    def test_it_refuses_anybody_but_a_verifier_of_the_point(
        self, shop: Shop, arrived: dict[str, Any]
    ) -> None:
        shop.recruit("tao")
        for name in ("tao", "zed", "bo"):
            answer = shop.api.shopper(name).post("/leader/redemptions", self.code(arrived))
            refused(answer, 404, "not-found")
        assert shop.hua.post("/leader/redemptions", self.code(arrived)).status_code == 403

    def test_it_waits_for_an_open_refund(self, shop: Shop, arrived: dict[str, Any]) -> None:
        line = {"order_line_id": arrived["lines"][0]["id"], "quantity": 1}
        body = {"order_id": arrived["id"], "lines": [line], "reason": "cracked"}
        made(shop.hua.post("/hq/refunds", body))
        mei = shop.api.shopper("mei")
        refused(mei.post("/leader/redemptions", self.code(arrived)), 409, "refund-open")
        run_pending()
        made(mei.post("/leader/redemptions", self.code(arrived)))

    def test_it_can_be_undone_for_ten_minutes(self, shop: Shop, arrived: dict[str, Any]) -> None:
        mei = shop.api.shopper("mei")
        first = made(mei.post("/leader/redemptions", self.code(arrived)))
        path = f"/leader/redemptions/{first['id']}/undo"
        refused(shop.api.shopper("zed").post(path), 404, "not-found")
        shop.api.clock.advance(minutes=9)
        assert made(mei.post(path), 200)["undone_at"] is not None
        refused(mei.post(path), 409, "already-undone")
        again = made(mei.post("/leader/redemptions", self.code(arrived)))
        shop.api.clock.advance(minutes=10)
        refused(mei.post(f"/leader/redemptions/{again['id']}/undo"), 409, "undo-too-late")

    def test_it_completes_a_day_later(self, shop: Shop, arrived: dict[str, Any]) -> None:
        shop.hand_over("mei", "bo", arrived["id"])
        shop.wait(hours=24, seconds=-1)
        bo = shop.api.shopper("bo")
        assert made(bo.get(f"/orders/{arrived['id']}"), 200)["state"] == "picked_up"
        shop.wait(seconds=1)
        shown = made(bo.get(f"/orders/{arrived['id']}"), 200)
        assert shown["state"] == "completed"
        assert shown["timeline"][-1]["to_state"] == "completed"

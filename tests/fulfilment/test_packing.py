"""Packing: which orders go into a shipment, one basket per shopper, taking out, giving up."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from groupbuy.fulfilment.models import Parcel, ParcelOrder
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.models import Order
from groupbuy.orders.rules import OrderState
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Place = dict[str, str]
NOWHERE = "shm_" + "0" * 32


def bought(shop: Shop, name: str, point: str, basket: dict[str, int], **extra: Any) -> str:
    """Place and pay an order; return its id."""
    group_buy = extra.pop("group_buy", None)
    order = shop.order(name, group_buy, basket, pickup_point_id=point, **extra)
    shop.pay(name, order["id"])
    return str(order["id"])


def state_of(order_id: str) -> str:
    return session().get_one(Order, order_id, populate_existing=True).state


@pytest.fixture
def basket_campaign(shop: Shop, mei: Place) -> str:
    """A group buy of a campaign in which a shopper's orders share a parcel."""
    campaign = shop.campaign({"Eggs": 1200}, rules={"one_parcel": True}, allotment=30)
    hosted = shop.host("mei", campaign, mei)
    shop.wait(hours=1)
    return str(hosted["id"])


def prepared(shop: Shop, mei: Place, **which: Any) -> dict[str, Any]:
    return made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"], **which}))


def parcels_of(shop: Shop, shipment_id: str, **query: Any) -> list[dict[str, Any]]:
    answer = shop.hua.get(f"/hq/shipments/{shipment_id}/parcels", **query)
    return list(made(answer, 200)["items"])


class TestChoosing:
    """POST /hq/shipments with less than all."""

    def test_it_packs_the_cold_chain_apart(self, shop: Shop, mei: Place) -> None:
        shop.stock("Prawns", price_fen=5900, units=9, storage="frozen")
        eggs = bought(shop, "bo", mei["point"], {"Eggs": 1})
        both = bought(shop, "lan", mei["point"], {"Eggs": 1, "Prawns": 1})
        cold = prepared(shop, mei, cold_chain=True)
        assert [p["order_ids"] for p in parcels_of(shop, cold["id"])] == [[both]]
        rest = prepared(shop, mei, cold_chain=False)
        assert [p["order_ids"] for p in parcels_of(shop, rest["id"])] == [[eggs]]

    def test_it_packs_chosen_orders_and_names_those_that_do_not_wait(
        self, shop: Shop, mei: Place
    ) -> None:
        first, second = (bought(shop, n, mei["point"], {"Eggs": 1}) for n in ("bo", "lan"))
        unpaid = shop.order("zed", None, {"Eggs": 1}, pickup_point_id=mei["point"])["id"]
        body = {"pickup_point_id": mei["point"], "order_ids": [first, unpaid]}
        problem = refused(shop.hua.post("/hq/shipments", body), 409, "orders-not-waiting")
        assert problem["order_ids"] == [unpaid]
        shipment = prepared(shop, mei, order_ids=[second])
        assert [p["order_ids"] for p in parcels_of(shop, shipment["id"])] == [[second]]
        assert state_of(first) == "paid"

    def test_it_does_not_pack_what_is_undecided(self, shop: Shop, mei: Place) -> None:
        order = bought(shop, "bo", mei["point"], {"Eggs": 1})
        undecided = update(Order).where(Order.id == order)
        session().execute(undecided.values(state=OrderState.GROUP_PENDING))
        answer = shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]})
        refused(answer, 409, "nothing-to-ship")

    def test_it_numbers_parcels_by_leader_and_shopper(self, shop: Shop, mei: Place) -> None:
        for name in ("zed", "lan", "bo"):
            bought(shop, name, mei["point"], {"Eggs": 1})
        shipment = prepared(shop, mei)
        names = {shop.api.shopper(name).id: name for name in ("zed", "lan", "bo")}
        numbered = [(p["number"], names[p["shopper_id"]]) for p in parcels_of(shop, shipment["id"])]
        assert numbered == [(1, "bo"), (2, "lan"), (3, "zed")]

    def test_it_costs_the_same_however_many_orders(
        self, shop: Shop, mei: Place, count_statements: Callable[[], Any]
    ) -> None:
        def cost(orders: int) -> list[int]:
            for number in range(orders):
                bought(shop, f"somebody{number}", mei["point"], {"Eggs": 1})
            counts = []
            with count_statements() as statements:
                shipment = prepared(shop, mei)
            counts.append(len(statements))
            for step in ("dispatch", "arrival"):
                with count_statements() as statements:
                    made(shop.hua.post(f"/hq/shipments/{shipment['id']}/{step}"), 200)
                counts.append(len(statements))
            return counts

        assert cost(1) == cost(7)


class TestOneBasket:
    """A campaign with `one_parcel`."""

    def test_it_puts_all_orders_of_a_shopper_into_one_parcel_with_one_code(
        self, shop: Shop, mei: Place, basket_campaign: str
    ) -> None:
        orders = [
            bought(shop, "bo", mei["point"], {"Eggs": n}, group_buy=basket_campaign) for n in (1, 2)
        ]
        house = bought(shop, "bo", mei["point"], {"Eggs": 1})
        shipment_id = shop.deliver(mei["point"])
        inside = [p["order_ids"] for p in parcels_of(shop, shipment_id)]
        assert sorted(inside) == sorted([orders, [house]])
        bo = shop.api.shopper("bo")
        codes = [made(bo.get(f"/orders/{o}"), 200)["pickup_code"] for o in (*orders, house)]
        assert codes[0] == codes[1] != codes[2]
        redemption = shop.hand_over("mei", "bo", orders[1])
        assert redemption["order_ids"] == orders
        assert [state_of(order) for order in (*orders, house)] == [
            "picked_up",
            "picked_up",
            "ready_for_pickup",
        ]
        undo = f"/leader/redemptions/{redemption['id']}/undo"
        made(shop.api.shopper("mei").post(undo), 200)
        assert {state_of(order) for order in orders} == {"ready_for_pickup"}

    def test_it_adds_what_was_paid_later_to_the_parcel_that_is_there(
        self, shop: Shop, mei: Place, basket_campaign: str
    ) -> None:
        first = bought(shop, "bo", mei["point"], {"Eggs": 1}, group_buy=basket_campaign)
        shipment = prepared(shop, mei)
        later = bought(shop, "bo", mei["point"], {"Eggs": 2}, group_buy=basket_campaign)
        other = bought(shop, "lan", mei["point"], {"Eggs": 2}, group_buy=basket_campaign)
        answer = shop.hua.post(f"/hq/shipments/{shipment['id']}/orders", {})
        assert made(answer, 200)["parcels"] == {"preparing": 2}
        inside = [(p["number"], p["order_ids"]) for p in parcels_of(shop, shipment["id"])]
        assert inside == [(1, [first, later]), (2, [other])]
        answer = shop.hua.post(f"/hq/shipments/{shipment['id']}/orders", {})
        refused(answer, 409, "nothing-to-ship")

    def test_it_leaves_to_another_shipment_what_belongs_into_its_parcels(
        self, shop: Shop, mei: Place, basket_campaign: str
    ) -> None:
        bought(shop, "bo", mei["point"], {"Eggs": 1}, group_buy=basket_campaign)
        first = prepared(shop, mei)
        later = bought(shop, "bo", mei["point"], {"Eggs": 1}, group_buy=basket_campaign)
        answer = shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]})
        assert refused(answer, 409, "basket-elsewhere")["shipment_ids"] == [first["id"]]
        bought(shop, "lan", mei["point"], {"Eggs": 1}, group_buy=basket_campaign)
        second = prepared(shop, mei)
        assert second["parcels"] == {"preparing": 1}
        answer = shop.hua.post(f"/hq/shipments/{second['id']}/orders", {"order_ids": [later]})
        refused(answer, 409, "basket-elsewhere")
        made(shop.hua.post(f"/hq/shipments/{first['id']}/dispatch"), 200)
        path = f"/hq/shipments/{second['id']}"
        assert made(shop.hua.post(f"{path}/orders"), 200)["parcels"] == {"preparing": 2}

    def test_it_takes_a_cancelled_order_out_and_the_last_one_with_the_parcel(
        self, shop: Shop, mei: Place, basket_campaign: str
    ) -> None:
        orders = [
            bought(shop, "bo", mei["point"], {"Eggs": n}, group_buy=basket_campaign) for n in (1, 2)
        ]
        shipment = prepared(shop, mei)
        bo = shop.api.shopper("bo")
        for order, left in zip(orders, ([[orders[1]]], [[]]), strict=True):
            made(bo.post(f"/orders/{order}/cancellation"), 200)
            assert [p["order_ids"] for p in parcels_of(shop, shipment["id"])] == left
        assert [p["state"] for p in parcels_of(shop, shipment["id"])] == ["cancelled"]

    def test_it_waits_for_a_refund_of_any_of_them_and_names_it(
        self, shop: Shop, mei: Place, basket_campaign: str
    ) -> None:
        orders = [
            bought(shop, "bo", mei["point"], {"Eggs": n}, group_buy=basket_campaign) for n in (1, 2)
        ]
        shop.deliver(mei["point"])
        shown = made(shop.api.shopper("bo").get(f"/orders/{orders[0]}"), 200)
        line = {"order_line_id": shown["lines"][0]["id"], "quantity": 1}
        body = {"order_id": orders[0], "lines": [line], "reason": "cracked"}
        made(shop.hua.post("/hq/refunds", body))
        code = {"pickup_point_id": mei["point"], "code": shown["pickup_code"]}
        answer = shop.api.shopper("mei").post("/leader/redemptions", code)
        assert refused(answer, 409, "refund-open")["order_ids"] == [orders[0]]
        run_pending()
        redemption = made(shop.api.shopper("mei").post("/leader/redemptions", code))
        # What was refunded in full stays behind, and comes to its end.
        assert redemption["order_ids"] == [orders[1]]
        assert [state_of(order) for order in orders] == ["completed", "picked_up"]


class TestTakingOut:
    """Removals and cancellation of a shipment."""

    def test_it_takes_an_order_out_and_lets_it_wait_again(self, shop: Shop, mei: Place) -> None:
        first, second = (bought(shop, n, mei["point"], {"Eggs": 1}) for n in ("bo", "lan"))
        paid_at = session().get_one(Order, first).paid_at
        shipment = prepared(shop, mei)
        shop.api.clock.advance(hours=1)
        path = f"/hq/shipments/{shipment['id']}/removals"
        body = {"order_id": first, "reason": "沾水"}
        shown = made(shop.hua.post(path, body), 200)
        assert shown["parcels"] == {"cancelled": 1, "preparing": 1}
        order = session().get_one(Order, first, populate_existing=True)
        assert (order.state, order.paid_at) == ("paid", paid_at)
        refused(shop.hua.post(path, body), 404, "not-found")
        again = prepared(shop, mei)
        assert [p["order_ids"] for p in parcels_of(shop, again["id"])] == [[first]]
        made(shop.hua.post(f"/hq/shipments/{shipment['id']}/dispatch"), 200)
        body = {"order_id": second, "reason": "too late"}
        refused(shop.hua.post(path, body), 409, "not-in-this-state")

    def test_it_gives_a_shipment_up_and_its_orders_wait_again(
        self, shop: Shop, mei: Place, paid: dict[str, Any]
    ) -> None:
        shipment = prepared(shop, mei)
        path = f"/hq/shipments/{shipment['id']}/cancellation"
        shown = made(shop.hua.post(path, {"reason": "packed too early"}), 200)
        assert (shown["state"], shown["parcels"]) == ("cancelled", {"cancelled": 1})
        assert state_of(paid["id"]) == "paid"
        refused(shop.hua.post(path, {"reason": "again"}), 409, "not-in-this-state")
        for step in ("dispatch", "orders"):
            answer = shop.hua.post(f"/hq/shipments/{shipment['id']}/{step}", {})
            refused(answer, 409, "not-in-this-state")
        assert prepared(shop, mei)["parcels"] == {"preparing": 1}
        timeline = made(shop.hua.get(f"/hq/orders/{paid['id']}"), 200)["timeline"]
        assert [step["to_state"] for step in timeline][-3:] == ["preparing", "paid", "preparing"]
        assert made(shop.hua.get("/hq/shipments", state="cancelled"), 200)["items"] == [shown]

    def test_it_keeps_both_places_of_an_order_that_was_packed_twice(
        self, shop: Shop, mei: Place, paid: dict[str, Any]
    ) -> None:
        first = prepared(shop, mei)
        body = {"reason": "the wrong van"}
        made(shop.hua.post(f"/hq/shipments/{first['id']}/cancellation", body), 200)
        prepared(shop, mei)
        rows = session().execute(
            select(ParcelOrder.removed_at.is_(None), func.count()).group_by(
                ParcelOrder.removed_at.is_(None)
            )
        )
        assert {standing: count for standing, count in rows} == {True: 1, False: 1}
        assert session().scalar(select(func.count()).select_from(Parcel)) == 2


class TestNotes:
    """PATCH /hq/shipments/{id}"""

    def test_it_keeps_a_note_and_the_crates(
        self, shop: Shop, mei: Place, paid: dict[str, Any]
    ) -> None:
        shipment = prepared(shop, mei, note="北门卸货")
        path = f"/hq/shipments/{shipment['id']}"
        assert (shipment["note"], shipment["crates"]) == ("北门卸货", {})
        body = {"crates": {"ambient": 2, "frozen": 1}}
        edited = made(shop.hua.patch(path, body, if_match=shipment["version"]), 200)
        assert (edited["note"], edited["crates"]) == ("北门卸货", {"ambient": 2, "frozen": 1})
        answer = shop.hua.patch(path, {"note": ""}, if_match=shipment["version"])
        refused(answer, 412, "stale-version")
        refused(shop.hua.patch(path, {"note": ""}), 428, "version-required")
        answer = shop.hua.patch(path, {"crates": {"warm": 1}}, if_match=edited["version"])
        refused(answer, 422, "invalid-input")
        answer = shop.hua.patch(f"/hq/shipments/{NOWHERE}", {"note": ""}, if_match=1)
        refused(answer, 404, "not-found")


class TestShortages:
    """/hq/shipments/{id}/shortages"""

    def test_it_records_what_was_missing_and_takes_it_back(
        self, shop: Shop, mei: Place, paid: dict[str, Any]
    ) -> None:
        shipment = prepared(shop, mei)
        path = f"/hq/shipments/{shipment['id']}/shortages"
        eggs = shop.skus["Eggs"]

        def missing(quantity: int) -> dict[str, Any]:
            return {"lines": [{"sku_id": eggs, "quantity": quantity}], "note": "一盒压碎"}

        refused(shop.hua.post(path, missing(1)), 409, "not-in-this-state")
        for step in ("dispatch", "arrival"):
            made(shop.hua.post(f"/hq/shipments/{shipment['id']}/{step}"), 200)
        (row,) = made(shop.hua.post(path, missing(2)))["items"]
        assert (row["quantity"], row["recorded_by"]) == (2, shop.hua.id)
        problem = refused(shop.hua.post(path, missing(1)), 409, "shortage-exceeds-shipment")
        assert (problem["packed"], problem["missing"]) == (2, 2)
        refused(shop.hua.post(path, missing(-3)), 409, "shortage-exceeds-shipment")
        refused(shop.hua.post(path, missing(0)), 422, "invalid-input")
        twice = {"lines": missing(1)["lines"] * 2}
        refused(shop.hua.post(path, twice), 422, "invalid-input")
        made(shop.hua.post(path, missing(-1)))
        shown = made(shop.api.staff("auditor").get(path), 200)["items"]
        assert [row["quantity"] for row in shown] == [2, -1]
        assert state_of(paid["id"]) == "ready_for_pickup"

"""Fulfilment when two things happen at once: every interleaving here is forced."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.fulfilment import services
from groupbuy.fulfilment.models import Parcel
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.errors import RefundOpen
from groupbuy.orders.models import Order
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.services import cancelling
from tests.fulfilment.test_packing import bought
from tests.journeys.headquarters import Shop, made
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed

Place = dict[str, str]
DAY = timedelta(hours=24)


def fresh(table: Any, key: str) -> Any:
    session().rollback()
    return session().get_one(table, key, populate_existing=True)


@pytest.fixture
def due(shop: Shop, mei: Place) -> dict[str, Any]:
    """Bo's parcel, which the rule of its campaign would refund now."""
    campaign = shop.campaign({"Eggs": 1200}, rules={"unclaimed_rule": "refund"})
    hosted = shop.host("mei", campaign, mei)
    shop.wait(hours=1)
    order = shop.order("bo", hosted["id"], {"Eggs": 2})
    shop.pay("bo", order["id"])
    shop.wait(days=5)
    shop.deliver(mei["point"])
    shop.wait(days=3)
    shop.api.clock.advance(hours=24)
    (row,) = made(shop.hua.get("/hq/unclaimed"), 200)["items"]
    shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
    return {"unclaimed": row["id"], "parcel": row["parcel_id"], **shown}


def redeeming(shop: Shop, order: dict[str, Any]) -> Any:
    actor = Actor(kind="shopper", id=shop.api.shopper("mei").id, role="leader")
    now = shop.api.clock.now()
    return lambda: services.redeem(
        pickup_point_id=order["pickup_point_id"],
        code=order["pickup_code"],
        actor=actor,
        now=now,
        after_sale=DAY,
    )


class TestDeadline:
    """The end of the time to fetch against the shopper who comes at last."""

    def test_it_hands_over_what_was_asked_for_first(
        self, app: Flask, shop: Shop, due: dict[str, Any]
    ) -> None:
        now = shop.api.clock.now()
        redemption, _ = second_waits_for_first(
            app,
            redeeming(shop, due),
            lambda: services.advance(unclaimed_id=due["unclaimed"], now=now),
        )
        assert redemption.order_ids == [due["id"]]
        assert fresh(Parcel, due["parcel"]).state == "handed_over"
        run_pending()
        assert fresh(Order, due["id"]).refund_status == "none"

    def test_it_refunds_once_the_time_was_over_first(
        self, app: Flask, shop: Shop, due: dict[str, Any]
    ) -> None:
        now = shop.api.clock.now()
        _, redemption = second_waits_for_first(
            app,
            lambda: services.advance(unclaimed_id=due["unclaimed"], now=now),
            redeeming(shop, due),
        )
        assert isinstance(redemption, RefundOpen)
        shop.tick()
        shop.tick()
        assert fresh(Order, due["id"]).state == "completed"
        assert fresh(Parcel, due["parcel"]).state == "returned"

    def test_it_refunds_once_however_often_it_is_asked(
        self, app: Flask, shop: Shop, due: dict[str, Any]
    ) -> None:
        now = shop.api.clock.now()
        at_once(app, [lambda: services.advance(unclaimed_id=due["unclaimed"], now=now)] * 3)
        run_pending()
        refunds = made(shop.hua.get("/hq/refunds", order_id=due["id"]), 200)["items"]
        assert [refund["amount_fen"] for refund in refunds] == [due["total_fen"]]


class TestBasket:
    """A parcel of several orders."""

    @pytest.fixture
    def basket(self, shop: Shop, mei: Place) -> list[str]:
        """Bo's two orders, paid, of a campaign with one parcel for each shopper."""
        campaign = shop.campaign({"Eggs": 1200}, rules={"one_parcel": True})
        hosted = shop.host("mei", campaign, mei)
        shop.wait(hours=1)
        return [bought(shop, "bo", mei["point"], {"Eggs": 1}, group_buy=hosted["id"]) for _ in "12"]

    def test_it_goes_with_the_last_order_also_when_both_go_at_once(
        self, app: Flask, shop: Shop, mei: Place, basket: list[str]
    ) -> None:
        shipment = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        now = shop.api.clock.now()

        def cancelling_one(order_id: str) -> Any:
            return lambda: cancelling.cancel(
                order_id=order_id, reason=CancelReason.STAFF, actor=SYSTEM, now=now
            )

        second_waits_for_first(app, *map(cancelling_one, basket))
        shown = made(shop.hua.get(f"/hq/shipments/{shipment['id']}"), 200)
        assert shown["parcels"] == {"cancelled": 1}

    def test_it_is_packed_once_by_two_who_pack(
        self, app: Flask, shop: Shop, mei: Place, basket: list[str]
    ) -> None:
        now = shop.api.clock.now()
        answers = at_once(
            app,
            [lambda: services.create_shipment(pickup_point_id=mei["point"], actor=SYSTEM, now=now)]
            * 2,
        )
        assert sorted(type(answer).__name__ for answer in answers) == [
            "NothingToShip",
            "ShipmentView",
        ]

    def test_it_leaves_behind_what_is_cancelled_while_it_is_sent_off(
        self, app: Flask, shop: Shop, mei: Place, basket: list[str]
    ) -> None:
        shipment = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        now = shop.api.clock.now()
        second_waits_for_first(
            app,
            lambda: cancelling.cancel(
                order_id=basket[0], reason=CancelReason.STAFF, actor=SYSTEM, now=now
            ),
            lambda: services.dispatch(shipment_id=shipment["id"], actor=SYSTEM, now=now),
        )
        assert [fresh(Order, order_id).state for order_id in basket] == ["cancelled", "shipped"]

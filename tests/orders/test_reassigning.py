"""Giving a paid order to another leader."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.attribution.models import AttributionDecision
from groupbuy.attribution.queries import INVARIANTS
from groupbuy.attribution.signals import order_reassigned
from groupbuy.commissions.models import CommissionTransfer
from groupbuy.kernel import books
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.orders.models import Order
from groupbuy.orders.services import reassigning
from tests.attribution.test_policies import in_force
from tests.client import Answer, Api
from tests.conftest import START
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused
from tests.rivals import Work, second_waits_for_first

HUA = Actor(kind="staff", id="hua", role="operator")
WHY = "Tao brought the customer."


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop that sells eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=50)
    return shop


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, at whose point the orders are fetched."""
    return shop.recruit("mei")


@pytest.fixture
def order(shop: Shop, mei: dict[str, str]) -> dict[str, Any]:
    """Bo's paid order, which is Mei's by her pickup point."""
    return paid(shop, "bo", mei)


def paid(shop: Shop, name: str, places: dict[str, str]) -> dict[str, Any]:
    order = shop.order(name, None, {"Eggs": 1}, pickup_point_id=places["point"])
    shop.pay(name, order["id"])
    return order


def give(shop: Shop, order: dict[str, Any], leader_id: str | None) -> Answer:
    body = {"leader_id": leader_id, "reason": WHY}
    return shop.hua.post(f"/hq/orders/{order['id']}/attribution", body)


def history(shop: Shop, order: dict[str, Any]) -> list[dict[str, Any]]:
    return list(made(shop.hua.get(f"/hq/orders/{order['id']}/attribution"), 200)["items"])


def books_hold() -> None:
    session().expire_all()
    broken = [finding for finding in books.check(INVARIANTS) if finding.faults]
    assert not broken, broken


class TestReassignment:
    """POST /hq/orders/{id}/attribution"""

    def test_it_writes_a_revision_and_the_order_shows_the_new_leader(
        self, shop: Shop, order: dict[str, Any], mei: dict[str, str]
    ) -> None:
        tao = shop.recruit("tao")
        decision = made(give(shop, order, tao["leader"]))
        assert (decision["revision"], decision["rule"]) == (2, "assigned")
        assert (decision["reason"], decision["decided_by"]) == (WHY, shop.hua.id)
        first, second = history(shop, order)
        assert (first["leader_id"], second["leader_id"]) == (mei["leader"], tao["leader"])
        assert first["candidates"] == second["candidates"]
        shown = made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)
        assert shown["leader_id"] == tao["leader"]
        (entry, *_) = (
            shop.api.staff("auditor").get("/hq/audit-log", subject=order["id"]).json["items"]
        )
        assert entry["action"] == "order.reassign"
        assert entry["facts"]["to_leader"] == tao["leader"]
        books_hold()

    def test_it_is_decided_after_the_decision_it_waited_for(
        self, shop: Shop, order: dict[str, Any], mei: dict[str, str]
    ) -> None:
        tao = shop.recruit("tao")
        late, early = shop.api.clock.now() + timedelta(seconds=1), shop.api.clock.now()
        for leader_id, now in ((tao["leader"], late), (None, early), (mei["leader"], early)):
            with transaction():
                reassigning.reassign(
                    order_id=order["id"], leader_id=leader_id, reason=WHY, actor=HUA, now=now
                )
        told = session().query(CommissionTransfer).order_by(CommissionTransfer.revision).all()
        assert [row.leader_id for row in told] == [tao["leader"], None, mei["leader"]]
        assert [row.recorded_at - late for row in told] == [
            timedelta(microseconds=n) for n in (0, 1, 2)
        ]

    def test_it_tells_everyone_it_ever_was_given_to(
        self, shop: Shop, order: dict[str, Any]
    ) -> None:
        tao, lan = shop.recruit("tao"), shop.recruit("lan")
        made(give(shop, order, tao["leader"]))
        made(give(shop, order, lan["leader"]))
        path = f"/leader/attributions/{order['id']}"
        seen = {n: made(shop.api.shopper(n).get(path), 200) for n in ("mei", "tao", "lan")}
        assert {name: why["mine"] for name, why in seen.items()} == {
            "mei": False,
            "tao": False,
            "lan": True,
        }
        assert {why["revision"] for why in seen.values()} == {3}
        assert (seen["tao"]["leader_level"], seen["lan"]["leader_level"]) == (None, 1)
        shop.recruit("zed")
        refused(shop.api.shopper("zed").get(path), 404, "not-found")

    def test_it_gives_an_order_to_the_house_and_back(
        self, shop: Shop, order: dict[str, Any], mei: dict[str, str]
    ) -> None:
        house = made(give(shop, order, None))
        assert (house["leader_id"], house["rule"], house["commissionable"]) == (None, "none", False)
        assert made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)["leader_id"] is None
        refused(give(shop, order, None), 409, "order-already-theirs")
        back = made(give(shop, order, mei["leader"]))
        assert (back["revision"], back["commissionable"]) == (3, True)
        books_hold()

    def test_it_takes_level_and_recruiter_as_they_were_when_it_was_paid(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        tao = shop.recruit("tao")
        path = f"/hq/leaders/{tao['leader']}"
        before = paid(shop, "bo", mei)
        shop.wait(hours=1)
        version = made(shop.hua.get(path), 200)["version"]
        body = {"level": 4, "reason": "Good months."}
        made(shop.hua.put(f"{path}/level", body, if_match=version), 200)
        after = paid(shop, "bo", mei)
        levels = [made(give(shop, o, tao["leader"]))["leader_level"] for o in (before, after)]
        assert levels == [1, 4]

    def test_it_applies_the_self_purchase_rule_of_the_orders_policy(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        tao = shop.recruit("tao")
        before = paid(shop, "tao", mei)
        in_force(shop.api, self_purchase="pay")
        after = paid(shop, "tao", mei)
        facts = [made(give(shop, order, tao["leader"])) for order in (before, after)]
        assert [(f["self_purchase"], f["commissionable"]) for f in facts] == [
            (True, False),
            (True, True),
        ]

    def test_it_announces_the_change_once_the_order_shows_it(
        self, shop: Shop, order: dict[str, Any], mei: dict[str, str]
    ) -> None:
        heard: list[tuple[Any, ...]] = []

        def hear(new: AttributionDecision, previous: AttributionDecision, now: datetime) -> None:
            shown = session().get_one(Order, new.order_id).leader_id
            heard.append((previous.leader_id, new.leader_id, shown, now))

        tao = shop.recruit("tao")
        with order_reassigned.connected_to(hear):
            made(give(shop, order, tao["leader"]))
        assert heard == [(mei["leader"], tao["leader"], tao["leader"], START)]

    def test_it_refuses_what_makes_no_sense(
        self, shop: Shop, order: dict[str, Any], mei: dict[str, str]
    ) -> None:
        refused(give(shop, order, mei["leader"]), 409, "order-already-theirs")
        nobody = give(shop, order, f"ldr_{'0' * 32}")
        refused(nobody, 422, "invalid-input")
        assert nobody.json["errors"][0]["pointer"] == "/leader_id"
        refused(give(shop, {"id": f"ord_{'0' * 32}"}, None), 404, "not-found")
        path = f"/hq/orders/{order['id']}/attribution"
        refused(shop.hua.post(path, {"leader_id": None, "reason": ""}), 422, "invalid-input")

    def test_it_refuses_an_order_that_is_not_paid_or_cancelled(
        self, shop: Shop, order: dict[str, Any], mei: dict[str, str]
    ) -> None:
        unpaid = shop.order("zed", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        refused(give(shop, unpaid, None), 409, "not-in-this-state")
        made(shop.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        refused(give(shop, order, None), 409, "not-in-this-state")

    def test_it_is_for_operators(self, shop: Shop, order: dict[str, Any]) -> None:
        path = f"/hq/orders/{order['id']}/attribution"
        body = {"leader_id": None, "reason": WHY}
        assert shop.api.anonymous.post(path, body).status_code == 401
        for outsider in (shop.api.shopper("mei"), shop.api.staff("finance")):
            assert outsider.post(path, body).status_code == 403


@pytest.mark.committed
def test_it_numbers_two_reassignments_at_once_one_after_the_other(
    app: Flask, shop: Shop, order: dict[str, Any]
) -> None:
    tao, lan = shop.recruit("tao"), shop.recruit("lan")

    def to(leader_id: str) -> Work:
        return lambda: (
            reassigning.reassign(
                order_id=order["id"], leader_id=leader_id, reason=WHY, actor=HUA, now=START
            ).revision
        )

    revisions = second_waits_for_first(app, to(tao["leader"]), to(lan["leader"]))
    assert revisions == (2, 3)
    assert history(shop, order)[-1]["leader_id"] == lan["leader"]
    books_hold()

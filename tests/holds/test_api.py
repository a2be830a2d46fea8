"""Holds over HTTP: by hand, decided, listed, shown to the leader; and the rules."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel.db import session
from tests.client import Api, Caller, staff_token
from tests.factories.holds import HOLDS, RULES, bought, decided, holds, placed, set_rule
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Places = dict[str, str]
NOBODY = f"{HOLDS}/hld_{'0' * 32}"


class TestByHand:
    """POST /hq/holds"""

    def test_it_holds_an_order_and_says_why(self, shop: Shop, mei: Places) -> None:
        order = bought(shop, "bo", mei)
        hold = placed(shop, order, "Nobody lives there.")
        assert (hold["order_id"], hold["leader_id"]) == (order, mei["leader"])
        assert (hold["rule"], hold["score"], hold["state"]) == ("manual", 100, "held")
        assert (hold["note"], hold["placed_by"]) == ("Nobody lives there.", shop.hua.id)
        assert (hold["evidence"], hold["reason"], hold["decided_at"]) == ({}, "", None)
        assert made(shop.api.staff("auditor").get(f"{HOLDS}/{hold['id']}"), 200)["id"] == hold["id"]
        (entry,) = shop.api.staff("auditor").get("/hq/audit-log", subject=hold["id"]).json["items"]
        assert (entry["action"], entry["facts"]["order"]) == ("hold.place", order)

    def test_it_holds_an_order_once_until_it_is_decided(self, shop: Shop, mei: Places) -> None:
        order = bought(shop, "bo", mei)
        first = placed(shop, order)
        body = {"order_id": order, "reason": "Again."}
        refused(shop.hua.post(HOLDS, body), 409, "hold-open")
        decided(shop, first, "release")
        second = placed(shop, order, "New facts.")
        assert [hold["id"] for hold in holds(shop, order=order)] == [second["id"], first["id"]]

    def test_it_refuses_an_order_that_earns_nothing(self, shop: Shop, mei: Places) -> None:
        unpaid = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])["id"]
        cancelled = bought(shop, "bo", mei)
        made(shop.api.shopper("bo").post(f"/orders/{cancelled}/cancellation"), 200)
        house = bought(shop, "bo", mei)
        body = {"leader_id": None, "reason": "Ours."}
        made(shop.hua.post(f"/hq/orders/{house}/attribution", body))
        for order in (unpaid, cancelled, house):
            answer = shop.hua.post(HOLDS, {"order_id": order, "reason": "Odd."})
            refused(answer, 409, "nothing-to-hold")
        nowhere = {"order_id": f"ord_{'0' * 32}", "reason": "Odd."}
        refused(shop.hua.post(HOLDS, nowhere), 404, "not-found")
        refused(shop.hua.post(HOLDS, {"order_id": house}), 422, "invalid-input")


class TestDecision:
    """POST /hq/holds/{id}/release and …/rejection"""

    @pytest.mark.parametrize(("how", "state"), [("release", "released"), ("rejection", "rejected")])
    def test_it_decides_once_for_a_reason(
        self, shop: Shop, mei: Places, how: str, state: str
    ) -> None:
        hold = placed(shop, bought(shop, "bo", mei))
        path, qiao = f"{HOLDS}/{hold['id']}", shop.api.staff("approver")
        refused(qiao.post(f"{path}/{how}", {"reason": " "}), 422, "invalid-input")
        shop.api.clock.advance(hours=1)
        after = decided(shop, hold, how, "I called them.")
        assert (after["state"], after["reason"]) == (state, "I called them.")
        assert (after["decided_by"], after["decided_at"]) == (
            qiao.id,
            shop.api.clock.now().isoformat(),
        )
        for again in ("release", "rejection"):
            refused(qiao.post(f"{path}/{again}", {"reason": "No."}), 409, "not-in-this-state")
        log = shop.api.staff("auditor").get("/hq/audit-log", subject=hold["id"]).json["items"]
        assert [entry["facts"]["reason"] for entry in log] == ["I called them.", "Looks odd."]

    def test_it_never_changes_a_decision(self, shop: Shop, mei: Places) -> None:
        hold = placed(shop, bought(shop, "bo", mei))
        for change in ("update commission_holds set score = 1", "delete from commission_holds"):
            with pytest.raises(DBAPIError, match="decided once"), session().begin_nested():
                session().execute(text(change))
        decided(shop, hold, "release")
        with pytest.raises(DBAPIError, match="decided once"), session().begin_nested():
            session().execute(text("update commission_holds set reason = 'Oh.'"))

    def test_it_is_decided_by_somebody_else(self, shop: Shop, mei: Places) -> None:
        hold = placed(shop, bought(shop, "bo", mei))
        hua = shop.hua
        answer = shop.api.staff("admin").patch(
            f"/hq/staff/{hua.id}", {"role": "approver"}, if_match=1
        )
        assert answer.status_code == 200
        promoted = Caller(shop.api.app, staff_token(hua.id, shop.api.clock.now()), hua.id)
        for how in ("release", "rejection"):
            answer = promoted.post(f"{HOLDS}/{hold['id']}/{how}", {"reason": "Mine."})
            refused(answer, 409, "hold-placer-decides")

    def test_it_lets_operators_place_and_the_approver_decide(self, api: Api) -> None:
        body = {"order_id": f"ord_{'0' * 32}", "reason": "Odd."}
        approver, operator = api.staff("approver"), api.staff("operator")
        for how in ("release", "rejection"):
            assert api.anonymous.post(f"{NOBODY}/{how}", {"reason": "No."}).status_code == 401
            for outsider in (api.shopper("zed"), operator, api.staff("finance")):
                assert outsider.post(f"{NOBODY}/{how}", {"reason": "No."}).status_code == 403
            refused(approver.post(f"{NOBODY}/{how}", {"reason": "No."}), 404, "not-found")
        assert api.anonymous.post(HOLDS, body).status_code == 401
        for outsider in (api.shopper("zed"), approver, api.staff("admin")):
            assert outsider.post(HOLDS, body).status_code == 403
        for path in (HOLDS, NOBODY, RULES, f"{RULES}/burst_refunded"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
        refused(operator.get(NOBODY), 404, "not-found")


class TestLists:
    """What is on hold."""

    def test_it_filters_the_newest_first(self, shop: Shop, mei: Places) -> None:
        tao = shop.recruit("tao")
        assert holds(shop) == []
        orders = [bought(shop, "bo", mei), bought(shop, "bo", tao), bought(shop, "bo", mei)]
        first, second, third = (placed(shop, order) for order in orders)
        decided(shop, third, "rejection")

        def ids(**filters: Any) -> list[str]:
            return [hold["id"] for hold in holds(shop, **filters)]

        assert ids() == [third["id"], second["id"], first["id"]]
        assert ids(state="held") == [second["id"], first["id"]]
        assert ids(leader=mei["leader"]) == [third["id"], first["id"]]
        assert ids(order=orders[1], rule="manual") == [second["id"]]
        assert ids(rule="burst_refunded") == []
        refused(shop.hua.get(HOLDS, rule="whim"), 422, "invalid-input")

    def test_it_shows_a_leader_that_something_is_looked_into_and_not_how(
        self, shop: Shop, mei: Places
    ) -> None:
        order = bought(shop, "bo", mei)
        placed(shop, bought(shop, "bo", shop.recruit("tao")))
        hold = placed(shop, order, "Bo is her brother.")
        leader = shop.api.shopper("mei")
        (own,) = made(leader.get("/leader/holds"), 200)["items"]
        assert own == {
            "id": hold["id"],
            "order_id": order,
            "why": "Headquarters is looking into this order.",
            "state": "held",
            "placed_at": hold["placed_at"],
            "decided_at": None,
        }
        (own,) = leader.get("/leader/holds", language="zh-CN").json["items"]
        assert own["why"] == "总部正在核实该订单。"
        decided(shop, hold, "rejection", "He is.")
        assert made(leader.get("/leader/holds", state="held"), 200)["items"] == []
        (own,) = leader.get("/leader/holds").json["items"]
        assert (own["state"], "earns nothing" in own["why"]) == ("rejected", True)
        other = placed(shop, bought(shop, "bo", mei))
        decided(shop, other, "release")
        (own,) = leader.get("/leader/holds", state="released").json["items"]
        assert "nothing is wrong" in own["why"]
        assert shop.api.anonymous.get("/leader/holds").status_code == 401
        assert shop.api.shopper("bo").get("/leader/holds").status_code == 403

    def test_it_shows_it_to_whom_the_order_belongs_now(self, shop: Shop, mei: Places) -> None:
        order = bought(shop, "bo", mei)
        placed(shop, order)
        tao = shop.recruit("tao")
        body = {"leader_id": tao["leader"], "reason": "Tao's."}
        made(shop.hua.post(f"/hq/orders/{order}/attribution", body))
        own = {n: shop.api.shopper(n).get("/leader/holds").json["items"] for n in ("mei", "tao")}
        assert (len(own["mei"]), len(own["tao"])) == (0, 1)

    def test_it_reads_pages_in_a_constant_number_of_statements(
        self, shop: Shop, mei: Places, count_statements: Callable[[], Any]
    ) -> None:
        for _ in range(4):
            placed(shop, bought(shop, "bo", mei))
        for caller, path in ((shop.hua, HOLDS), (shop.api.shopper("mei"), "/leader/holds")):
            counts = []
            for limit in (1, 3):
                with count_statements() as statements:
                    page = made(caller.get(path, limit=limit), 200)
                assert len(page["items"]) == limit
                counts.append(len(statements))
            assert counts[0] == counts[1]


class TestRules:
    """/hq/hold-rules"""

    def test_it_shows_every_rule_as_the_system_came(self, api: Api) -> None:
        items = made(api.staff("auditor").get(RULES), 200)["items"]
        assert [item["rule"] for item in items] == [
            "self_purchase_account",
            "self_purchase_phone",
            "self_purchase_payer",
            "many_orders_one_payer",
            "burst_refunded",
        ]
        assert {(item["enabled"], item["version"], item["edited_by"]) for item in items} == {
            (True, 0, None)
        }
        assert items[3]["parameters"][0] == {
            "name": "orders",
            "meaning": "orders of one payer by different accounts",
            "value": 5,
            "minimum": 2,
            "maximum": 1000,
        }
        answer = api.staff("auditor").get(f"{RULES}/burst_refunded", language="zh-CN")
        assert (answer.headers["ETag"], answer.json["title"]) == ('"0"', "达到档位后集中退款")

    def test_it_changes_a_rule_under_its_version(self, shop: Shop) -> None:
        path = f"{RULES}/many_orders_one_payer"
        change = {"score": 70, "parameters": {"hours": 12}}
        refused(shop.hua.patch(path, change), 428, "version-required")
        refused(shop.hua.patch(path, change, if_match=1), 412, "stale-version")
        answer = shop.hua.patch(path, change, if_match=0)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
        values = {number["name"]: number["value"] for number in answer.json["parameters"]}
        assert (values, answer.json["score"]) == (
            {"orders": 5, "shopper_orders": 10, "hours": 12},
            70,
        )
        refused(shop.hua.patch(path, change, if_match=0), 412, "stale-version")
        again = set_rule(shop, "many_orders_one_payer", enabled=False)
        assert (again["enabled"], again["score"], again["version"]) == (False, 70, 2)
        assert made(shop.hua.get(path), 200) == again
        log = shop.api.staff("auditor").get("/hq/audit-log", subject="many_orders_one_payer")
        assert [entry["action"] for entry in log.json["items"]] == ["hold_rule.edit"] * 2

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"score": 101}, "/score"),
            ({"enabled": "maybe"}, "/enabled"),
            ({"parameters": {"hours": 0}}, "/parameters/hours"),
            ({"parameters": {"minutes": 5}}, "/parameters/minutes"),
            ({"parameters": {"hours": "many"}}, "/parameters/hours/value"),
            ({"name": "whim"}, "/name"),
        ],
    )
    def test_it_refuses_what_the_rule_does_not_have(
        self, api: Api, change: dict[str, Any], pointer: str
    ) -> None:
        answer = api.staff("operator").patch(f"{RULES}/many_orders_one_payer", change, if_match=0)
        refused(answer, 422, "invalid-input")
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]

    def test_it_knows_only_the_rules_of_the_registry(self, api: Api) -> None:
        hua = api.staff("operator")
        refused(hua.get(f"{RULES}/whim"), 404, "not-found")
        refused(hua.patch(f"{RULES}/whim", {"score": 1}, if_match=0), 404, "not-found")
        path = f"{RULES}/burst_refunded"
        assert api.anonymous.patch(path, {}).status_code == 401
        for outsider in (api.shopper("zed"), api.staff("approver")):
            assert outsider.patch(path, {}, if_match=0).status_code == 403

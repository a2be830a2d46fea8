"""Inventory over HTTP: each endpoint anonymous, outsider, happy path, each of its Problems."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.inventory import services
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.ids import new_id
from tests.client import Answer, Api, Caller
from tests.factories import catalogue as make
from tests.factories import inventory as stock


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua of headquarters, who minds the stock."""
    return api.staff("operator", "hua")


def pointers(answer: Answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["pointer"] for fault in answer.json["errors"]]


class TestWhoMay:
    def test_it_is_for_staff_and_changed_by_operators(self, api: Api) -> None:
        for path in ("/hq/stock", "/hq/stock-movements"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
            assert api.staff("trainer").get(path).status_code == 403
            assert api.staff("finance").get(path).status_code == 200
        assert api.anonymous.post("/hq/stock-movements").status_code == 401
        assert api.shopper("zed").post("/hq/stock-movements").status_code == 403
        assert api.staff("finance").post("/hq/stock-movements").status_code == 403


class TestMovements:
    """POST and GET /hq/stock-movements"""

    def record(self, hua: Caller, sku_id: str, kind: str, quantity: int, **more: Any) -> Answer:
        body = {"sku_id": sku_id, "kind": kind, "quantity": quantity, "reason": "Monday"}
        return hua.post("/hq/stock-movements", body, **more)

    def test_it_records_a_receipt_and_a_correction(self, hua: Caller) -> None:
        sku = make.sku()
        receipt = self.record(hua, sku.id, "receipt", 12)
        correction = self.record(hua, sku.id, "correction", -2)
        assert receipt.status_code == correction.status_code == 201
        pool = hua.get("/hq/stock", sku=sku.id).json["items"][0]
        assert receipt.json == {
            "id": receipt.json["id"],
            "pool_id": pool["id"],
            "sku_id": sku.id,
            "owner": "house",
            "kind": "receipt",
            "delta": 12,
            "reason": "Monday",
            "actor": hua.id,
            "reference": "",
            "recorded_at": "2026-03-02T01:00:00+00:00",
        }
        assert (pool["on_hand"], pool["reserved"], pool["available"]) == (10, 0, 10)
        listed = hua.get("/hq/stock-movements", sku=sku.id).json["items"]
        assert listed == [correction.json, receipt.json]

    def test_it_receives_once_for_one_key(self, hua: Caller) -> None:
        sku = make.sku()
        answers = [self.record(hua, sku.id, "receipt", 12, key="truck-7") for _ in range(2)]
        assert answers[0].json == answers[1].json
        assert hua.get("/hq/stock", sku=sku.id).json["items"][0]["on_hand"] == 12
        other = self.record(hua, sku.id, "receipt", 13, key="truck-7")
        assert (other.status_code, other.json["code"]) == (422, "idempotency-key-reused")

    def test_it_refuses_to_write_off_more_than_is_available(self, hua: Caller) -> None:
        sku = stock.stocked_sku(5)
        answer = self.record(hua, sku.id, "correction", -6)
        assert (answer.status_code, answer.json["code"]) == (409, "not-enough-stock")
        assert answer.json["sku_id"] == sku.id

    @pytest.mark.parametrize(
        ("kind", "quantity", "pointer"),
        [
            ("receipt", 0, "/quantity"),
            ("receipt", -1, "/quantity"),
            ("correction", 0, "/quantity"),
            ("correction", 1_000_001, "/quantity"),
            ("sale", -1, "/kind"),
        ],
    )
    def test_it_refuses_quantities_that_do_not_fit_their_kind(
        self, hua: Caller, kind: str, quantity: int, pointer: str
    ) -> None:
        assert pointers(self.record(hua, make.sku().id, kind, quantity)) == [pointer]

    def test_it_refuses_an_unknown_sku_and_a_missing_reason(self, hua: Caller) -> None:
        assert pointers(self.record(hua, new_id("sku"), "receipt", 1)) == ["/sku_id"]
        body = {"sku_id": make.sku().id, "kind": "receipt", "quantity": 1, "reason": "  "}
        assert pointers(hua.post("/hq/stock-movements", body)) == ["/reason"]

    def test_it_pages_newest_first(self, hua: Caller) -> None:
        sku = make.sku()
        for quantity in (1, 2, 3):
            stock.receive(sku, quantity)
        first = hua.get("/hq/stock-movements", limit=2).json
        rest = hua.get("/hq/stock-movements", limit=2, cursor=first["next_cursor"]).json
        assert [item["delta"] for item in first["items"] + rest["items"]] == [3, 2, 1]
        assert rest["next_cursor"] is None


class TestStock:
    """GET /hq/stock"""

    def test_it_lists_pools_by_sku_and_by_what_is_low(self, hua: Caller) -> None:
        plenty, few = make.sku(), make.sku()
        house = stock.receive(plenty, 100)
        scarce = stock.receive(few, 5)
        allotted = stock.allot(plenty, "cit-of-a-campaign", 3)
        with transaction():
            services.reserve(order_id=new_id("ord"), demands={scarce: 5}, now=clock.now())

        def found(**query: Any) -> list[str]:
            return [item["id"] for item in hua.get("/hq/stock", **query).json["items"]]

        assert found() == [house, scarce, allotted]
        assert found(sku=plenty.id) == [house, allotted]
        assert found(low=3) == [scarce, allotted]
        assert found(low=0) == [scarce]
        assert pointers(hua.get("/hq/stock", low=-1)) == ["/low"]

    @pytest.mark.parametrize("path", ["/hq/stock", "/hq/stock-movements"])
    def test_it_takes_the_same_number_of_statements_whatever_the_length(
        self, hua: Caller, count_statements: Callable[[], Any], path: str
    ) -> None:
        counts = []
        for _ in range(2):
            for _ in range(4):
                stock.stocked_sku()
            with count_statements() as statements:
                assert hua.get(path).status_code == 200
            counts.append(len(statements))
        assert counts == [2, 2]

"""SKUs at headquarters: /hq/skus."""

from typing import Any

import pytest

from groupbuy.catalogue import services
from groupbuy.kernel.ids import new_id
from tests.catalogue.answers import created, pointers, problem
from tests.client import Api, Caller
from tests.factories import catalogue as make


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua of headquarters, who edits the catalogue."""
    return api.staff("operator", "hua")


class TestSkus:
    """/hq/skus"""

    def test_it_creates_and_edits(self, hua: Caller) -> None:
        body = {
            "product_id": make.product().id,
            "name": "500 g",
            "options": {"weight": "500 g"},
            "barcode": "6901234567892",
            "price_fen": 1990,
            "list_price_fen": 2590,
            "member_price_fen": 1790,
            "cost_fen": 1200,
            "weight_g": 520,
            "min_quantity": 2,
            "per_shopper_max": 5,
        }
        sku = created(hua.post("/hq/skus", body))
        assert sku == {**body, "id": sku["id"], "active": True, "in_stock": False, "version": 1}
        path = f"/hq/skus/{sku['id']}"
        changes: dict[str, Any] = {"list_price_fen": None, "options": {}, "active": False}
        edited = hua.patch(path, changes, if_match=1)
        assert edited.json == {**sku, **changes, "version": 2}
        assert hua.get(path).json == edited.json
        assert problem(hua.patch(path, {"price_fen": 1}, if_match=1)) == (412, "stale-version")
        assert problem(hua.patch(path, {"price_fen": 1})) == (428, "version-required")

    def test_it_refuses_a_barcode_that_another_sku_has(self, hua: Caller) -> None:
        one, other = make.sku(barcode="690"), make.sku()
        body = {"product_id": one.product_id, "name": "Big", "price_fen": 100, "barcode": "690"}
        assert problem(hua.post("/hq/skus", body)) == (409, "barcode-taken")
        answer = hua.patch(f"/hq/skus/{other.id}", {"barcode": "690"}, if_match=1)
        assert problem(answer) == (409, "barcode-taken")
        assert hua.get(f"/hq/skus/{other.id}").json["barcode"] is None

    @pytest.mark.parametrize(
        ("fields", "change", "at"),
        [
            ({"list_price_fen": 99}, {"list_price_fen": 99}, "/list_price_fen"),
            ({"list_price_fen": 99}, {"price_fen": 151}, "/list_price_fen"),
            ({"member_price_fen": 101}, {"price_fen": 79}, "/member_price_fen"),
            ({"min_quantity": 3, "per_shopper_max": 2}, {"min_quantity": 5}, "/per_shopper_max"),
            ({"min_quantity": 3, "per_shopper_max": 2}, {"per_shopper_max": 1}, "/per_shopper_max"),
        ],
    )
    def test_it_refuses_prices_and_quantities_out_of_order(
        self, hua: Caller, fields: dict[str, int], change: dict[str, int], at: str
    ) -> None:
        body = {"product_id": make.product().id, "price_fen": 100, **fields}
        assert pointers(hua.post("/hq/skus", body)) == [at]
        sku = make.sku(
            price_fen=100,
            list_price_fen=150,
            member_price_fen=80,
            min_quantity=2,
            per_shopper_max=4,
        )
        assert pointers(hua.patch(f"/hq/skus/{sku.id}", change, if_match=1)) == [at]

    def test_it_takes_a_code_of_the_shops_own_but_no_ean_with_a_wrong_digit(
        self, hua: Caller
    ) -> None:
        body = {"product_id": make.product().id, "price_fen": 100}
        assert pointers(hua.post("/hq/skus", {**body, "barcode": "6901234567890"})) == ["/barcode"]
        sku = created(hua.post("/hq/skus", {**body, "barcode": "SHELF-7"}))
        path = f"/hq/skus/{sku['id']}"
        assert pointers(hua.patch(path, {"barcode": "96385075"}, if_match=1)) == ["/barcode"]
        assert hua.patch(path, {"barcode": None}, if_match=1).json["barcode"] is None

    def test_it_has_the_same_options_for_all_skus_of_a_product(self, hua: Caller) -> None:
        product = make.product()
        make.sku(product, options={"weight": "500 g", "box": "paper"})
        body = {"product_id": product.id, "price_fen": 100}
        for options in ({}, {"weight": "1 kg"}, {"weight": "1 kg", "colour": "red"}):
            answer = hua.post("/hq/skus", {**body, "options": options})
            assert problem(answer) == (409, "option-names-differ")
            assert answer.json["names"] == "box, weight"
        fits = {"box": "paper", "weight": "1 kg"}
        other = created(hua.post("/hq/skus", {**body, "options": fits}))
        path = f"/hq/skus/{other['id']}"
        answer = hua.patch(path, {"options": {"weight": "1 kg"}}, if_match=1)
        assert problem(answer) == (409, "option-names-differ")

    def test_it_tells_active_skus_of_a_product_apart(self, hua: Caller) -> None:
        product = make.product()
        one = make.sku(product, options={"weight": "500 g"})
        same = {"product_id": product.id, "price_fen": 100, "options": {"weight": "500 g"}}
        answer = hua.post("/hq/skus", {**same, "name": "Half a kilo"})
        assert problem(answer) == (409, "sku-not-distinct")
        assert answer.json["sku_id"] == one.id
        idle = created(hua.post("/hq/skus", {**same, "active": False}))
        path = f"/hq/skus/{idle['id']}"
        waking = hua.patch(path, {"active": True}, if_match=1)
        assert problem(waking) == (409, "sku-not-distinct")
        woken = hua.patch(path, {"active": True, "options": {"weight": "1 kg"}}, if_match=1)
        assert woken.status_code == 200
        elsewhere = {**same, "product_id": make.product().id}
        assert hua.post("/hq/skus", elsewhere).status_code == 201

    def test_it_tells_skus_without_options_apart_by_name(self, hua: Caller) -> None:
        body = {"product_id": make.product().id, "price_fen": 100}
        assert created(hua.post("/hq/skus", {**body, "name": "Small"}))
        assert created(hua.post("/hq/skus", {**body, "name": "Large"}))
        again = hua.post("/hq/skus", {**body, "name": "Small"})
        assert problem(again) == (409, "sku-not-distinct")

    def test_it_refuses_what_does_not_fit_the_schema(self, hua: Caller) -> None:
        body = {
            "product_id": make.product().id,
            "price_fen": 19.9,
            "per_shopper_max": 0,
            "options": {"weight": 500},
            "in_stock": True,
        }
        faults = pointers(hua.post("/hq/skus", body))
        assert [fault.split("/")[1] for fault in sorted(faults)] == [
            "in_stock",
            "options",
            "per_shopper_max",
            "price_fen",
        ]

    def test_it_refuses_a_product_that_does_not_exist(self, hua: Caller) -> None:
        body = {"product_id": new_id("prd"), "price_fen": 100}
        assert pointers(hua.post("/hq/skus", body)) == ["/product_id"]

    def test_it_lists_by_product_barcode_activity_and_stock(self, hua: Caller) -> None:
        plain, coded, idle = make.sku(), make.sku(barcode="690"), make.sku(active=False)
        services.record_availability(in_stock={coded.id: True})

        def found(**query: Any) -> list[str]:
            return [item["id"] for item in hua.get("/hq/skus", **query).json["items"]]

        assert found(product=plain.product_id) == [plain.id]
        assert found(barcode="690") == [coded.id]
        assert found(active="false") == [idle.id]
        assert found(in_stock="true") == [coded.id]
        assert found() == [plain.id, coded.id, idle.id]

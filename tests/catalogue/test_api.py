"""The catalogue over HTTP: each endpoint anonymous, outsider, happy path, each of its Problems."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.catalogue import services
from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel.ids import new_id
from tests.client import Answer, Api, Caller
from tests.factories import catalogue as make


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua of headquarters, who edits the catalogue."""
    return api.staff("operator", "hua")


def problem(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def pointers(answer: Answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["pointer"] for fault in answer.json["errors"]]


def created(answer: Answer) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    assert answer.headers["ETag"] == '"1"'
    return dict(answer.json)


class TestWhoMay:
    """Headquarters' endpoints: operators edit, finance and auditors read, nobody else."""

    PATHS = ("/hq/categories", "/hq/products", "/hq/skus")

    @pytest.mark.parametrize("path", PATHS)
    def test_it_is_for_staff_and_edited_by_operators(self, api: Api, path: str) -> None:
        assert api.anonymous.get(path).status_code == 401
        assert api.shopper("zed").get(path).status_code == 403
        assert api.staff("trainer").get(path).status_code == 403
        assert api.staff("auditor").get(path).status_code == 200
        assert api.anonymous.post(path, {}).status_code == 401
        assert api.staff("auditor").post(path, {}).status_code == 403

    @pytest.mark.parametrize("path", PATHS)
    def test_it_guards_each_single_one_too(self, api: Api, path: str) -> None:
        prefix = {"/hq/categories": "cat", "/hq/products": "prd", "/hq/skus": "sku"}[path]
        one = f"{path}/{new_id(prefix)}"
        assert api.anonymous.get(one).status_code == 401
        assert api.shopper("zed").get(one).status_code == 403
        assert api.staff("auditor").patch(one, {}, if_match=1).status_code == 403
        assert problem(api.staff("auditor").get(one)) == (404, "not-found")
        assert problem(api.staff("operator").patch(one, {}, if_match=1)) == (404, "not-found")


class TestCategories:
    """/hq/categories"""

    def test_it_creates_shows_edits_and_deletes(self, hua: Caller) -> None:
        fruit = created(hua.post("/hq/categories", {"name": "Fruit", "position": 2}))
        path = f"/hq/categories/{fruit['id']}"
        assert hua.get(path).json == {**fruit, "parent_id": None, "name": "Fruit", "position": 2}
        edited = hua.patch(path, {"name": "Fruit and berries"}, if_match=1)
        assert edited.json == {**fruit, "name": "Fruit and berries", "version": 2}
        assert edited.headers["ETag"] == '"2"'
        assert hua.delete(path, if_match=2).status_code == 204
        assert hua.get(path).status_code == 404

    def test_it_refuses_an_edit_or_a_deletion_without_or_with_a_stale_version(
        self, hua: Caller
    ) -> None:
        path = f"/hq/categories/{make.category().id}"
        assert problem(hua.patch(path, {"name": "Pears"})) == (428, "version-required")
        assert problem(hua.patch(path, {"name": "Pears"}, if_match=7)) == (412, "stale-version")
        assert problem(hua.delete(path)) == (428, "version-required")
        assert problem(hua.delete(path, if_match=7)) == (412, "stale-version")

    def test_it_keeps_a_category_that_has_products_or_categories(self, hua: Caller) -> None:
        food = make.category("Food")
        fruit = make.category("Fruit", parent=food)
        make.product(within=fruit)
        for kept in (food, fruit):
            answer = hua.delete(f"/hq/categories/{kept.id}", if_match=1)
            assert problem(answer) == (409, "category-not-empty")
            assert hua.get(f"/hq/categories/{kept.id}").status_code == 200

    def test_it_moves_a_category_but_not_below_itself(self, hua: Caller) -> None:
        food, fruit = make.category("Food"), make.category("Fruit")
        moved = hua.patch(f"/hq/categories/{fruit.id}", {"parent_id": food.id}, if_match=1)
        assert moved.json["parent_id"] == food.id
        answer = hua.patch(f"/hq/categories/{food.id}", {"parent_id": fruit.id}, if_match=1)
        assert problem(answer) == (409, "category-cycle")
        root = hua.patch(f"/hq/categories/{fruit.id}", {"parent_id": None}, if_match=2)
        assert root.json["parent_id"] is None

    def test_it_refuses_a_parent_that_does_not_exist(self, hua: Caller) -> None:
        nowhere = {"name": "Fruit", "parent_id": new_id("cat")}
        assert pointers(hua.post("/hq/categories", nowhere)) == ["/parent_id"]
        path = f"/hq/categories/{make.category().id}"
        assert pointers(hua.patch(path, nowhere, if_match=1)) == ["/parent_id"]

    def test_it_lists_by_parent_and_by_name_in_pages(self, hua: Caller) -> None:
        food = make.category("Food")
        for name in ("Fruit", "Dried fruit", "Milk"):
            make.category(name, parent=food)
        first = hua.get("/hq/categories", parent=food.id, limit=2).json
        rest = hua.get("/hq/categories", parent=food.id, limit=2, cursor=first["next_cursor"]).json
        names = [item["name"] for item in first["items"] + rest["items"]]
        assert names == ["Fruit", "Dried fruit", "Milk"]
        assert rest["next_cursor"] is None
        found = hua.get("/hq/categories", q="fruit").json["items"]
        assert [item["name"] for item in found] == ["Fruit", "Dried fruit"]

    def test_it_creates_once_for_one_key(self, hua: Caller) -> None:
        answers = [hua.post("/hq/categories", {"name": "Fruit"}, key="once") for _ in range(2)]
        assert created(answers[0]) == created(answers[1])
        assert problem(hua.post("/hq/categories", {"name": "Fruit"}, key=None)) == (
            400,
            "idempotency-key-missing",
        )


class TestProducts:
    """/hq/products"""

    def test_it_creates_a_draft_and_edits_it(self, hua: Caller) -> None:
        category = make.category()
        body = {"category_id": category.id, "title": "Milk", "storage": "chilled"}
        milk = created(hua.post("/hq/products", body))
        path = f"/hq/products/{milk['id']}"
        assert milk == {**body, "id": milk["id"], "description": "", "state": "draft", "version": 1}
        edited = hua.patch(path, {"title": "Whole milk", "state": "on_sale"}, if_match=1)
        assert edited.json == {**milk, "title": "Whole milk", "state": "on_sale", "version": 2}
        assert hua.get(path).json == edited.json
        assert problem(hua.patch(path, {"title": "Milk"}, if_match=1)) == (412, "stale-version")
        assert problem(hua.patch(path, {"title": "Milk"})) == (428, "version-required")

    def test_it_refuses_a_move_that_is_not_in_the_table(self, hua: Caller) -> None:
        product = make.product(state=ProductState.ARCHIVED)
        path = f"/hq/products/{product.id}"
        answer = hua.patch(path, {"state": "on_sale"}, if_match=product.version)
        assert problem(answer) == (409, "not-in-this-state")
        assert answer.json["detail"] == "While it is archived, on_sale is not possible."
        stays = hua.patch(path, {"state": "archived"}, if_match=product.version)
        assert stays.status_code == 200

    def test_it_refuses_what_does_not_fit_the_schema(self, hua: Caller) -> None:
        body = {"category_id": "fruit", "title": "", "storage": "warm", "price_fen": 1}
        faults = pointers(hua.post("/hq/products", body))
        assert sorted(faults) == ["/category_id", "/price_fen", "/storage", "/title"]
        path = f"/hq/products/{make.product().id}"
        assert pointers(hua.patch(path, {"state": "lost"}, if_match=2)) == ["/state"]

    def test_it_refuses_a_category_that_does_not_exist(self, hua: Caller) -> None:
        nowhere = {"category_id": new_id("cat"), "title": "Milk"}
        assert pointers(hua.post("/hq/products", nowhere)) == ["/category_id"]
        product = make.product()
        path = f"/hq/products/{product.id}"
        answer = hua.patch(path, nowhere, if_match=product.version)
        assert pointers(answer) == ["/category_id"]

    def test_it_lists_by_category_with_those_below_by_state_and_by_title(self, hua: Caller) -> None:
        food = make.category("Food")
        fruit = make.category("Fruit", parent=food)
        plums = make.product("Plums", within=fruit)
        bread = make.product("Plum bread", within=food, state=ProductState.DRAFT)
        make.product("Soap")

        def found(**query: Any) -> list[str]:
            return [item["id"] for item in hua.get("/hq/products", **query).json["items"]]

        assert found(category=food.id) == [plums.id, bread.id]
        assert found(category=fruit.id) == [plums.id]
        assert found(state="draft") == [bread.id]
        assert found(q="PLUM") == [plums.id, bread.id]


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
        body = {"product_id": one.product_id, "price_fen": 100, "barcode": "690"}
        assert problem(hua.post("/hq/skus", body)) == (409, "barcode-taken")
        answer = hua.patch(f"/hq/skus/{other.id}", {"barcode": "690"}, if_match=1)
        assert problem(answer) == (409, "barcode-taken")
        assert hua.get(f"/hq/skus/{other.id}").json["barcode"] is None

    def test_it_refuses_a_list_price_below_the_price(self, hua: Caller) -> None:
        body = {"product_id": make.product().id, "price_fen": 100, "list_price_fen": 99}
        assert pointers(hua.post("/hq/skus", body)) == ["/list_price_fen"]
        sku = make.sku(price_fen=100, list_price_fen=120)
        answer = hua.patch(f"/hq/skus/{sku.id}", {"price_fen": 121}, if_match=1)
        assert pointers(answer) == ["/list_price_fen"]

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


class TestShopping:
    """GET /categories, /products, /products/{id}: for everyone, without a login."""

    def test_it_shows_the_tree_parents_first_in_order(self, api: Api) -> None:
        milk = make.category("Milk", position=2)
        food = make.category("Food", position=1)
        fruit = make.category("Fruit", parent=food)
        assert api.anonymous.get("/categories").json == {
            "items": [
                {"id": food.id, "parent_id": None, "name": "Food"},
                {"id": fruit.id, "parent_id": food.id, "name": "Fruit"},
                {"id": milk.id, "parent_id": None, "name": "Milk"},
            ]
        }

    def test_it_lists_products_with_their_active_skus(self, api: Api) -> None:
        product = make.product("Plums", storage="chilled", description="Ripe")
        sku = make.sku(product, name="1 kg", options={"weight": "1 kg"}, list_price_fen=2590)
        make.sku(product, name="5 kg", active=False)
        expected = {
            "id": product.id,
            "category_id": product.category_id,
            "title": "Plums",
            "description": "Ripe",
            "storage": "chilled",
            "skus": [
                {
                    "id": sku.id,
                    "name": "1 kg",
                    "options": {"weight": "1 kg"},
                    "price_fen": 1990,
                    "list_price_fen": 2590,
                    "in_stock": False,
                }
            ],
        }
        assert api.anonymous.get("/products").json == {"items": [expected], "next_cursor": None}
        assert api.shopper("bo").get(f"/products/{product.id}").json == expected

    def test_it_hides_what_is_not_on_sale_or_has_no_active_sku(self, api: Api) -> None:
        hidden = [make.product()]
        for state in (ProductState.DRAFT, ProductState.OFF_SALE, ProductState.ARCHIVED):
            hidden.append(make.product(state=state))
            make.sku(hidden[-1])
        hidden.append(make.product())
        make.sku(hidden[-1], active=False)
        assert api.anonymous.get("/products").json["items"] == []
        for product in hidden:
            answer = api.anonymous.get(f"/products/{product.id}")
            assert problem(answer) == (404, "not-found")

    def test_it_filters_by_category_with_those_below_and_by_stock(self, api: Api) -> None:
        food = make.category("Food")
        fruit = make.category("Fruit", parent=food)
        plums = make.sku(make.product(within=fruit))
        bread = make.sku(make.product(within=food))
        soap = make.sku()
        services.record_availability(in_stock={plums.id: True, soap.id: True})

        def found(**query: Any) -> list[str]:
            items = api.anonymous.get("/products", **query).json["items"]
            return [sku["id"] for item in items for sku in item["skus"]]

        assert found() == [soap.id, bread.id, plums.id]
        assert found(category=food.id) == [bread.id, plums.id]
        assert found(category=fruit.id) == [plums.id]
        assert found(category=new_id("cat")) == []
        assert found(in_stock="true") == [soap.id, plums.id]
        assert found(in_stock="false", category=food.id) == [bread.id]

    @pytest.mark.parametrize(
        ("q", "title"),
        [
            ("100% j", "100% Juice"),
            ("a_b", "Set A_B"),
            ("苹果", "红苹果 5 斤"),
            ("\\", "Back\\slash"),
        ],
    )
    def test_it_searches_titles_in_any_case_and_takes_wildcards_literally(
        self, api: Api, q: str, title: str
    ) -> None:
        for each in ("100% Juice", "1000 Jugs", "Set A_B", "Set AxB", "红苹果 5 斤", "Back\\slash"):
            make.sku(make.product(each))
        items = api.anonymous.get("/products", q=q).json["items"]
        assert [item["title"] for item in items] == [title]

    def test_it_pages_newest_first_and_stays_stable_under_inserts(self, api: Api) -> None:
        products = [make.product() for _ in range(3)]
        for product in products:
            make.sku(product)
        first = api.anonymous.get("/products", limit=2).json
        make.sku()
        rest = api.anonymous.get("/products", limit=2, cursor=first["next_cursor"]).json
        seen = [item["id"] for item in first["items"] + rest["items"]]
        assert seen == [product.id for product in reversed(products)]
        assert rest["next_cursor"] is None

    def test_it_refuses_a_foreign_cursor_and_unknown_filters(self, api: Api) -> None:
        assert pointers(api.anonymous.get("/products", cursor="zzz")) == ["/cursor"]
        assert pointers(api.anonymous.get("/products", colour="red")) == ["/colour"]

    @pytest.mark.parametrize("length", [1, 6])
    def test_it_takes_two_statements_whatever_the_length(
        self, api: Api, count_statements: Callable[[], Any], length: int
    ) -> None:
        for _ in range(length):
            product = make.product()
            make.sku(product)
            make.sku(product)
        with count_statements() as statements:
            answer = api.anonymous.get("/products")
        assert len(answer.json["items"]) == length
        assert len(statements) == 2

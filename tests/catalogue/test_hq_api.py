"""Headquarters' catalogue over HTTP: anonymous, outsider, happy path, each of its Problems."""

from typing import Any, ClassVar

import pytest

from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from tests.catalogue.answers import created, pointers, problem, texts
from tests.client import Api, Caller
from tests.factories import catalogue as make


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua of headquarters, who edits the catalogue."""
    return api.staff("operator", "hua")


class TestWhoMay:
    """Headquarters' endpoints: operators edit, finance and auditors read, nobody else."""

    PREFIXES: ClassVar = {
        "/hq/categories": "cat",
        "/hq/suppliers": "sup",
        "/hq/brands": "brd",
        "/hq/products": "prd",
        "/hq/skus": "sku",
    }

    @pytest.mark.parametrize("path", PREFIXES)
    def test_it_is_for_staff_and_edited_by_operators(self, api: Api, path: str) -> None:
        assert api.anonymous.get(path).status_code == 401
        assert api.shopper("zed").get(path).status_code == 403
        assert api.staff("trainer").get(path).status_code == 403
        assert api.staff("auditor").get(path).status_code == 200
        assert api.anonymous.post(path, {}).status_code == 401
        assert api.staff("auditor").post(path, {}).status_code == 403

    @pytest.mark.parametrize("path", PREFIXES)
    def test_it_guards_each_single_one_too(self, api: Api, path: str) -> None:
        one = f"{path}/{new_id(self.PREFIXES[path])}"
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

    def test_it_has_five_levels_at_most(self, hua: Caller) -> None:
        line = [make.category("1")]
        for level in ("2", "3", "4", "5"):
            line.append(make.category(level, parent=line[-1]))
        deeper = hua.post("/hq/categories", {"name": "6", "parent_id": line[-1].id})
        assert problem(deeper) == (409, "category-too-deep")
        assert deeper.json["levels"] == 5
        top = make.category("A")
        make.category("B", parent=top)
        path = f"/hq/categories/{top.id}"
        moved = hua.patch(path, {"parent_id": line[3].id}, if_match=1)
        assert problem(moved) == (409, "category-too-deep")
        assert hua.patch(path, {"parent_id": line[2].id}, if_match=1).status_code == 200

    def test_it_orders_siblings_by_position(self, hua: Caller) -> None:
        first, second = make.category("Apples", position=1), make.category("Pears", position=2)
        assert texts(hua.get("/categories"), "id") == [first.id, second.id]
        hua.patch(f"/hq/categories/{second.id}", {"position": 0}, if_match=1)
        assert texts(hua.get("/categories"), "id") == [second.id, first.id]

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
        assert milk == {
            **body,
            "id": milk["id"],
            "brand_id": None,
            "supplier_id": None,
            "description": "",
            "state": "draft",
            "on_sale_from": None,
            "on_sale_until": None,
            "picture_ids": [],
            "version": 1,
        }
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

    def test_it_has_a_brand_a_supplier_and_a_window(self, hua: Caller) -> None:
        brand, supplier = make.brand("Dew"), make.supplier("Farm")
        body = {
            "category_id": make.category().id,
            "title": "Milk",
            "brand_id": brand.id,
            "supplier_id": supplier.id,
            "on_sale_from": "2026-03-03T00:00:00+08:00",
            "on_sale_until": "2026-03-04T00:00:00+08:00",
        }
        milk = created(hua.post("/hq/products", body))
        assert (milk["brand_id"], milk["supplier_id"]) == (brand.id, supplier.id)
        path = f"/hq/products/{milk['id']}"
        session().expire_all()
        assert hua.get(path).json["on_sale_from"] == "2026-03-02T16:00:00+00:00"
        gone = hua.patch(path, {"brand_id": None, "on_sale_until": None}, if_match=1)
        assert (gone.json["brand_id"], gone.json["on_sale_until"]) == (None, None)
        late = {"on_sale_until": "2026-03-03T00:00:00+08:00"}
        assert pointers(hua.patch(path, late, if_match=2)) == ["/on_sale_until"]
        assert pointers(hua.post("/hq/products", {**body, **late})) == ["/on_sale_until"]

    def test_it_takes_no_brand_and_no_supplier_that_is_unknown_or_archived(
        self, hua: Caller
    ) -> None:
        brand, supplier = make.brand("Dew"), make.supplier("Farm")
        product = make.product(brand_id=brand.id, supplier_id=supplier.id)
        for kind, row in (("brands", brand), ("suppliers", supplier)):
            assert hua.patch(f"/hq/{kind}/{row.id}", {"active": False}, if_match=1).json
        body = {"category_id": product.category_id, "title": "Milk"}
        for field, row_id in (
            ("brand_id", brand.id),
            ("brand_id", new_id("brd")),
            ("supplier_id", supplier.id),
            ("supplier_id", new_id("sup")),
        ):
            assert pointers(hua.post("/hq/products", {**body, field: row_id})) == [f"/{field}"]
        path = f"/hq/products/{product.id}"
        kept = hua.patch(path, {"brand_id": brand.id, "title": "Plums"}, if_match=product.version)
        assert (kept.status_code, kept.json["brand_id"]) == (200, brand.id)

    def test_it_moves_several_at_once_or_none(self, api: Api, hua: Caller) -> None:
        sold, off, draft = (
            make.product(state=state)
            for state in (ProductState.ON_SALE, ProductState.OFF_SALE, ProductState.DRAFT)
        )

        def move(state: str, *products: Any) -> Any:
            ids = [product.id for product in products]
            return hua.post("/hq/products/moves", {"product_ids": ids, "state": state})

        stuck = move("archived", off, sold, draft)
        assert problem(stuck) == (409, "not-in-this-state")
        assert stuck.json["product_ids"] == [sold.id]
        assert hua.get(f"/hq/products/{off.id}").json["state"] == "off_sale"
        done = move("archived", draft, off)
        assert [item["id"] for item in done.json["items"]] == [draft.id, off.id]
        assert {item["state"] for item in done.json["items"]} == {"archived"}
        versions = [item["version"] for item in done.json["items"]]
        again = move("archived", draft, off, draft).json["items"]
        assert [item["version"] for item in again] == versions
        body = {"product_ids": [sold.id], "state": "off_sale"}
        assert api.anonymous.post("/hq/products/moves", body).status_code == 401
        assert api.staff("auditor").post("/hq/products/moves", body).status_code == 403
        unknown = {"product_ids": [sold.id, new_id("prd")], "state": "off_sale"}
        assert pointers(hua.post("/hq/products/moves", unknown)) == ["/product_ids/1"]
        assert hua.get(f"/hq/products/{sold.id}").json["state"] == "on_sale"
        assert pointers(move("off_sale")) == ["/product_ids"]

    def test_it_lists_by_brand_supplier_storage_and_barcode(self, hua: Caller) -> None:
        brand, supplier = make.brand("Dew"), make.supplier("Farm")
        make.sku()
        branded = make.sku(make.product(brand_id=brand.id, storage="frozen"), barcode="690")
        delivered = make.sku(make.product(supplier_id=supplier.id))
        for filters, sku in (
            ({"brand": brand.id}, branded),
            ({"storage": "frozen"}, branded),
            ({"barcode": "690"}, branded),
            ({"supplier": supplier.id}, delivered),
        ):
            assert texts(hua.get("/hq/products", **filters), "id") == [sku.product_id]
            assert texts(hua.get("/hq/skus", **filters), "id") == [sku.id]

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

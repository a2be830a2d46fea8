"""The catalogue as shoppers see it: GET /categories, /brands, /products and what they ask for."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from groupbuy.catalogue import queries, services
from groupbuy.catalogue.queries import INVARIANTS
from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel import books
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.ids import new_id
from tests.catalogue.answers import created, pointers, problem, texts
from tests.client import Api, Caller
from tests.doubles.fixtures import picture_folder
from tests.factories import catalogue as make
from tests.factories.media import picture_body

__all__ = ["picture_folder"]

SECOND = timedelta(seconds=1)


class TestShopping:
    """GET /categories, /products, /products/{id}: for everyone, without a login."""

    def test_it_shows_the_tree_parents_first_in_order(self, api: Api) -> None:
        milk = make.category("Milk", position=2)
        food = make.category("Food", position=1)
        fruit = make.category("Fruit", parent=food)
        for within in (fruit, fruit, food):
            make.sku(make.product(within=within))
        make.sku(make.product(within=milk, state=ProductState.OFF_SALE))
        make.product(within=milk)
        assert api.anonymous.get("/categories").json == {
            "items": [
                {"id": food.id, "parent_id": None, "name": "Food", "product_count": 3},
                {"id": fruit.id, "parent_id": food.id, "name": "Fruit", "product_count": 2},
                {"id": milk.id, "parent_id": None, "name": "Milk", "product_count": 0},
            ]
        }

    def test_it_lists_products_with_their_active_skus(self, api: Api, clock: ManualClock) -> None:
        brand = make.brand("Dew")
        product = make.product(
            "Plums",
            storage="chilled",
            description="Ripe",
            brand_id=brand.id,
            on_sale_until=clock.at + timedelta(days=1),
        )
        sku = make.sku(
            product,
            name="1 kg",
            options={"weight": "1 kg"},
            list_price_fen=2590,
            member_price_fen=1890,
            cost_fen=1200,
            weight_g=1030,
            per_shopper_max=5,
        )
        make.sku(product, name="5 kg", active=False)
        expected = {
            "id": product.id,
            "category_id": product.category_id,
            "brand": {"id": brand.id, "name": "Dew"},
            "title": "Plums",
            "description": "Ripe",
            "storage": "chilled",
            "on_sale_from": None,
            "on_sale_until": "2026-03-03T01:00:00+00:00",
            "picture_ids": [],
            "skus": [
                {
                    "id": sku.id,
                    "name": "1 kg",
                    "options": {"weight": "1 kg"},
                    "price_fen": 1990,
                    "list_price_fen": 2590,
                    "member_price_fen": 1890,
                    "weight_g": 1030,
                    "min_quantity": 1,
                    "per_shopper_max": 5,
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

    def test_it_filters_by_brand_storage_and_the_price_of_the_cheapest_sku(self, api: Api) -> None:
        brand = make.brand()
        cold = make.product("Ice", storage="frozen")
        make.sku(cold, name="Large", price_fen=900)
        make.sku(cold, name="Small", price_fen=500)
        make.sku(cold, name="Tiny", price_fen=100, active=False)
        branded = make.product("Milk", brand_id=brand.id)
        make.sku(branded, price_fen=700)

        def found(**query: Any) -> list[str]:
            return texts(api.anonymous.get("/products", **query))

        assert found(brand=brand.id) == ["Milk"]
        assert found(brand=new_id("brd")) == []
        assert found(storage="frozen") == ["Ice"]
        assert found(price_from_fen=500, price_to_fen=500) == ["Ice"]
        assert found(price_from_fen=501) == ["Milk"]
        assert found(price_to_fen=700) == ["Milk", "Ice"]
        assert found(price_to_fen=499) == []
        assert pointers(api.anonymous.get("/products", price_from_fen=-1)) == ["/price_from_fen"]
        assert pointers(api.anonymous.get("/products", storage="warm")) == ["/storage"]

    def test_it_comes_on_and_off_sale_by_its_window_without_a_job(
        self, api: Api, clock: ManualClock
    ) -> None:
        opens = clock.at + timedelta(hours=1)
        closes = opens + timedelta(hours=1)
        product = make.product("Plums", on_sale_from=opens, on_sale_until=closes)
        sku = make.sku(product)
        for at, sold in (
            (opens - SECOND, False),
            (opens, True),
            (closes - SECOND, True),
            (closes, False),
        ):
            clock.at = at
            assert bool(api.anonymous.get("/products").json["items"]) is sold
            assert (api.anonymous.get(f"/products/{product.id}").status_code == 200) is sold
            assert bool(texts(api.anonymous.get("/products/suggestions", q="pl"), "id")) is sold
            counts = texts(api.anonymous.get("/categories"), "product_count")
            assert counts == [1 if sold else 0]
            assert queries.skus_for_sale([sku.id], now=at)[sku.id].sellable is sold

    @pytest.mark.parametrize("sort", ["newest", "price", "-price"])
    def test_it_sorts_in_pages_that_stay_stable(self, api: Api, sort: str) -> None:
        prices = [500, 300, 500, 900, 300]
        products = [make.product(str(price)) for price in prices]
        for product, price in zip(products, prices, strict=True):
            make.sku(product, price_fen=price)
        numbers = {product.id: number for number, product in enumerate(products)}
        seen: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = api.anonymous.get("/products", **query).json
            assert "items" in page, page
            seen += [numbers[item["id"]] for item in page["items"]]
            cursor = page["next_cursor"]
        expected = {
            "newest": [4, 3, 2, 1, 0],
            "price": [1, 4, 0, 2, 3],
            "-price": [3, 2, 0, 4, 1],
        }
        assert seen == expected[sort]

    def test_it_sorts_only_as_it_can(self, api: Api) -> None:
        assert pointers(api.anonymous.get("/products", sort="colour")) == ["/sort"]
        assert pointers(api.anonymous.get("/products", sort="relevance")) == ["/sort"]
        page = api.anonymous.get("/products", q="plum", sort="price").json
        assert page == {"items": [], "next_cursor": None}

    def test_it_lists_the_brands_of_what_is_on_sale_by_name(self, api: Api) -> None:
        food = make.category("Food")
        fruit = make.category("Fruit", parent=food)
        dew, alp, idle = make.brand("Dew"), make.brand("Alp"), make.brand("Idle")
        make.sku(make.product(within=fruit, brand_id=dew.id))
        make.sku(make.product(brand_id=alp.id))
        make.sku(make.product(brand_id=idle.id, state=ProductState.OFF_SALE))
        assert api.anonymous.get("/brands").json == {
            "items": [{"id": alp.id, "name": "Alp"}, {"id": dew.id, "name": "Dew"}],
            "next_cursor": None,
        }
        assert texts(api.anonymous.get("/brands", category=food.id), "name") == ["Dew"]
        first = api.anonymous.get("/brands", limit=1).json
        rest = api.anonymous.get("/brands", limit=1, cursor=first["next_cursor"])
        assert texts(rest, "name") == ["Dew"]

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

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"q": "strawberries"},
            {"sort": "price", "in_stock": "false", "price_from_fen": 1, "storage": "ambient"},
        ],
    )
    @pytest.mark.parametrize("length", [1, 6])
    def test_it_takes_two_statements_whatever_the_length(
        self,
        api: Api,
        count_statements: Callable[[], Any],
        length: int,
        query: dict[str, Any],
    ) -> None:
        for _ in range(length):
            product = make.product(brand_id=make.brand().id)
            make.sku(product, name="Small")
            make.sku(product, name="Large")
        with count_statements() as statements:
            answer = api.anonymous.get("/products", **query)
        assert len(answer.json["items"]) == length
        assert len(statements) == 2

    def test_it_takes_two_statements_to_show_the_tree_and_one_to_suggest(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        for title in ("Plums", "Plum jam", "Plum cake"):
            make.sku(make.product(title, within=make.category("Plum things")))
        with count_statements() as tree:
            assert len(api.anonymous.get("/categories").json["items"]) == 3
        with count_statements() as suggesting:
            assert len(api.anonymous.get("/products/suggestions", q="plum").json["items"]) == 4
        with count_statements() as brands:
            api.anonymous.get("/brands")
        assert (len(tree), len(suggesting), len(brands)) == (2, 1, 1)


class TestPictures:
    """The pictures of a product."""

    @pytest.fixture
    def hua(self, api: Api) -> Caller:
        return api.staff("operator", "hua")

    def upload(self, caller: Caller) -> str:
        answer = caller.post("/pictures", picture_body())
        assert answer.status_code == 201, answer.text
        return str(answer.json["id"])

    def test_it_shows_them_to_everybody_in_the_order_given(
        self, api: Api, hua: Caller, picture_folder: Path
    ) -> None:
        first, second, third = (self.upload(hua) for _ in range(3))
        body = {"category_id": make.category().id, "title": "Plums", "picture_ids": [second, first]}
        product = created(hua.post("/hq/products", body))
        assert product["picture_ids"] == [second, first]
        path = f"/hq/products/{product['id']}"
        changed = {"picture_ids": [third, second], "state": "on_sale"}
        assert hua.patch(path, changed, if_match=1).json["picture_ids"] == [third, second]
        make.sku(queries.product(product["id"]))
        shown = api.anonymous.get(f"/products/{product['id']}").json
        assert shown["picture_ids"] == [third, second]
        assert api.anonymous.get(f"/pictures/{third}").status_code == 200
        assert api.anonymous.get(f"/pictures/{first}").status_code == 404
        assert [f for f in books.check(INVARIANTS) if f.faults] == []
        assert hua.patch(path, {"picture_ids": []}, if_match=2).json["picture_ids"] == []
        assert api.anonymous.get(f"/pictures/{third}").status_code == 404

    def test_it_refuses_what_it_cannot_show(
        self, api: Api, hua: Caller, picture_folder: Path
    ) -> None:
        picture = self.upload(hua)
        body = {"category_id": make.category().id, "title": "Plums"}
        for wrong in (
            [new_id("pic")],
            [picture, picture],
            [self.upload(api.shopper("zed"))],
            [new_id("pic") for _ in range(13)],
        ):
            faults = pointers(hua.post("/hq/products", {**body, "picture_ids": wrong}))
            assert faults == ["/picture_ids"]
        assert hua.post("/hq/products", {**body, "picture_ids": [picture]}).status_code == 201
        again = hua.post("/hq/products", {**body, "picture_ids": [picture]})
        assert pointers(again) == ["/picture_ids"]

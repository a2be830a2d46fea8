"""Finding goods by words, in Chinese and in other scripts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, text

from groupbuy.catalogue import services
from groupbuy.catalogue.models import Product
from groupbuy.catalogue.queries import products_on_sale
from groupbuy.catalogue.rules import Weight, search_vector
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from tests.catalogue.answers import pointers, texts
from tests.client import Api
from tests.factories import catalogue as make

GOODS = (
    "100% Juice",
    "1000 Jugs",
    "Set A_B",
    "Set AxB",
    "山东红富士苹果 5kg 装",
    "苹果汁 Apple Juice",
    "Crème brûlée 法式布丁",
    "有机牛奶 Milk 🥛 250ml×12",
)


@pytest.fixture
def seen_statements(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is sent to the database, with the parameters."""
    seen: list[tuple[str, Any]] = []

    def collect(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        seen.append((statement, parameters))

    engine = session().connection().engine
    event.listen(engine, "before_cursor_execute", collect)
    yield seen
    event.remove(engine, "before_cursor_execute", collect)


@pytest.fixture
def goods(app: Flask) -> None:
    """Some things on sale."""
    for title in GOODS:
        make.sku(make.product(title, within=make.category("Things")))


def found(api: Api, q: str, **query: Any) -> list[str]:
    return texts(api.anonymous.get("/products", q=q, **query))


class TestTitles:
    """`q` on GET /products"""

    @pytest.mark.parametrize(
        ("q", "titles"),
        [
            ("100% j", ["100% Juice"]),
            ("a_b", ["Set A_B"]),
            ("SET", ["Set AxB", "Set A_B"]),
            ("富士", ["山东红富士苹果 5kg 装"]),
            ("红富士苹果", ["山东红富士苹果 5kg 装"]),
            ("苹果", ["苹果汁 Apple Juice", "山东红富士苹果 5kg 装"]),
            ("果", ["苹果汁 Apple Juice", "山东红富士苹果 5kg 装"]),
            ("汁", ["苹果汁 Apple Juice"]),
            ("苹果 kg", ["山东红富士苹果 5kg 装"]),
            ("ａｐｐｌｅ　汁", ["苹果汁 Apple Juice"]),
            ("jui", ["苹果汁 Apple Juice", "100% Juice"]),
            ("creme BRULEE", ["Crème brûlée 法式布丁"]),
            ("布丁brû", ["Crème brûlée 法式布丁"]),
            ("牛奶🥛250ML", ["有机牛奶 Milk 🥛 250ml×12"]),
            ("5 k", ["山东红富士苹果 5kg 装"]),
            ("香蕉", []),
            ("果苹", []),
            ("🥛", []),
            ("\\", []),
            ("' & | ! <-> :* ) --", []),
            ("x" * 100, []),
            ("苹" * 100, []),
        ],
    )
    @pytest.mark.usefixtures("goods")
    def test_it_finds_all_the_words(self, api: Api, q: str, titles: list[str]) -> None:
        assert sorted(found(api, q)) == sorted(titles)
        assert found(api, q, sort="newest") == sorted(titles, key=GOODS.index, reverse=True)

    def test_it_takes_no_endless_words(self, api: Api) -> None:
        assert pointers(api.anonymous.get("/products", q="x" * 101)) == ["/q"]
        assert pointers(api.anonymous.get("/products", q=" ")) == ["/q"]
        assert pointers(api.anonymous.get("/products/suggestions", q="x" * 51)) == ["/q"]
        assert pointers(api.anonymous.get("/products/suggestions")) == ["/q"]

    def test_it_finds_by_brand_category_options_barcode_and_description(self, api: Api) -> None:
        food = make.category("生鲜 Fresh")
        berries = make.category("浆果 Berries", parent=food)
        product = make.product(
            "草莓", within=berries, brand_id=make.brand("晨露 Dew").id, description="今早采摘 sweet"
        )
        make.sku(product, name="礼盒", options={"weight": "500 g"}, barcode="6901234567892")
        make.sku()
        for q in ("晨露", "dew", "fresh", "浆果", "礼盒", "500 g", "690123", "采摘", "草莓 sweet"):
            assert found(api, q) == ["草莓"], q
        assert found(api, "weight") == []

    def test_it_ranks_the_title_first_then_names_options_and_the_description(
        self, api: Api
    ) -> None:
        category = make.category("Food")
        described = make.product("A", within=category, description="honey")
        make.sku(described)
        make.sku(make.product("B", within=category), options={"taste": "honey"})
        make.sku(make.product("C", within=category, brand_id=make.brand("Honey").id))
        make.sku(make.product("Honey", within=category))
        make.sku(make.product("D", within=category, description="honey"))
        assert found(api, "honey") == ["Honey", "C", "B", "D", "A"]
        assert found(api, "honey", sort="relevance") == ["Honey", "C", "B", "D", "A"]
        assert found(api, "honey", sort="newest") == ["D", "Honey", "C", "B", "A"]

    def test_it_pages_by_rank_and_stays_stable_under_inserts(self, api: Api) -> None:
        category = make.category("Food")
        for number in range(7):
            title, text_of = (str(number), "honey") if number % 2 else (f"Honey {number}", "")
            make.sku(make.product(title, within=category, description=text_of))
        whole = found(api, "honey")
        assert whole == ["Honey 6", "Honey 4", "Honey 2", "Honey 0", "5", "3", "1"]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"q": "honey", "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = api.anonymous.get("/products", **query)
            seen += texts(page)
            cursor = page.json["next_cursor"]
            make.sku(make.product("Honey, the newest", within=category))
        assert seen == whole
        foreign = api.anonymous.get("/products", limit=1).json["next_cursor"]
        assert pointers(api.anonymous.get("/products", q="honey", cursor=foreign)) == ["/cursor"]

    def test_it_combines_with_the_other_filters(self, api: Api) -> None:
        food = make.category("Food")
        make.sku(make.product("Cold honey", within=food, storage="chilled"), price_fen=900)
        make.sku(make.product("Honey", within=food), price_fen=500)
        assert found(api, "honey", storage="chilled") == ["Cold honey"]
        assert found(api, "honey", price_to_fen=500, category=food.id) == ["Honey"]
        assert found(api, "honey", in_stock="true") == []


class TestKeepingUp:
    """What the search knows follows every edit."""

    def test_it_follows_the_product_and_its_skus(self, api: Api) -> None:
        hua = api.staff("operator", "hua")
        product = make.product("Plums", within=make.category("Food"))
        sku = make.sku(product, options={"colour": "blue"})
        path = f"/hq/products/{product.id}"
        change = {"title": "Pears", "description": "Juicy"}
        hua.patch(path, change, if_match=product.version)
        hua.patch(f"/hq/skus/{sku.id}", {"options": {"colour": "green"}}, if_match=1)
        assert [found(api, q) for q in ("plums", "blue")] == [[], []]
        assert [found(api, q) for q in ("pears", "green", "juicy")] == [["Pears"]] * 3
        assert texts(hua.get("/hq/products", q="green"), "id") == [product.id]
        assert texts(hua.get("/hq/skus", q="pears"), "id") == [sku.id]
        version = hua.get(path).json["version"]
        assert version == product.version

    def test_it_follows_the_names_of_brand_and_categories(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        hua = api.staff("operator", "hua")
        food = make.category("Food")
        fruit = make.category("Fruit", parent=food)
        other = make.category("Gifts")
        brand = make.brand("Dew")
        for number in range(5):
            make.sku(make.product(f"Plums {number}", within=fruit, brand_id=brand.id))
        hua.patch(f"/hq/brands/{brand.id}", {"name": "Alp"}, if_match=1)
        assert (len(found(api, "dew")), len(found(api, "alp"))) == (0, 5)
        with count_statements() as statements:
            hua.patch(f"/hq/categories/{food.id}", {"name": "Groceries"}, if_match=1)
        assert len([s for s in statements if re.match(r"\s*update products", s)]) == 1
        assert (len(found(api, "food")), len(found(api, "groceries"))) == (0, 5)
        moved = {"parent_id": other.id}
        hua.patch(f"/hq/categories/{fruit.id}", moved, if_match=1)
        assert (len(found(api, "groceries")), len(found(api, "gifts"))) == (0, 5)

    def test_it_takes_so_many_statements_whatever_the_number(
        self, clock: ManualClock, app: Flask, count_statements: Callable[[], Any]
    ) -> None:
        brand = make.brand("Dew")
        products = [make.product(brand_id=brand.id).id for _ in range(4)]
        with count_statements() as statements:
            assert services.refresh(product_ids=products) == 0
        assert len(statements) == 3
        with count_statements() as statements:
            assert services.refresh(product_ids=[]) == 0
        assert statements == []


class TestSuggestions:
    """GET /products/suggestions"""

    def suggested(self, api: Api, q: str) -> list[tuple[str, str]]:
        items = api.anonymous.get("/products/suggestions", q=q).json["items"]
        return [(item["kind"], item["text"]) for item in items]

    def test_it_suggests_categories_brands_and_products_with_such_a_word(self, api: Api) -> None:
        food = make.category("Apples")
        brand = make.brand("Appletree")
        product = make.product("Red apples", within=food, brand_id=brand.id)
        make.sku(product)
        make.sku(make.product("Pineapple", within=food))
        assert api.anonymous.get("/products/suggestions", q="App").json == {
            "items": [
                {"kind": "category", "id": food.id, "text": "Apples"},
                {"kind": "brand", "id": brand.id, "text": "Appletree"},
                {"kind": "product", "id": product.id, "text": "Red apples"},
            ]
        }

    def test_it_suggests_in_chinese_what_begins_so_first(self, api: Api) -> None:
        things = make.category("Things")
        for title in ("苹果汁", "红富士苹果", "香蕉"):
            make.sku(make.product(title, within=things))
        assert self.suggested(api, "苹") == [("product", "苹果汁"), ("product", "红富士苹果")]
        assert self.suggested(api, "苹果") == [("product", "苹果汁"), ("product", "红富士苹果")]
        assert self.suggested(api, "富士苹") == [("product", "红富士苹果")]
        assert self.suggested(api, "果苹") == []
        assert self.suggested(api, "%") == []

    def test_it_suggests_nothing_that_is_not_on_sale(self, api: Api) -> None:
        make.product("Apples", within=make.category("Apples, none"))
        make.brand("Apple & Co")
        assert self.suggested(api, "apple") == []

    def test_it_suggests_ten_at_most_and_a_title_once(self, api: Api) -> None:
        parent = make.category("Things")
        for number in range(5):
            make.category(f"Apple {number}", parent=make.category(f"Apple {number}"))
        for number in range(12):
            make.sku(make.product(f"Apple {number // 2 * 2}", within=parent))
        kinds = [kind for kind, _ in self.suggested(api, "apple")]
        assert kinds == ["category"] * 3 + ["product"] * 5
        for number in range(12):
            make.sku(make.product(f"Apple no. {number}", within=parent))
        assert len(self.suggested(api, "apple")) == 10


class TestIndex:
    """The search reads an index, not every product."""

    ROWS = 4_000

    @pytest.fixture
    def many(self, app: Flask) -> None:
        """Thousands of products, one in a hundred of which is an apple."""
        category = make.category("Things")
        rows = [
            {
                "id": new_id("prd"),
                "category_id": category.id,
                "title": title,
                "state": "on_sale",
                "lowest_price_fen": 100 + number,
                "search": search_vector([(Weight.TITLE, title)]),
            }
            for number in range(self.ROWS)
            for title in [f"苹果 Apple {number}" if number % 100 == 0 else f"商品 Goods {number}"]
        ]
        session().execute(insert(Product), rows)
        session().execute(text("analyze products"))

    def plan(self, statement: str, parameters: Any) -> str:
        connection = session().connection()
        rows = connection.exec_driver_sql(f"explain {statement}", parameters)
        return "\n".join(row[0] for row in rows)

    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ({"q": "苹果"}, "ix_products_search"),
            ({"q": "苹"}, "ix_products_search"),
            ({"q": "app"}, "ix_products_search"),
            ({"sort": "price"}, "ix_products_by_price"),
            ({"sort": "-price"}, "ix_products_by_price"),
            ({"sort": "newest"}, "pk_products"),
        ],
    )
    @pytest.mark.usefixtures("many")
    def test_it_lists_by_an_index(
        self,
        clock: ManualClock,
        seen_statements: list[tuple[str, Any]],
        query: dict[str, Any],
        index: str,
    ) -> None:
        page = products_on_sale(limit=20, cursor=None, now=clock.now(), **query)
        assert len(page.items) == 20
        statement, parameters = next(s for s in seen_statements if "FROM products" in s[0])
        assert index in self.plan(statement, parameters)

    @pytest.mark.usefixtures("many")
    def test_it_suggests_by_an_index(
        self, api: Api, seen_statements: list[tuple[str, Any]]
    ) -> None:
        answer = api.anonymous.get("/products/suggestions", q="appl")
        assert len(answer.json["items"]) == 10
        statement, parameters = next(s for s in seen_statements if "UNION ALL" in s[0])
        assert "ix_products_search" in self.plan(statement, parameters)


class TestReindexing:
    """`flask catalogue reindex`"""

    def test_it_writes_everything_anew(self, app: Flask, api: Api) -> None:
        brand = make.brand("Dew")
        product = make.product("Plums", within=make.category("Food"), brand_id=brand.id)
        make.sku(product, price_fen=500)
        for table in ("products", "categories", "brands"):
            session().execute(text(f"update {table} set search = ''"))
        session().execute(text("update products set lowest_price_fen = 7"))
        assert found(api, "plums") == []
        result = app.test_cli_runner().invoke(args=["catalogue", "reindex"])
        assert (result.exit_code, result.output.splitlines()[-1]) == (
            0,
            "1 products are indexed, 1 of them were out of date",
        )
        session().expire_all()
        assert product.lowest_price_fen == 500
        assert [found(api, q) for q in ("plums", "dew", "food")] == [["Plums"]] * 3
        assert len(api.anonymous.get("/products/suggestions", q="dew").json["items"]) == 1
        again = app.test_cli_runner().invoke(args=["catalogue", "reindex"])
        assert "0 of them were out of date" in again.output

    def test_it_goes_on_until_the_last(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("groupbuy.catalogue.services.indexing.PORTION", 2)
        for _ in range(5):
            make.product()
        session().execute(text("update products set search = ''"))
        result = app.test_cli_runner().invoke(args=["catalogue", "reindex"])
        assert "5 products are indexed, 5 of them" in result.output

    @pytest.mark.usefixtures("app")
    def test_it_is_as_the_services_keep_it(self, clock: ManualClock) -> None:
        product = make.product("Plums")
        make.sku(product, name="Small")
        services.edit_product(
            product_id=product.id,
            if_match=product.version,
            actor=SYSTEM,
            now=clock.now(),
            title="Pears",
        )
        assert services.refresh(product_ids=[product.id]) == 0

"""Products and prices by sheet."""

from typing import Any

import pytest

from groupbuy.catalogue.models import Product, Sku, SkuPrice
from groupbuy.kernel.db import session
from tests.client import Api
from tests.imports.test_stock import body, problem
from tests.journeys.headquarters import Shop, made

HEAD = (
    "product_id,title,category,brand,supplier,storage,state,sku_id,name,options,barcode,"
    "price,list_price,member_price,cost,min_quantity,per_shopper_max,active\n"
)


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    fresh = made(shop.hua.post("/hq/categories", {"name": "生鲜"}))
    made(shop.hua.post("/hq/categories", {"name": "蛋类", "parent_id": fresh["id"]}))
    made(shop.hua.post("/hq/brands", {"name": "Happy Hen"}))
    made(shop.hua.post("/hq/suppliers", {"name": "Farm Seven"}))
    return shop


def upload(shop: Shop, sheet: str, kind: str = "products") -> Any:
    return made(shop.hua.post("/hq/imports", body(sheet, kind)))


def applied(shop: Shop, sheet: str, kind: str = "products") -> Any:
    seen = upload(shop, sheet, kind)
    assert seen["state"] == "checked", seen
    made(shop.hua.post(f"/hq/imports/{seen['id']}/application"), 200)
    return seen


EGGS = (
    f"{HEAD},土鸡蛋,生鲜/蛋类,Happy Hen,Farm Seven,冷藏,在售,,10 枚,个数=10,,12.50,15,12,8.05,"
    "1,5,是\n"
    ",土鸡蛋,,,,,,,30 枚,个数=30,,36.00,,,,,,\n"
)


class TestProducts:
    def test_it_makes_products_with_their_skus(self, shop: Shop) -> None:
        seen = applied(shop, EGGS)
        assert (seen["creates"], seen["updates"], seen["unchanged"]) == (2, 0, 0)
        [product] = session().query(Product).all()
        assert (product.title, product.storage, product.state) == ("土鸡蛋", "chilled", "on_sale")
        ten, thirty = session().query(Sku).order_by(Sku.id).all()
        assert (ten.price_fen, ten.list_price_fen, ten.cost_fen) == (1250, 1500, 805)
        assert (thirty.options, thirty.price_fen) == ({"个数": "30"}, 3600)
        found = made(shop.api.anonymous.get("/products", q="鸡蛋"), 200)["items"]
        assert [item["id"] for item in found] == [product.id]
        changes = {(row.kind, row.new_fen) for row in session().query(SkuPrice)}
        assert ("member_price", 1200) in changes

    def test_it_changes_what_a_row_says_and_leaves_what_it_does_not(self, shop: Shop) -> None:
        applied(shop, EGGS)
        product, sku = session().query(Product).one(), session().query(Sku).first()
        assert sku is not None
        sheet = f"product_id,state,brand,sku_id,list_price\n{product.id},下架,无,{sku.id},none\n"
        seen = applied(shop, sheet)
        assert (seen["creates"], seen["updates"]) == (0, 1)
        session().expire_all()
        assert (product.state, product.brand_id, product.title) == ("off_sale", None, "土鸡蛋")
        assert (sku.list_price_fen, sku.price_fen) == (None, 1250)

    def test_it_finds_a_sku_by_its_barcode(self, shop: Shop) -> None:
        applied(shop, f"{HEAD},Milk,生鲜,,,,,,,,4006381333931,9.90,,,,,,\n")
        seen = applied(shop, "barcode,price\n4006381333931,8.80\n")
        assert (seen["creates"], seen["updates"]) == (0, 1)
        assert session().query(Sku).one().price_fen == 880

    def test_it_reports_every_fault_of_every_row(self, shop: Shop) -> None:
        rows = [
            ",,,,,,,,,,,5,,,,,,",
            ",Milk,,,,,,,,,,5,,,,,,",
            ",Cheese,乳品,No Brand,Nobody,hot,gone,,,,4006381333932,,,,,,,perhaps",
            ",Butter,生鲜,,,,archived,,a,x,,10,9,11,,5,2,",
            ",Butter,蛋类,,,,,,a,,,10,,,,,,",
            f"prd_{'0' * 32},x,,,,,,sku_{'0' * 32},,,,1,,,,,,",
        ]
        seen = upload(shop, HEAD + "\n".join(rows) + "\n")
        assert seen["state"] == "faulty"
        places = {(fault["row"], fault["column"]) for fault in seen["faults"]}
        assert places == {
            (2, "title"),
            (3, "category"),
            *((4, c) for c in ("category", "brand", "supplier", "storage", "state")),
            *((4, c) for c in ("barcode", "price", "active")),
            *((5, c) for c in ("options", "list_price", "member_price", "per_shopper_max")),
            (6, "category"),
            (6, "options"),
            (7, "product_id"),
            (7, "sku_id"),
        }
        assert session().query(Product).count() == 0

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            (",土鸡蛋,,,,,,,x,尺寸=1,,1,,,,,,", "options"),
            (",土鸡蛋,,,,,,,30 枚,个数=30,,1,,,,,,", "options"),
        ],
    )
    def test_it_refuses_skus_that_cannot_be_told_apart(
        self, shop: Shop, row: str, column: str
    ) -> None:
        seen = upload(shop, f"{EGGS}{row}\n")
        assert [(fault["row"], fault["column"]) for fault in seen["faults"]] == [(4, column)]
        applied(shop, EGGS)
        product = session().query(Product).one()
        again = upload(shop, f"{HEAD}{product.id}{row}\n")
        assert [(fault["row"], fault["column"]) for fault in again["faults"]] == [(2, column)]

    def test_it_refuses_a_barcode_twice_in_the_sheet_and_one_that_is_taken(
        self, shop: Shop
    ) -> None:
        applied(shop, f"{HEAD},Milk,生鲜,,,,,,,,4006381333931,9.90,,,,,,\n{EGGS[len(HEAD) :]}")
        eggs = session().query(Sku).filter(Sku.barcode.is_(None)).first()
        assert eggs is not None
        sheet = f"sku_id,barcode\n{eggs.id},4006381333931\n"
        assert upload(shop, sheet)["faults"][0]["column"] == "barcode"
        double = f"{HEAD},A,生鲜,,,,,,,,777,1,,,,,,\n,B,生鲜,,,,,,,,777,1,,,,,,\n"
        assert upload(shop, double)["faults"][0]["row"] == 3

    def test_it_says_when_a_barcode_was_taken_meanwhile(self, shop: Shop) -> None:
        seen = upload(shop, f"{HEAD},A,生鲜,,,,,,,,777,1,,,,,,\n")
        applied(shop, f"{HEAD},B,生鲜,,,,,,,,777,1,,,,,,\n")
        done = shop.hua.post(f"/hq/imports/{seen['id']}/application")
        problem(done, 409, "import-faulty")

    @pytest.mark.parametrize("format", ["csv", "xlsx"])
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    @pytest.mark.parametrize("kind", ["products", "prices"])
    def test_it_exports_what_imports_back_without_a_change(
        self, shop: Shop, kind: str, format: str, language: str
    ) -> None:
        applied(shop, EGGS)
        applied(shop, f"{HEAD},=1+1,生鲜,,,,,,'x,,,9.90,,,,,,\n")
        file = shop.hua.get("/hq/exports", kind=kind, format=format, language=language)
        seen = made(shop.hua.post("/hq/imports", body(file.data, kind, f"all.{format}")))
        assert (seen["state"], seen["creates"], seen["updates"]) == ("checked", 0, 0), seen
        assert seen["unchanged"] == 3

    def test_it_keeps_options_whatever_is_written_in_them(self, shop: Shop) -> None:
        applied(shop, EGGS)
        sku = session().query(Sku).order_by(Sku.id).first()
        assert sku is not None
        # As many as headquarters may give by hand, with what divides options in them.
        options = {"a=b": "500 g; bag=1；x", "path": "C:\\=\\;", **{f"o{n}": "v" for n in range(6)}}
        other = session().query(Sku).order_by(Sku.id.desc()).first()
        assert other is not None
        made(shop.hua.patch(f"/hq/skus/{other.id}", {"active": False}, if_match=other.version), 200)
        made(shop.hua.patch(f"/hq/skus/{sku.id}", {"options": options}, if_match=sku.version), 200)
        file = shop.hua.get("/hq/exports", kind="products", format="csv")
        seen = made(shop.hua.post("/hq/imports", body(file.data, "products", "all.csv")))
        assert (seen["state"], seen["updates"], seen["unchanged"]) == ("checked", 0, 2), seen

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            (f",Milk,生鲜,,,,,,{'x' * 51},,,1,,,,,,", "name"),
            (f",Milk,生鲜,,,,,,,{'n' * 31}=1,,1,,,,,,", "options"),
            (f",Milk,生鲜,,,,,,,size={'v' * 51},,1,,,,,,", "options"),
            (f",Milk,生鲜,,,,,,,,{'7' * 51},1,,,,,,", "barcode"),
            (",Milk,生鲜,,,,,,,,,1,,,,1000,,", "min_quantity"),
            (",Mi\x01lk,生鲜,,,,,,,,,1,,,,,,", "title"),
            (",#N/A,生鲜,,,,,,,,,1,,,,,,", "title"),
            (",Milk,生鲜,,,,,,#REF!,,,1,,,,,,", "name"),
        ],
    )
    def test_it_refuses_what_nobody_could_type_by_hand(
        self, shop: Shop, row: str, column: str
    ) -> None:
        seen = upload(shop, f"{HEAD}{row}\n")
        assert [(fault["row"], fault["column"]) for fault in seen["faults"]] == [(2, column)]

    def test_it_reads_the_same_few_statements_for_any_number_of_rows(
        self, shop: Shop, count_statements: Any
    ) -> None:
        counts = []
        for number in (1, 6):
            rows = "".join(f",P{n},生鲜,,,,,,,,,1,,,,,,\n" for n in range(number))
            with count_statements() as statements:
                upload(shop, HEAD + rows)
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestPrices:
    def test_it_changes_prices_with_their_history(self, shop: Shop) -> None:
        applied(shop, EGGS)
        sku = session().query(Sku).first()
        assert sku is not None
        seen = applied(shop, f"SKU,Price (yuan)\n{sku.id},12.30\n", "prices")
        assert seen["updates"] == 1
        session().expire_all()
        assert (sku.price_fen, sku.list_price_fen) == (1230, 1500)
        history = made(shop.hua.get(f"/hq/skus/{sku.id}/prices"), 200)["items"]
        assert (history[0]["old_fen"], history[0]["new_fen"]) == (1250, 1230)

    def test_it_refuses_prices_out_of_order_and_a_sku_twice(self, shop: Shop) -> None:
        applied(shop, EGGS)
        ten, thirty = session().query(Sku).order_by(Sku.id).all()
        sheet = f"SKU,price\n{ten.id},16\n{thirty.id},abc\n{ten.id},12\n,1\n"
        faults = upload(shop, sheet, "prices")["faults"]
        places = [(fault["row"], fault["column"]) for fault in faults]
        assert places == [(2, "list_price"), (3, "price"), (4, "sku_id"), (5, "sku_id")]

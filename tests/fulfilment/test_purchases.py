"""What is to be bought for the orders that wait, what was ordered, what came."""

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel.db import session
from tests.client import Answer
from tests.fulfilment.test_packing import bought
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Place = dict[str, str]
NOWHERE = "pur_" + "0" * 32


@pytest.fixture
def farm(shop: Shop) -> str:
    """The farm that delivers prawns."""
    supplier = str(made(shop.hua.post("/hq/suppliers", {"name": "崇明水产"}))["id"])
    shop.stock("红虾", price_fen=5900, units=3, storage="frozen", supplier_id=supplier)
    path = f"/hq/skus/{shop.skus['红虾']}"
    version = made(shop.hua.get(path), 200)["version"]
    made(shop.hua.patch(path, {"cost_fen": 3150}, if_match=version), 200)
    return supplier


@pytest.fixture
def sold(shop: Shop, mei: Place, farm: str) -> list[str]:
    """Paid orders for 5 eggs and 3 prawns; 45 eggs and no prawn are left."""
    return [
        bought(shop, "bo", mei["point"], {"Eggs": 2, "红虾": 1}),
        bought(shop, "lan", mei["point"], {"Eggs": 3, "红虾": 2}),
    ]


def needs(shop: Shop, **query: Any) -> dict[str, tuple[int, int, int, int]]:
    items = made(shop.hua.get("/hq/purchase-lists", **query), 200)["items"]
    return {n["title"]: (n["needed"], n["on_hand"], n["ordered"], n["to_buy"]) for n in items}


def told(answer: Answer) -> list[str]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    with PdfDocument(answer.data) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


class TestNeeds:
    """/hq/purchase-lists"""

    def test_it_lists_what_is_sold_and_not_shipped_beside_what_is_there(
        self, shop: Shop, mei: Place, sold: list[str]
    ) -> None:
        shop.order("zed", None, {"Eggs": 4}, pickup_point_id=mei["point"])
        assert needs(shop) == {"Eggs": (5, 41, 0, 0), "红虾": (3, 0, 0, 3)}
        first = made(shop.hua.get(f"/hq/orders/{sold[0]}"), 200)
        eggs = next(line for line in first["lines"] if line["sku_id"] == shop.skus["Eggs"])
        shop.refund(sold[0], eggs["id"], quantity=1)
        assert needs(shop)["Eggs"][0] == 4
        made(shop.api.shopper("lan").post(f"/orders/{sold[1]}/cancellation"), 200)
        assert needs(shop) == {"Eggs": (1, 44, 0, 0), "红虾": (1, 2, 0, 0)}
        shop.deliver(mei["point"])
        assert needs(shop) == {}

    def test_it_is_filtered(self, shop: Shop, mei: Place, farm: str, sold: list[str]) -> None:
        assert list(needs(shop, storage="frozen")) == ["红虾"]
        assert list(needs(shop, supplier_id=farm)) == ["红虾"]
        campaign = shop.campaign({"Eggs": 1200})
        hosted = shop.host("mei", campaign, mei)
        shop.wait(hours=1)
        now = shop.api.clock.now().isoformat()
        bought(shop, "zed", mei["point"], {"Eggs": 7}, group_buy=hosted["id"])
        assert needs(shop, campaign_id=campaign)["Eggs"][0] == 7
        assert needs(shop, until=now)["Eggs"][0] == 5
        assert needs(shop, **{"from": now})["Eggs"][0] == 7
        refused(shop.hua.get("/hq/purchase-lists", storage="warm"), 422, "invalid-input")

    def test_it_pages_at_a_constant_cost(
        self, shop: Shop, sold: list[str], count_statements: Callable[[], Any]
    ) -> None:
        costs = []
        for limit in (1, 20):
            with count_statements() as statements:
                page = made(shop.hua.get("/hq/purchase-lists", limit=limit), 200)
            costs.append(len(statements))
            if limit == 1:
                rest = shop.hua.get("/hq/purchase-lists", cursor=page["next_cursor"])
                assert len(page["items"] + made(rest, 200)["items"]) == 2
        assert costs[0] == costs[1]

    def test_it_comes_as_a_file_and_on_paper(self, shop: Shop, sold: list[str]) -> None:
        answer = shop.hua.get("/hq/purchase-lists/file", format="csv", language="zh-CN")
        head, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
        assert head[:5] == ["供应商", "商品", "规格", "储存", "需求"]
        assert sorted((r[0], r[1], r[4], r[7], r[8]) for r in rows) == [
            ("", "Eggs", "5", "0", ""),
            ("崇明水产", "红虾", "3", "3", "31.50"),
        ]
        xlsx = shop.hua.get("/hq/purchase-lists/file")
        assert zipfile.ZipFile(io.BytesIO(xlsx.data)).testzip() is None
        ambient, cold = told(shop.hua.get("/hq/purchase-lists/pdf", language="zh-CN"))
        assert "采购清单 · 常温" in ambient
        assert "未指定供应商" in ambient
        assert "采购清单 · 冷链" in cold
        assert "崇明水产" in cold
        (nothing,) = told(shop.hua.get("/hq/purchase-lists/pdf", storage="chilled"))
        assert "No order waits to be shipped." in nothing

    def test_it_is_for_headquarters(self, shop: Shop) -> None:
        for path in ("purchase-lists", "purchase-lists/file", "purchase-lists/pdf"):
            assert shop.api.anonymous.get(f"/hq/{path}").status_code == 401
            assert shop.api.shopper("mei").get(f"/hq/{path}").status_code == 403
            assert shop.api.staff("auditor").get(f"/hq/{path}").status_code == 200


class TestOrder:
    """/hq/purchase-orders"""

    @pytest.fixture
    def ordered(self, shop: Shop, farm: str, sold: list[str]) -> dict[str, Any]:
        """The three prawns that are missing, ordered from the farm."""
        body = {"supplier_id": farm, "note": "周二早上到"}
        return made(shop.hua.post("/hq/purchase-orders", body))

    def test_it_fixes_what_is_to_be_bought_of_a_supplier(
        self, shop: Shop, mei: Place, farm: str, ordered: dict[str, Any]
    ) -> None:
        assert (ordered["number"], ordered["supplier"], ordered["state"]) == (
            1,
            "崇明水产",
            "fixed",
        )
        (line,) = ordered["lines"]
        assert (line["quantity"], line["received"], line["difference"]) == (3, 0, -3)
        assert (line["needed"], line["on_hand"], line["amount_fen"]) == (3, 0, 9450)
        assert needs(shop)["红虾"] == (3, 0, 3, 0)
        answer = shop.hua.post("/hq/purchase-orders", {"supplier_id": farm})
        refused(answer, 409, "nothing-to-buy")
        listed = made(shop.hua.get("/hq/purchase-orders", supplier_id=farm), 200)["items"]
        assert listed == [ordered]
        assert (
            made(shop.hua.get("/hq/purchase-orders", campaign_id="cmp_" + "0" * 32), 200)["items"]
            == []
        )

    def test_it_takes_other_quantities_and_numbers_on(
        self, shop: Shop, ordered: dict[str, Any]
    ) -> None:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 60}]
        second = made(shop.hua.post("/hq/purchase-orders", {"lines": lines}))
        assert (second["number"], second["supplier"]) == (2, "")
        assert needs(shop)["Eggs"] == (5, 45, 60, 0)
        wrong = [{"sku_id": "sku_" + "0" * 32, "quantity": 1}]
        answer = shop.hua.post("/hq/purchase-orders", {"lines": wrong})
        refused(answer, 422, "invalid-input")
        refused(shop.hua.post("/hq/purchase-orders", {"lines": lines * 2}), 422, "invalid-input")
        nobody = {"lines": lines, "supplier_id": "sup_" + "0" * 32}
        refused(shop.hua.post("/hq/purchase-orders", nobody), 404, "not-found")

    def test_it_holds_what_comes_against_it(self, shop: Shop, ordered: dict[str, Any]) -> None:
        path = f"/hq/purchase-orders/{ordered['id']}"
        prawns = shop.skus["红虾"]

        def came(quantity: int, sku_id: str = prawns) -> Answer:
            lines = [{"sku_id": sku_id, "quantity": quantity}]
            return shop.hua.post(f"{path}/receipts", {"lines": lines, "note": "早班车"})

        (line,) = made(came(2))["lines"]
        assert (line["received"], line["difference"]) == (2, -1)
        assert needs(shop)["红虾"] == (3, 2, 1, 0)
        (line,) = made(came(2))["lines"]
        assert line["difference"] == 1
        refused(came(1, shop.skus["Eggs"]), 422, "invalid-input")
        rows = made(shop.hua.get(f"{path}/receipts"), 200)["items"]
        assert [row["quantity"] for row in rows] == [2, 2]
        movements = made(shop.hua.get("/hq/stock-movements", sku=prawns), 200)["items"]
        assert {movements[0]["id"], movements[1]["id"]} == {row["movement_id"] for row in rows}
        assert movements[0]["reference"] == ordered["id"]

    def test_it_is_superseded_by_a_newer_one(
        self, shop: Shop, farm: str, ordered: dict[str, Any]
    ) -> None:
        lines = [{"sku_id": shop.skus["红虾"], "quantity": 10}]
        body = {"supplier_id": farm, "lines": lines, "supersedes_id": ordered["id"]}
        newer = made(shop.hua.post("/hq/purchase-orders", body))
        shown = made(shop.hua.get(f"/hq/purchase-orders/{ordered['id']}"), 200)
        assert (shown["state"], shown["superseded_by"]) == ("superseded", newer["id"])
        assert needs(shop)["红虾"] == (3, 0, 10, 0)
        refused(shop.hua.post("/hq/purchase-orders", body), 409, "not-in-this-state")
        late = {"lines": lines, "note": "late"}
        path = f"/hq/purchase-orders/{ordered['id']}"
        refused(shop.hua.post(f"{path}/receipts", late), 409, "not-in-this-state")
        refused(shop.hua.post(f"{path}/closing", {"reason": "x"}), 409, "not-in-this-state")
        gone = {**body, "supersedes_id": NOWHERE}
        refused(shop.hua.post("/hq/purchase-orders", gone), 404, "not-found")

    def test_it_is_closed_when_nothing_more_comes(
        self, shop: Shop, ordered: dict[str, Any]
    ) -> None:
        path = f"/hq/purchase-orders/{ordered['id']}"
        closed = made(shop.hua.post(f"{path}/closing", {"reason": "缺货"}), 200)
        assert (closed["state"], closed["closing"]["reason"]) == ("closed", "缺货")
        assert needs(shop)["红虾"] == (3, 0, 0, 3)
        refused(shop.hua.post(f"{path}/closing", {"reason": "x"}), 409, "not-in-this-state")

    def test_it_comes_as_a_file_and_on_paper(self, shop: Shop, ordered: dict[str, Any]) -> None:
        path = f"/hq/purchase-orders/{ordered['id']}"
        answer = shop.hua.get(f"{path}/file", format="csv")
        _, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
        assert row[:8] == ["红虾", "", "Frozen", "3", "0", "-3", "31.50", "94.50"]
        (page,) = told(shop.hua.get(f"{path}/pdf", language="zh-CN"))
        for words in ("采购单 1", "崇明水产", "周二早上到", "红虾", "94.50", "收货人签字"):
            assert words in page

    def test_it_is_never_changed(self, shop: Shop, ordered: dict[str, Any]) -> None:
        for change in (
            "update purchase_orders set note = ''",
            "delete from purchase_lines",
            "truncate purchase_receipts",
        ):
            with pytest.raises(DBAPIError), session().begin_nested():
                session().execute(text(change))

    def test_it_is_for_operators(self, shop: Shop, ordered: dict[str, Any]) -> None:
        path = f"/hq/purchase-orders/{ordered['id']}"
        auditor = shop.api.staff("auditor")
        assert auditor.get(path).status_code == 200
        for what in ("", f"/{ordered['id']}/receipts", f"/{ordered['id']}/closing"):
            assert auditor.post(f"/hq/purchase-orders{what}", {}).status_code == 403
            assert shop.api.shopper("mei").post(f"/hq/purchase-orders{what}", {}).status_code == 403
        for end in ("", "/file", "/pdf", "/receipts"):
            answer = shop.hua.get(f"/hq/purchase-orders/{NOWHERE}{end}")
            refused(answer, 404, "not-found")

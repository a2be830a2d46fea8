"""Stock by sheet: looked at first, then all of it or nothing."""

import base64
import io
from typing import Any

import openpyxl
import pytest

from groupbuy.inventory.models import StockMovement
from groupbuy.kernel.db import session
from tests.client import Answer, Api
from tests.journeys.headquarters import Shop, made

HEADINGS = "SKU,Barcode,Received,Counted,Reason\n"


def body(content: str | bytes, kind: str = "stock", name: str = "monday.csv") -> dict[str, str]:
    raw = content.encode() if isinstance(content, str) else content
    return {"kind": kind, "file_name": name, "content": base64.b64encode(raw).decode()}


def problem(answer: Answer, status: int, code: str) -> Any:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return answer.json


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=10)
    shop.stock("Milk", price_fen=800, units=5)
    return shop


def on_hand(shop: Shop) -> dict[str, int]:
    pools = shop.hua.get("/hq/stock").json["items"]
    by_sku = {pool["sku_id"]: pool["on_hand"] for pool in pools if pool["owner"] == "house"}
    return {title: by_sku[sku] for title, sku in shop.skus.items()}


def test_it_tells_what_a_sheet_would_do_and_does_it_when_told(shop: Shop) -> None:
    sheet = f"{HEADINGS}{shop.skus['Eggs']},,30,,Delivery\n{shop.skus['Milk']},,,3,Count\n"
    seen = made(shop.hua.post("/hq/imports", body(sheet)))
    assert (seen["state"], seen["row_count"], seen["updates"]) == ("checked", 2, 2)
    assert on_hand(shop) == {"Eggs": 10, "Milk": 5}
    done = made(shop.hua.post(f"/hq/imports/{seen['id']}/application"), 200)
    assert (done["state"], done["decided_by"]) == ("applied", shop.hua.id)
    assert on_hand(shop) == {"Eggs": 40, "Milk": 3}
    again = shop.hua.post(f"/hq/imports/{seen['id']}/application")
    problem(again, 409, "not-in-this-state")
    assert on_hand(shop) == {"Eggs": 40, "Milk": 3}


def test_it_reports_every_fault_by_row_and_column_and_does_nothing(shop: Shop) -> None:
    eggs = shop.skus["Eggs"]
    sheet = (
        f"{HEADINGS}{eggs},,ten,,\n,,5,,\nsku_{'0' * 32},,1,,\n{eggs},,1,2,\n"
        f"{shop.skus['Milk']},,0,,\n,unknown,1,,\n"
    )
    seen = made(shop.hua.post("/hq/imports", body(sheet)))
    assert (seen["state"], seen["fault_count"]) == ("faulty", 7)
    places = [(fault["row"], fault["column"]) for fault in seen["faults"]]
    assert places == [
        (2, "received"),
        (3, "sku_id"),
        (4, "sku_id"),
        (5, "counted"),
        (5, "sku_id"),
        (6, "received"),
        (7, "barcode"),
    ]
    chinese = shop.hua.get(f"/hq/imports/{seen['id']}", language="zh-CN").json["faults"][1]
    assert chinese["detail"] == "必填。"
    problem(shop.hua.post(f"/hq/imports/{seen['id']}/application"), 409, "not-in-this-state")
    assert on_hand(shop) == {"Eggs": 10, "Milk": 5}


def test_it_checks_again_when_it_is_applied(shop: Shop) -> None:
    eggs, milk = shop.skus["Eggs"], shop.skus["Milk"]
    sheet = f"{HEADINGS}{milk},,7,,\n{eggs},,,4,\n"
    seen = made(shop.hua.post("/hq/imports", body(sheet)))
    point = shop.recruit("mei")["point"]
    shop.order("bo", None, {"Eggs": 6}, pickup_point_id=point)
    refused = shop.hua.post(f"/hq/imports/{seen['id']}/application")
    assert problem(refused, 409, "import-faulty")["faults"][0]["row"] == 3
    assert on_hand(shop) == {"Eggs": 10, "Milk": 5}
    assert made(shop.hua.get(f"/hq/imports/{seen['id']}"), 200)["state"] == "checked"


def test_it_can_be_discarded(shop: Shop) -> None:
    seen = made(shop.hua.post("/hq/imports", body(f"{HEADINGS}{shop.skus['Eggs']},,1,,\n")))
    path = f"/hq/imports/{seen['id']}"
    assert made(shop.hua.post(f"{path}/discarding"), 200)["state"] == "discarded"
    problem(shop.hua.post(f"{path}/application"), 409, "not-in-this-state")


@pytest.mark.parametrize(
    ("sheet", "word"),
    [
        ("SKU,Colour\nx,y\n", "Colour"),
        ("SKU,SKU 编号\nx,y\n", "twice"),
        ("", "1 byte"),
        ("\0", "CSV or XLSX"),
    ],
)
def test_it_says_what_is_wrong_with_the_file(shop: Shop, sheet: str, word: str) -> None:
    answer = shop.hua.post("/hq/imports", body(sheet))
    assert answer.status_code == 422
    assert word in answer.text or "Not base64" in answer.text


def test_it_names_the_problem_of_an_unreadable_file(shop: Shop) -> None:
    answer = shop.hua.post("/hq/imports", body("PK\x03\x04"))
    problem(answer, 422, "sheet-unreadable")
    assert answer.json["detail"] == answer.json["reason"] == "The XLSX file is damaged."
    answer = shop.hua.post("/hq/imports", body("PK\x03\x04"), language="zh-CN")
    assert answer.json["detail"] == answer.json["reason"] == "XLSX 文件已损坏。"


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_it_exports_what_imports_back_without_a_change(shop: Shop, format: str) -> None:
    file = shop.hua.get("/hq/exports", kind="stock", format=format)
    assert file.status_code == 200
    seen = made(shop.hua.post("/hq/imports", body(file.data, name=f"stock.{format}")))
    assert (seen["state"], seen["updates"], seen["unchanged"]) == ("checked", 0, 2)


def test_it_takes_a_sheet_as_a_spreadsheet_saved_it(shop: Shop) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(shop.hua.get("/hq/exports", kind="stock", language="zh-CN").data)
    )
    page = book.active
    column = [cell.value for cell in page[1]].index("入库数量") + 1
    page.cell(row=2, column=column, value=12.0)
    out = io.BytesIO()
    book.save(out)
    seen = made(shop.hua.post("/hq/imports", body(out.getvalue())))
    made(shop.hua.post(f"/hq/imports/{seen['id']}/application"), 200)
    assert on_hand(shop) == {"Eggs": 22, "Milk": 5}


def test_it_costs_the_same_few_statements_for_any_number_of_rows(
    shop: Shop, count_statements: Any
) -> None:
    counts = []
    for titles in (["Eggs"], ["Eggs", "Milk"]):
        rows = "".join(f"{shop.skus[title]},,5,,\n" for title in titles)
        seen = made(shop.hua.post("/hq/imports", body(HEADINGS + rows)))
        with count_statements() as statements:
            made(shop.hua.post(f"/hq/imports/{seen['id']}/application"), 200)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert session().query(StockMovement).filter_by(actor=shop.hua.id).count() == 5


def test_it_lists_imports_by_kind_and_state(shop: Shop) -> None:
    assert shop.hua.get("/hq/imports").json["items"] == []
    first = made(shop.hua.post("/hq/imports", body(f"{HEADINGS}{shop.skus['Eggs']},,1,,\n")))
    made(shop.hua.post("/hq/imports", body(f"{HEADINGS}x,,1,,\n")))
    listed = shop.hua.get("/hq/imports", kind="stock", state="checked").json["items"]
    assert [item["id"] for item in listed] == [first["id"]]


def test_it_lets_only_operators_import(shop: Shop) -> None:
    for who in (shop.api.shopper("bo"), shop.api.staff("auditor")):
        assert who.post("/hq/imports", body(HEADINGS)).status_code == 403

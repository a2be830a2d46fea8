"""Pick lists and packing slips: as JSON, as files, on paper, the cold chain apart."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdfium2 import PdfDocument

from groupbuy.fulfilment.queries import lists as queries
from groupbuy.fulfilment.rules.lists import PickLine, PickParcel, pick_paper, slips_paper
from tests.client import Answer
from tests.fulfilment.test_packing import bought
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Place = dict[str, str]
CREATED = datetime(2026, 3, 2, 1, tzinfo=UTC)
NOWHERE = "shm_" + "0" * 32


@pytest.fixture
def shipment(shop: Shop, mei: Place) -> str:
    """Three shoppers' parcels at Mei's: eggs, prawns, and both."""
    shop.stock("阿根廷红虾", price_fen=5900, units=30, storage="frozen")
    bought(shop, "bo", mei["point"], {"Eggs": 2})
    bought(shop, "lan", mei["point"], {"阿根廷红虾": 1})
    bought(shop, "zed", mei["point"], {"Eggs": 3, "阿根廷红虾": 2})
    packed = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
    return str(packed["id"])


def pages(content: bytes) -> list[str]:
    with PdfDocument(content) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def paper(answer: Answer) -> list[str]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    return pages(answer.data)


def rows(answer: Answer) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def inside(answer: Answer) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (parcel["shopper"], [(line["title"], line["quantity"]) for line in parcel["lines"]])
        for parcel in made(answer, 200)["items"]
    ]


class TestPickList:
    """/hq/pick-lists"""

    def test_it_says_what_goes_into_each_parcel(
        self, shop: Shop, mei: Place, shipment: str
    ) -> None:
        auditor = shop.api.staff("auditor")
        whole = inside(auditor.get("/hq/pick-lists", shipment_id=shipment))
        assert whole == [
            ("Bo", [("Eggs", 2)]),
            ("Lan", [("阿根廷红虾", 1)]),
            ("Zed", [("Eggs", 3), ("阿根廷红虾", 2)]),
        ]
        cold = auditor.get("/hq/pick-lists", pickup_point_id=mei["point"], cold_chain="true")
        assert inside(cold) == [("Lan", [("阿根廷红虾", 1)]), ("Zed", [("阿根廷红虾", 2)])]
        some = auditor.get("/hq/pick-lists", shipment_id=shipment, first=2, last=2)
        assert inside(some) == [whole[1]]
        (parcel, *_) = made(auditor.get("/hq/pick-lists", shipment_id=shipment), 200)["items"]
        assert (parcel["point"], parcel["leader"], parcel["number"]) == ("mei's shop", "Mei", 1)

    def test_it_pages(self, shop: Shop, shipment: str) -> None:
        query = {"shipment_id": shipment, "limit": 2}
        first = made(shop.hua.get("/hq/pick-lists", **query), 200)
        rest = shop.hua.get("/hq/pick-lists", **query, cursor=first["next_cursor"])
        assert [name for name, _ in inside(rest)] == ["Zed"]

    def test_it_costs_the_same_however_many(
        self, shop: Shop, mei: Place, shipment: str, count_statements: Callable[[], Any]
    ) -> None:
        costs = []
        for limit in (1, 3):
            with count_statements() as statements:
                made(shop.hua.get("/hq/pick-lists", shipment_id=shipment, limit=limit), 200)
            costs.append(len(statements))
        assert costs[0] == costs[1]

    def test_it_wants_to_know_of_what(self, shop: Shop) -> None:
        for path in ("/hq/pick-lists", "/hq/pick-lists/file", "/hq/pick-lists/pdf"):
            refused(shop.hua.get(path), 422, "invalid-input")
            assert shop.api.shopper("mei").get(path).status_code == 403

    def test_it_leaves_out_what_was_given_back_or_cancelled(
        self, shop: Shop, mei: Place, paid: dict[str, Any]
    ) -> None:
        other = bought(shop, "lan", mei["point"], {"Eggs": 1})
        made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        made(shop.api.shopper("lan").post(f"/orders/{other}/cancellation"), 200)
        shop.refund(paid["id"], paid["lines"][0]["id"], quantity=1)
        found = shop.hua.get("/hq/pick-lists", pickup_point_id=mei["point"])
        assert inside(found) == [("Bo", [("Eggs", 1)])]

    def test_it_comes_as_a_file(self, shop: Shop, shipment: str) -> None:
        query = {"shipment_id": shipment, "format": "csv"}
        head, *body = rows(shop.hua.get("/hq/pick-lists/file", **query, language="zh-CN"))
        assert head[:8] == ["自提点", "团长", "包裹号", "顾客", "商品", "规格", "储存", "数量"]
        assert [(r[3], r[4], r[6], r[7]) for r in body] == [
            ("Bo", "Eggs", "常温", "2"),
            ("Lan", "阿根廷红虾", "冷冻", "1"),
            ("Zed", "Eggs", "常温", "3"),
            ("Zed", "阿根廷红虾", "冷冻", "2"),
        ]
        xlsx = shop.hua.get("/hq/pick-lists/file", shipment_id=shipment)
        assert zipfile.ZipFile(io.BytesIO(xlsx.data)).testzip() is None

    def test_it_comes_on_paper_with_the_cold_chain_apart(self, shop: Shop, shipment: str) -> None:
        ambient, cold = paper(shop.hua.get("/hq/pick-lists/pdf", shipment_id=shipment))
        assert "Pick list · Ambient · mei's shop" in ambient
        assert "阿根廷红虾" not in ambient
        assert "Pick list · Cold chain · mei's shop" in cold
        assert "Eggs" not in cold
        (only,) = paper(
            shop.hua.get(
                "/hq/pick-lists/pdf", shipment_id=shipment, cold_chain="true", language="zh-CN"
            )
        )
        for words in ("拣货单 · 冷链", "合计", "团长：Mei", "阿根廷红虾", "冷冻"):
            assert words in only
        campaign = "cmp_" + "0" * 32
        (nothing,) = paper(shop.hua.get("/hq/pick-lists/pdf", campaign_id=campaign))
        assert "There are no parcels." in nothing

    def test_it_asks_for_fewer_when_there_are_too_many_for_a_paper(
        self, shop: Shop, shipment: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queries, "MOST", 2)
        answer = shop.hua.get("/hq/pick-lists/pdf", shipment_id=shipment)
        problem = refused(answer, 409, "too-many-for-one-paper")
        assert (problem["count"], problem["most"]) == (3, 2)
        paper(shop.hua.get("/hq/pick-lists/pdf", shipment_id=shipment, first=2))
        slips = shop.hua.get(f"/hq/shipments/{shipment}/slips/pdf")
        refused(slips, 409, "too-many-for-one-paper")


class TestOwnPickList:
    """/leader/pick-lists"""

    def test_it_is_of_ones_own_points(self, shop: Shop, mei: Place, shipment: str) -> None:
        shop.recruit("tao")
        assert len(inside(shop.api.shopper("mei").get("/leader/pick-lists"))) == 3
        assert inside(shop.api.shopper("tao").get("/leader/pick-lists")) == []
        query = {"pickup_point_id": mei["point"]}
        assert inside(shop.api.shopper("tao").get("/leader/pick-lists", **query)) == []
        ambient, _ = paper(shop.api.shopper("mei").get("/leader/pick-lists/pdf", **query))
        assert "Bo" in ambient
        assert shop.api.shopper("bo").get("/leader/pick-lists").status_code == 403


class TestSlips:
    """/hq/shipments/{id}/slips"""

    def test_it_prints_a_label_for_each_parcel_and_one_for_its_cold_chain(
        self, shop: Shop, shipment: str
    ) -> None:
        path = f"/hq/shipments/{shipment}/slips"
        assert len(inside(shop.hua.get(path))) == 3
        slips = paper(shop.hua.get(f"{path}/pdf", language="zh-CN"))
        heads = [slip.splitlines()[0].strip() for slip in slips]
        assert heads == ["1 号 · 常温", "2 号 · 冷链", "3 号 · 常温", "3 号 · 冷链"]
        assert "Zed" in slips[3]
        (slip,) = paper(shop.hua.get(f"{path}/pdf", first=3, last=3, cold_chain="false"))
        assert "No. 3 · Ambient" in slip
        head, *body = rows(shop.hua.get(f"{path}/file", format="csv"))
        assert head[:4] == ["Parcel no.", "Pickup point", "Leader", "Shopper"]
        assert [row[4:7] for row in body] == [["2", "0", "0"], ["0", "0", "1"], ["3", "0", "2"]]

    def test_it_is_of_a_shipment(self, shop: Shop) -> None:
        for end in ("", "/file", "/pdf"):
            answer = shop.hua.get(f"/hq/shipments/{NOWHERE}/slips{end}")
            refused(answer, 404, "not-found")


class TestPaper:
    """Names as long as they come."""

    def parcels(self, count: int) -> list[PickParcel]:
        line = PickLine("sku", "云南蓝莓 " * 9, "特大果", "chilled", 3)
        return [
            PickParcel(
                id=f"pcl{n}",
                shipment_id="shm",
                number=n,
                state="preparing",
                point_id="ppt",
                point="梅姐早餐店",
                address="上海市浦东新区花木路 7 号门面",
                leader_id=None,
                leader=None,
                shopper_id="shp",
                shopper="Featherstonehaugh" * 3,
                lines=[line],
            )
            for n in range(1, count + 1)
        ]

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_it_repeats_its_heads_on_every_page_and_numbers_them(self, language: str) -> None:
        found = pages(pick_paper(self.parcels(60), language, created=CREATED))
        assert len(found) > 3
        title, number = {
            "zh-CN": ("拣货单 · 冷链", "第 {} / {} 页"),
            "en": ("Pick list · Cold chain", "Page {} of {}"),
        }[language]
        for at, page in enumerate(found, 1):
            assert title in page
            assert number.format(at, len(found)) in page.replace("\u00a0", " ")

    def test_it_comes_out_the_same(self) -> None:
        papers = {slips_paper(self.parcels(3), "zh-CN", created=CREATED) for _ in range(2)}
        assert len(papers) == 1

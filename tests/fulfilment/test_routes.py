"""Delivery routes: their stops, what travels on them, and the sheet to sign."""

import csv
import io
from typing import Any

import pytest
from pypdfium2 import PdfDocument

from tests.fulfilment.test_packing import bought
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

Place = dict[str, str]
NOWHERE = "ppt_" + "0" * 32


@pytest.fixture
def tao(shop: Shop) -> Place:
    """Tao, whose point comes second."""
    return shop.recruit("tao")


@pytest.fixture
def route(shop: Shop, mei: Place, tao: Place) -> dict[str, Any]:
    """A route that stops at Mei's and then at Tao's."""
    body = {"name": "浦东一线", "pickup_point_ids": [mei["point"], tao["point"]]}
    return made(shop.hua.post("/hq/routes", body))


def sent(shop: Shop, place: Place, route: dict[str, Any], basket: dict[str, int]) -> str:
    """Pack somebody's order for a point and put it on the route; return the shipment's id."""
    bought(shop, "bo", place["point"], basket)
    packed = made(shop.hua.post("/hq/shipments", {"pickup_point_id": place["point"]}))
    path = f"/hq/shipments/{packed['id']}/route"
    assert made(shop.hua.put(path, {"route_id": route["id"]}), 200)["route_id"] == route["id"]
    return str(packed["id"])


class TestRoute:
    """/hq/routes"""

    def test_it_is_edited_under_its_version(
        self, shop: Shop, mei: Place, tao: Place, route: dict[str, Any]
    ) -> None:
        path = f"/hq/routes/{route['id']}"
        back = {"pickup_point_ids": [tao["point"], mei["point"]]}
        edited = made(shop.hua.patch(path, back, if_match=route["version"]), 200)
        assert edited["pickup_point_ids"] == back["pickup_point_ids"]
        stale = shop.hua.patch(path, {"note": "x"}, if_match=route["version"])
        refused(stale, 412, "stale-version")
        retired = shop.hua.patch(path, {"state": "retired"}, if_match=edited["version"])
        assert made(retired, 200)["state"] == "retired"
        assert made(shop.hua.get("/hq/routes", state="active"), 200)["items"] == []
        assert made(shop.api.staff("auditor").get(path), 200) == made(retired, 200)

    def test_it_refuses_points_that_are_not_there_and_names_that_are(
        self, shop: Shop, mei: Place, route: dict[str, Any]
    ) -> None:
        body = {"name": "浦东二线", "pickup_point_ids": [NOWHERE]}
        refused(shop.hua.post("/hq/routes", body), 422, "invalid-input")
        twice = {**body, "pickup_point_ids": [mei["point"]] * 2}
        refused(shop.hua.post("/hq/routes", twice), 422, "invalid-input")
        taken = {"name": "浦东一线", "pickup_point_ids": [mei["point"]]}
        refused(shop.hua.post("/hq/routes", taken), 409, "route-name-taken")
        other = made(shop.hua.post("/hq/routes", {**taken, "name": "浦东三线"}))
        path = f"/hq/routes/{other['id']}"
        answer = shop.hua.patch(path, {"name": "浦东一线"}, if_match=other["version"])
        refused(answer, 409, "route-name-taken")
        made(shop.hua.patch(path, {"name": "浦东三线"}, if_match=other["version"]), 200)

    def test_it_is_for_operators(self, shop: Shop, route: dict[str, Any]) -> None:
        assert shop.api.anonymous.get("/hq/routes").status_code == 401
        assert shop.api.staff("auditor").post("/hq/routes", {}).status_code == 403
        assert shop.api.shopper("mei").get(f"/hq/routes/{route['id']}/sheet").status_code == 403


class TestAssigning:
    """PUT /hq/shipments/{id}/route"""

    def test_it_takes_only_shipments_for_its_stops(
        self, shop: Shop, mei: Place, route: dict[str, Any]
    ) -> None:
        lan = shop.recruit("lan")
        bought(shop, "bo", lan["point"], {"Eggs": 1})
        packed = made(shop.hua.post("/hq/shipments", {"pickup_point_id": lan["point"]}))
        path = f"/hq/shipments/{packed['id']}/route"
        refused(shop.hua.put(path, {"route_id": route["id"]}), 409, "not-on-route")
        refused(shop.hua.put(path, {"route_id": "rou_" + "0" * 32}), 404, "not-found")

    def test_it_can_be_taken_back_until_the_goods_are_there(
        self, shop: Shop, mei: Place, route: dict[str, Any]
    ) -> None:
        shipment = sent(shop, mei, route, {"Eggs": 1})
        path = f"/hq/shipments/{shipment}"
        assert made(shop.hua.put(f"{path}/route", {"route_id": None}), 200)["route_id"] is None
        for step in ("dispatch", "arrival"):
            made(shop.hua.post(f"{path}/{step}"), 200)
        answer = shop.hua.put(f"{path}/route", {"route_id": route["id"]})
        refused(answer, 409, "not-in-this-state")

    def test_it_is_not_for_retired_routes(
        self, shop: Shop, mei: Place, route: dict[str, Any]
    ) -> None:
        path = f"/hq/routes/{route['id']}"
        made(shop.hua.patch(path, {"state": "retired"}, if_match=route["version"]), 200)
        bought(shop, "bo", mei["point"], {"Eggs": 1})
        packed = made(shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]}))
        answer = shop.hua.put(f"/hq/shipments/{packed['id']}/route", {"route_id": route["id"]})
        refused(answer, 409, "not-on-route")


class TestSheet:
    """/hq/routes/{id}/sheet"""

    @pytest.fixture
    def loaded(self, shop: Shop, mei: Place, tao: Place, route: dict[str, Any]) -> str:
        """The route with eggs and prawns for Mei, eggs for Tao; return its path."""
        shop.stock("Prawns", price_fen=5900, units=9, storage="frozen")
        first = sent(shop, mei, route, {"Eggs": 2, "Prawns": 1})
        sent(shop, tao, route, {"Eggs": 3})
        path, body = f"/hq/shipments/{first}", {"crates": {"ambient": 1, "frozen": 2}}
        version = made(shop.hua.get(path), 200)["version"]
        made(shop.hua.patch(path, body, if_match=version), 200)
        return f"/hq/routes/{route['id']}/sheet"

    def test_it_says_per_stop_what_is_brought(self, shop: Shop, loaded: str) -> None:
        stops = made(shop.hua.get(loaded), 200)["stops"]
        assert [(stop["position"], stop["point"]) for stop in stops] == [
            (1, "mei's shop"),
            (2, "tao's shop"),
        ]
        (shipment,) = stops[0]["shipments"]
        assert shipment["goods"] == {
            "ambient": {"parcels": 1, "units": 2},
            "frozen": {"parcels": 1, "units": 1},
        }
        cold = made(shop.hua.get(loaded, cold_chain="true"), 200)["stops"]
        assert cold[0]["shipments"][0]["crates"] == {"frozen": 2}
        assert cold[1]["shipments"][0]["goods"] == {}

    def test_it_comes_as_a_file(self, shop: Shop, loaded: str) -> None:
        answer = shop.hua.get(f"{loaded}/file", format="csv")
        text = answer.data.decode("utf-8-sig")
        _, *rows = csv.reader(io.StringIO(text, newline=""))
        assert [(row[0], row[4], row[5], row[6], row[7]) for row in rows] == [
            ("1", "Ambient", "1", "2", "1"),
            ("1", "Frozen", "1", "1", "2"),
            ("2", "Ambient", "1", "3", ""),
        ]

    def test_it_comes_on_paper_with_lines_to_sign_on(self, shop: Shop, loaded: str) -> None:
        answer = shop.hua.get(f"{loaded}/pdf", language="zh-CN")
        with PdfDocument(answer.data) as document:
            ambient, cold = (p.get_textpage().get_text_bounded() for p in document)
        for words in ("送货单 · 浦东一线 · 常温", "1. mei's shop", "2. tao's shop", "收货人签字"):
            assert words in ambient
        assert "送货单 · 浦东一线 · 冷链" in cold
        assert "tao's shop" not in cold

    def test_it_is_empty_when_everything_arrived(
        self, shop: Shop, mei: Place, route: dict[str, Any]
    ) -> None:
        path = f"/hq/routes/{route['id']}/sheet"
        shipment = sent(shop, mei, route, {"Eggs": 1})
        for step in ("dispatch", "arrival"):
            made(shop.hua.post(f"/hq/shipments/{shipment}/{step}"), 200)
        assert [s["shipments"] for s in made(shop.hua.get(path), 200)["stops"]] == [[], []]
        with PdfDocument(shop.hua.get(f"{path}/pdf").data) as document:
            told = document[0].get_textpage().get_text_bounded()
        assert "There is nothing to deliver." in told

    def test_it_still_brings_what_was_loaded_for_a_stop_that_was_taken_off(
        self, shop: Shop, mei: Place, tao: Place, route: dict[str, Any]
    ) -> None:
        sent(shop, mei, route, {"Eggs": 1})
        path = f"/hq/routes/{route['id']}"
        body = {"pickup_point_ids": [tao["point"]]}
        made(shop.hua.patch(path, body, if_match=route["version"]), 200)
        stops = made(shop.hua.get(f"{path}/sheet"), 200)["stops"]
        assert [(s["point"], len(s["shipments"])) for s in stops] == [
            ("tao's shop", 0),
            ("mei's shop", 1),
        ]

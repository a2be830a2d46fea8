"""Pickup points as shoppers find them over HTTP."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from groupbuy.kernel.db import session
from tests.client import Api
from tests.factories import leaders as make


class TestShopPoints:
    """GET /pickup-points"""

    PLACES: ClassVar = {"north": (31_240_000, 121_470_000), "far": (39_900_000, 116_400_000)}

    def points(self) -> dict[str, str]:
        leader = make.leader(name="Mei")
        ids = {"nowhere": make.pickup_point(leader).id}
        for name, (latitude, longitude) in self.PLACES.items():
            point = make.pickup_point(leader, name=name, latitude=latitude, longitude=longitude)
            ids[name] = point.id
        return ids

    def test_it_shows_anybody_the_open_points_with_their_leader_in_pages(self, api: Api) -> None:
        ids = self.points()
        first = api.anonymous.get("/pickup-points", limit=2).json
        rest = api.anonymous.get("/pickup-points", limit=2, cursor=first["next_cursor"]).json
        shown = first["items"] + rest["items"]
        assert [row["id"] for row in shown] == list(ids.values())
        assert {row["leader"]["name"] for row in shown} == {"Mei"}
        assert rest["next_cursor"] is None
        assert shown[0].keys() == {
            "id",
            "name",
            "address",
            "opening_hours",
            "lat",
            "lng",
            "leader",
            "distance_m",
        }

    def test_it_puts_the_nearest_first(self, api: Api) -> None:
        ids = self.points()
        answer = api.anonymous.get("/pickup-points", near="31.23,121.47").json
        assert [row["id"] for row in answer["items"]] == [ids["north"], ids["far"]]
        assert answer["next_cursor"] is None
        north, far = (row["distance_m"] for row in answer["items"])
        assert north == 1112
        assert 1_060_000 < far < 1_080_000
        one = api.anonymous.get("/pickup-points", near="39.9,116.4", limit=1).json["items"]
        assert [(row["id"], row["distance_m"]) for row in one] == [(ids["far"], 0)]

    @pytest.mark.parametrize("near", ["here", "91,0", "0,181", "31.23", "1,2,3", "nan,0"])
    def test_it_refuses_what_is_not_a_place(self, api: Api, near: str) -> None:
        assert api.anonymous.get("/pickup-points", near=near).status_code == 422

    def test_it_has_no_second_page_of_near_ones(self, api: Api) -> None:
        answer = api.anonymous.get("/pickup-points", near="31,121", cursor="abc")
        assert answer.json["errors"][0]["pointer"] == "/cursor"

    def test_it_hides_closed_points_and_those_of_suspended_leaders(self, api: Api) -> None:
        leader = make.leader()
        make.pickup_point(leader)
        operator = api.staff("operator")
        assert len(api.anonymous.get("/pickup-points").json["items"]) == 1
        operator.post(f"/hq/leaders/{leader.id}/suspension", {"reason": "Silent."})
        assert api.anonymous.get("/pickup-points").json["items"] == []

    @pytest.mark.parametrize("query", [{}, {"near": "31,121"}])
    def test_it_costs_two_statements_however_many(
        self, api: Api, query: dict[str, str], count_statements: Callable[[], Any]
    ) -> None:
        for _ in range(3):
            make.pickup_point(make.leader(), latitude=0, longitude=0)
        session().expunge_all()
        with count_statements() as statements:
            answer = api.anonymous.get("/pickup-points", **query)
        assert len(answer.json["items"]) == 3
        assert len(statements) == 2

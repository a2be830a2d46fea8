"""Leaders over HTTP: each endpoint anonymous, outsider, happy path, each of its Problems."""

from typing import Any, ClassVar

import pytest

from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from tests.client import Api, Caller
from tests.conftest import START
from tests.factories import leaders as make

APPLICATION = {"name": "Mei", "phone": "13800000000", "region": "Shanghai, Huamu"}
NOBODY = "0" * 32


@pytest.fixture
def mei(api: Api) -> Caller:
    """Mei, an accepted leader."""
    caller = api.shopper("mei")
    make.leader(by=caller.id)
    return caller


def apply(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = caller.post("/leader-applications", {**APPLICATION, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


class TestApplying:
    """POST /leader-applications, GET …/mine, POST …/{id}/withdrawal"""

    def test_it_files_an_application_without_showing_the_phone_again(self, api: Api) -> None:
        filed = apply(api.shopper("mei"), introduction="I know everybody here.")
        assert filed["state"] == "pending"
        assert filed["applied_at"] == "2026-03-02T01:00:00+00:00"
        assert "phone" not in filed

    def test_it_is_for_shoppers(self, api: Api) -> None:
        for caller, status in ((api.anonymous, 401), (api.staff("operator"), 403)):
            assert caller.post("/leader-applications", APPLICATION).status_code == status
            assert caller.get("/leader-applications/mine").status_code == status

    @pytest.mark.parametrize(
        ("field", "value"),
        [("phone", "call me"), ("phone", "1"), ("name", " "), ("recruiter_id", "mei"), ("age", 4)],
    )
    def test_it_refuses_what_does_not_fit(self, api: Api, field: str, value: Any) -> None:
        answer = api.shopper("mei").post("/leader-applications", {**APPLICATION, field: value})
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json["errors"]] == [f"/{field}"]

    def test_it_takes_one_application_at_a_time(self, api: Api) -> None:
        apply(api.shopper("mei"))
        answer = api.shopper("mei").post("/leader-applications", APPLICATION)
        assert (answer.status_code, answer.json["code"]) == (409, "application-pending")

    def test_it_refuses_who_is_a_leader_already(self, mei: Caller) -> None:
        answer = mei.post("/leader-applications", APPLICATION)
        assert (answer.status_code, answer.json["code"]) == (409, "already-leader")

    def test_it_takes_an_active_leader_as_recruiter_and_nobody_else(self, api: Api) -> None:
        recruiter = make.leader()
        bo = api.shopper("bo")
        unknown = {**APPLICATION, "recruiter_id": f"ldr_{NOBODY}"}
        answer = bo.post("/leader-applications", unknown)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/recruiter_id")
        assert apply(bo, recruiter_id=recruiter.id)["recruiter_id"] == recruiter.id

    def test_it_lists_ones_own_newest_first_and_applies_again_after_withdrawing(
        self, api: Api
    ) -> None:
        bo = api.shopper("bo")
        first = apply(bo)
        path = f"/leader-applications/{first['id']}/withdrawal"
        assert bo.post(path).json["state"] == "withdrawn"
        second = apply(bo)
        apply(api.shopper("zed"))
        mine = bo.get("/leader-applications/mine").json
        assert [row["id"] for row in mine["items"]] == [second["id"], first["id"]]

    def test_it_withdraws_only_ones_own_and_only_once(self, api: Api) -> None:
        bo = api.shopper("bo")
        path = f"/leader-applications/{apply(bo)['id']}/withdrawal"
        assert api.anonymous.post(path).status_code == 401
        assert api.shopper("zed").post(path).status_code == 404
        assert bo.post(path, {"why": "no"}).status_code == 422
        assert bo.post(path).status_code == 200
        answer = bo.post(path)
        assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")
        assert (answer.json["state"], answer.json["action"]) == ("withdrawn", "withdraw")


class TestDeciding:
    """/hq/leader-applications"""

    def test_it_shows_headquarters_the_phone_and_lists_by_state(self, api: Api) -> None:
        filed, operator = apply(api.shopper("bo")), api.staff("operator")
        apply(api.shopper("zed"))
        operator.post(f"/hq/leader-applications/{filed['id']}/rejection", {"reason": "Too far."})
        pending = operator.get("/hq/leader-applications", state="pending").json["items"]
        assert [row["shopper_id"] for row in pending] == [api.shopper("zed").id]
        shown = operator.get(f"/hq/leader-applications/{filed['id']}").json
        assert (shown["phone"], shown["state"], shown["reason"], shown["decided_by"]) == (
            "13800000000",
            "rejected",
            "Too far.",
            operator.id,
        )

    def test_it_approves_and_the_leader_acts_at_once(self, api: Api) -> None:
        bo = api.shopper("bo")
        path = f"/hq/leader-applications/{apply(bo)['id']}/approval"
        assert bo.get("/leader/me").status_code == 403
        answer = api.staff("operator").post(path)
        assert answer.status_code == 201
        assert answer.json["shopper_id"] == bo.id
        assert bo.get("/leader/me").json == answer.json

    def test_it_decides_once(self, api: Api) -> None:
        path = f"/hq/leader-applications/{apply(api.shopper('bo'))['id']}"
        operator = api.staff("operator")
        assert operator.post(f"{path}/approval", key="approve-bo").status_code == 201
        assert operator.post(f"{path}/approval", key="approve-bo").status_code == 201
        for again in (
            operator.post(f"{path}/approval"),
            operator.post(f"{path}/rejection", {"reason": "Too late."}),
        ):
            assert (again.status_code, again.json["code"]) == (409, "not-in-this-state")

    def test_it_rejects_only_with_a_reason(self, api: Api) -> None:
        path = f"/hq/leader-applications/{apply(api.shopper('bo'))['id']}/rejection"
        for body in ({}, {"reason": "  "}):
            assert api.staff("operator").post(path, body).status_code == 422

    def test_it_approves_nobody_twice_by_two_applications(self, api: Api) -> None:
        bo = api.shopper("bo")
        path = f"/hq/leader-applications/{apply(bo)['id']}/approval"
        session().add(Leader(shopper_id=bo.id, name="Bo", region="", since=START))
        session().commit()
        answer = api.staff("operator").post(path)
        assert (answer.status_code, answer.json["code"]) == (409, "already-leader")

    def test_it_is_read_by_staff_and_decided_by_operators(self, api: Api) -> None:
        one = f"/hq/leader-applications/{apply(api.shopper('bo'))['id']}"
        for path in ("/hq/leader-applications", one):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
            assert api.staff("auditor").get(path).status_code == 200
        for path, body in ((f"{one}/approval", {}), (f"{one}/rejection", {"reason": "No."})):
            assert api.anonymous.post(path, body).status_code == 401
            assert api.shopper("zed").post(path, body).status_code == 403
            assert api.staff("auditor").post(path, body).status_code == 403
        absent = f"/hq/leader-applications/lap_{NOBODY}"
        assert api.staff("operator").get(absent).status_code == 404
        assert api.staff("operator").post(f"{absent}/approval").status_code == 404


class TestLeaders:
    """/hq/leaders"""

    def test_it_lists_by_state_and_by_a_part_of_name_or_region(self, api: Api) -> None:
        operator = api.staff("operator")
        mei = make.leader(name="Mei", region="Huamu")
        bo = make.leader(name="Bo 100%", region="Sanlin")
        operator.post(f"/hq/leaders/{bo.id}/suspension", {"reason": "Silent."})

        def found(**query: str) -> list[str]:
            answer = operator.get("/hq/leaders", **query)
            return [row["id"] for row in answer.json["items"]]

        assert found() == [mei.id, bo.id]
        assert found(state="active") == [mei.id]
        assert found(q="huam") == [mei.id]
        assert found(q="%") == [bo.id]

    def test_it_suspends_and_reinstates_each_once_with_a_reason(
        self, api: Api, mei: Caller
    ) -> None:
        operator = api.staff("operator")
        path = f"/hq/leaders/{mei.get('/leader/me').json['id']}"
        assert operator.post(f"{path}/suspension").status_code == 422
        suspended = operator.post(f"{path}/suspension", {"reason": "Silent."})
        assert (suspended.status_code, suspended.json["state"]) == (200, "suspended")
        assert mei.get("/leader/me").status_code == 403
        again = operator.post(f"{path}/suspension", {"reason": "Silent."})
        assert (again.status_code, again.json["code"]) == (409, "not-in-this-state")
        back = operator.post(f"{path}/reinstatement", {"reason": "Back."})
        assert (back.json["state"], back.json["version"]) == ("active", 3)
        assert mei.get("/leader/me").status_code == 200
        again = operator.post(f"{path}/reinstatement", {"reason": "Back."})
        assert (again.status_code, again.json["code"]) == (409, "not-in-this-state")

    def test_it_is_read_by_staff_and_decided_by_operators(self, api: Api) -> None:
        one = f"/hq/leaders/{make.leader().id}"
        for path in ("/hq/leaders", one):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
            assert api.staff("trainer").get(path).status_code == 200
        for path in (f"{one}/suspension", f"{one}/reinstatement"):
            assert api.anonymous.post(path, {"reason": "No."}).status_code == 401
            assert api.staff("trainer").post(path, {"reason": "No."}).status_code == 403
        assert api.staff("operator").get(f"/hq/leaders/ldr_{NOBODY}").status_code == 404


class TestCommunities:
    """/leader/communities"""

    BODY: ClassVar = {"name": "Huamu Road 7", "purpose": "long_term", "size": 213}

    def test_it_adds_shows_and_changes_an_own_community(self, mei: Caller) -> None:
        added = mei.post("/leader/communities", {**self.BODY, "tags": ["fruit"]})
        assert (added.status_code, added.headers["ETag"]) == (201, '"1"')
        path = f"/leader/communities/{added.json['id']}"
        changed = mei.patch(path, {"size": 240, "state": "disbanded"}, if_match=1)
        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        assert mei.get(path).json == added.json | {
            "size": 240,
            "state": "disbanded",
            "version": 2,
        }
        assert mei.get("/leader/communities").json["items"] == [changed.json]

    def test_it_refuses_an_edit_without_or_with_a_stale_version(self, mei: Caller) -> None:
        path = f"/leader/communities/{mei.post('/leader/communities', self.BODY).json['id']}"
        assert mei.patch(path, {"size": 1}).status_code == 428
        assert mei.patch(path, {"size": 1}, if_match=1).status_code == 200
        assert mei.patch(path, {"size": 2}, if_match=1).status_code == 412

    @pytest.mark.parametrize(
        ("field", "value"),
        [("purpose", "fun"), ("size", -1), ("size", 1.5), ("tags", ["x"] * 11), ("state", "gone")],
    )
    def test_it_refuses_what_does_not_fit(self, mei: Caller, field: str, value: Any) -> None:
        answer = mei.post("/leader/communities", {**self.BODY, field: value})
        assert answer.status_code == 422

    def test_it_is_for_its_leader(self, api: Api, mei: Caller) -> None:
        path = f"/leader/communities/{mei.post('/leader/communities', self.BODY).json['id']}"
        make.leader(by=api.shopper("zed").id)
        for caller, status in (
            (api.anonymous, 401),
            (api.shopper("bo"), 403),
            (api.staff("operator"), 403),
            (api.shopper("zed"), 404),
        ):
            assert caller.get(path).status_code == status
            assert caller.patch(path, {"size": 1}, if_match=1).status_code == status
        assert api.shopper("zed").get("/leader/communities").json["items"] == []
        assert api.shopper("bo").post("/leader/communities", self.BODY).status_code == 403


class TestPickupPoints:
    """/leader/pickup-points"""

    BODY: ClassVar = {
        "name": "Breakfast shop",
        "address": "Huamu Road 7",
        "opening_hours": "16:00–21:00",
        "lat": 31.2165,
        "lng": -121.543601,
    }

    def open(self, mei: Caller) -> dict[str, Any]:
        answer = mei.post("/leader/pickup-points", self.BODY)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def test_it_opens_shows_and_changes_an_own_point(self, mei: Caller) -> None:
        opened = self.open(mei)
        assert self.BODY.items() <= opened.items()
        path = f"/leader/pickup-points/{opened['id']}"
        changed = mei.patch(path, {"lat": None, "lng": None, "state": "closed"}, if_match=1)
        assert mei.get(path).json == changed.json
        assert (changed.json["lat"], changed.json["state"], changed.json["version"]) == (
            None,
            "closed",
            2,
        )
        assert mei.get("/leader/pickup-points").json["items"] == [changed.json]
        assert mei.patch(path, {"name": "Shop"}, if_match=1).status_code == 412
        assert mei.patch(path, {"name": "Shop"}).status_code == 428

    @pytest.mark.parametrize(
        "place",
        [
            {"lat": 90.1, "lng": 0},
            {"lat": 0, "lng": -181},
            {"lat": True, "lng": 0},
            {"lat": "31", "lng": "121"},
            {"lat": 31},
            {"lat": 31, "lng": None},
        ],
    )
    def test_it_refuses_places_that_are_not_on_earth(
        self, mei: Caller, place: dict[str, Any]
    ) -> None:
        body = {"name": "Shop", "address": "Road 7", **place}
        assert mei.post("/leader/pickup-points", body).status_code == 422

    def test_it_is_for_its_leader(self, api: Api, mei: Caller) -> None:
        path = f"/leader/pickup-points/{self.open(mei)['id']}"
        verifier = f"{path}/verifiers/{api.shopper('bo').id}"
        make.leader(by=api.shopper("zed").id)
        for caller, status in (
            (api.anonymous, 401),
            (api.shopper("bo"), 403),
            (api.staff("operator"), 403),
            (api.shopper("zed"), 404),
        ):
            assert caller.get(path).status_code == status
            assert caller.patch(path, {"name": "X"}, if_match=1).status_code == status
            assert caller.get(f"{path}/verifiers").status_code == status
            assert caller.put(verifier).status_code == status
            assert caller.delete(verifier).status_code == status
        assert api.shopper("zed").get("/leader/pickup-points").json["items"] == []
        assert api.shopper("bo").post("/leader/pickup-points", self.BODY).status_code == 403

    def test_it_lets_others_hand_over_and_takes_that_back(self, api: Api, mei: Caller) -> None:
        verifiers = f"/leader/pickup-points/{self.open(mei)['id']}/verifiers"
        bo = api.shopper("bo")
        for _ in range(2):
            answer = mei.put(f"{verifiers}/{bo.id}")
            assert (answer.status_code, answer.json) == (200, {"shopper_id": bo.id, "name": "Bo"})
        listed = mei.get(verifiers).json["items"]
        assert {row["shopper_id"] for row in listed} == {mei.id, bo.id}
        assert mei.delete(f"{verifiers}/{bo.id}").status_code == 204
        assert mei.delete(f"{verifiers}/{bo.id}").status_code == 404
        assert [row["shopper_id"] for row in mei.get(verifiers).json["items"]] == [mei.id]

    def test_it_knows_only_shoppers_as_verifiers(self, mei: Caller) -> None:
        verifiers = f"/leader/pickup-points/{self.open(mei)['id']}/verifiers"
        assert mei.put(f"{verifiers}/shp_{NOBODY}").status_code == 404

"""Cohorts over HTTP: planned, filled, given a timetable, joined and left by leaders."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.training.jobs import turn_cohorts
from groupbuy.training.models import Cohort, Enrollment, Program
from groupbuy.training.rules.content import ContentState, LessonKind
from tests.client import Api
from tests.factories import cohorts, leaders, training
from tests.factories.cohorts import THRICE
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

COHORTS = "/hq/cohorts"
OWN = "/leader/cohorts"
NOBODY = f"{COHORTS}/cht_{'0' * 32}"
DAYS = {"first_day": "2026-03-02", "last_day": "2026-03-15"}


@pytest.fixture
def program(app: object) -> Program:
    return training.program()


@pytest.fixture
def mei(api: Api) -> Leader:
    """Mei, a leader, who is logged in as `api.shopper("mei")`."""
    return leaders.leader(by=api.shopper("mei").id, name="Mei")


def body_of(program: Program, **fields: Any) -> dict[str, Any]:
    return {
        "program_id": program.id,
        "trainer_id": cohorts.trainer().id,
        "title_zh": "三月班",
        "title_en": "March",
        "capacity": 2,
        "pattern": THRICE,
        **DAYS,
        **fields,
    }


def planned(api: Api, program: Program, **fields: Any) -> dict[str, Any]:
    return made(api.staff("trainer").post(COHORTS, body_of(program, **fields)))


def path_of(cohort: dict[str, Any]) -> str:
    return f"{COHORTS}/{cohort['id']}"


class TestPlanning:
    """/hq/cohorts"""

    def test_it_plans_shows_and_changes_a_cohort(self, api: Api, program: Program) -> None:
        trainer = api.staff("trainer")
        cohort = planned(api, program)
        assert (cohort["program"], cohort["trainer"], cohort["members"]) == (
            "First steps",
            "Lan",
            0,
        )
        assert (cohort["state"], cohort["open"], cohort["grace_minutes"]) == ("planned", False, 10)
        assert cohort["pattern"][0] == {**THRICE[0], "lesson_id": None}
        edit = {"capacity": 40, "open": True, "skipped_days": ["2026-03-06", "2026-03-04"]}
        edited = made(trainer.patch(path_of(cohort), edit, if_match=cohort["version"]), 200)
        assert (edited["capacity"], edited["open"]) == (40, True)
        assert edited["skipped_days"] == ["2026-03-04", "2026-03-06"]
        stale = trainer.patch(path_of(cohort), edit, if_match=cohort["version"])
        refused(stale, 412, "stale-version")
        assert made(api.staff("auditor").get(path_of(cohort)), 200) == edited

    def test_it_lists_and_filters_the_newest_first(self, api: Api, program: Program) -> None:
        first, second = planned(api, program), planned(api, training.program())
        trainer = api.staff("trainer")

        def ids(**query: Any) -> list[str]:
            return [one["id"] for one in made(trainer.get(COHORTS, **query), 200)["items"]]

        assert ids() == [second["id"], first["id"]]
        assert ids(program=program.id) == [first["id"]]
        assert ids(trainer=first["trainer_id"], limit=1) == [second["id"]]
        assert ids(state="running") == []
        refused(trainer.get(COHORTS, state="odd"), 422, "invalid-input")

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"last_day": "2026-03-01"}, "/last_day"),
            ({"last_day": "2027-06-01"}, "/last_day"),
            ({"program_id": f"prg_{'0' * 32}"}, "/program_id"),
            ({"trainer_id": f"stf_{'0' * 32}"}, "/trainer_id"),
            ({"pattern": [{**THRICE[0], "lesson_id": f"lsn_{'0' * 32}"}]}, "/pattern/0/lesson_id"),
            ({"pattern": [THRICE[0], {**THRICE[0], "time": "20:00"}]}, "/pattern/1"),
            ({"pattern": [{**THRICE[0], "weekday": 8}]}, "/pattern/0/weekday"),
            (
                {
                    "pattern": [
                        {"weekday": 7, "time": "23:30", "minutes": 60},
                        {"weekday": 1, "time": "00:00", "minutes": 60},
                    ]
                },
                "/pattern/1",
            ),
        ],
    )
    def test_it_refuses_what_makes_no_timetable(
        self, api: Api, program: Program, fields: dict[str, Any], pointer: str
    ) -> None:
        answer = api.staff("trainer").post(COHORTS, body_of(program, **fields))
        problem = refused(answer, 422, "invalid-input")
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]

    def test_it_starts_and_finishes_by_its_days(
        self, api: Api, program: Program, clock: ManualClock
    ) -> None:
        cohort = planned(api, program)
        trainer = api.staff("trainer")
        turn_cohorts()
        assert trainer.get(path_of(cohort)).json["state"] == "running"
        clock.advance(days=13, hours=14)
        turn_cohorts()
        assert trainer.get(path_of(cohort)).json["state"] == "running"
        clock.advance(hours=2)
        turn_cohorts()
        finished = trainer.get(path_of(cohort)).json
        assert finished["state"] == "finished"
        edit = trainer.patch(path_of(cohort), {"capacity": 3}, if_match=finished["version"])
        refused(edit, 409, "not-in-this-state")
        refused(trainer.post(f"{path_of(cohort)}/timetable"), 409, "not-in-this-state")

    def test_it_cancels_a_cohort_with_its_sessions_to_come(
        self, api: Api, program: Program, clock: ManualClock
    ) -> None:
        cohort, trainer = planned(api, program), api.staff("trainer")
        made(trainer.post(f"{path_of(cohort)}/timetable"))
        clock.advance(days=1)
        reason = {"reason": "Too few of us."}
        ended = made(trainer.post(f"{path_of(cohort)}/cancellation", reason), 200)
        assert (ended["state"], ended["reason"]) == ("cancelled", "Too few of us.")
        again = trainer.post(f"{path_of(cohort)}/cancellation", reason)
        refused(again, 409, "not-in-this-state")
        items = trainer.get("/hq/live-sessions", cohort=cohort["id"]).json["items"]
        assert [one["state"] for one in items] == ["planned", *["cancelled"] * 5]
        assert items[1]["reason"] == "Too few of us."
        restore = trainer.delete(f"/hq/live-sessions/{items[1]['id']}/cancellation")
        refused(restore, 409, "not-in-this-state")

    def test_it_lets_trainers_edit_and_headquarters_read(self, api: Api, program: Program) -> None:
        body, paths = body_of(program), [COHORTS, NOBODY, f"{NOBODY}/members", f"{NOBODY}/weeks"]
        for path in paths:
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
        for outsider in (api.staff("operator"), api.staff("finance"), api.shopper("zed")):
            assert outsider.post(COHORTS, body).status_code == 403
            assert outsider.post(f"{NOBODY}/timetable").status_code == 403
        trainer = api.staff("trainer")
        for path in (*paths[1:], f"{NOBODY}/timetable"):
            refused(trainer.get(path), 404, "not-found")
        for path in ("members", "timetable", "cancellation"):
            sent: dict[str, Any] = {
                "members": {"leader_ids": [f"ldr_{'0' * 32}"]},
                "timetable": {},
                "cancellation": {"reason": "No."},
            }
            refused(trainer.post(f"{NOBODY}/{path}", sent[path]), 404, "not-found")
        refused(trainer.patch(NOBODY, {"capacity": 3}, if_match=1), 404, "not-found")


class TestTimetable:
    """/hq/cohorts/{id}/timetable"""

    def test_it_generates_sessions_in_local_time_and_gives_them_lessons(
        self, api: Api, program: Program
    ) -> None:
        module = training.module(training.course(program))
        lessons = [training.lesson(module, LessonKind.LIVE_SESSION, position=n) for n in (2, 1)]
        cohort = planned(api, program, skipped_days=["2026-03-04"])
        trainer = api.staff("trainer")
        path = f"{path_of(cohort)}/timetable"
        preview = made(trainer.get(path), 200)
        assert [slot["starts_at"] for slot in preview["added"]] == [
            f"2026-03-{day:02}T11:30:00+00:00" for day in (2, 6, 9, 11, 13)
        ]
        assert trainer.get("/hq/live-sessions", cohort=cohort["id"]).json["items"] == []
        assert made(trainer.post(path)) == preview
        items = trainer.get("/hq/live-sessions", cohort=cohort["id"]).json["items"]
        assert [one["lesson_id"] for one in items] == [lessons[1].id, lessons[0].id, *[None] * 3]
        assert [one["title"] for one in items[:3]] == ["Welcome", "Welcome", "March"]
        again = made(trainer.post(path))
        assert again == {"added": [], "changed": [], "removed": [], "kept": 5}

    def test_it_changes_only_sessions_to_come_that_nobody_touched(
        self, api: Api, program: Program, mei: Leader, clock: ManualClock
    ) -> None:
        cohort, trainer = planned(api, program), api.staff("trainer")
        path = f"{path_of(cohort)}/timetable"
        made(trainer.post(f"{path_of(cohort)}/members", {"leader_ids": [mei.id]}))
        made(trainer.post(path))
        items = trainer.get("/hq/live-sessions", cohort=cohort["id"]).json["items"]
        clock.advance(days=1)
        moved, excused, cancelled = items[1:4]
        times = {"starts_at": "2026-03-05T11:30:00Z", "ends_at": "2026-03-05T12:30:00Z"}
        made(trainer.patch(f"/hq/live-sessions/{moved['id']}", times, if_match=1), 200)
        decision = {"items": [{"leader_id": mei.id, "kind": "excuse"}], "reason": "A wedding."}
        made(trainer.post(f"/hq/live-sessions/{excused['id']}/attendance-decisions", decision))
        reason = {"reason": "Ill."}
        made(trainer.post(f"/hq/live-sessions/{cancelled['id']}/cancellation", reason), 200)
        edit = {"pattern": [{**THRICE[0], "minutes": 90}, {**THRICE[1], "time": "20:00"}]}
        version = trainer.get(path_of(cohort)).json["version"]
        made(trainer.patch(path_of(cohort), edit, if_match=version), 200)
        # What is left of the old pattern: the 11th and the 13th.
        changes = made(trainer.post(path))
        assert [slot["starts_at"][8:16] for slot in changes["added"]] == ["04T12:00", "11T12:00"]
        assert [slot["starts_at"][8:16] for slot in changes["removed"]] == ["11T11:30", "13T11:30"]
        assert (changes["changed"], changes["kept"]) == ([], 4)
        version += 1
        made(trainer.patch(path_of(cohort), {"pattern": THRICE}, if_match=version), 200)
        back = made(trainer.post(path))
        assert [slot["starts_at"][8:16] for slot in back["added"]] == ["11T11:30", "13T11:30"]
        assert len(back["removed"]) == 2

    def test_it_lengthens_sessions_to_come_and_raises_their_sequence(
        self, api: Api, program: Program, clock: ManualClock
    ) -> None:
        cohort, trainer = planned(api, program), api.staff("trainer")
        made(trainer.post(f"{path_of(cohort)}/timetable"))
        clock.advance(days=3)
        longer = {"pattern": [{**slot, "minutes": 90} for slot in THRICE]}
        made(trainer.patch(path_of(cohort), longer, if_match=1), 200)
        changes = made(trainer.post(f"{path_of(cohort)}/timetable"))
        assert (len(changes["changed"]), changes["kept"]) == (4, 2)
        items = trainer.get("/hq/live-sessions", cohort=cohort["id"]).json["items"]
        assert [one["ends_at"][11:16] for one in items] == ["12:30"] * 2 + ["13:00"] * 4
        assert [one["version"] for one in items] == [1, 1, 2, 2, 2, 2]


class TestMembers:
    """/hq/cohorts/{id}/members"""

    def test_it_enrols_whom_it_adds_and_keeps_who_was_removed(
        self, api: Api, program: Program, mei: Leader
    ) -> None:
        cohort, trainer = planned(api, program), api.staff("trainer")
        path = f"{path_of(cohort)}/members"
        (member,) = made(trainer.post(path, {"leader_ids": [mei.id, mei.id]}))["items"]
        assert (member["leader_id"], member["name"], member["left_at"]) == (mei.id, "Mei", None)
        assert session().query(Enrollment).one().leader_id == mei.id
        assert len(made(trainer.post(path, {"leader_ids": [mei.id]}))["items"]) == 1
        assert trainer.get(path_of(cohort)).json["members"] == 1
        assert trainer.delete(f"{path}/{mei.id}").status_code == 204
        refused(trainer.delete(f"{path}/{mei.id}"), 404, "not-found")
        assert trainer.get(path).json["items"] == []
        (gone,) = trainer.get(path, left="true").json["items"]
        assert (gone["leader_id"], gone["left_by"]) == (mei.id, trainer.id)
        assert session().query(Enrollment).count() == 1

    def test_it_adds_nobody_if_not_everybody_fits(self, api: Api, program: Program) -> None:
        cohort, trainer = planned(api, program), api.staff("trainer")
        path = f"{path_of(cohort)}/members"
        ids = [leaders.leader().id for _ in range(3)]
        problem = refused(trainer.post(path, {"leader_ids": ids}), 409, "cohort-full")
        assert problem["capacity"] == 2
        assert trainer.get(path).json["items"] == []
        made(trainer.post(path, {"leader_ids": ids[:2]}))
        smaller = trainer.patch(path_of(cohort), {"capacity": 1}, if_match=1)
        refused(smaller, 409, "cohort-full")
        stranger = {"leader_ids": [ids[0], f"ldr_{'0' * 32}"]}
        problem = refused(trainer.post(path, stranger), 422, "invalid-input")
        assert problem["errors"][0]["pointer"] == "/leader_ids/1"

    def test_it_adds_nobody_to_a_program_that_is_not_taught(
        self, api: Api, program: Program, mei: Leader
    ) -> None:
        cohort, trainer = planned(api, program, open=True), api.staff("trainer")
        with transaction():
            program.state = ContentState.RETIRED
        answer = trainer.post(f"{path_of(cohort)}/members", {"leader_ids": [mei.id]})
        refused(answer, 409, "not-taught")
        refused(api.shopper("mei").post(f"{OWN}/{cohort['id']}/membership"), 409, "not-taught")

    def test_it_lists_a_cohorts_weeks_in_a_constant_number_of_statements(
        self, api: Api, program: Program, clock: ManualClock, count_statements: Callable[[], Any]
    ) -> None:
        people = [leaders.leader() for _ in range(3)]
        group = cohorts.cohort(program, leaders=people)
        cohorts.attended(group, people[0])
        path, trainer = f"{COHORTS}/{group.id}/weeks", api.staff("trainer")
        counts = []
        for limit in (1, 3):
            with count_statements() as statements:
                page = made(trainer.get(path, limit=limit), 200)
            counts.append(len(statements))
        assert counts[0] == counts[1]
        week = page["items"][0]["weeks"][-1]
        assert (week["week"], week["attended"], week["compliant"]) == ("2026-03-02", 1, True)
        assert (len(page["items"][0]["weeks"]), page["items"][0]["target"]) == (8, 3)
        assert [one["streak"]["current"] for one in page["items"]] == [1, 0, 0]
        days = {"from": "2026-03-02", "until": "2026-03-17"}
        assert len(trainer.get(path, **days).json["items"][0]["weeks"]) == 3
        backward = {"from": "2026-03-02", "until": "2026-03-02"}
        refused(trainer.get(path, **backward), 422, "invalid-input")


class TestLeaders:
    """/leader/cohorts"""

    def test_it_lets_a_leader_join_and_leave_an_open_cohort(
        self, api: Api, program: Program, mei: Leader
    ) -> None:
        cohort, leader = planned(api, program, open=True, capacity=1), api.shopper("mei")
        path = f"{OWN}/{cohort['id']}"
        shown = made(leader.get(path), 200)
        assert (shown["title"], shown["places_left"], shown["can_join"]) == ("March", 1, True)
        assert leader.get(path, language="zh-CN").json["title"] == "三月班"
        joined = made(leader.post(f"{path}/membership"))
        assert (joined["places_left"], joined["can_join"]) == (0, False)
        assert joined["joined_at"] is not None
        made(leader.post(f"{path}/membership"))
        assert session().query(Enrollment).one().leader_id == mei.id
        leaders.leader(by=api.shopper("tao").id)
        refused(api.shopper("tao").post(f"{path}/membership"), 409, "cohort-full")
        refused(api.shopper("tao").get(path), 404, "not-found")
        assert leader.delete(f"{path}/membership").status_code == 204
        refused(leader.delete(f"{path}/membership"), 404, "not-found")
        made(api.shopper("tao").post(f"{path}/membership"))

    def test_it_shows_a_leader_only_their_own_and_open_cohorts(
        self, api: Api, program: Program, mei: Leader
    ) -> None:
        hidden, opened = planned(api, program), planned(api, program, open=True)
        mine = planned(api, program)
        trainer, leader = api.staff("trainer"), api.shopper("mei")
        made(trainer.post(f"{path_of(mine)}/members", {"leader_ids": [mei.id]}))

        def ids(**query: Any) -> list[str]:
            return [one["id"] for one in made(leader.get(OWN, **query), 200)["items"]]

        assert ids() == [mine["id"], opened["id"]]
        assert (ids(mine="true"), ids(mine="false")) == ([mine["id"]], [opened["id"]])
        refused(leader.get(f"{OWN}/{hidden['id']}"), 404, "not-found")
        refused(leader.post(f"{OWN}/{hidden['id']}/membership"), 404, "not-found")
        made(trainer.post(f"{path_of(opened)}/cancellation", {"reason": "No."}), 200)
        refused(leader.get(f"{OWN}/{opened['id']}"), 404, "not-found")
        refused(leader.post(f"{OWN}/{opened['id']}/membership"), 409, "not-in-this-state")
        made(trainer.post(f"{path_of(mine)}/cancellation", {"reason": "No."}), 200)
        refused(leader.delete(f"{OWN}/{mine['id']}/membership"), 409, "not-in-this-state")

    def test_it_is_for_leaders(self, api: Api) -> None:
        for path in (OWN, f"{OWN}/cht_{'0' * 32}", "/leader/live-sessions", "/leader/attendance"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
            assert api.staff("trainer").get(path).status_code == 403
        assert api.shopper("zed").post(f"{OWN}/cht_{'0' * 32}/membership").status_code == 403


def test_it_keeps_the_state_of_a_cohort_known(app: object) -> None:
    assert cohorts.cohort().state == session().query(Cohort).one().state == "planned"

"""Coaches, templates, plans with tasks and notes, and who is given to whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import CoachingPlan
from groupbuy.training.rules.coaching import Room, deal
from tests.client import Api, Caller
from tests.factories import coaching, training
from tests.factories.coaching import CALL, HOST, MARCH, opened
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

PLANS = "/hq/coaching/plans"
TEMPLATES = "/hq/coaching/templates"
NOBODY = f"{PLANS}/cpl_{'0' * 32}"
NO_TASK = f"/hq/coaching/tasks/ctk_{'0' * 32}"


class TestDealing:
    """Who gets whom"""

    def test_it_gives_to_the_coach_with_the_fewest(self) -> None:
        rooms = [Room("b", 1, 9), Room("a", 0, 9), Room("c", 1, 9)]
        assert deal("12345", rooms) == [
            ("1", "a"),
            ("2", "a"),
            ("3", "b"),
            ("4", "c"),
            ("5", "a"),
        ]

    def test_it_leaves_over_whom_nobody_has_room_for(self) -> None:
        assert deal("123", [Room("a", 1, 2), Room("b", 3, 3)]) == [("1", "a")]
        assert deal("1", []) == []


@pytest.fixture
def leaders(api: Api) -> list[str]:
    """Mei and two others who sold nothing in March, which is divided."""
    return coaching.tail(api)


@pytest.fixture
def trainer(api: Api) -> Caller:
    """Somebody who trains."""
    return api.staff("trainer")


class TestCoaches:
    """/hq/coaches"""

    def test_it_adds_edits_and_lists_coaches(self, api: Api, trainer: Caller) -> None:
        body = {"staff_id": trainer.id, "load_limit": 3}
        coach = made(trainer.post("/hq/coaches", body))
        assert coach == {
            "staff_id": trainer.id,
            "name": "Trainer",
            "open_plans": 0,
            "load_limit": 3,
            "active": True,
            "version": 1,
        }
        refused(trainer.post("/hq/coaches", body), 409, "coach-known")
        path = f"/hq/coaches/{trainer.id}"
        changed = made(trainer.patch(path, {"active": False}, if_match=1), 200)
        assert (changed["active"], changed["load_limit"], changed["version"]) == (False, 3, 2)
        refused(trainer.patch(path, {"active": True}, if_match=1), 412, "stale-version")
        assert made(trainer.get(path), 200) == changed
        assert trainer.get("/hq/coaches", active=True).json["items"] == []
        assert len(trainer.get("/hq/coaches").json["items"]) == 1

    def test_it_takes_only_trainers_and_operators(self, api: Api, trainer: Caller) -> None:
        finance = api.staff("finance")
        body = {"staff_id": finance.id, "load_limit": 3}
        refused(trainer.post("/hq/coaches", body), 409, "coach-away")
        nobody = {"staff_id": f"stf_{'0' * 32}", "load_limit": 3}
        refused(trainer.post("/hq/coaches", nobody), 409, "coach-away")
        nowhere = f"/hq/coaches/stf_{'0' * 32}"
        refused(trainer.get(nowhere), 404, "not-found")
        refused(trainer.patch(nowhere, {"active": True}, if_match=1), 404, "not-found")

    def test_it_keeps_the_limit_above_what_is_open(
        self, leaders: list[str], trainer: Caller
    ) -> None:
        coach = coaching.coach(load_limit=2)
        opened(trainer, leaders[0], coach.staff_id)
        path = f"/hq/coaches/{coach.staff_id}"
        answer = trainer.patch(path, {"load_limit": 0}, if_match=1)
        refused(answer, 409, "coach-full")
        assert made(trainer.patch(path, {"load_limit": 1}, if_match=1), 200)["open_plans"] == 1


class TestTemplates:
    """/hq/coaching/templates"""

    def test_it_keeps_one_template_of_a_segment_in_use(self, trainer: Caller) -> None:
        body = {"segment": "tail", "title_zh": "甲", "title_en": "A", "tasks": [CALL, HOST]}
        first = made(trainer.post(TEMPLATES, body))
        assert (first["active"], first["tasks"]) == (True, [CALL, HOST])
        refused(trainer.post(TEMPLATES, body), 409, "coaching-template-in-use")
        path = f"{TEMPLATES}/{first['id']}"
        made(trainer.patch(path, {"active": False, "title_en": "Old"}, if_match=1), 200)
        second = made(trainer.post(TEMPLATES, body))
        answer = trainer.patch(path, {"active": True}, if_match=2)
        refused(answer, 409, "coaching-template-in-use")
        assert made(trainer.get(path), 200)["title_en"] == "Old"
        in_use = trainer.get(TEMPLATES, active=True, segment="tail").json["items"]
        assert [row["id"] for row in in_use] == [second["id"]]
        refused(trainer.patch(path, {"title_en": "B"}, if_match=1), 412, "stale-version")

    def test_it_takes_tasks_of_lessons_that_are_there(self, trainer: Caller) -> None:
        lesson = training.lesson(training.module(training.course(training.program())))
        task = {**CALL, "kind": "lesson", "lesson_id": lesson.id}
        body = {"segment": "head", "title_zh": "甲", "title_en": "A", "tasks": [task]}
        assert made(trainer.post(TEMPLATES, body))["tasks"][0]["lesson_id"] == lesson.id
        for fault in ({**task, "lesson_id": f"lsn_{'0' * 32}"}, {**task, "lesson_id": None}):
            answer = trainer.post(TEMPLATES, {**body, "segment": "new", "tasks": [fault]})
            refused(answer, 422, "invalid-input")
            assert answer.json["errors"][0]["pointer"] == "/tasks/0/lesson_id"
        nowhere = f"{TEMPLATES}/cpt_{'0' * 32}"
        refused(trainer.get(nowhere), 404, "not-found")
        refused(trainer.patch(nowhere, {"active": True}, if_match=1), 404, "not-found")


class TestPlans:
    """/hq/coaching/plans"""

    def test_it_opens_a_plan_with_the_tasks_of_the_template(
        self, leaders: list[str], trainer: Caller
    ) -> None:
        coaching.template("tail")
        coach = coaching.coach()
        shown = opened(trainer, leaders[0], coach.staff_id)
        plan = shown["plan"]
        assert (plan["month"], plan["segment"], plan["state"]) == (MARCH, "tail", "open")
        assert (plan["leader_id"], plan["coach_name"]) == (leaders[0], "Coach")
        assert (plan["tasks"], plan["done"], plan["overdue"]) == (2, 0, 0)
        assert [task["kind"] for task in shown["tasks"]] == ["call", "host"]
        day = coaching.today() + timedelta(days=3)
        assert shown["tasks"][0]["due_on"] == day.isoformat()
        assert "do not prove" in shown["caution"]
        assert made(trainer.get(f"{PLANS}/{plan['id']}"), 200) == shown
        again = {"leader_id": leaders[0], "coach_id": coach.staff_id}
        refused(trainer.post(PLANS, again), 409, "coaching-plan-open")

    def test_it_asks_for_a_segment_a_coach_and_room(
        self, api: Api, leaders: list[str], trainer: Caller
    ) -> None:
        coach = coaching.coach(load_limit=1)
        body = {"leader_id": leaders[0], "coach_id": coach.staff_id}
        refused(trainer.post(PLANS, {**body, "month": "2026-04"}), 409, "no-segment")
        stranger = {**body, "leader_id": f"ldr_{'0' * 32}"}
        refused(trainer.post(PLANS, stranger), 409, "no-segment")
        refused(trainer.post(PLANS, {**body, "coach_id": trainer.id}), 409, "coach-away")
        opened(trainer, leaders[0], coach.staff_id, tasks=[])
        full = trainer.post(PLANS, {**body, "leader_id": leaders[1]})
        refused(full, 409, "coach-full")
        assert (full.json["load"], full.json["load_limit"]) == (1, 1)

    def test_it_lists_with_filters(self, leaders: list[str], trainer: Caller) -> None:
        one, two = coaching.coach("one"), coaching.coach("two")
        mine = opened(trainer, leaders[0], one.staff_id, tasks=[CALL])["plan"]["id"]
        other = opened(trainer, leaders[1], two.staff_id)["plan"]["id"]
        made(trainer.post(f"{PLANS}/{other}/completion"), 200)

        def ids(**filters: Any) -> list[str]:
            return [row["id"] for row in trainer.get(PLANS, **filters).json["items"]]

        assert ids() == [other, mine]
        assert (ids(state="open"), ids(coach=two.staff_id)) == ([mine], [other])
        assert (ids(leader=leaders[0]), ids(month="2026-02")) == ([mine], [])
        assert (ids(segment="tail"), ids(segment="head")) == ([other, mine], [])
        page = trainer.get(PLANS, limit=1).json
        assert ids(cursor=page["next_cursor"]) == [mine]

    def test_it_tells_what_is_overdue(self, api: Api, leaders: list[str], trainer: Caller) -> None:
        opened(trainer, leaders[0], coaching.coach().staff_id, tasks=[CALL, HOST])
        api.clock.advance(days=4)
        [row] = trainer.get(PLANS).json["items"]
        assert (row["tasks"], row["done"], row["overdue"]) == (2, 0, 1)

    def test_it_lists_in_a_constant_number_of_statements(
        self, leaders: list[str], trainer: Caller, count_statements: Callable[[], Any]
    ) -> None:
        coach = coaching.coach()
        opened(trainer, leaders[0], coach.staff_id, tasks=[CALL])
        with count_statements() as few:
            trainer.get(PLANS)
        for leader in leaders[1:]:
            opened(trainer, leader, coach.staff_id, tasks=[CALL, HOST])
        with count_statements() as many:
            assert len(trainer.get(PLANS).json["items"]) == 3
        assert len(many) == len(few)

    def test_it_passes_a_plan_on(self, leaders: list[str], trainer: Caller) -> None:
        one, two = coaching.coach("one"), coaching.coach("two", load_limit=1)
        plan = opened(trainer, leaders[0], one.staff_id)["plan"]
        path = f"{PLANS}/{plan['id']}/coach"
        to_two = {"coach_id": two.staff_id}
        moved = made(trainer.put(path, to_two, if_match=plan["version"]), 200)
        assert (moved["plan"]["coach_id"], moved["version"]) == (two.staff_id, 2)
        refused(trainer.put(path, to_two, if_match=1), 412, "stale-version")
        other = opened(trainer, leaders[1], one.staff_id)["plan"]["id"]
        refused(trainer.put(f"{PLANS}/{other}/coach", to_two, if_match=1), 409, "coach-full")
        away = {"coach_id": trainer.id}
        refused(trainer.put(path, away, if_match=2), 409, "coach-away")
        made(trainer.post(f"{PLANS}/{plan['id']}/completion"), 200)
        back = {"coach_id": one.staff_id}
        refused(trainer.put(path, back, if_match=3), 409, "not-in-this-state")

    def test_it_closes_a_plan_once(self, leaders: list[str], trainer: Caller) -> None:
        coach = coaching.coach(load_limit=1).staff_id
        plan = opened(trainer, leaders[0], coach)["plan"]["id"]
        path = f"{PLANS}/{plan}"
        refused(trainer.post(f"{path}/cancellation", {}), 422, "invalid-input")
        gone = made(trainer.post(f"{path}/cancellation", {"reason": "Moved away."}), 200)
        assert (gone["plan"]["state"], gone["plan"]["reason"]) == ("cancelled", "Moved away.")
        assert gone["plan"]["closed_by"] == trainer.id
        for action, body in (("completion", {}), ("cancellation", {"reason": "Again."})):
            refused(trainer.post(f"{path}/{action}", body), 409, "not-in-this-state")
        assert opened(trainer, leaders[0], coach)["plan"]["state"] == "open"

    def test_it_ticks_tasks_off_and_back(self, leaders: list[str], trainer: Caller) -> None:
        shown = opened(trainer, leaders[0], coaching.coach().staff_id, tasks=[CALL])
        path = f"/hq/coaching/tasks/{shown['tasks'][0]['id']}"
        done = made(trainer.post(f"{path}/completion"), 200)
        assert (done["done_by"], done["done_at"] is None) == (trainer.id, False)
        assert made(trainer.post(f"{path}/completion"), 200) == done
        refused(trainer.delete(path), 409, "not-in-this-state")
        assert made(trainer.delete(f"{path}/completion"), 200)["done_at"] is None
        added = made(trainer.post(f"{PLANS}/{shown['plan']['id']}/tasks", HOST))
        assert (added["kind"], added["by_leader"]) == ("host", True)
        assert trainer.delete(path).status_code == 204
        left = made(trainer.get(f"{PLANS}/{shown['plan']['id']}"), 200)["tasks"]
        assert [task["id"] for task in left] == [added["id"]]
        made(trainer.post(f"{PLANS}/{shown['plan']['id']}/completion"), 200)
        path = f"/hq/coaching/tasks/{added['id']}"
        refused(trainer.post(f"{path}/completion"), 409, "not-in-this-state")
        refused(trainer.delete(path), 409, "not-in-this-state")
        closed = trainer.post(f"{PLANS}/{shown['plan']['id']}/tasks", HOST)
        refused(closed, 409, "not-in-this-state")

    def test_it_corrects_a_note_by_another_one(self, leaders: list[str], trainer: Caller) -> None:
        coach = coaching.coach().staff_id
        plan = opened(trainer, leaders[0], coach)["plan"]["id"]
        other = opened(trainer, leaders[1], coach)["plan"]["id"]
        path = f"{PLANS}/{plan}/notes"
        first = made(trainer.post(path, {"body": "She is shy.", "shared": False}))
        correction = {"body": "She is busy.", "corrects_id": first["id"]}
        second = made(trainer.post(path, correction))
        refused(trainer.post(path, correction), 409, "note-corrected")
        refused(trainer.post(f"{PLANS}/{other}/notes", correction), 404, "not-found")
        notes = trainer.get(path).json["items"]
        assert [note["id"] for note in notes] == [second["id"], first["id"]]
        assert trainer.get(path, shared=True).json["items"] == []
        with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
            session().execute(text("update coaching_notes set body = 'x'"))

    def test_it_lets_only_those_who_may(self, api: Api, trainer: Caller) -> None:
        for path in (PLANS, NOBODY, f"{NOBODY}/notes", TEMPLATES, "/hq/coaches"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
        plan = {"leader_id": f"ldr_{'0' * 32}", "coach_id": trainer.id}
        posts: dict[str, dict[str, Any]] = {
            PLANS: plan,
            "/hq/coaching/assignments": {"segment": "tail"},
            f"{NOBODY}/completion": {},
            f"{NOBODY}/cancellation": {"reason": "No."},
            f"{NOBODY}/tasks": CALL,
            f"{NOBODY}/notes": {"body": "No."},
            f"{NO_TASK}/completion": {},
        }
        for path, body in posts.items():
            assert api.anonymous.post(path, body).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("finance")):
                assert outsider.post(path, body).status_code == 403
        for path, body in list(posts.items())[2:]:
            refused(trainer.post(path, body), 404, "not-found")
        refused(trainer.delete(NO_TASK), 404, "not-found")
        refused(trainer.delete(f"{NO_TASK}/completion"), 404, "not-found")
        coach = trainer.put(f"{NOBODY}/coach", {"coach_id": trainer.id}, if_match=1)
        refused(coach, 404, "not-found")
        refused(trainer.get(NOBODY), 404, "not-found")
        refused(trainer.get(f"{NOBODY}/notes"), 404, "not-found")


class TestAssignment:
    """POST /hq/coaching/assignments"""

    PATH = "/hq/coaching/assignments"

    def test_it_gives_each_leader_of_a_segment_a_coach(
        self, leaders: list[str], trainer: Caller
    ) -> None:
        coaching.template("tail")
        busy, free = coaching.coach("busy", load_limit=1), coaching.coach("free", load_limit=1)
        opened(trainer, leaders[2], busy.staff_id, tasks=[])
        answer = made(trainer.post(self.PATH, {"segment": "tail"}))
        assert answer == {"month": MARCH, "segment": "tail", "assigned": 1, "left_over": 1}
        [first] = trainer.get(PLANS, coach=free.staff_id).json["items"]
        assert (first["leader_id"], first["tasks"]) == (leaders[0], 2)
        more = coaching.coach("more", role="operator", load_limit=9)
        again = made(trainer.post(self.PATH, {"segment": "tail", "month": MARCH}))
        assert (again["assigned"], again["left_over"]) == (1, 0)
        [second] = trainer.get(PLANS, coach=more.staff_id).json["items"]
        assert second["leader_id"] == leaders[1]
        assert made(trainer.post(self.PATH, {"segment": "tail"}))["assigned"] == 0

    def test_it_leaves_alone_who_was_coached_for_the_month(
        self, leaders: list[str], trainer: Caller
    ) -> None:
        coach = coaching.coach().staff_id
        done = opened(trainer, leaders[0], coach)["plan"]["id"]
        made(trainer.post(f"{PLANS}/{done}/completion"), 200)
        gone = opened(trainer, leaders[1], coach)["plan"]["id"]
        made(trainer.post(f"{PLANS}/{gone}/cancellation", {"reason": "Wrong one."}), 200)
        assert made(trainer.post(self.PATH, {"segment": "tail"}))["assigned"] == 2
        assert {row["leader_id"] for row in trainer.get(PLANS, state="open").json["items"]} == {
            leaders[1],
            leaders[2],
        }

    def test_it_gives_nobody_to_a_leader_who_was_suspended_since(
        self, leaders: list[str], trainer: Caller
    ) -> None:
        coaching.coach(load_limit=9)
        suspend = text("update leaders set state = 'suspended' where id = :leader")
        with transaction():
            session().execute(suspend, {"leader": leaders[1][4:]})
        answer = made(trainer.post(self.PATH, {"segment": "tail"}))
        assert (answer["assigned"], answer["left_over"]) == (2, 0)
        coached = {row["leader_id"] for row in trainer.get(PLANS).json["items"]}
        assert coached == {leaders[0], leaders[2]}

    def test_it_asks_for_no_lesson_that_was_removed_since(
        self, leaders: list[str], trainer: Caller
    ) -> None:
        module = training.module(training.course(training.program()))
        lesson = {"module_id": module.id, "code": "gone", "kind": "article"}
        draft = made(trainer.post("/hq/lessons", lesson))
        task = {**CALL, "kind": "lesson", "lesson_id": draft["id"]}
        body = {"segment": "tail", "title_zh": "甲", "title_en": "A", "tasks": [task, CALL]}
        made(trainer.post(TEMPLATES, body))
        path = f"/hq/lessons/{draft['id']}"
        assert trainer.delete(path, if_match=draft["version"]).status_code == 204
        coach = coaching.coach(load_limit=9).staff_id
        plan = opened(trainer, leaders[0], coach)
        assert [task["kind"] for task in plan["tasks"]] == ["call"]
        assert made(trainer.post(self.PATH, {"segment": "tail"}))["assigned"] == 2

    def test_it_asks_for_a_month_with_segments(self, trainer: Caller) -> None:
        refused(trainer.post(self.PATH, {"segment": "tail"}), 409, "no-segment")

    def test_it_assigns_in_a_constant_number_of_statements(
        self, leaders: list[str], trainer: Caller, count_statements: Callable[[], Any]
    ) -> None:
        coaching.template("tail")
        coach = coaching.coach(load_limit=1).staff_id
        with count_statements() as few:
            assert made(trainer.post(self.PATH, {"segment": "tail"}))["assigned"] == 1
        made(trainer.patch(f"/hq/coaches/{coach}", {"load_limit": 9}, if_match=1), 200)
        with count_statements() as many:
            assert made(trainer.post(self.PATH, {"segment": "tail"}))["assigned"] == 2
        assert len(many) == len(few)
        faults = [f.invariant.name for f in books.check(invariants()) if f.faults]
        assert faults == []
        assert session().query(CoachingPlan).count() == 3

"""Headquarters enrols, withdraws and waives, over HTTP; the books of the school."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.kernel import clock as time
from groupbuy.kernel.books import check
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import Enrollment, Lesson, LessonRecord, Prerequisite, Program
from groupbuy.training.queries import INVARIANTS
from groupbuy.training.rules.content import ContentState
from groupbuy.training.services.marking import mark
from groupbuy.training.services.progress import record_progress
from tests.client import Api
from tests.factories import leaders, training
from tests.factories.learning import learner, video
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

NOWHERE = "0" * 32
Taught = tuple[Program, list[Lesson]]


@pytest.fixture
def taught(app: object) -> Taught:
    program = training.program()
    module = training.module(training.course(program))
    return program, [training.lesson(module, position=n) for n in (1, 2, 3)]


def enrol(api: Api, program: Program, *leader_ids: str) -> list[dict[str, Any]]:
    body = {"program_id": program.id, "leader_ids": list(leader_ids)}
    return list(made(api.staff("trainer").post("/hq/enrollments", body))["items"])


class TestEnrollments:
    """/hq/enrollments"""

    def test_it_enrols_a_list_of_leaders_once(self, api: Api, taught: Taught) -> None:
        program, lessons = taught
        ids = [leaders.leader().id for _ in range(3)]
        with transaction():
            mark(leader_id=ids[1], lesson_id=lessons[0].id, completed=True, now=time.now())
        (first,) = enrol(api, program, ids[0])
        assert (first["leader_id"], first["enrolled_by"]) == (ids[0], api.staff("trainer").id)
        api.clock.advance(days=1)
        items = {item["leader_id"]: item for item in enrol(api, program, *ids)}
        assert items[ids[0]] == first
        assert [items[one]["percent"] for one in ids] == [0, 33, 0]
        assert {item["required"] for item in items.values()} == {3}

    def test_it_lists_by_program_leader_and_state(self, api: Api, taught: Taught) -> None:
        program, _ = taught
        other = training.program()
        mei, lin = leaders.leader().id, leaders.leader().id
        enrol(api, program, mei, lin)
        enrol(api, other, mei)
        trainer = api.staff("trainer")

        def listed(**filters: Any) -> set[tuple[str, str]]:
            items = made(trainer.get("/hq/enrollments", **filters), 200)["items"]
            return {(item["program_id"], item["leader_id"]) for item in items}

        assert listed() == {(program.id, mei), (program.id, lin), (other.id, mei)}
        assert listed(program=program.id) == {(program.id, mei), (program.id, lin)}
        assert listed(leader=mei, program=other.id) == {(other.id, mei)}
        assert listed(state="completed") == set()
        page = made(trainer.get("/hq/enrollments", limit=2), 200)
        rest = made(trainer.get("/hq/enrollments", cursor=page["next_cursor"]), 200)
        assert (len(page["items"]), len(rest["items"])) == (2, 1)
        one = rest["items"][0]
        assert made(trainer.get(f"/hq/enrollments/{one['id']}"), 200) == one
        refused(trainer.get(f"/hq/enrollments/enr_{NOWHERE}"), 404, "not-found")

    def test_it_withdraws_all_or_none(self, api: Api, taught: Taught) -> None:
        program, lessons = taught
        ids = [leaders.leader().id for _ in range(3)]
        enrol(api, program, *ids[:2])
        path, trainer = "/hq/enrollments/withdrawal", api.staff("trainer")
        body = {"program_id": program.id, "reason": "They changed to another track."}
        answer = trainer.post(path, {**body, "leader_ids": ids})
        problem = refused(answer, 422, "invalid-input")
        assert [error["pointer"] for error in problem["errors"]] == ["/leader_ids/2"]
        items = made(trainer.post(path, {**body, "leader_ids": ids[:2]}), 200)["items"]
        assert {item["state"] for item in items} == {"withdrawn"}
        log = api.staff("auditor").get("/hq/audit-log", subject=items[0]["id"]).json["items"]
        assert [entry["action"] for entry in log] == ["training.withdraw", "training.enroll"]
        assert log[0]["facts"]["reason"] == "They changed to another track."
        (back,) = enrol(api, program, ids[0])
        assert (back["state"], back["withdrawn_at"]) == ("active", None)
        with transaction():
            for lesson in lessons:
                mark(leader_id=ids[0], lesson_id=lesson.id, completed=True, now=time.now())
        done = trainer.post(path, {**body, "leader_ids": ids[:1]})
        refused(done, 422, "invalid-input")

    def test_it_enrols_only_who_and_where_there_is(self, api: Api, taught: Taught) -> None:
        program, _ = taught
        trainer, mei = api.staff("trainer"), leaders.leader().id
        draft = training.program()
        with transaction():
            draft.state = ContentState.DRAFT
        nobody = f"ldr_{NOWHERE}"
        for body in (
            {"program_id": f"prg_{NOWHERE}", "leader_ids": [mei]},
            {"program_id": program.id, "leader_ids": [mei, nobody]},
            {"program_id": program.id, "leader_ids": [mei, mei]},
            {"program_id": program.id, "leader_ids": []},
        ):
            refused(trainer.post("/hq/enrollments", body), 422, "invalid-input")
        body = {"program_id": draft.id, "leader_ids": [mei]}
        refused(trainer.post("/hq/enrollments", body), 409, "not-taught")
        assert session().query(Enrollment).count() == 0

    def test_it_asks_as_much_for_many(
        self, api: Api, taught: Taught, count_statements: Callable[[], Any]
    ) -> None:
        program, _ = taught

        def cost(number: int) -> int:
            ids = [leaders.leader().id for _ in range(number)]
            api.staff("trainer")
            session().expunge_all()
            with count_statements() as statements:
                enrol(api, program, *ids)
            return len(statements)

        assert cost(2) == cost(9)

    @pytest.mark.parametrize("path", ["/hq/enrollments", "/hq/waivers"])
    def test_it_is_read_by_headquarters_and_edited_by_trainers(self, api: Api, path: str) -> None:
        assert api.anonymous.get(path).status_code == 401
        assert api.shopper("zed").get(path).status_code == 403
        assert api.staff("operator").get(path).status_code == 200
        assert api.staff("operator").post(path, {}).status_code == 403


class TestWaivers:
    """/hq/waivers"""

    def test_it_spares_a_leader_a_lesson_and_takes_it_back(self, api: Api, taught: Taught) -> None:
        program, (first, second, _) = taught
        mei, leader_id = learner(api)
        enrol(api, program, leader_id)
        with transaction():
            session().add(
                Prerequisite(
                    program_id=program.id, lesson_id=second.id, required_lesson_id=first.id
                )
            )
        trainer = api.staff("trainer")
        body = {"leader_id": leader_id, "lesson_id": first.id, "reason": "She taught it."}
        waiver = made(trainer.post("/hq/waivers", body))
        assert (waiver["waived_by"], waiver["reason"]) == (trainer.id, "She taught it.")
        assert (waiver["completed_at"], waiver["passed_at"]) == (None, None)
        refused(trainer.post("/hq/waivers", body), 409, "already-waived")
        shown = made(mei.get(f"/leader/programs/{program.id}"), 200)
        states = [step["state"] for step in shown["courses"][0]["modules"][0]["lessons"]]
        assert (states, shown["percent"]) == (["waived", "open", "open"], 33)
        for filters in ({"leader": leader_id}, {"lesson": first.id}, {"program": program.id}):
            assert trainer.get("/hq/waivers", **filters).json["items"] == [waiver]
        assert trainer.get("/hq/waivers", lesson=second.id).json["items"] == []
        undo = {**body, "reason": "It was somebody else."}
        assert trainer.post("/hq/waivers/revocation", undo).status_code == 204
        refused(trainer.post("/hq/waivers/revocation", undo), 404, "not-found")
        shown = made(mei.get(f"/leader/programs/{program.id}"), 200)
        states = [step["state"] for step in shown["courses"][0]["modules"][0]["lessons"]]
        assert (states, shown["percent"]) == (["open", "locked", "open"], 0)
        log = api.staff("auditor").get("/hq/audit-log", subject=first.id).json["items"]
        assert [entry["facts"]["reason"] for entry in log] == [
            "It was somebody else.",
            "She taught it.",
        ]

    def test_it_keeps_what_was_done_besides(self, api: Api, taught: Taught) -> None:
        program, (first, *_) = taught
        _, leader_id = learner(api)
        enrol(api, program, leader_id)
        with transaction():
            record_progress(leader_id=leader_id, lesson_id=first.id, read=False, now=time.now())
        trainer = api.staff("trainer")
        api.clock.advance(hours=1)
        body = {"leader_id": leader_id, "lesson_id": first.id, "reason": "She taught it."}
        made(trainer.post("/hq/waivers", body))
        assert trainer.post("/hq/waivers/revocation", body).status_code == 204
        record = session().get_one(LessonRecord, (leader_id, first.id), populate_existing=True)
        assert (record.waived_at, record.reason, record.satisfied) == (None, "", False)

    def test_it_completes_a_program_by_a_waiver_and_leaves_it_so(
        self, api: Api, taught: Taught
    ) -> None:
        program, lessons = taught
        _, leader_id = learner(api)
        enrol(api, program, leader_id)
        trainer = api.staff("trainer")
        bodies = [
            {"leader_id": leader_id, "lesson_id": lesson.id, "reason": "Ten years in the trade."}
            for lesson in lessons
        ]
        for body in bodies:
            made(trainer.post("/hq/waivers", body))
        (item,) = trainer.get("/hq/enrollments", leader=leader_id).json["items"]
        assert (item["state"], item["percent"]) == ("completed", 100)
        assert trainer.post("/hq/waivers/revocation", bodies[0]).status_code == 204
        (item,) = trainer.get("/hq/enrollments", leader=leader_id).json["items"]
        assert (item["state"], item["percent"]) == ("completed", 66)

    def test_it_waives_only_what_there_is(self, api: Api, taught: Taught) -> None:
        _, (first, *_) = taught
        _, leader_id = learner(api)
        trainer = api.staff("trainer")
        good = {"leader_id": leader_id, "lesson_id": first.id, "reason": "Why not."}
        for body in (
            {**good, "leader_id": f"ldr_{NOWHERE}"},
            {**good, "lesson_id": f"lsn_{NOWHERE}"},
            {**good, "reason": " "},
        ):
            refused(trainer.post("/hq/waivers", body), 422, "invalid-input")
        with transaction():
            first.retired_at = time.now()
        refused(trainer.post("/hq/waivers", good), 409, "not-taught")


class TestBooks:
    """queries/learning_invariants.py"""

    def faults(self) -> list[str]:
        return [f.invariant.name for f in check(INVARIANTS) if f.faults]

    def test_it_holds_the_school_against_its_promises(self, taught: Taught) -> None:
        program, _ = taught
        film = video(training.module(training.course(program)))
        leader_id = training.enrolled(program=program).leader_id
        with transaction():
            record_progress(
                leader_id=leader_id, lesson_id=film.id, watched=[[0, 5], [9, 12]], now=time.now()
            )
        assert self.faults() == []
        for change, name in (
            ("update lesson_records set watched_s = 9", "training.watched_is_its_length"),
            (
                "update lesson_records set watched = '{[0,900)}', watched_s = 900",
                "training.watched_within_the_video",
            ),
            (
                "update enrollments set required = 1, done = 1",
                "training.completed_by_its_lessons",
            ),
        ):
            nested = session().begin_nested()
            session().execute(text(change))
            assert name in self.faults()
            nested.rollback()

    @pytest.mark.breaks_books
    def test_it_finds_what_belongs_to_another_program(self, taught: Taught) -> None:
        program, lessons = taught
        other = training.program()
        foreign = training.lesson(training.module(training.course(other)))
        leader_id = leaders.leader().id
        with transaction():
            mark(leader_id=leader_id, lesson_id=lessons[0].id, now=time.now())
            session().add(
                Prerequisite(
                    program_id=program.id, lesson_id=lessons[0].id, required_lesson_id=foreign.id
                )
            )
            session().execute(
                text("update lesson_records set program_id = :other"),
                {"other": other.id.removeprefix("prg_")},
            )
        assert self.faults() == [
            "training.records_of_their_program",
            "training.prerequisites_of_their_program",
        ]

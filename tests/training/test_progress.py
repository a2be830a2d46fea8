"""Headquarters' pages of progress: a row for each enrolment, the funnel, who stands where."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.training import jobs
from groupbuy.training.models import Enrollment, Lesson, Program
from groupbuy.training.services.marking import mark
from tests.client import Api
from tests.factories import cohorts, leaders, training
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

PROGRESS = "/hq/training-progress"
FUNNEL = f"{PROGRESS}/funnel"


@pytest.fixture
def school(app: Flask) -> tuple[Program, list[Lesson]]:
    """A program of three mandatory articles and one that is not."""
    program = training.program()
    module = training.module(training.course(program))
    lessons = [training.lesson(module, position=number) for number in range(3)]
    return program, [*lessons, training.lesson(module, position=3, mandatory=False)]


School = tuple[Program, list[Lesson]]


def learning(name: str, program: Program, *lessons: Lesson) -> Enrollment:
    """Enrol a leader who completes some lessons."""
    leader = leaders.leader(by=leaders.shopper_id(name), name=name)
    enrollment = training.enrolled(leader, program=program)
    with transaction():
        for lesson in lessons:
            mark(leader_id=leader.id, lesson_id=lesson.id, completed=True, now=time.now())
    return enrollment


def ids(answer: Any) -> list[str]:
    return [row["enrollment_id"] for row in made(answer, 200)["items"]]


class TestList:
    """GET /hq/training-progress"""

    def test_it_shows_how_far_a_leader_has_come(self, api: Api, school: School) -> None:
        program, lessons = school
        enrollment = learning("Mei", program, lessons[0])
        trainer = api.staff("trainer")
        (row,) = made(trainer.get(PROGRESS), 200)["items"]
        assert row == {
            "enrollment_id": enrollment.id,
            "leader_id": enrollment.leader_id,
            "leader": "Mei",
            "program_id": program.id,
            "program": "First steps",
            "state": "active",
            "percent": 33,
            "done": 1,
            "required_lessons": 3,
            "enrolled_at": time.now().isoformat(),
            "active_at": time.now().isoformat(),
            "completed_at": None,
            "next_lesson": {
                "id": lessons[1].id,
                "kind": "article",
                "title": "Welcome",
                "place": 2,
            },
        }
        (chinese,) = trainer.get(PROGRESS, language="zh-CN").json["items"]
        assert (chinese["program"], chinese["next_lesson"]["title"]) == ("社群入门", "欢迎")

    def test_it_has_no_next_lesson_when_all_is_done(self, api: Api, school: School) -> None:
        program, lessons = school
        learning("Mei", program, *lessons[:3])
        (row,) = made(api.staff("trainer").get(PROGRESS), 200)["items"]
        assert (row["percent"], row["state"], row["next_lesson"]) == (100, "completed", None)

    def test_it_shows_nothing_done_while_nothing_is_taught(self, api: Api, school: School) -> None:
        begun = learning("Mei", school[0], school[1][0])
        empty = learning("Ling", training.program())
        for sort, order in (("percent", [empty.id, begun.id]), ("-percent", [begun.id, empty.id])):
            page = api.staff("trainer").get(PROGRESS, sort=sort)
            assert ids(page) == order
            assert {row["percent"] for row in page.json["items"]} == {0, 33}

    def test_it_filters(self, api: Api, school: School, clock: ManualClock) -> None:
        program, lessons = school
        finished = learning("Mei", program, *lessons[:3])
        idle = learning("Ling", program)
        other = training.enrolled(leaders.leader(), program=training.program())
        clock.advance(days=10)
        fresh = learning("Tao", program)
        hua = api.staff("operator")
        for query, found in (
            ({"program_id": other.program_id}, [other.id]),
            ({"leader_id": idle.leader_id}, [idle.id]),
            ({"state": "completed"}, [finished.id]),
            ({"stuck_days": 10}, [idle.id, other.id]),
            ({"stuck_days": 11}, []),
            ({"program_id": program.id, "state": "active"}, [idle.id, fresh.id]),
        ):
            assert ids(hua.request("GET", PROGRESS, None, **query)) == found, query

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            ("last_activity", "abc"),
            ("-last_activity", "cba"),
            ("percent", "acb"),
            ("-percent", "bca"),
            ("-enrolled", "cba"),
        ],
    )
    def test_it_sorts_and_pages(
        self, api: Api, school: School, clock: ManualClock, sort: str, order: str
    ) -> None:
        program, lessons = school
        made_by = {}
        for name, count in (("a", 0), ("b", 2), ("c", 1)):
            made_by[learning(name, program, *lessons[:count]).id] = name
            clock.advance(hours=1)
        trainer, seen, cursor = api.staff("trainer"), "", None
        for _ in order:
            query: dict[str, Any] = {"cursor": cursor} if cursor else {}
            page = made(trainer.get(PROGRESS, sort=sort, limit=1, **query), 200)
            seen += "".join(made_by[row["enrollment_id"]] for row in page["items"])
            cursor = page["next_cursor"]
        assert (seen, cursor) == (order, None)

    def test_it_takes_a_constant_number_of_statements(
        self, api: Api, school: School, count_statements: Callable[[], Any]
    ) -> None:
        program, lessons = school

        def statements() -> int:
            with count_statements() as sent:
                made(api.staff("trainer").get(PROGRESS), 200)
            return len(sent)

        learning("Mei", program)
        statements()
        one = statements()
        for number in range(9):
            learning(f"leader {number}", program, *lessons[: number % 3])
        learning("elsewhere", training.program())
        assert statements() == one <= 5

    @pytest.mark.parametrize(
        "path",
        [
            PROGRESS,
            f"{PROGRESS}/file",
            f"{FUNNEL}?program_id=prg_{'0' * 32}",
            f"{FUNNEL}/file?program_id=prg_{'0' * 32}",
            f"{FUNNEL}/lsn_{'0' * 32}/leaders?program_id=prg_{'0' * 32}",
        ],
    )
    def test_it_is_for_headquarters(self, api: Api, school: School, path: str) -> None:
        learning("zed", school[0])
        refused(api.anonymous.get(path), 401, "not-authenticated")
        refused(api.shopper("bo").get(path), 403, "not-permitted")
        refused(api.shopper("zed").get(path), 403, "not-permitted")

    def test_it_refuses_what_it_does_not_know(self, api: Api, app: Flask) -> None:
        trainer = api.staff("trainer")
        for query in ({"sort": "name"}, {"stuck_days": 0}, {"state": "lost"}, {"cursor": "x"}):
            answer = trainer.request("GET", PROGRESS, None, **query)
            refused(answer, 422, "invalid-input")


class TestFunnel:
    """GET /hq/training-progress/funnel and …/{lesson}/leaders"""

    def test_it_is_empty_until_it_was_counted(self, api: Api, school: School) -> None:
        answer = api.staff("trainer").get(FUNNEL, program_id=school[0].id)
        assert made(answer, 200) == {
            "program_id": school[0].id,
            "as_of": None,
            "stuck_days": 14,
            "items": [],
        }

    def test_it_shows_who_came_how_far_and_who_is_stuck(
        self, api: Api, school: School, clock: ManualClock
    ) -> None:
        program, lessons = school
        learning("a", program)
        idle = learning("b", program, lessons[0])
        clock.advance(days=14)
        back = learning("c", program, lessons[0])
        jobs.recount()
        counted_at = clock.now().isoformat()
        trainer = api.staff("trainer")
        shown = made(trainer.get(FUNNEL, program_id=program.id), 200)
        assert shown["as_of"] == counted_at
        first, second, third, extra = shown["items"]
        assert first == {
            "lesson_id": lessons[0].id,
            "place": 1,
            "kind": "article",
            "title": "Welcome",
            "mandatory": True,
            "enrolled": 3,
            "reached": 3,
            "begun": 2,
            "completed": 2,
            "passed": 0,
            "satisfied": 2,
            "median_days": 0,
            "standing": 1,
            "stuck": 1,
        }
        assert (second["reached"], second["standing"], second["stuck"]) == (2, 2, 1)
        assert (third["reached"], extra["mandatory"]) == (0, False)
        path = f"{FUNNEL}/{lessons[1].id}/leaders"
        assert ids(trainer.get(path, program_id=program.id)) == [idle.id, back.id]
        assert ids(trainer.get(path, program_id=program.id, stuck_days=14)) == [idle.id]
        page = made(trainer.get(path, program_id=program.id, limit=1), 200)
        rest = trainer.get(path, program_id=program.id, limit=1, cursor=page["next_cursor"])
        assert ids(rest) == [back.id]
        with transaction():
            leader_id = back.leader_id
            mark(leader_id=leader_id, lesson_id=lessons[1].id, completed=True, now=time.now())
        assert ids(trainer.get(path, program_id=program.id)) == [idle.id], "who moved on is gone"
        again = made(trainer.get(FUNNEL, program_id=program.id), 200)["items"][1]
        assert (again["standing"], again["stuck"], again["satisfied"]) == (2, 1, 0)

    def test_it_knows_no_other_programs(self, api: Api, school: School) -> None:
        program, lessons = school
        jobs.recount()
        trainer, nowhere = api.staff("trainer"), f"prg_{'0' * 32}"
        refused(trainer.get(FUNNEL, program_id=nowhere), 404, "not-found")
        refused(trainer.get(FUNNEL), 422, "invalid-input")
        path = f"{FUNNEL}/{lessons[0].id}/leaders"
        refused(trainer.get(path, program_id=nowhere), 404, "not-found")
        unknown = f"{FUNNEL}/lsn_{'0' * 32}/leaders"
        refused(trainer.get(unknown, program_id=program.id), 404, "not-found")


class TestFiles:
    def rows(self, answer: Any) -> list[list[str]]:
        assert answer.status_code == 200, answer.text
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))

    def test_it_exports_progress(
        self, api: Api, school: School, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("groupbuy.training.queries.progress.TOGETHER", 2)
        program, lessons = school
        for name in ("a", "b", "=c"):
            enrollment = learning(name, program, lessons[0])
        trainer = api.staff("trainer")
        heading, *rows = self.rows(trainer.get(f"{PROGRESS}/file", program_id=program.id))
        assert heading[:2] == ["Leader", "Leader id"]
        assert [row[0] for row in rows] == ["'=c", "b", "a"]
        at = "2026-03-02 09:00:00+08:00"
        assert rows[0][1:] == [
            enrollment.leader_id,
            "First steps",
            "Learning",
            *("33", "1", "3", at, at, "", "Welcome"),
        ]
        book = trainer.get(f"{PROGRESS}/file", format="xlsx", state="completed")
        assert book.data[:2] == b"PK"

    def test_it_exports_the_funnel(self, api: Api, school: School) -> None:
        program, lessons = school
        learning("a", program)
        jobs.recount()
        path = f"{FUNNEL}/file"
        heading, *rows = self.rows(api.staff("trainer").get(path, program_id=program.id))
        assert len(rows) == 4
        assert (heading[10], rows[0][10]) == ("Stand here", "1")
        assert rows[0][:4] == ["1", "Welcome", lessons[0].id, "yes"]
        assert rows[0][-1] == "2026-03-02 09:00:00+08:00"


class TestRecount:
    """POST /hq/training-progress/recount"""

    def test_it_counts_now(self, api: Api, school: School) -> None:
        program, lessons = school
        learning("a", program, lessons[0])
        trainer = api.staff("trainer")
        first = made(trainer.post(f"{PROGRESS}/recount"), 202)
        assert (first["state"], first["total"], first["finished_at"]) == ("running", 1, None)
        assert made(trainer.post(f"{PROGRESS}/recount"), 202)["id"] == first["id"]
        run_pending()
        shown = made(trainer.get(FUNNEL, program_id=program.id), 200)
        assert shown["as_of"] == time.now().isoformat()

    def test_it_is_for_trainers(self, api: Api) -> None:
        refused(api.staff("operator").post(f"{PROGRESS}/recount"), 403, "not-permitted")
        refused(api.anonymous.post(f"{PROGRESS}/recount"), 401, "not-authenticated")


class TestCohort:
    """GET /hq/cohorts/{id}/progress, and cohorts as a filter"""

    def test_it_shows_a_cohort_at_a_glance(
        self, api: Api, school: School, clock: ManualClock
    ) -> None:
        program, lessons = school
        mei, ling = (leaders.leader(name=name) for name in ("Mei", "Ling"))
        group = cohorts.cohort(program, leaders=[mei, ling])
        cohorts.attended(group, mei)
        with transaction():
            mark(leader_id=mei.id, lesson_id=lessons[0].id, completed=True, now=time.now())
        path, trainer = f"/hq/cohorts/{group.id}/progress", api.staff("trainer")
        first, second = made(trainer.get(path, weeks=2), 200)["items"]
        assert (first["leader_id"], first["leader"]) == (mei.id, "Mei")
        assert (first["percent"], first["done"], first["required_lessons"]) == (33, 1, 3)
        assert first["next_lesson"]["id"] == lessons[1].id
        assert [(w["week"], w["scheduled"], w["attended"]) for w in first["weeks"]] == [
            ("2026-02-23", 0, 0),
            ("2026-03-02", 1, 1),
        ]
        assert (first["streak"], first["target"]) == ({"current": 1, "best": 1}, 3)
        assert (second["leader"], second["percent"], second["streak"]["current"]) == ("Ling", 0, 0)
        page = made(trainer.get(path, limit=1), 200)
        rest = made(trainer.get(path, limit=1, cursor=page["next_cursor"]), 200)
        assert [row["leader"] for row in rest["items"]] == ["Ling"]
        outside = learning("Tao", program)
        rows = made(trainer.get(PROGRESS, cohort_id=group.id), 200)["items"]
        assert {row["leader_id"] for row in rows} == {mei.id, ling.id}
        assert outside.id not in {row["enrollment_id"] for row in rows}

    def test_it_takes_a_constant_number_of_statements(
        self, api: Api, school: School, count_statements: Callable[[], Any]
    ) -> None:
        trainer = api.staff("trainer")

        def statements(people: int) -> int:
            group = cohorts.cohort(school[0], leaders=[leaders.leader() for _ in range(people)])
            with count_statements() as sent:
                made(trainer.get(f"/hq/cohorts/{group.id}/progress"), 200)
            return len(sent)

        statements(1)
        assert statements(1) == statements(7) <= 9

    def test_it_is_for_headquarters(self, api: Api, school: School) -> None:
        group = cohorts.cohort(school[0])
        path, nowhere = f"/hq/cohorts/{group.id}/progress", f"/hq/cohorts/cht_{'0' * 32}/progress"
        assert made(api.staff("operator").get(path), 200)["items"] == []
        refused(api.shopper("zed").get(path), 403, "not-permitted")
        refused(api.anonymous.get(path), 401, "not-authenticated")
        refused(api.staff("trainer").get(nowhere), 404, "not-found")
        refused(api.staff("trainer").get(path, weeks=0), 422, "invalid-input")

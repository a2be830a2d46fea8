"""Building programs over HTTP: what they are made of, and in which order."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.db import session
from groupbuy.training.models import LessonVersion
from tests.client import Api
from tests.factories.schools import NOWHERE, TITLES, WELCOME, School
from tests.journeys.headquarters import made
from tests.orders.test_api import refused


@pytest.fixture
def school(api: Api) -> School:
    return School(api)


class TestPrograms:
    """/hq/programs, /hq/courses, /hq/modules"""

    def test_it_builds_and_edits_a_program(self, school: School) -> None:
        path = f"/hq/programs/{school.program['id']}"
        answer = school.tan.get(path)
        assert made(answer, 200) == school.program
        assert answer.headers["ETag"] == '"1"'
        assert (school.program["state"], school.program["summary_en"]) == ("draft", "")
        edited = school.tan.patch(path, {"title_en": "Begin", "position": 3}, if_match=1)
        assert made(edited, 200)["title_en"] == "Begin"
        refused(school.tan.patch(path, {"position": 4}, if_match=1), 412, "stale-version")
        refused(school.tan.patch(path, {"position": 4}), 428, "version-required")
        refused(school.tan.patch(path, {"state": "published"}, if_match=2), 422, "invalid-input")
        log = school.api.staff("auditor").get("/hq/audit-log", subject=school.program["id"]).json
        assert [entry["action"] for entry in log["items"]] == ["program.edit", "program.create"]

    def test_it_publishes_and_retires(self, school: School) -> None:
        for path in (
            f"/hq/programs/{school.program['id']}",
            f"/hq/courses/{school.course['id']}",
        ):
            refused(school.tan.post(f"{path}/retirement"), 409, "not-in-this-state")
            assert made(school.tan.post(f"{path}/publication"), 200)["state"] == "published"
            refused(school.tan.post(f"{path}/publication"), 409, "not-in-this-state")
            assert made(school.tan.post(f"{path}/retirement"), 200)["state"] == "retired"
            assert made(school.tan.post(f"{path}/publication"), 200)["state"] == "published"

    def test_it_lists_by_position_and_filters(self, school: School) -> None:
        second = school.add("programs", code="second", position=1, **TITLES)
        first = made(school.tan.get("/hq/programs", limit=1), 200)
        assert [item["id"] for item in first["items"]] == [school.program["id"]]
        rest = made(school.tan.get("/hq/programs", cursor=first["next_cursor"]), 200)
        assert [item["id"] for item in rest["items"]] == [second["id"]]
        assert school.tan.get("/hq/programs", state="published").json["items"] == []
        for path, wanted, others in (
            ("/hq/courses", {"program": school.program["id"]}, {"program": second["id"]}),
            ("/hq/courses", {"state": "draft"}, {"state": "retired"}),
            ("/hq/modules", {"course": school.course["id"]}, {"course": f"crs_{NOWHERE}"}),
        ):
            assert len(made(school.tan.get(path, **wanted), 200)["items"]) == 1
            assert made(school.tan.get(path, **others), 200)["items"] == []

    def test_it_edits_a_course_and_a_module(self, school: School) -> None:
        course = f"/hq/courses/{school.course['id']}"
        edited = made(school.tan.patch(course, {"ordered": True}, if_match=1), 200)
        assert (edited["ordered"], edited["mandatory"]) == (True, True)
        other, _ = school.another_course("c2")
        module = f"/hq/modules/{school.module['id']}"
        moved = made(school.tan.patch(module, {"course_id": other["id"]}, if_match=1), 200)
        assert moved["course_id"] == other["id"]
        foreign = school.add("programs", code="other", **TITLES)
        away = school.add("courses", program_id=foreign["id"], code="c1", **TITLES)
        refused(
            school.tan.patch(module, {"course_id": away["id"]}, if_match=2), 422, "invalid-input"
        )

    def test_it_keeps_codes_apart(self, school: School) -> None:
        body = {"code": "first-steps", **TITLES}
        refused(school.tan.post("/hq/programs", body), 409, "content-code-taken")
        other = school.add("programs", code="other", **TITLES)
        taken = school.tan.patch(f"/hq/programs/{other['id']}", {"code": "first-steps"}, if_match=1)
        refused(taken, 409, "content-code-taken")
        body = {"code": "c1", "program_id": school.program["id"], **TITLES}
        refused(school.tan.post("/hq/courses", body), 409, "content-code-taken")
        school.add("courses", **{**body, "program_id": other["id"]})

    def test_it_adds_only_to_what_there_is(self, school: School) -> None:
        lost = {
            "courses": {"program_id": f"prg_{NOWHERE}", "code": "x", **TITLES},
            "modules": {"course_id": f"crs_{NOWHERE}", **TITLES},
            "lessons": {"module_id": f"mdl_{NOWHERE}", "code": "x", "kind": "video"},
        }
        for what, body in lost.items():
            refused(school.tan.post(f"/hq/{what}", body), 422, "invalid-input")
        bad = {"code": "No Spaces", **TITLES}
        refused(school.tan.post("/hq/programs", bad), 422, "invalid-input")

    def test_it_removes_what_nothing_hangs_on(self, school: School) -> None:
        course, module = (
            f"/hq/courses/{school.course['id']}",
            f"/hq/modules/{school.module['id']}",
        )
        refused(school.tan.delete(course, if_match=1), 409, "content-in-use")
        refused(school.tan.delete(module, if_match=7), 412, "stale-version")
        assert school.tan.delete(module, if_match=1).status_code == 204
        made(school.tan.post(f"{course}/publication"), 200)
        refused(school.tan.delete(course, if_match=2), 409, "content-in-use")
        refused(school.tan.get(module), 404, "not-found")
        lone = school.add("programs", code="lone", **TITLES)
        assert school.tan.delete(f"/hq/programs/{lone['id']}", if_match=1).status_code == 204


class TestLessons:
    """/hq/lessons"""

    def test_it_adds_moves_and_lists_lessons(
        self, school: School, count_statements: Callable[[], Any]
    ) -> None:
        first, second = school.lesson("a", position=2), school.lesson("b", kind="video")
        assert (first["published"], first["draft"], first["retired_at"]) == (None, None, None)
        listed = made(school.tan.get("/hq/lessons", module=school.module["id"]), 200)["items"]
        assert [item["id"] for item in listed] == [second["id"], first["id"]]
        path = f"/hq/lessons/{first['id']}"
        _, module = school.another_course("c2")
        body = {"module_id": module["id"], "mandatory": False}
        moved = made(school.tan.patch(path, body, if_match=1), 200)
        assert (moved["module_id"], moved["mandatory"], moved["version"]) == (
            module["id"],
            False,
            2,
        )
        refused(school.tan.patch(path, {"position": 1}, if_match=1), 412, "stale-version")
        wanted = [{"kind": "video"}, {"course": school.course["id"]}, {"module": module["id"]}]
        for filters in (*wanted, {"program": school.program["id"], "limit": 1}):
            assert len(made(school.tan.get("/hq/lessons", **filters), 200)["items"]) == 1
        assert school.tan.get("/hq/lessons", retired="true").json["items"] == []

        def cost() -> int:
            session().expunge_all()
            with count_statements() as statements:
                made(school.tan.get("/hq/lessons"), 200)
            return len(statements)

        before = cost()
        for n in range(5):
            school.lesson(f"more{n}")
        assert cost() == before

    def test_it_keeps_lessons_within_their_program(self, school: School) -> None:
        lesson = school.lesson("a")
        other = school.add("programs", code="other", **TITLES)
        course = school.add("courses", program_id=other["id"], code="c1", **TITLES)
        module = school.add("modules", course_id=course["id"], **TITLES)
        path = f"/hq/lessons/{lesson['id']}"
        away = school.tan.patch(path, {"module_id": module["id"]}, if_match=1)
        refused(away, 422, "invalid-input")
        nowhere = school.tan.patch(path, {"module_id": f"mdl_{NOWHERE}"}, if_match=1)
        refused(nowhere, 422, "invalid-input")
        body = {"module_id": school.module["id"], "code": "a", "kind": "article"}
        refused(school.tan.post("/hq/lessons", body), 409, "content-code-taken")

    def test_it_retires_and_restores(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}/retirement"
        refused(school.tan.delete(path), 409, "not-in-this-state")
        assert made(school.tan.post(path), 200)["retired_at"] is not None
        refused(school.tan.post(path), 409, "not-in-this-state")
        assert len(school.tan.get("/hq/lessons", retired="true").json["items"]) == 1
        assert made(school.tan.delete(path), 200)["retired_at"] is None

    def test_it_removes_a_lesson_that_was_never_published(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}"
        draft = made(school.tan.post(f"{path}/versions", WELCOME))
        made(school.tan.post(f"{path}/versions/1/publication", {"version": 1}), 200)
        refused(school.tan.delete(path, if_match=1), 409, "content-in-use")
        other = f"/hq/lessons/{school.lesson('b')['id']}"
        made(school.tan.post(f"{other}/versions", WELCOME))
        assert school.tan.delete(other, if_match=1).status_code == 204
        assert [v.id for v in session().query(LessonVersion)] == [draft["id"]]

    @pytest.mark.parametrize("path", ["programs", "courses", "modules", "lessons"])
    def test_it_is_read_by_headquarters_and_edited_by_trainers(
        self, school: School, path: str
    ) -> None:
        api, url = school.api, f"/hq/{path}"
        assert api.anonymous.get(url).status_code == 401
        assert api.shopper("mei").get(url).status_code == 403
        assert api.staff("operator").get(url).status_code == 200
        assert api.staff("operator").post(url, {}).status_code == 403

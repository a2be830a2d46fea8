"""Building programs over HTTP: what they are made of, versions, prerequisites."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.db import session
from groupbuy.training.models import LessonVersion
from tests.client import Api, Caller
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

TITLES = {"title_zh": "社群入门", "title_en": "First steps"}
TEXT = {"body_zh": "# 欢迎", "body_en": "# Welcome"}
WELCOME = {"title_zh": "欢迎", "title_en": "Welcome", "minutes": 5, "content": TEXT}
NOWHERE = "0" * 32


class School:
    """A trainer who builds a program."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.tan: Caller = api.staff("trainer", "tan")
        self.program = self.add("programs", code="first-steps", **TITLES)
        self.course = self.add("courses", program_id=self.program["id"], code="c1", **TITLES)
        self.module = self.add("modules", course_id=self.course["id"], **TITLES)

    def add(self, what: str, **body: Any) -> dict[str, Any]:
        return made(self.tan.post(f"/hq/{what}", body))

    def lesson(self, code: str, module: str = "", **body: Any) -> dict[str, Any]:
        module = module or self.module["id"]
        return self.add("lessons", module_id=module, code=code, **{"kind": "article", **body})

    def another_course(self, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
        course = self.add("courses", program_id=self.program["id"], code=code, **TITLES)
        return course, self.add("modules", course_id=course["id"], **TITLES)

    def needs(self, **ids: str) -> Any:
        return self.tan.post("/hq/prerequisites", ids)


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


class TestVersions:
    """/hq/lessons/{id}/versions"""

    def test_it_drafts_from_what_is_published(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}"
        first = made(school.tan.post(f"{path}/versions", WELCOME))
        assert (first["number"], first["state"], first["move_on"]) == (1, "draft", "completed")
        assert made(school.tan.get(path), 200)["draft"]["number"] == 1
        problem = refused(school.tan.post(f"{path}/versions", {}), 409, "lesson-draft-open")
        assert problem["number"] == 1
        published = made(school.tan.post(f"{path}/versions/1/publication", {"version": 1}), 200)
        assert (published["state"], published["published_by"]) == ("published", school.tan.id)
        second = made(school.tan.post(f"{path}/versions", {"title_en": "Hello"}))
        assert (second["number"], second["title_en"], second["title_zh"]) == (2, "Hello", "欢迎")
        assert (second["content"], second["minutes"]) == (TEXT, 5)
        edited = school.tan.patch(f"{path}/versions/2", {"minutes": 7}, if_match=1)
        assert made(edited, 200)["minutes"] == 7
        stale = school.tan.post(f"{path}/versions/2/publication", {"version": 1})
        refused(stale, 412, "stale-version")
        made(school.tan.post(f"{path}/versions/2/publication", {"version": 2}), 200)
        listed = made(school.tan.get(f"{path}/versions"), 200)["items"]
        assert [(v["number"], v["state"]) for v in listed] == [
            (2, "published"),
            (1, "superseded"),
        ]
        filtered = school.tan.get(f"{path}/versions", state="superseded").json["items"]
        assert [v["number"] for v in filtered] == [1]

    def test_it_never_changes_what_is_published(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}/versions"
        made(school.tan.post(path, WELCOME))
        made(school.tan.post(f"{path}/1/publication", {"version": 1}), 200)
        edit = school.tan.patch(f"{path}/1", {"minutes": 9}, if_match=2)
        refused(edit, 409, "not-in-this-state")
        refused(school.tan.delete(f"{path}/1", if_match=2), 409, "not-in-this-state")
        again = school.tan.post(f"{path}/1/publication", {"version": 2})
        refused(again, 409, "not-in-this-state")
        refused(school.tan.get(f"{path}/2"), 404, "not-found")
        refused(school.tan.get(f"/hq/lessons/lsn_{NOWHERE}/versions"), 404, "not-found")
        lost = school.tan.post(f"/hq/lessons/lsn_{NOWHERE}/versions", WELCOME)
        refused(lost, 404, "not-found")

    def test_it_throws_a_draft_away(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}/versions"
        made(school.tan.post(path, WELCOME))
        refused(school.tan.delete(f"{path}/1", if_match=3), 412, "stale-version")
        assert school.tan.delete(f"{path}/1", if_match=1).status_code == 204
        refused(school.tan.get(f"{path}/1"), 404, "not-found")
        assert made(school.tan.post(path, WELCOME))["number"] == 1

    def test_it_asks_for_everything_in_a_first_version(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}/versions"
        problem = refused(school.tan.post(path, {"title_en": "Welcome"}), 422, "invalid-input")
        assert [e["pointer"] for e in problem["errors"]] == ["/title_zh", "/content"]

    @pytest.mark.parametrize(
        ("kind", "content", "pointer"),
        [
            ("article", {"body_zh": "好"}, "/content/body_en"),
            ("article", {**TEXT, "url": "x"}, "/content/url"),
            ("article", {**TEXT, "body_en": "a <script>b</script>"}, "/content/body_en"),
            ("article", {**TEXT, "body_en": "a" * 60_001}, "/content/body_en"),
            ("video", {"url": "http://a.example.com/v.mp4", "duration_s": 5}, "/content/url"),
            ("video", {"url": "https://a.example.com/v.mp4", "duration_s": 0}, None),
            ("video", {"url": "https://a.example.com/v.mp4", "duration_s": 86_401}, None),
            ("live_session", {"agenda_zh": "问答", "agenda_en": "Questions"}, "/content/minutes"),
            (
                "live_session",
                {
                    "agenda_zh": "问答",
                    "agenda_en": "Questions",
                    "minutes": 60,
                    "replay_duration_s": 60,
                },
                "/content/replay_url",
            ),
            ("assessment", {}, "/content/introduction_zh"),
        ],
    )
    def test_it_refuses_content_that_is_not_of_its_kind(
        self, school: School, kind: str, content: dict[str, Any], pointer: str | None
    ) -> None:
        path = f"/hq/lessons/{school.lesson('a', kind=kind)['id']}/versions"
        answer = school.tan.post(path, {**WELCOME, "content": content})
        problem = refused(answer, 422, "invalid-input")
        expected = pointer or "/content/duration_s"
        assert expected in [error["pointer"] for error in problem["errors"]]

    @pytest.mark.parametrize(
        ("kind", "content", "move_on"),
        [
            ("article", {**TEXT, "body_en": "1 < 2, see <https://example.com>\r\n"}, "completed"),
            ("video", {"url": "https://a.example.com/v.mp4", "duration_s": 60}, "completed"),
            (
                "live_session",
                {
                    "agenda_zh": "问答",
                    "agenda_en": "Questions",
                    "minutes": 60,
                    "replay_url": "https://a.example.com/v.mp4",
                    "replay_duration_s": 60,
                },
                "completed",
            ),
            (
                "assessment",
                {"introduction_zh": "加油", "introduction_en": "Good luck"},
                "passed",
            ),
        ],
    )
    def test_it_takes_each_kind(
        self, school: School, kind: str, content: dict[str, Any], move_on: str
    ) -> None:
        path = f"/hq/lessons/{school.lesson('a', kind=kind)['id']}/versions"
        version = made(school.tan.post(path, {**WELCOME, "content": content}))
        assert version["move_on"] == move_on
        assert version["content"].keys() >= content.keys()

    def test_it_refuses_to_ask_for_what_nobody_can_do(self, school: School) -> None:
        path = f"/hq/lessons/{school.lesson('a')['id']}/versions"
        answer = school.tan.post(path, {**WELCOME, "move_on": "passed"})
        assert refused(answer, 422, "invalid-input")["errors"][0]["pointer"] == "/move_on"


class TestPrerequisites:
    """/hq/prerequisites"""

    def test_it_adds_lists_and_removes(self, school: School) -> None:
        a, b = school.lesson("a"), school.lesson("b")
        ids = {"lesson_id": b["id"], "required_lesson_id": a["id"]}
        added = made(school.needs(**ids))
        assert added["program_id"] == school.program["id"]
        assert (added["course_id"], added["required_lesson_id"]) == (None, a["id"])
        refused(school.needs(**ids), 409, "prerequisite-known")
        for filters in ({"lesson": b["id"]}, {"program": school.program["id"]}):
            assert school.tan.get("/hq/prerequisites", **filters).json["items"] == [added]
        assert school.tan.get("/hq/prerequisites", lesson=a["id"]).json["items"] == []
        path = f"/hq/prerequisites/{added['id']}"
        assert school.tan.delete(path).status_code == 204
        refused(school.tan.delete(path), 404, "not-found")
        made(school.needs(**ids))

    def test_it_refuses_circles_and_names_them(self, school: School) -> None:
        a, b = school.lesson("a"), school.lesson("b")
        course, module = school.another_course("c2")
        c = school.lesson("c", module["id"])
        made(school.tan.post(f"/hq/lessons/{a['id']}/versions", WELCOME))
        made(school.needs(lesson_id=b["id"], required_lesson_id=a["id"]))
        problem = refused(
            school.needs(lesson_id=a["id"], required_lesson_id=b["id"]),
            409,
            "prerequisite-circle",
        )
        assert {one["id"] for one in problem["circle"]} == {a["id"], b["id"]}
        assert problem["circle"][0] == problem["circle"][-1]
        assert {one["title"] for one in problem["circle"]} == {"Welcome", "b"}
        own = school.needs(lesson_id=a["id"], required_course_id=school.course["id"])
        refused(own, 409, "prerequisite-circle")
        itself = school.needs(lesson_id=a["id"], required_lesson_id=a["id"])
        refused(itself, 409, "prerequisite-circle")
        made(school.needs(course_id=course["id"], required_course_id=school.course["id"]))
        back = school.needs(lesson_id=a["id"], required_lesson_id=c["id"])
        refused(back, 409, "prerequisite-circle")
        listed = made(school.tan.get("/hq/prerequisites"), 200)["items"]
        assert len(listed) == 2

    def test_it_refuses_an_order_that_contradicts(self, school: School) -> None:
        a, b = school.lesson("a", position=1), school.lesson("b", position=2)
        made(school.needs(lesson_id=a["id"], required_lesson_id=b["id"]))
        course = f"/hq/courses/{school.course['id']}"
        refused(school.tan.patch(course, {"ordered": True}, if_match=1), 409, "prerequisite-circle")
        made(school.tan.patch(f"/hq/lessons/{a['id']}", {"position": 3}, if_match=1), 200)
        made(school.tan.patch(course, {"ordered": True}, if_match=1), 200)
        moved = school.tan.patch(f"/hq/lessons/{b['id']}", {"position": 4}, if_match=1)
        refused(moved, 409, "prerequisite-circle")
        second = school.add("modules", course_id=school.course["id"], position=1, **TITLES)
        path = f"/hq/lessons/{b['id']}"
        refused(
            school.tan.patch(path, {"module_id": second["id"]}, if_match=1),
            409,
            "prerequisite-circle",
        )
        made(
            school.tan.patch(f"/hq/lessons/{a['id']}", {"module_id": second["id"]}, if_match=2),
            200,
        )
        module = f"/hq/modules/{second['id']}"
        front = school.tan.patch(f"/hq/modules/{school.module['id']}", {"position": 5}, if_match=1)
        refused(front, 409, "prerequisite-circle")
        made(school.tan.patch(module, {"position": 2}, if_match=1), 200)

    def test_it_joins_things_of_one_program(self, school: School) -> None:
        a = school.lesson("a")
        other = school.add("programs", code="other", **TITLES)
        course = school.add("courses", program_id=other["id"], code="c1", **TITLES)
        for ids in (
            {"lesson_id": a["id"], "required_course_id": course["id"]},
            {"lesson_id": a["id"], "required_lesson_id": f"lsn_{NOWHERE}"},
            {"course_id": f"crs_{NOWHERE}", "required_lesson_id": a["id"]},
            {"lesson_id": a["id"]},
            {
                "lesson_id": a["id"],
                "course_id": school.course["id"],
                "required_course_id": course["id"],
            },
        ):
            refused(school.needs(**ids), 422, "invalid-input")
        assert school.api.staff("operator").post("/hq/prerequisites", {}).status_code == 403
        assert school.api.shopper("zed").get("/hq/prerequisites").status_code == 403

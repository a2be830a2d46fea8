"""What lessons say, version by version, and what is to be done before what, over HTTP."""

from typing import Any

import pytest

from tests.client import Api
from tests.factories.schools import NOWHERE, TEXT, TITLES, WELCOME, School
from tests.journeys.headquarters import made
from tests.orders.test_api import refused


@pytest.fixture
def school(api: Api) -> School:
    return School(api)


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

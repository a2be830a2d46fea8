"""What leaders read and tell, over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.kernel import clock as time
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import (
    Lesson,
    LessonRecord,
    LessonVersion,
    Module,
    Prerequisite,
    Program,
)
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import ContentState, LessonKind, VersionState
from groupbuy.training.services.marking import mark
from tests.client import Api, Caller
from tests.factories import training
from tests.factories.learning import learner, video
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

NOWHERE = "0" * 32


@pytest.fixture
def taught(app: object) -> tuple[Program, Module, list[Lesson]]:
    """A program: an article, a video that needs it, an optional article."""
    program = training.program(summary_zh="从零开始", summary_en="From nothing")
    module = training.module(training.course(program))
    article = training.lesson(module, position=1)
    film = video(module, position=2)
    extra = training.lesson(module, position=3, mandatory=False)
    with transaction():
        session().add(
            Prerequisite(program_id=program.id, lesson_id=film.id, required_lesson_id=article.id)
        )
    return program, module, [article, film, extra]


Taught = tuple[Program, Module, list[Lesson]]


def enrol(caller: Caller, program: Program) -> dict[str, Any]:
    return made(caller.post(f"/leader/programs/{program.id}/enrollment"))


def progress(caller: Caller, lesson: Lesson, **body: Any) -> dict[str, Any]:
    return made(caller.post(f"/leader/lessons/{lesson.id}/progress", body), 200)


class TestPrograms:
    """GET /leader/programs, /leader/programs/{id}; enrolment and withdrawal"""

    def test_it_lists_what_is_taught_and_what_i_learn(self, api: Api, taught: Taught) -> None:
        mei, _ = learner(api)
        other = training.program(position=5, title_en="Selling")
        enrol(mei, taught[0])
        listed = made(mei.get("/leader/programs", limit=1), 200)
        (first,) = listed["items"]
        assert (first["id"], first["title"], first["summary"]) == (
            taught[0].id,
            "First steps",
            "From nothing",
        )
        assert (first["enrollment"], first["percent"], first["required"]) == ("active", 0, 2)
        rest = made(mei.get("/leader/programs", cursor=listed["next_cursor"]), 200)
        assert [(p["id"], p["enrollment"]) for p in rest["items"]] == [(other.id, None)]
        assert rest["next_cursor"] is None
        chinese = mei.get("/leader/programs", language="zh-CN").json["items"][0]
        assert chinese["title"] == "社群入门"

    def test_it_outlines_a_program_and_says_why_a_lesson_is_locked(
        self, api: Api, taught: Taught
    ) -> None:
        program, _, (article, film, extra) = taught
        mei, _ = learner(api)
        shown = enrol(mei, program)
        (course,) = shown["courses"]
        (heading,) = course["modules"]
        assert (course["title"], heading["title"]) == ("Building a group", "Week one")
        steps = {step["id"]: step for step in heading["lessons"]}
        assert list(steps) == [article.id, film.id, extra.id]
        assert [s["state"] for s in steps.values()] == ["open", "locked", "open"]
        assert [s["mandatory"] for s in steps.values()] == [True, True, False]
        assert steps[film.id]["missing"] == [{"id": article.id, "title": "Welcome"}]
        assert (steps[article.id]["kind"], steps[film.id]["kind"]) == ("article", "video")
        progress(mei, article, read=True)
        progress(mei, film, watched=[[0, 10]])
        shown = made(mei.get(f"/leader/programs/{program.id}"), 200)
        states = [step["state"] for step in shown["courses"][0]["modules"][0]["lessons"]]
        assert (states, shown["percent"]) == (["satisfied", "begun", "open"], 50)

    def test_it_leaves_a_program_and_comes_back(self, api: Api, taught: Taught) -> None:
        program, _, (article, *_) = taught
        mei, _ = learner(api)
        path = f"/leader/programs/{program.id}"
        refused(mei.post(f"{path}/withdrawal"), 404, "not-found")
        enrol(mei, program)
        progress(mei, article, read=True)
        assert made(mei.post(f"{path}/withdrawal"), 200)["enrollment"] == "withdrawn"
        refused(mei.post(f"{path}/withdrawal"), 409, "not-in-this-state")
        assert made(mei.get("/leader/training"), 200) == {"programs": []}
        back = enrol(mei, program)
        assert (back["enrollment"], back["done"]) == ("active", 1)

    def test_it_shows_nobody_a_draft(self, api: Api, taught: Taught) -> None:
        program, *_ = taught
        mei, _ = learner(api)
        with transaction():
            program.state = ContentState.RETIRED
        refused(mei.get(f"/leader/programs/{program.id}"), 404, "not-found")
        refused(mei.post(f"/leader/programs/{program.id}/enrollment"), 409, "not-taught")
        refused(mei.post(f"/leader/programs/prg_{NOWHERE}/enrollment"), 404, "not-found")

    @pytest.mark.parametrize(
        "path", ["/leader/training", "/leader/programs", f"/leader/lessons/lsn_{NOWHERE}"]
    )
    def test_it_is_for_leaders(self, api: Api, path: str) -> None:
        assert api.anonymous.get(path).status_code == 401
        assert api.shopper("zed").get(path).status_code == 403
        assert api.staff("trainer").get(path).status_code == 403


class TestTraining:
    """GET /leader/training"""

    def test_it_says_what_comes_next(self, api: Api, taught: Taught) -> None:
        program, _, (article, film, extra) = taught
        mei, _ = learner(api)
        enrol(mei, program)
        (mine,) = made(mei.get("/leader/training"), 200)["programs"]
        assert (mine["next"]["id"], mine["percent"]) == (article.id, 0)
        assert [(s["id"], s["missing"][0]["id"]) for s in mine["locked"]] == [(film.id, article.id)]
        progress(mei, article, read=True)
        (mine,) = made(mei.get("/leader/training"), 200)["programs"]
        assert (mine["next"]["id"], mine["locked"], mine["percent"]) == (film.id, [], 50)
        progress(mei, film, watched=[[0, 600]])
        (mine,) = made(mei.get("/leader/training"), 200)["programs"]
        assert (mine["next"]["id"], mine["percent"], mine["enrollment"]) == (
            extra.id,
            100,
            "completed",
        )
        progress(mei, extra, read=True)
        assert made(mei.get("/leader/training"), 200)["programs"][0]["next"] is None

    def test_it_asks_as_much_however_long_the_programs_are(
        self, api: Api, taught: Taught, count_statements: Callable[[], Any]
    ) -> None:
        program, module, _ = taught
        mei, _ = learner(api)
        enrol(mei, program)
        paths = ["/leader/training", "/leader/programs", f"/leader/programs/{program.id}"]

        def cost() -> list[int]:
            counted = []
            for path in paths:
                session().expunge_all()
                with count_statements() as statements:
                    made(mei.get(path), 200)
                counted.append(len(statements))
            return counted

        before = cost()
        for _ in range(4):
            training.lesson(module)
            other = training.program()
            training.lesson(training.module(training.course(other)))
            enrol(mei, other)
        assert cost() == before


class TestLesson:
    """GET /leader/lessons/{id}"""

    def test_it_shows_a_lesson_in_one_language(self, api: Api, taught: Taught) -> None:
        program, _, (article, film, _) = taught
        mei, _ = learner(api)
        path = f"/leader/lessons/{article.id}"
        refused(mei.get(path), 409, "not-enrolled")
        enrol(mei, program)
        shown = made(mei.get(path), 200)
        assert shown["content"] == {"body": "# Welcome\nDo one thing well first."}
        assert (shown["state"], shown["number"], shown["title"]) == ("open", 1, "Welcome")
        chinese = mei.get(path, language="zh-CN").json
        assert (chinese["content"]["body"][:4], chinese["title"]) == ("# 欢迎", "欢迎")
        problem = refused(mei.get(f"/leader/lessons/{film.id}"), 409, "lesson-locked")
        assert problem["missing"] == [{"id": article.id, "title": "Welcome"}]
        progress(mei, article, read=True)
        shown = made(mei.get(f"/leader/lessons/{film.id}"), 200)
        assert shown["content"] == {
            "text": "Watch it before you open a group buy.",
            "url": "https://video.example.com/welcome.mp4",
            "duration_s": 600,
        }
        refused(mei.get(f"/leader/lessons/lsn_{NOWHERE}"), 404, "not-found")

    def test_it_lets_everybody_finish_the_version_they_began(
        self, api: Api, taught: Taught
    ) -> None:
        program, _, (article, *_) = taught
        mei, _ = learner(api)
        lin, _ = learner(api, "lin")
        enrol(mei, program)
        enrol(lin, program)
        progress(mei, article, read=False)
        with transaction():
            publish_next(article, "Welcome back")
        path = f"/leader/lessons/{article.id}"
        assert (mei.get(path).json["title"], mei.get(path).json["state"]) == ("Welcome", "begun")
        assert (lin.get(path).json["title"], lin.get(path).json["number"]) == ("Welcome back", 2)


def publish_next(lesson: Lesson, title: str) -> None:
    """Supersede a lesson's version."""
    old = session().query(LessonVersion).filter_by(lesson_id=lesson.id).one()
    old.state = VersionState.SUPERSEDED
    session().flush()
    session().add(
        LessonVersion(
            lesson_id=lesson.id,
            number=2,
            title_zh=title,
            title_en=title,
            content=old.content,
            state=VersionState.PUBLISHED,
            created_at=time.now(),
            created_by="hua",
            published_at=time.now(),
            published_by="hua",
        )
    )


class TestProgress:
    """POST /leader/lessons/{id}/progress"""

    @pytest.fixture
    def film(self, taught: Taught) -> Lesson:
        with transaction():
            session().query(Prerequisite).delete()
        return taught[2][1]

    def test_it_completes_a_video_by_the_union_of_what_was_seen(
        self, api: Api, taught: Taught, film: Lesson
    ) -> None:
        mei, leader_id = learner(api)
        enrol(mei, taught[0])
        assert progress(mei, film, watched=[])["state"] == "begun"
        progress(mei, film, watched=[[0, 300]])
        told = progress(mei, film, watched=[[200, 500], [100, 250]])
        assert (told["watched"], told["watched_s"]) == ([[0, 500]], 500)
        assert (told["state"], told["length_s"], told["completed_at"]) == ("begun", 600, None)
        api.clock.advance(minutes=5)
        told = progress(mei, film, watched=[[560, 700]])
        assert (told["watched"], told["state"]) == ([[0, 500], [560, 600]], "satisfied")
        assert told["completed_at"] == time.now().isoformat()
        api.clock.advance(minutes=5)
        again = progress(mei, film, watched=[[0, 300]])
        assert again == told
        record = session().get_one(LessonRecord, (leader_id, film.id), populate_existing=True)
        assert record.active_at == time.now()

    def test_it_keeps_when_the_leader_was_last_active(
        self, api: Api, taught: Taught, film: Lesson
    ) -> None:
        mei, _ = learner(api)
        enrol(mei, taught[0])
        progress(mei, film, watched=[[0, 5]])
        api.clock.advance(days=3)
        progress(mei, film, watched=[[5, 9]])
        last = text("select active_at from enrollments")
        assert session().scalar(last) == time.now()
        api.clock.advance(days=-2)
        progress(mei, film, watched=[[9, 12]])
        assert session().scalar(last) == time.now() + timedelta(days=2)

    def test_it_completes_an_article_when_it_is_read(self, api: Api, taught: Taught) -> None:
        article = taught[2][0]
        mei, _ = learner(api)
        enrol(mei, taught[0])
        assert progress(mei, article, read=False)["state"] == "begun"
        first = progress(mei, article, read=True)
        assert (first["state"], first["length_s"]) == ("satisfied", None)
        api.clock.advance(days=1)
        assert progress(mei, article, read=True) == first
        assert progress(mei, article, read=False) == first

    @pytest.mark.parametrize(
        "spans",
        [[[5]], [[5, 5]], [[9, 5]], [[-1, 5]], [[1, 2, 3]], [[0, 86_401]], [[0, 1.5]], 7, [7]],
    )
    def test_it_refuses_spans_that_are_none(
        self, api: Api, taught: Taught, film: Lesson, spans: Any
    ) -> None:
        mei, _ = learner(api)
        enrol(mei, taught[0])
        answer = mei.post(f"/leader/lessons/{film.id}/progress", {"watched": spans})
        refused(answer, 422, "invalid-input")

    def test_it_refuses_what_does_not_fit_the_kind(
        self, api: Api, taught: Taught, film: Lesson
    ) -> None:
        mei, _ = learner(api)
        enrol(mei, taught[0])
        exam = training.lesson(taught[1], LessonKind.ASSESSMENT)
        for begun in (False, True):
            for lesson, body, pointer in (
                (film, {"read": True}, "/read"),
                (film, {}, "/watched"),
                (film, {"watched": None}, "/watched"),
                (taught[2][0], {"watched": [[0, 1]]}, "/watched"),
                (taught[2][0], {}, "/read"),
                (exam, {"read": True}, "/read"),
            ):
                answer = mei.post(f"/leader/lessons/{lesson.id}/progress", body)
                problem = refused(answer, 422, "invalid-input")
                assert problem["errors"][0]["pointer"] == pointer, (lesson.kind, body)
            if not begun:
                progress(mei, film, watched=[])
                progress(mei, taught[2][0], read=False)

    def test_it_takes_progress_only_of_what_is_open_to_me(self, api: Api, taught: Taught) -> None:
        program, _, (article, film, _) = taught
        mei, _ = learner(api)
        path = f"/leader/lessons/{article.id}/progress"
        refused(mei.post(path, {"read": True}), 409, "not-enrolled")
        enrol(mei, program)
        locked = mei.post(f"/leader/lessons/{film.id}/progress", {"watched": [[0, 600]]})
        refused(locked, 409, "lesson-locked")
        with transaction():
            article.retired_at = time.now()
        refused(mei.post(path, {"read": True}), 409, "not-taught")
        assert session().query(LessonRecord).count() == 0
        refused(mei.post(f"/leader/lessons/lsn_{NOWHERE}/progress", {}), 404, "not-found")
        assert api.shopper("zed").post(path, {"read": True}).status_code == 403

    def test_it_keeps_completing_and_passing_apart(self, api: Api, taught: Taught) -> None:
        program, module, _ = taught
        both = training.lesson(module, move_on=MoveOn.COMPLETED_AND_PASSED)
        mei, leader_id = learner(api)
        enrol(mei, program)
        assert progress(mei, both, read=True)["state"] == "completed"
        with transaction():
            mark(leader_id=leader_id, lesson_id=both.id, passed=True, now=time.now())
        assert made(mei.get(f"/leader/lessons/{both.id}"), 200)["state"] == "satisfied"

    def test_it_adds_progress_in_one_statement(
        self, api: Api, taught: Taught, film: Lesson, count_statements: Callable[[], Any]
    ) -> None:
        mei, _ = learner(api)
        enrol(mei, taught[0])
        progress(mei, film, watched=[[0, 5]])
        session().expunge_all()
        with count_statements() as statements:
            progress(mei, film, watched=[[5, 10]])
        # Two say who asks: the login, and that the shopper is a leader.
        assert [("lesson_records" in statement) for statement in statements] == [False, False, True]

"""Attempts over HTTP: what leaders do, what they never see, and what headquarters decides."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.leaders.models import Leader
from groupbuy.training.queries.attempts import asked
from groupbuy.training.rules.assessments import Review
from scripts.dev.document import operations
from tests.client import Answer, Api, Caller
from tests.factories import assessments, training
from tests.factories.assessments import KEYS, RIGHT_NUMBER, SECRET, Exam
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

OWN, ATTEMPTS, GRANTS = "/leader/attempts", "/hq/attempts", "/hq/attempt-grants"
NOBODY = "0" * 32


def starting(exam: Exam) -> str:
    return f"/leader/assessments/{exam.assessment.id}/attempts"


def begun(caller: Caller, exam: Exam) -> dict[str, Any]:
    return made(caller.post(starting(exam)))


def right_answers(attempt_id: str) -> dict[str, Any]:
    """Return the right answers in the letters of a paper, as only the server knows them."""
    return {
        one.row.question_id: one.kind.written(one.row.options, one.body["right"])
        for one in asked(attempt_id)
    }


def answer_right(caller: Caller, paper: dict[str, Any], *, but: int = 0) -> None:
    answers = list(right_answers(paper["id"]).items())
    for question_id, answer in answers[: len(answers) - but]:
        path = f"{OWN}/{paper['id']}/answers/{question_id}"
        made(caller.put(path, {"answer": answer}), 200)


def submitted(caller: Caller, paper: dict[str, Any]) -> dict[str, Any]:
    return made(caller.post(f"{OWN}/{paper['id']}/submission"), 200)


class TestOwnAttempt:
    """What a leader does."""

    def test_it_is_begun_answered_and_submitted(self, api: Api, clock: ManualClock) -> None:
        exam = assessments.exam(time_limit_s=600, max_attempts=2, cooldown_minutes=30)
        mei = assessments.mei(api, exam)
        told = made(mei.get(f"/leader/lessons/{exam.lesson.id}/assessment"), 200)
        assert (told["assessment_id"], told["questions"]) == (exam.assessment.id, 5)
        assert (told["attempts_left"], told["again_at"], told["passed"]) == (2, None, False)
        paper = begun(mei, exam)
        assert (paper["number"], paper["state"], paper["seconds_left"]) == (1, "open", 600)
        assert begun(mei, exam)["id"] == paper["id"]
        clock.advance(seconds=100)
        answer_right(mei, paper, but=1)
        shown = made(mei.get(f"{OWN}/{paper['id']}"), 200)
        assert shown["seconds_left"] == 500
        wanted = right_answers(paper["id"])
        given = {q["question_id"]: q["answer"] for q in shown["questions"] if q["answered_at"]}
        assert given.items() <= wanted.items()
        assert len(given) == 4
        ended = submitted(mei, paper)
        assert (ended["state"], ended["score_bps"], ended["passed"]) == ("submitted", 8_000, True)
        assert ended["seconds_left"] == 0
        assert submitted(mei, paper) == ended
        told = made(mei.get(f"/leader/lessons/{exam.lesson.id}/assessment"), 200)
        assert (told["attempts_left"], told["grade_bps"], told["passed"]) == (1, 8_000, True)
        assert told["again_at"] == (clock.now() + _minutes(30)).isoformat()
        refused(mei.post(starting(exam)), 409, "attempt-too-soon")
        clock.advance(minutes=30)
        second = begun(mei, exam)
        submitted(mei, second)
        clock.advance(minutes=30)
        refused(mei.post(starting(exam)), 409, "no-attempts-left")
        listed = made(mei.get(OWN, assessment=exam.assessment.id), 200)["items"]
        assert [(one["number"], one["passed"]) for one in listed] == [(2, False), (1, True)]
        assert mei.get(OWN, state="open").json["items"] == []

    def test_it_speaks_the_leaders_language(self, api: Api) -> None:
        exam = assessments.exam("single")
        mei = assessments.mei(api, exam)
        paper = begun(mei, exam)
        (question,) = mei.get(f"{OWN}/{paper['id']}", language="zh-CN").json["questions"]
        assert question["prompt"] == "哪一个？"
        assert {option["text"] for option in question["options"]} == {
            "选项1",
            "选项2",
            "选项3",
            "选项4",
        }
        (question,) = paper["questions"]
        assert question["prompt"] == "Which?"
        assert [option["key"] for option in question["options"]] == ["a", "b", "c", "d"]

    def test_it_takes_only_what_answers_the_question(self, api: Api) -> None:
        exam = assessments.exam("single")
        mei = assessments.mei(api, exam)
        paper = begun(mei, exam)
        (question,) = paper["questions"]
        path = f"{OWN}/{paper['id']}/answers/{question['question_id']}"
        for bad in ("e", ["a"], 1, True, {"a": "b"}, 1.5, ""):
            answer = mei.put(path, {"answer": bad})
            refused(answer, 422, "invalid-input")
            assert [fault["pointer"] for fault in answer.json["errors"]] == ["/answer"]
        refused(mei.put(path, {}), 422, "invalid-input")
        kept = made(mei.put(path, {"answer": "a"}), 200)
        assert (kept["answer"], kept["seconds_left"]) == ("a", None)
        assert made(mei.put(path, {"answer": "a"}), 200) == kept
        assert made(mei.put(path, {"answer": None}), 200)["answered_at"] is None
        stray = f"{OWN}/{paper['id']}/answers/qst_{NOBODY}"
        refused(mei.put(stray, {"answer": "a"}), 404, "not-found")

    def test_it_ends_on_the_spot_when_it_is_touched_too_late(
        self, api: Api, clock: ManualClock
    ) -> None:
        exam = assessments.exam("single", "true_false", time_limit_s=60)
        mei = assessments.mei(api, exam)
        paper = begun(mei, exam)
        answer_right(mei, paper, but=1)
        clock.advance(seconds=60)
        (last,) = list(right_answers(paper["id"]))[1:]
        path = f"{OWN}/{paper['id']}"
        refused(mei.put(f"{path}/answers/{last}", {"answer": True}), 409, "attempt-over")
        shown = made(mei.get(OWN, limit=1), 200)["items"][0]
        assert (shown["state"], shown["score_bps"]) == ("expired", 5_000)
        again = begun(mei, exam)
        clock.advance(seconds=61)
        shown = made(mei.get(f"{OWN}/{again['id']}"), 200)
        assert (shown["state"], shown["ended_at"]) == ("expired", shown["expires_at"])
        third = begun(mei, exam)
        clock.advance(seconds=61)
        assert (
            made(api.staff("trainer").get(f"{ATTEMPTS}/{third['id']}"), 200)["state"] == "expired"
        )
        fourth = begun(mei, exam)
        clock.advance(seconds=61)
        assert submitted(mei, fourth)["state"] == "expired"

    def test_it_examines_nobody_who_may_not_learn_it(self, api: Api) -> None:
        exam = assessments.exam("single")
        stranger = assessments.mei(api, assessments.exam("single"), "tao")
        refused(stranger.post(starting(exam)), 409, "not-enrolled")
        path = f"/leader/lessons/{exam.lesson.id}/assessment"
        refused(stranger.get(path), 409, "not-enrolled")
        mei = assessments.mei(api, exam)
        refused(mei.post(f"/leader/assessments/ast_{NOBODY}/attempts"), 404, "not-found")
        refused(mei.get(f"/leader/lessons/lsn_{NOBODY}/assessment"), 404, "not-found")
        refused(mei.get(f"{OWN}/atm_{NOBODY}"), 404, "not-found")
        program, lesson = assessments.lesson()
        empty = made(api.staff("trainer").post("/hq/assessments", {"lesson_id": lesson.id}))
        training.enrolled(_leader_of(mei), program=program)
        refused(mei.get(f"/leader/lessons/{lesson.id}/assessment"), 409, "not-taught")
        refused(mei.post(f"/leader/assessments/{empty['id']}/attempts"), 409, "not-taught")

    def test_it_lists_in_a_constant_number_of_statements(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        exam = assessments.exam("single")
        mei = assessments.mei(api, exam)
        for _ in range(4):
            submitted(mei, begun(mei, exam))
        for caller, path in ((mei, OWN), (api.staff("trainer"), ATTEMPTS)):
            counts = []
            for limit in (1, 4):
                with count_statements() as statements:
                    assert len(made(caller.get(path, limit=limit), 200)["items"]) == limit
                counts.append(len(statements))
            assert counts[0] == counts[1]


class TestReview:
    """What was right, and when it is told."""

    @pytest.mark.parametrize(
        ("review", "opens"),
        [
            (Review.NEVER, (False, False, False)),
            (Review.AFTER_SUBMISSION, (True, True, True)),
            (Review.AFTER_PASS, (False, True, True)),
            (Review.AFTER_LAST_ATTEMPT, (False, False, True)),
        ],
    )
    def test_it_opens_as_the_policy_says(
        self, api: Api, review: Review, opens: tuple[bool, ...]
    ) -> None:
        exam = assessments.exam(review=review, max_attempts=3)
        mei = assessments.mei(api, exam)
        for opened, but in zip(opens, (3, 0, 2), strict=True):
            paper = begun(mei, exam)
            answer_right(mei, paper, but=but)
            ended = submitted(mei, paper)
            assert ended["review_open"] == opened
            assert ended["score_bps"] == 10_000 - 2_000 * but
            self.checked(ended, opened)

    def checked(self, ended: dict[str, Any], opened: bool) -> None:
        if not opened:
            assert {q["right"] for q in ended["questions"]} == {None}
            assert {q["mark_bps"] for q in ended["questions"]} == {None}
            return
        wanted = right_answers(ended["id"])
        for question in ended["questions"]:
            assert question["right"] == wanted[question["question_id"]]
            assert question["explanation"] == SECRET
            assert (question["mark_bps"] == 10_000) == (question["answer"] is not None)

    def test_it_stays_closed_while_the_last_attempt_is_open(self, api: Api) -> None:
        exam = assessments.exam(review="after_last_attempt", max_attempts=2)
        mei = assessments.mei(api, exam)
        first = submitted(mei, begun(mei, exam))
        last = begun(mei, exam)
        assert not made(mei.get(f"{OWN}/{first['id']}"), 200)["review_open"]
        submitted(mei, last)
        assert made(mei.get(f"{OWN}/{first['id']}"), 200)["review_open"]


class TestSecrecy:
    """Neither keys nor another's answers leave the server."""

    def test_it_tells_nobody_what_is_right_by_any_route(self, api: Api) -> None:
        exam = assessments.exam(time_limit_s=600)
        mei = assessments.mei(api, exam)
        paper = begun(mei, exam)
        answers = [mei.post(starting(exam))]
        for question in paper["questions"]:
            path = f"{OWN}/{paper['id']}/answers/{question['question_id']}"
            wrong = {"single": "a", "multiple": ["a"], "true_false": False, "numeric": 1}
            given = wrong.get(question["kind"], ["a", "b", "c", "d"])
            answers += [mei.put(path, {"answer": bad}) for bad in (given, "z")]
        ids = {
            "attempt_id": paper["id"],
            "lesson_id": exam.lesson.id,
            "assessment_id": exam.assessment.id,
            "question_id": paper["questions"][0]["question_id"],
            "program_id": exam.program.id,
        }
        paths = list(readable(api, ids))
        assert {f"{OWN}/{paper['id']}", f"/leader/lessons/{exam.lesson.id}"} <= set(paths)
        answers += [caller.get(path) for path in paths for caller in (mei, api.anonymous)]
        assert {answer.status_code for answer in answers} >= {200, 201, 401, 422}
        for answer in answers:
            assert_tells_nothing(answer)
        answer_right(mei, paper)
        assert_tells_nothing(mei.get(OWN))
        exams = made(mei.post(f"{OWN}/{paper['id']}/submission"), 200)
        assert SECRET in str(exams), "the words that are looked for are those of the review"

    def test_it_describes_the_key_to_leaders_only_as_part_of_a_review(self, api: Api) -> None:
        telling = {
            (method, path)
            for method, path, operation in operations(api.app)
            if not path.startswith("/api/v1/hq/")
            and "PaperQuestion" in str(operation.get("responses")) + _schemas(api, operation)
        }
        assert {path.rpartition("/leader/")[2] for _, path in telling} <= {
            "attempts/{attempt_id}",
            "attempts/{attempt_id}/submission",
            "assessments/{assessment_id}/attempts",
        }

    def test_it_keeps_each_leaders_attempts_to_themselves(self, api: Api) -> None:
        exam = assessments.exam("single")
        mei, tao = (assessments.mei(api, exam, name) for name in ("mei", "tao"))
        paper = begun(mei, exam)
        (question,) = paper["questions"]
        one = f"{OWN}/{paper['id']}"
        answer = f"{one}/answers/{question['question_id']}"
        refused(tao.get(one), 404, "not-found")
        refused(tao.put(answer, {"answer": "a"}), 404, "not-found")
        refused(tao.post(f"{one}/submission"), 404, "not-found")
        assert tao.get(OWN).json["items"] == []
        assert api.anonymous.get(one).status_code == 401
        for outsider in (api.shopper("zed"), api.staff("trainer")):
            assert outsider.get(OWN).status_code == 403
            assert outsider.get(one).status_code == 403
            assert outsider.put(answer, {"answer": "a"}).status_code == 403
            assert outsider.post(f"{one}/submission").status_code == 403
            assert outsider.post(starting(exam)).status_code == 403
        assert made(mei.get(one), 200)["state"] == "open"
        refused(mei.get(OWN, leader=f"ldr_{NOBODY}"), 422, "invalid-input")


class TestHeadquarters:
    """What headquarters sees and decides."""

    def test_it_shows_answers_and_keys(self, api: Api) -> None:
        exam = assessments.exam("ordering", "true_false")
        mei = assessments.mei(api, exam)
        paper = begun(mei, exam)
        answer_right(mei, paper)
        submitted(mei, paper)
        trainer = api.staff("trainer")
        sheet = made(trainer.get(f"{ATTEMPTS}/{paper['id']}"), 200)
        assert (sheet["score_bps"], sheet["passed"]) == (10_000, True)
        for question in sheet["questions"]:
            assert question["answer"] == question["body"]["right"]
            assert question["mark_bps"] == 10_000
        refused(trainer.get(f"{ATTEMPTS}/atm_{NOBODY}"), 404, "not-found")

    def test_it_filters_attempts(self, api: Api) -> None:
        exam, other = assessments.exam("single"), assessments.exam("single")
        mei, tao = assessments.mei(api, exam), assessments.mei(api, other, "tao")
        first = submitted(mei, begun(mei, exam))
        second, third = begun(mei, exam), begun(tao, other)
        trainer = api.staff("trainer")

        def ids(**filters: Any) -> list[str]:
            return [one["id"] for one in made(trainer.get(ATTEMPTS, **filters), 200)["items"]]

        assert ids() == [third["id"], second["id"], first["id"]]
        assert ids(assessment=exam.assessment.id) == [second["id"], first["id"]]
        assert ids(leader=_leader_of(tao).id) == [third["id"]]
        assert ids(state="submitted") == [first["id"]]
        refused(trainer.get(ATTEMPTS, state="lost"), 422, "invalid-input")

    def test_it_voids_an_attempt_for_a_reason(self, api: Api) -> None:
        exam = assessments.exam("single", max_attempts=1)
        mei = assessments.mei(api, exam)
        paper = submitted(mei, begun(mei, exam))
        path, trainer = f"{ATTEMPTS}/{paper['id']}/voidance", api.staff("trainer")
        refused(trainer.post(path, {"reason": " "}), 422, "invalid-input")
        assert api.staff("operator").post(path, {"reason": "No."}).status_code == 403
        sheet = made(trainer.post(path, {"reason": "The power failed."}), 200)
        assert (sheet["state"], sheet["voided_by"]) == ("voided", trainer.id)
        refused(trainer.post(path, {"reason": "Again."}), 409, "not-in-this-state")
        refused(
            trainer.post(f"{ATTEMPTS}/atm_{NOBODY}/voidance", {"reason": "?"}), 404, "not-found"
        )
        own = made(mei.get(f"{OWN}/{paper['id']}"), 200)
        assert (own["state"], own["reason"], own["passed"]) == ("voided", "The power failed.", None)
        refused(mei.post(f"{OWN}/{paper['id']}/submission"), 409, "attempt-over")
        assert begun(mei, exam)["number"] == 2
        (entry,) = api.staff("auditor").get("/hq/audit-log", subject=paper["id"]).json["items"]
        assert (entry["action"], entry["facts"]["reason"]) == ("attempt.void", "The power failed.")

    def test_it_grants_further_attempts(self, api: Api) -> None:
        exam = assessments.exam("single", max_attempts=1)
        mei = assessments.mei(api, exam)
        submitted(mei, begun(mei, exam))
        refused(mei.post(starting(exam)), 409, "no-attempts-left")
        trainer = api.staff("trainer")
        leader_id = _leader_of(mei).id
        body = {"leader_id": leader_id, "assessment_id": exam.assessment.id, "attempts": 1}
        refused(trainer.post(GRANTS, body), 422, "invalid-input")
        grant = made(trainer.post(GRANTS, {**body, "reason": "Renewal."}))
        assert (grant["granted_by"], grant["attempts"]) == (trainer.id, 1)
        assert trainer.get(GRANTS, leader=leader_id).json["items"] == [grant]
        assert trainer.get(GRANTS, assessment=f"ast_{NOBODY}").json["items"] == []
        for nowhere in ({"leader_id": f"ldr_{NOBODY}"}, {"assessment_id": f"ast_{NOBODY}"}):
            told = {**body, "reason": "Renewal.", **nowhere}
            refused(trainer.post(GRANTS, told), 404, "not-found")
        assert begun(mei, exam)["number"] == 2


def readable(api: Api, ids: dict[str, str]) -> Iterator[str]:
    """Yield every path that leaders or the public may read, with these ids where it has some."""
    for rule in api.app.url_map.iter_rules():
        own = rule.rule.startswith("/api/v1/") and not rule.rule.startswith("/api/v1/hq/")
        if own and "GET" in (rule.methods or ()) and rule.arguments <= ids.keys():
            with api.app.test_request_context():
                _, path = api.app.url_map.bind("").build(rule.endpoint, ids).split("/api/v1", 1)
            yield path


def assert_tells_nothing(answer: Answer) -> None:
    """Look for what only who knows the right answers can say."""
    for word in (SECRET, str(RIGHT_NUMBER), *KEYS):
        assert word not in answer.text, word
    assert _values(answer.json, "right") <= {None}
    assert _values(answer.json, "mark_bps") <= {None}


def _values(document: Any, name: str) -> set[Any]:
    if isinstance(document, list):
        return {value for part in document for value in _values(part, name)}
    if not isinstance(document, dict):
        return set()
    own = {str(document[name])} if document.get(name) is not None else set()
    return own | {value for part in document.values() for value in _values(part, name)}


def _schemas(api: Api, operation: dict[str, Any]) -> str:
    return ""


def _leader_of(caller: Caller) -> Leader:
    from groupbuy.kernel.db import session

    return session().query(Leader).filter(Leader.shopper_id == caller.id).one()


def _minutes(count: int) -> Any:
    from datetime import timedelta

    return timedelta(minutes=count)

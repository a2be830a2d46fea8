"""Question banks, questions and assessments over HTTP, for headquarters."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session
from groupbuy.training.models import Lesson
from tests.client import Api, Caller
from tests.factories import assessments, training
from tests.factories.assessments import BODIES
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

BANKS, QUESTIONS, ASSESSMENTS = "/hq/question-banks", "/hq/questions", "/hq/assessments"
NOBODY = "0" * 32


@pytest.fixture
def trainer(api: Api) -> Caller:
    """Who runs the school."""
    return api.staff("trainer")


@pytest.fixture
def bank(trainer: Caller) -> str:
    """A question bank."""
    body = {"code": "selling", "title_zh": "带货", "title_en": "Selling"}
    return str(made(trainer.post(BANKS, body))["id"])


@pytest.fixture
def lesson(api: Api) -> Lesson:
    """A lesson of kind assessment."""
    return assessments.lesson()[1]


def asked(
    trainer: Caller, bank: str, code: str, kind: str = "single", **more: Any
) -> dict[str, Any]:
    body = {"bank_id": bank, "code": code, "kind": kind, "body": BODIES[kind], **more}
    return made(trainer.post(QUESTIONS, body))


class TestBanks:
    """/hq/question-banks"""

    def test_it_creates_edits_and_retires_a_bank(self, trainer: Caller, bank: str) -> None:
        path = f"{BANKS}/{bank}"
        answer = trainer.get(path)
        assert (answer.headers["ETag"], answer.json["retired_at"]) == ('"1"', None)
        change = {"title_en": "Sales", "retired": True}
        refused(trainer.patch(path, change), 428, "version-required")
        changed = made(trainer.patch(path, change, if_match=1), 200)
        assert (changed["title_en"], changed["title_zh"], changed["version"]) == (
            "Sales",
            "带货",
            2,
        )
        refused(trainer.patch(path, change, if_match=1), 412, "stale-version")
        assert [b["id"] for b in trainer.get(BANKS, retired=True).json["items"]] == [bank]
        assert trainer.get(BANKS, retired=False).json["items"] == []
        assert made(trainer.patch(path, {"retired": False}, if_match=2), 200)["retired_at"] is None

    def test_it_gives_a_code_once(self, trainer: Caller, bank: str) -> None:
        body = {"code": "selling", "title_zh": "别的", "title_en": "Other"}
        refused(trainer.post(BANKS, body), 409, "bank-code-taken")
        refused(trainer.post(BANKS, {**body, "code": "Selling!"}), 422, "invalid-input")

    def test_it_is_the_trainers_to_edit_and_no_leaders_to_read(self, api: Api, bank: str) -> None:
        assessments.mei(api, assessments.exam("single"))
        reading = (BANKS, f"{BANKS}/{bank}", QUESTIONS, ASSESSMENTS, "/hq/attempts")
        for path in (*reading, "/hq/attempt-grants"):
            assert api.anonymous.get(path).status_code == 401
            for outsider in (api.shopper("mei"), api.shopper("zed")):
                assert outsider.get(path).status_code == 403
            assert api.staff("operator").get(path).status_code == 200
        for path in (
            BANKS,
            QUESTIONS,
            ASSESSMENTS,
            f"{BANKS}/{bank}/imports",
            "/hq/attempt-grants",
        ):
            assert api.staff("operator").post(path, {}).status_code == 403
            assert api.shopper("mei").post(path, {}).status_code == 403
        refused(api.staff("trainer").get(f"{BANKS}/qbk_{NOBODY}"), 404, "not-found")


class TestQuestions:
    """/hq/questions"""

    @pytest.mark.parametrize("kind", sorted(BODIES))
    def test_it_keeps_a_question_of_each_kind(self, trainer: Caller, bank: str, kind: str) -> None:
        question = asked(trainer, bank, "first", kind, marks=2)
        assert (question["kind"], question["marks"], question["number"]) == (kind, 2, 1)
        assert question["body"].items() >= BODIES[kind].items()
        shown = trainer.get(f"{QUESTIONS}/{question['id']}")
        assert (shown.json, shown.headers["ETag"]) == (question, '"1"')

    def test_it_makes_a_version_of_each_edit(self, trainer: Caller, bank: str) -> None:
        question = asked(trainer, bank, "first", "true_false")
        path = f"{QUESTIONS}/{question['id']}"
        refused(trainer.patch(path, {"marks": 2}), 428, "version-required")
        second = made(trainer.patch(path, {"marks": 2}, if_match=1), 200)
        assert (second["number"], second["marks"], second["version"]) == (2, 2, 2)
        same = made(trainer.patch(path, {"marks": 2, "retired": True}, if_match=2), 200)
        assert (same["number"], same["retired_at"] is None) == (2, False)
        body = {**BODIES["true_false"], "right": False}
        third = made(trainer.patch(path, {"body": body, "retired": False}, if_match=3), 200)
        assert (third["number"], third["body"]["right"], third["retired_at"]) == (3, False, None)
        refused(trainer.patch(path, {"marks": 5}, if_match=1), 412, "stale-version")
        history = made(trainer.get(f"{path}/versions"), 200)["items"]
        assert [(v["number"], v["marks"], v["body"]["right"]) for v in history] == [
            (3, 2, False),
            (2, 2, True),
            (1, 1, True),
        ]

    def test_it_says_what_is_wrong_with_a_body(self, trainer: Caller, bank: str) -> None:
        body = {**BODIES["single"], "right": "option9"}
        told = {"bank_id": bank, "code": "first", "kind": "single"}
        answer = trainer.post(QUESTIONS, {**told, "body": body}, language="zh-CN")
        refused(answer, 422, "invalid-input")
        assert answer.json["errors"] == [{"pointer": "/body/right", "detail": "没有这个选项。"}]
        question = asked(trainer, bank, "first")
        path = f"{QUESTIONS}/{question['id']}"
        refused(trainer.patch(path, {"body": body}, if_match=1), 422, "invalid-input")
        same = {**told, "body": BODIES["single"]}
        refused(trainer.post(QUESTIONS, same), 409, "question-code-taken")
        nowhere = {**same, "bank_id": f"qbk_{NOBODY}"}
        refused(trainer.post(QUESTIONS, nowhere), 404, "not-found")
        for path in (f"{QUESTIONS}/qst_{NOBODY}", f"{QUESTIONS}/qst_{NOBODY}/versions"):
            refused(trainer.get(path), 404, "not-found")

    def test_it_lists_by_bank_kind_and_retirement(
        self, trainer: Caller, bank: str, count_statements: Callable[[], Any]
    ) -> None:
        first, second, third = (asked(trainer, bank, f"q{number}") for number in range(3))
        numeric = asked(trainer, bank, "q4", "numeric")
        path = f"{QUESTIONS}/{second['id']}"
        made(trainer.patch(path, {"retired": True}, if_match=1), 200)

        def ids(**filters: Any) -> list[str]:
            return [one["id"] for one in made(trainer.get(QUESTIONS, **filters), 200)["items"]]

        assert ids(bank=bank, kind="numeric") == [numeric["id"]]
        assert ids(retired=False, kind="single") == [first["id"], third["id"]]
        assert ids(bank=f"qbk_{NOBODY}") == []
        counts = []
        for limit in (1, 4):
            with count_statements() as statements:
                assert len(ids(limit=limit)) == limit
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestImport:
    """POST /hq/question-banks/{id}/imports"""

    def test_it_adds_changes_and_leaves_alone(self, trainer: Caller, bank: str) -> None:
        path = f"{BANKS}/{bank}/imports"
        questions: list[dict[str, Any]] = [
            {"code": f"q-{kind.replace('_', '-')}", "kind": kind, "body": body}
            for kind, body in BODIES.items()
        ]
        first = made(trainer.post(path, {"questions": questions}))
        assert first == {"created": 5, "changed": 0, "unchanged": 0}
        questions[0] = {**questions[0], "marks": 3}
        again = made(trainer.post(path, {"questions": questions}))
        assert again == {"created": 0, "changed": 1, "unchanged": 4}
        listed = made(trainer.get(QUESTIONS, bank=bank), 200)["items"]
        assert [(q["marks"], q["number"]) for q in listed] == [(3, 2)] + [(1, 1)] * 4

    def test_it_imports_all_or_nothing_and_says_what_is_wrong_where(
        self, trainer: Caller, bank: str
    ) -> None:
        asked(trainer, bank, "known", "numeric")
        body = BODIES["single"]
        questions = [
            {"code": "good", "kind": "single", "body": body},
            {"code": "bad", "kind": "single", "body": {**body, "right": "option9"}},
            {"code": "good", "kind": "single", "body": body},
            {"code": "known", "kind": "single", "body": body},
        ]
        answer = trainer.post(f"{BANKS}/{bank}/imports", {"questions": questions})
        refused(answer, 422, "invalid-input")
        assert [fault["pointer"] for fault in answer.json["errors"]] == [
            "/questions/1/body/right",
            "/questions/2/code",
            "/questions/3/kind",
        ]
        assert len(trainer.get(QUESTIONS, bank=bank).json["items"]) == 1
        refused(trainer.post(f"{BANKS}/{bank}/imports", {"questions": []}), 422, "invalid-input")
        nowhere = {"questions": questions[:1]}
        refused(trainer.post(f"{BANKS}/qbk_{NOBODY}/imports", nowhere), 404, "not-found")


class TestAssessments:
    """/hq/assessments and their versions"""

    def drafted(
        self, trainer: Caller, lesson: Lesson, **settings: Any
    ) -> tuple[str, dict[str, Any]]:
        assessment = made(trainer.post(ASSESSMENTS, {"lesson_id": lesson.id}))
        path = f"{ASSESSMENTS}/{assessment['id']}/versions"
        return path, made(trainer.post(path, settings))

    def published(self, trainer: Caller, path: str, draft: dict[str, Any]) -> Any:
        body = {"version": draft["version"]}
        return trainer.post(f"{path}/{draft['number']}/publication", body)

    def test_it_makes_one_assessment_of_a_lesson_of_that_kind(
        self, trainer: Caller, lesson: Lesson
    ) -> None:
        article = training.lesson(training.module(training.course(training.program())))
        assessment = made(trainer.post(ASSESSMENTS, {"lesson_id": lesson.id}))
        assert (assessment["published"], assessment["draft"]) == (None, None)
        for lesson_id in (lesson.id, article.id):
            answer = trainer.post(ASSESSMENTS, {"lesson_id": lesson_id})
            refused(answer, 409, "lesson-takes-no-assessment")
        nowhere = {"lesson_id": f"lsn_{NOBODY}"}
        refused(trainer.post(ASSESSMENTS, nowhere), 404, "not-found")
        assert trainer.get(f"{ASSESSMENTS}/{assessment['id']}").json == assessment
        assert trainer.get(ASSESSMENTS, lesson=lesson.id).json["items"] == [assessment]
        assert trainer.get(ASSESSMENTS, lesson=article.id).json["items"] == []
        refused(trainer.get(f"{ASSESSMENTS}/ast_{NOBODY}"), 404, "not-found")

    def test_it_drafts_edits_publishes_and_supersedes(
        self, trainer: Caller, lesson: Lesson, bank: str
    ) -> None:
        questions = [asked(trainer, bank, f"q{number}")["id"] for number in range(3)]
        sections = [{"bank_id": bank, "draw": 2}]
        path, draft = self.drafted(trainer, lesson, sections=sections)
        assert (draft["pass_bps"], draft["grading"], draft["review"]) == (
            8_000,
            "highest",
            "after_pass",
        )
        refused(trainer.post(path, {}), 409, "assessment-draft-exists")
        one = f"{path}/1"
        change = {"question_ids": questions[:1], "time_limit_s": 600}
        edited = made(trainer.patch(one, change, if_match=1), 200)
        refused(self.published(trainer, path, draft), 412, "stale-version")
        published = made(self.published(trainer, path, edited), 200)
        assert (published["state"], published["published_by"]) == ("published", trainer.id)
        refused(self.published(trainer, path, published), 409, "not-in-this-state")
        refused(trainer.patch(one, change, if_match=3), 409, "not-in-this-state")
        refused(trainer.delete(one, if_match=3), 409, "not-in-this-state")
        second = made(trainer.post(path, {"pass_bps": 9_000}))
        assert (second["number"], second["time_limit_s"], second["pass_bps"]) == (2, 600, 9_000)
        made(self.published(trainer, path, second), 200)
        states = [v["state"] for v in made(trainer.get(path), 200)["items"]]
        assert states == ["published", "superseded"]
        shown = trainer.get(path.removesuffix("/versions")).json
        assert (shown["published"], shown["draft"]) == (2, None)
        assert done_to(published["id"], trainer) == ["publish", "edit", "draft"]

    def test_it_discards_a_draft(self, trainer: Caller, lesson: Lesson) -> None:
        path, draft = self.drafted(trainer, lesson)
        refused(trainer.delete(f"{path}/1", if_match=2), 412, "stale-version")
        assert trainer.delete(f"{path}/1", if_match=1).status_code == 204
        refused(trainer.get(f"{path}/1"), 404, "not-found")
        refused(self.published(trainer, path, draft), 404, "not-found")

    def test_it_publishes_only_what_can_be_asked(
        self, trainer: Caller, lesson: Lesson, bank: str
    ) -> None:
        questions = [asked(trainer, bank, f"q{n}", marks=1 + n % 2)["id"] for n in range(3)]
        body = {"code": "few", "title_zh": "少", "title_en": "Few"}
        few = made(trainer.post(BANKS, body))["id"]
        retired = asked(trainer, few, "gone")["id"]
        made(trainer.patch(f"{QUESTIONS}/{retired}", {"retired": True}, if_match=1), 200)
        path, draft = self.drafted(trainer, lesson, review="after_last_attempt")
        answer = self.published(trainer, path, draft)
        refused(answer, 409, "assessment-not-publishable")
        assert [fault["pointer"] for fault in answer.json["errors"]] == ["/sections", "/review"]
        change = {
            "review": "never",
            "question_ids": [retired, questions[1], questions[1], f"qst_{NOBODY}"],
            "sections": [
                {"bank_id": few, "draw": 1},
                {"bank_id": bank, "draw": 2},
                {"bank_id": bank, "draw": 1},
            ],
        }
        draft = made(trainer.patch(f"{path}/1", change, if_match=1), 200)
        answer = self.published(trainer, path, draft)
        assert [fault["pointer"] for fault in answer.json["errors"]] == [
            "/question_ids/0",
            "/question_ids/2",
            "/question_ids/3",
            "/sections/0/draw",
            "/sections/2/bank_id",
        ]
        change = {"question_ids": [], "sections": [{"bank_id": bank, "draw": 2}]}
        draft = made(trainer.patch(f"{path}/1", change, if_match=2), 200)
        (fault,) = self.published(trainer, path, draft).json["errors"]
        assert fault == {
            "pointer": "/sections/0/bank_id",
            "detail": "To draw from a bank, its questions must have equal marks.",
        }
        change = {"question_ids": [questions[1]]}
        draft = made(trainer.patch(f"{path}/1", change, if_match=3), 200)
        made(self.published(trainer, path, draft), 200)

    def test_it_asks_a_question_as_it_was_when_published(self, api: Api, trainer: Caller) -> None:
        exam = assessments.exam("true_false")
        (question,) = exam.version.question_ids
        body = {**BODIES["true_false"], "prompt_en": "Is it not?"}
        made(trainer.patch(f"{QUESTIONS}/{question}", {"body": body}, if_match=1), 200)
        mei = assessments.mei(api, exam)
        path = f"/leader/assessments/{exam.assessment.id}/attempts"
        assert made(mei.post(path))["questions"][0]["prompt"] == "Which?"
        assessments.published(exam.assessment)
        later = made(assessments.mei(api, exam, "tao").post(path))
        assert later["questions"][0]["prompt"] == "Is it not?"


def done_to(subject: str, trainer: Caller) -> list[str]:
    """Return what was done to a version, the newest first."""
    rows = session().query(AuditEntry).filter(AuditEntry.subject == subject).all()
    assert {row.actor_id for row in rows} == {trainer.id}
    newest = sorted(rows, key=lambda row: row.id, reverse=True)
    return [row.action.removeprefix("assessment_version.") for row in newest]

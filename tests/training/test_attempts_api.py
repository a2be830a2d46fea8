"""Attempts over HTTP: what leaders do, and what headquarters sees and decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from groupbuy.training.rules.assessments import Review
from tests.client import Api, Caller
from tests.factories import assessments, training
from tests.factories.assessments import SECRET
from tests.journeys.headquarters import made
from tests.orders.test_api import refused
from tests.training.papers import OWN, answer_right, begun, right_answers, starting, submitted

ATTEMPTS, GRANTS = "/hq/attempts", "/hq/attempt-grants"
NOBODY = "0" * 32


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
        assert told["again_at"] == (clock.now() + timedelta(minutes=30)).isoformat()
        soon = mei.post(starting(exam))
        refused(soon, 409, "attempt-too-soon")
        assert soon.json["detail"] == "Try again from 2026-03-02 09:31 on."
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


def _leader_of(caller: Caller) -> Leader:
    return session().query(Leader).filter(Leader.shopper_id == caller.id).one()

"""How hard each question is, and whether it tells who knows from who does not."""

from collections.abc import Callable
from typing import Any

from groupbuy.kernel import clock as time
from groupbuy.kernel.db import transaction
from groupbuy.training.queries.attempts import asked
from groupbuy.training.queries.item_analysis import MINIMUM, item_analysis
from groupbuy.training.services import attempts
from tests.client import Api
from tests.factories import assessments
from tests.factories.assessments import Exam
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

WRONG = {"single": "option1", "multiple": ["option1", "option2"], "numeric": 7}


def sat(exam: Exam, right: set[str], *, silent: frozenset[str] = frozenset()) -> None:
    """Let a new leader answer these kinds right, the silent ones not at all, others wrong."""
    leader = assessments.pupil(exam)
    attempt = assessments.begun(exam, leader)
    with transaction():
        for one in asked(attempt.id):
            name = one.kind.name
            given = one.body["right"] if name in right else WRONG[name]
            if name not in silent:
                attempts.answer(
                    leader_id=leader.id,
                    attempt_id=attempt.id,
                    question_id=one.row.question_id,
                    given=one.kind.written(one.row.options, given),
                    now=time.now(),
                )
        attempts.submit(leader_id=leader.id, attempt_id=attempt.id, now=time.now())


def figures(exam: Exam, **query: Any) -> dict[str, Any]:
    found = item_analysis(assessment_id=exam.assessment.id, **query)
    return {item.kind: item for item in found}


def test_it_reckons_difficulty_and_discrimination(app: object) -> None:
    exam = assessments.exam("single", "multiple", "numeric")
    # Who knows more answers "single"; "multiple" is known by all; "numeric" misleads the best.
    for number in range(MINIMUM):
        sat(exam, {"single", "multiple"} if number % 2 else {"multiple"})
    for _ in range(10):
        sat(exam, {"numeric"}, silent=frozenset({"multiple"}))
    found = figures(exam)
    assert {item.asked for item in found.values()} == {40}
    assert (found["multiple"].answered, found["single"].answered) == (30, 40)
    assert found["single"].difficulty_bps == 10_000 * 15 // 40
    assert found["multiple"].difficulty_bps == 7_500
    # 27 % of 40 are 10: the best 10 know "single", the worst are the last to come.
    assert found["single"].discrimination_bps == 10_000
    assert found["numeric"].discrimination_bps is not None
    assert found["numeric"].discrimination_bps <= 0
    assert not any(item.too_few for item in found.values())
    assert {c.answer: c.times for c in found["single"].choices} == {"option1": 25, "option2": 15}
    assert {c.answer: c.times for c in found["multiple"].choices} == {"option1": 30, "option3": 30}


def test_it_says_nothing_of_discrimination_when_too_few_were_asked(app: object) -> None:
    exam = assessments.exam("single", "numeric")
    for _ in range(3):
        sat(exam, {"single"})
    assessments.begun(exam, assessments.pupil(exam))
    found = figures(exam)
    assert [(i.asked, i.too_few, i.discrimination_bps) for i in found.values()] == [
        (3, True, None)
    ] * 2
    assert (found["single"].difficulty_bps, found["numeric"].difficulty_bps) == (10_000, 0)
    assert [(c.answer, c.times) for c in found["numeric"].choices] == [("7", 3)]


def test_it_looks_at_one_version_if_asked(app: object) -> None:
    exam = assessments.exam("single")
    sat(exam, {"single"})
    assessments.published(exam.assessment)
    sat(exam, set())
    assert figures(exam)["single"].difficulty_bps == 5_000
    assert figures(exam, version=1)["single"].difficulty_bps == 10_000
    assert figures(exam, version=2)["single"].difficulty_bps == 0
    assert figures(exam, version=3) == {}


def test_it_is_shown_to_headquarters_in_a_constant_number_of_statements(
    api: Api, count_statements: Callable[[], Any]
) -> None:
    counts = []
    trainer = api.staff("trainer")
    for kinds in (("single",), ("single", "multiple", "numeric")):
        exam = assessments.exam(*kinds)
        path = f"/hq/assessments/{exam.assessment.id}/item-analysis"
        assert made(trainer.get(path), 200) == {"items": []}
        sat(exam, {"single"})
        with count_statements() as statements:
            items = made(trainer.get(path, version=1), 200)["items"]
        assert [item["kind"] for item in items] == list(kinds)
        assert items[0]["choices"] == [{"answer": "option2", "times": 1}]
        counts.append(len(statements))
    assert counts[0] == counts[1]
    refused(trainer.get(f"/hq/assessments/ast_{'0' * 32}/item-analysis"), 404, "not-found")
    assert assessments.mei(api, exam).get(path).status_code == 403
    assert api.anonymous.get(path).status_code == 401

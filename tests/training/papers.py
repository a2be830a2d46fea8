"""Attempts as leaders make them over HTTP."""

from typing import Any

from groupbuy.training.queries.attempts import asked
from tests.client import Caller
from tests.factories.assessments import Exam
from tests.journeys.headquarters import made

OWN = "/leader/attempts"


def starting(exam: Exam) -> str:
    """Return where an attempt is begun."""
    return f"/leader/assessments/{exam.assessment.id}/attempts"


def begun(caller: Caller, exam: Exam) -> dict[str, Any]:
    """Begin an attempt, and return its paper."""
    return made(caller.post(starting(exam)))


def right_answers(attempt_id: str) -> dict[str, Any]:
    """Return the right answers in the letters of a paper, as only the server knows them."""
    return {
        one.row.question_id: one.kind.written(one.row.options, one.body["right"])
        for one in asked(attempt_id)
    }


def answer_right(caller: Caller, paper: dict[str, Any], *, but: int = 0) -> None:
    """Answer all but some questions of a paper right, those not at all."""
    answers = list(right_answers(paper["id"]).items())
    for question_id, answer in answers[: len(answers) - but]:
        path = f"{OWN}/{paper['id']}/answers/{question_id}"
        made(caller.put(path, {"answer": answer}), 200)


def submitted(caller: Caller, paper: dict[str, Any]) -> dict[str, Any]:
    """Submit an attempt, and return its paper."""
    return made(caller.post(f"{OWN}/{paper['id']}/submission"), 200)

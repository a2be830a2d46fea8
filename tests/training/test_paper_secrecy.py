"""Neither what is right nor another's answers leave the server, by any route, before their time."""

from collections.abc import Iterator
from typing import Any

import orjson

from tests.client import Answer, Api
from tests.factories import assessments
from tests.factories.assessments import KEYS, RIGHT_NUMBER, SECRET
from tests.orders.test_api import refused
from tests.training.papers import OWN, answer_right, begun, starting, submitted

NOBODY = "0" * 32
WRONG = {"single": "a", "multiple": ["a"], "true_false": False, "numeric": 1}
REVIEWS = {
    ("GET", "/leader/attempts/{attempt_id}"),
    ("POST", "/leader/attempts/{attempt_id}/submission"),
    ("POST", "/leader/assessments/{assessment_id}/attempts"),
}
"""The only operations outside headquarters whose answers have a place for what is right."""


def test_it_tells_nobody_what_is_right_by_any_route(api: Api) -> None:
    exam = assessments.exam(time_limit_s=600)
    mei = assessments.mei(api, exam)
    paper = begun(mei, exam)
    answers = [mei.post(starting(exam))]
    for question in paper["questions"]:
        path = f"{OWN}/{paper['id']}/answers/{question['question_id']}"
        given = WRONG.get(question["kind"], ["d", "c", "b", "a"])
        answers += [mei.put(path, {"answer": answer}) for answer in (given, "z")]
    ids = {
        "attempt_id": paper["id"],
        "lesson_id": exam.lesson.id,
        "assessment_id": exam.assessment.id,
        "program_id": exam.program.id,
    }
    paths = set(readable(api, ids))
    assert {f"{OWN}/{paper['id']}", f"/leader/lessons/{exam.lesson.id}", "/me/export"} <= paths
    answers += [caller.get(path) for path in paths for caller in (mei, api.anonymous)]
    assert {answer.status_code for answer in answers} >= {200, 201, 401, 422}
    for answer in answers:
        assert_tells_nothing(answer)
    answer_right(mei, paper)
    review = str(submitted(mei, paper))
    assert all(word in review for word in (SECRET, str(RIGHT_NUMBER))), "these words tell"


def test_it_tells_nothing_to_who_has_not_passed(api: Api) -> None:
    exam = assessments.exam(max_attempts=3)
    mei = assessments.mei(api, exam)
    paper = begun(mei, exam)
    answers = [mei.post(f"{OWN}/{paper['id']}/submission"), mei.get(f"{OWN}/{paper['id']}")]
    for answer in (*answers, mei.get(OWN)):
        assert answer.status_code == 200
        assert_tells_nothing(answer)


def test_it_has_a_place_for_what_is_right_only_in_reviews(api: Api) -> None:
    description = orjson.loads(api.app.test_client().get("/openapi.json").data)
    schemas = description["components"]["schemas"]
    telling = set()
    for path, methods in description["paths"].items():
        outside = path.removeprefix("/api/v1")
        for method, operation in methods.items():
            if method == "parameters" or outside.startswith("/hq/"):
                continue
            if "right" in fields_of(operation.get("responses", {}), schemas):
                telling.add((method.upper(), outside))
    assert telling == REVIEWS


def test_it_keeps_each_leaders_attempts_to_themselves(api: Api) -> None:
    exam = assessments.exam("single")
    mei, tao = (assessments.mei(api, exam, name) for name in ("mei", "tao"))
    paper = begun(mei, exam)
    (question,) = paper["questions"]
    one = f"{OWN}/{paper['id']}"
    path = f"{one}/answers/{question['question_id']}"
    refused(tao.get(one), 404, "not-found")
    refused(tao.put(path, {"answer": "a"}), 404, "not-found")
    refused(tao.post(f"{one}/submission"), 404, "not-found")
    assert tao.get(OWN).json["items"] == []
    refused(mei.get(OWN, leader=f"ldr_{NOBODY}"), 422, "invalid-input")
    for outsider, status in (
        (api.anonymous, 401),
        (api.shopper("zed"), 403),
        (api.staff("trainer"), 403),
    ):
        assert outsider.get(OWN).status_code == status
        assert outsider.get(one).status_code == status
        assert outsider.get(f"/leader/lessons/{exam.lesson.id}/assessment").status_code == status
        assert outsider.put(path, {"answer": "a"}).status_code == status
        assert outsider.post(f"{one}/submission").status_code == status
        assert outsider.post(starting(exam)).status_code == status
    shown = mei.get(one)
    assert (shown.json["state"], shown.json["questions"][0]["answer"]) == ("open", None)


def readable(api: Api, ids: dict[str, str]) -> Iterator[str]:
    """Yield every path that leaders or the public may read, with these ids where it has some."""
    urls = api.app.url_map.bind("localhost")
    for rule in api.app.url_map.iter_rules():
        outside = rule.rule.startswith("/api/v1/") and not rule.rule.startswith("/api/v1/hq/")
        if outside and "GET" in (rule.methods or ()) and rule.arguments <= ids.keys():
            values = {name: ids[name] for name in rule.arguments}
            yield urls.build(rule.endpoint, values).removeprefix("/api/v1")


def fields_of(part: Any, schemas: dict[str, Any], seen: tuple[str, ...] = ()) -> set[str]:
    """Return the names of all fields that a description leads to."""
    if isinstance(part, list):
        return {name for one in part for name in fields_of(one, schemas, seen)}
    if not isinstance(part, dict):
        return set()
    found = set(part.get("properties", {}))
    for key, value in part.items():
        if key == "$ref":
            name = value.rpartition("/")[2]
            if name not in seen and name in schemas:
                found |= fields_of(schemas[name], schemas, (*seen, name))
        elif key != "example":
            found |= fields_of(value, schemas, seen)
    return found


def assert_tells_nothing(answer: Answer) -> None:
    """Look for what only who knows the right answers can say."""
    for word in (SECRET, str(RIGHT_NUMBER), *KEYS):
        assert word.encode() not in answer.data, word
    if answer.headers["Content-Type"].endswith("json"):
        assert values(answer.json, "right") == values(answer.json, "mark_bps") == []


def values(document: Any, name: str) -> list[Any]:
    """Return the values of a field, wherever it stands, but for null."""
    if isinstance(document, list):
        return [value for part in document for value in values(part, name)]
    if not isinstance(document, dict):
        return []
    own = [document[name]] if document.get(name) is not None else []
    return own + [value for part in document.values() for value in values(part, name)]

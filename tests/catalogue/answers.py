"""What the tests of the catalogue over HTTP look at in an answer."""

from typing import Any

from tests.client import Answer


def problem(answer: Answer) -> tuple[int, str]:
    """Return status and code of a Problem."""
    return answer.status_code, answer.json["code"]


def pointers(answer: Answer) -> list[str]:
    """Return where the faults of an input are."""
    assert answer.status_code == 422, answer.text
    return [fault["pointer"] for fault in answer.json["errors"]]


def created(answer: Answer) -> dict[str, Any]:
    """Return what was created, in its first version."""
    assert answer.status_code == 201, answer.text
    assert answer.headers["ETag"] == '"1"'
    return dict(answer.json)


def texts(answer: Answer, field: str = "title") -> list[Any]:
    """Return one field of each item of a list."""
    assert answer.status_code == 200, answer.text
    return [item[field] for item in answer.json["items"]]

"""What is wrong with a field, in the caller's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from marshmallow import ValidationError, fields, validate

from groupbuy.kernel.complaints import complaint
from tests.client import Api

PACKAGE = Path(__file__).parents[2] / "groupbuy"
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_it_says_in_chinese_what_is_wrong_unless_asked_for_english(api: Api) -> None:
    bo = api.shopper("bo")
    body = {"lines": [], "quote_total_fen": -1, "pickup_point_id": "here"}
    for language, told in (("zh-CN", "须为 1 至 "), ("en", "Must be greater than or equal to 1 ")):
        answer = bo.get("/orders", limit=0, language=language)
        assert answer.json["errors"][0]["detail"].startswith(told)
    answer = bo.post("/orders", body, language="zh-CN")
    assert len(answer.json["errors"]) == 3
    assert all(CHINESE.search(fault["detail"]) for fault in answer.json["errors"])


def messages_of(tree: ast.AST) -> Iterator[str]:
    """Yield what schemas complain of; 7 stands for what is filled in."""
    for call in ast.walk(tree):
        for value in said_by(call) if isinstance(call, ast.Call) else ():
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
            elif isinstance(value, ast.JoinedStr):
                parts = (getattr(part, "value", "") for part in value.values)
                yield "".join(part if isinstance(part, str) else "7" for part in parts)


def said_by(call: ast.Call) -> list[ast.expr]:
    """Return the words of `ValidationError("…")`, `error="…"` and `error_messages={…: "…"}`."""
    name = getattr(call.func, "id", "")
    options = {option.arg: option.value for option in call.keywords}
    table = options.get("error_messages")
    found = call.args[:1] if name == "ValidationError" else []
    found += [options["error"]] if "error" in options else []
    return found + (table.values if isinstance(table, ast.Dict) else [])


def test_it_knows_the_chinese_of_everything_that_our_schemas_complain_of() -> None:
    said = {
        message
        for path in [*PACKAGE.rglob("schemas*.py"), *PACKAGE.rglob("schemas/*.py")]
        for message in messages_of(ast.parse(path.read_text()))
    }
    said |= set(messages_of(ast.parse((PACKAGE / "kernel" / "fields.py").read_text())))
    assert len(said) > 20
    assert [message for message in sorted(said) if not CHINESE.search(complaint(message).zh)] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.String(validate=validate.Length(min=2)), "a"),
        (fields.String(validate=validate.Length(max=2)), "abc"),
        (fields.String(validate=validate.Length(equal=2)), "abc"),
        (fields.String(validate=validate.Length(min=2, max=3)), "a"),
        (fields.String(validate=validate.OneOf(["a", "b"])), "c"),
        (fields.String(), 7),
        (fields.Integer(validate=validate.Range(min=2)), 1),
        (fields.Integer(validate=validate.Range(max=2)), 3),
        (fields.Integer(validate=validate.Range(min=2, max=3)), 1),
        (fields.Integer(validate=validate.Range(min=2, min_inclusive=False)), 2),
        (fields.Integer(), "x"),
        (fields.Float(), "x"),
        (fields.Float(), "nan"),
        (fields.Boolean(), "x"),
        (fields.Date(), "x"),
        (fields.Time(format="%H:%M"), "25:30"),
        (fields.AwareDateTime(format="iso"), "x"),
        (fields.AwareDateTime(format="iso"), "2026-01-01T00:00:00"),
        (fields.List(fields.Integer()), "x"),
        (fields.Dict(), "x"),
        (fields.Integer(), None),
    ],
)
def test_it_knows_the_chinese_of_what_the_library_complains_of(
    field: fields.Field[object], value: object
) -> None:
    with pytest.raises(ValidationError) as refused:
        field.deserialize(value)
    assert isinstance(refused.value.messages, list)
    for message in refused.value.messages:
        assert CHINESE.search(complaint(str(message)).zh), message


def test_it_leaves_a_complaint_that_nobody_translated_as_it_is() -> None:
    assert complaint("Too blue.").zh == "Too blue."

"""A schema's plan gives what marshmallow gives, for every kind of field and of object."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import marshmallow as ma
import pytest
from marshmallow import fields, post_dump
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from groupbuy.kernel.fields import Day, Fen, IdField, Moment, Schema, Words


class Colour(StrEnum):
    GREEN = "green"


class Inner(Schema):
    name = Words(required=True)
    amount_fen = Fen(required=True)


class Shouting(Schema):
    name = fields.String()

    @post_dump
    def shout(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"name": data["name"].upper()}


class Everything(Schema):
    id = IdField("ord")
    text = fields.String()
    renamed = fields.String(data_key="other_name")
    deep = fields.Integer(attribute="inner.amount_fen")
    count = fields.Integer()
    written = fields.Integer(as_string=True)
    flag = fields.Boolean()
    raw = fields.Raw()
    at = Moment()
    day = Day()
    inner = fields.Nested(Inner)
    inners = fields.Nested(Inner, many=True)
    listed = fields.List(fields.Nested(Inner))
    texts = fields.List(fields.String())
    names = fields.Pluck(Inner, "name", many=True)
    name_in_it = fields.Pluck(Inner, "name")
    by_name = fields.Dict(keys=fields.String(), values=fields.Integer())
    loud = fields.Nested(Shouting)
    kept = fields.String(dump_default="as ever")
    worked_out = fields.Method("work_out")
    secret = fields.String(load_only=True)

    def work_out(self, obj: Any) -> str:
        return "worked out"


@dataclass
class Row:
    name: str
    amount_fen: int


PEAR = Row("Pears", 100)
FULL: dict[str, Any] = {
    "id": "ord_1",
    "text": Colour.GREEN,
    "renamed": 5,
    "count": True,
    "written": 7,
    "flag": None,
    "raw": {"a": 1},
    "at": datetime(2026, 3, 2, 1, tzinfo=UTC),
    "day": date(2026, 3, 2),
    "inner": PEAR,
    "inners": [PEAR, {"name": "Rice", "amount_fen": "3"}],
    "listed": (PEAR,),
    "texts": ["a", 1],
    "names": [PEAR],
    "name_in_it": PEAR,
    "by_name": {"a": 1},
    "loud": {"name": "quiet"},
    "secret": "hidden",
}


def a_row(values: dict[str, Any]) -> Any:
    return IteratorResult(SimpleResultMetaData(list(values)), iter([tuple(values.values())])).one()


@pytest.mark.parametrize(
    "given",
    [
        FULL,
        SimpleNamespace(**FULL),
        a_row(FULL),
        a_row({"text": "plain", "count": 3}),
        dict.fromkeys(FULL) | {"inner": None},
        {},
        {"inner": {}},
        {"text": "plain", "count": 3, "texts": [], "inners": []},
    ],
)
def test_it_gives_what_marshmallow_gives(given: Any) -> None:
    schema = Everything()
    expected = ma.Schema._serialize(schema, given)
    assert schema.dump(given) == expected
    assert list(schema.dump(given)) == list(expected)
    assert schema.dump([given, given], many=True) == [expected, expected]


def test_it_keeps_to_what_one_use_of_a_schema_shows() -> None:
    assert Everything(only=("count",)).dump(FULL) == {"count": 1}
    assert Everything(many=True, only=("text",)).dump([FULL]) == [{"text": "green"}]


def test_it_fails_where_marshmallow_fails() -> None:
    for broken in ({"count": "many"}, {"inners": 3}, {"at": "yesterday"}):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            Everything().dump(broken)


class Told(Schema):
    text = fields.String()
    count = fields.Integer()
    by_name = fields.Dict(keys=fields.String(), values=fields.Integer())


@pytest.mark.parametrize(
    "given",
    [
        FULL,
        SimpleNamespace(**FULL),
        a_row(FULL),
        a_row({"text": "plain", "count": 3}),
        {"text": None, "count": "3", "by_name": {}},
        {"count": 1},
        None,
    ],
)
def test_it_gives_the_same_of_what_it_gets_at_once(given: Any) -> None:
    schema = Told()
    expected = ma.Schema._serialize(schema, given)
    assert schema.dump(given) == expected
    assert list(schema.dump(given)) == list(expected)

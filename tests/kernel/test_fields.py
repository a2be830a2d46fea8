"""The field types that requests are made of."""

from typing import Any

import pytest
from marshmallow import ValidationError

from groupbuy.kernel.http import Count, Day, Fen, IdField, Moment, MonthField, Schema, Words


class Everything(Schema):
    id = IdField("prd")
    amount_fen = Fen()
    quantity = Count(minimum=1, maximum=99)
    name = Words(maximum=5)
    at = Moment()
    on = Day()
    month = MonthField()


@pytest.mark.parametrize(
    "given",
    [
        {"id": "prd_" + "0" * 32},
        {"amount_fen": 0},
        {"amount_fen": 10**13},
        {"quantity": 99},
        {"name": "新鲜"},
        {"at": "2026-03-02T09:00:00+08:00"},
        {"on": "2026-03-02"},
        {"month": "2026-12"},
    ],
)
def test_it_takes_what_is_right(given: dict[str, Any]) -> None:
    assert Everything().load(given).keys() == given.keys()


@pytest.mark.parametrize(
    "given",
    [
        {"id": "sku_" + "0" * 32},
        {"id": "prd_" + "z" * 32},
        {"id": 7},
        {"amount_fen": 1.0},
        {"amount_fen": "100"},
        {"amount_fen": True},
        {"amount_fen": -1},
        {"amount_fen": 10**13 + 1},
        {"amount_fen": None},
        {"quantity": 0},
        {"quantity": 100},
        {"quantity": 1.5},
        {"quantity": True},
        {"name": ""},
        {"name": "   "},
        {"name": "abcdef"},
        {"name": "a\x00b"},
        {"name": "a\x7f"},
        {"name": 5},
        {"at": "2026-03-02T09:00:00"},
        {"at": "yesterday"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-12:00"},
        {"on": "0001-01-01"},
        {"on": "9999-12-31"},
        {"at": "1899-12-31T23:59:59Z"},
        {"at": "2100-01-01T00:00:00Z"},
        {"at": "9999-12-31T23:59:59Z"},
        {"month": "2026-13"},
        {"month": "2026-1"},
        {"month": "2026-01-01"},
        {"month": "2026-01\n"},
        {"unknown": 1},
    ],
)
def test_it_refuses_what_is_wrong(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Everything().load(given)


def test_it_trims_what_a_person_typed() -> None:
    assert Everything().load({"name": "  Bo \n"}) == {"name": "Bo"}

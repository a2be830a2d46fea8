"""How cells are read."""

import pytest

from groupbuy.imports.rules import Fault, Row, WrongHeadings, rows_under
from groupbuy.kernel.sheets import Column
from groupbuy.kernel.texts import Text


def row(value: str) -> Row:
    return Row(2, {"a": value}, [])


@pytest.mark.parametrize(
    ("cell", "fen"),
    [("12.5", 1250), ("12", 1200), ("0.05", 5), ("1,234.50", 123450), ("¥3", 300), ("", None)],
)
def test_it_reads_yuan_exactly(cell: str, fen: int | None) -> None:
    read = row(cell)
    assert (read.fen("a"), read.faults) == (fen, [])


@pytest.mark.parametrize("cell", ["12.345", "-1", "a", "1e3", ".5", "１２", "12345678901", "1.2.3"])
def test_it_says_what_is_no_amount(cell: str) -> None:
    read = row(cell)
    assert read.fen("a") is None
    assert [(fault.row, fault.column) for fault in read.faults] == [(2, "a")]


def test_it_reads_flags_counts_and_choices() -> None:
    assert (row("是").flag("a"), row("NO").flag("a"), row("").flag("a")) == (True, False, None)
    assert (row("7").count("a"), row("-7").count("a", minimum=-9)) == (7, -7)
    assert row("冷藏").one_of("a", {"冷藏": 1}) == 1
    for read, ask in (
        (row("maybe"), Row.flag),
        (row("1.5"), Row.count),
        (row("-1"), Row.count),
        (row("9" * 13), Row.count),
    ):
        assert ask(read, "a") is None
        assert len(read.faults) == 1


def test_it_takes_headings_in_any_order_and_either_language() -> None:
    columns = [Column("a", Text("甲", "First")), Column("b", Text("乙", "Second"))]
    faults: list[Fault] = []
    [read] = rows_under([["second", "甲"], [], ["2", "1"]], columns, ["a"], faults)
    assert (read.number, dict(read.cells)) == (3, {"b": "2", "a": "1"})
    for headings in (["First", "a"], ["Third"], ["Second"]):
        with pytest.raises(WrongHeadings):
            rows_under([headings], columns, ["a"], faults)
    rows_under([["a"], ["1", "2"]], columns, [], faults)
    assert [fault.row for fault in faults] == [2]

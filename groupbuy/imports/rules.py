"""Imports, pure: states, rows and their faults, and how cells are read."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from groupbuy.kernel.ids import is_id
from groupbuy.kernel.sheets import Column
from groupbuy.kernel.texts import Text


class ImportState(StrEnum):
    """Where an import stands."""

    CHECKED = "checked"
    FAULTY = "faulty"
    APPLIED = "applied"
    DISCARDED = "discarded"


IMPORT_MOVES: dict[tuple[ImportState, str], ImportState] = {
    (ImportState.CHECKED, "apply"): ImportState.APPLIED,
    (ImportState.CHECKED, "discard"): ImportState.DISCARDED,
    (ImportState.FAULTY, "discard"): ImportState.DISCARDED,
}

FAULTS_KEPT = 1_000
"""How many faults of one sheet are kept; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a cell; `row` as the person sees it, `column` is its heading."""

    row: int
    column: str
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"row": self.row, "column": self.column, "zh": self.text.zh, "en": self.text.en}

    def as_told(self) -> dict[str, Any]:
        """Return what a Problem tells, as `ImportFaultSchema` shows it."""
        return {"row": self.row, "column": self.column, "detail": self.text}


@dataclass(slots=True)
class Plan:
    """What a sheet would do: how many things are new, changed, as they are; or its faults.

    `work` is the kind's own, for its `apply`.
    """

    faults: list[Fault] = field(default_factory=list)
    creates: int = 0
    updates: int = 0
    unchanged: int = 0
    work: Any = None


MISSING = Text("必填。", "It must be filled in.")
NO_SUCH = Text("没有这个内容。", "There is no such thing.")
TWICE = Text("与上方某行重复。", "A row above has it too.")
NOT_YUAN = Text("须为金额，如 12.50。", "It must be an amount such as 12.50.")
NOT_A_FLAG = Text("须为 是/否 或 true/false。", "It must be yes/no or true/false.")
FORMULA_FAILED = Text(
    "公式出错，请改为数值或文字。", "Its formula failed: write the value instead."
)
FORMULA_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")
CONTROL = Text("不能包含控制字符。", "Control characters are not allowed.")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
FLAGS = {
    **dict.fromkeys(("是", "yes", "true", "1", "y"), True),
    **dict.fromkeys(("否", "no", "false", "0", "n"), False),
}
CLEARED = ("无", "none")
MAX_YUAN_DIGITS = 9

Value = TypeVar("Value")


@dataclass(slots=True)
class Row:
    """A row under its headings: reading a cell notes what is wrong with it."""

    number: int
    cells: Mapping[str, str]
    faults: list[Fault]

    def wrong(self, column: str, text: Text) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.number, column, text))

    def given(self, column: str) -> bool:
        """Tell whether the cell has something in it."""
        return bool(self.cells.get(column))

    def is_cleared(self, column: str) -> bool:
        """Tell whether the cell takes a value away: an empty one leaves it as it is."""
        return self.cells.get(column, "").casefold() in CLEARED

    def text(self, column: str, *, maximum: int, needed: bool = False) -> str | None:
        """Return a text, None if the cell is empty."""
        value = self.cells.get(column, "")
        if not value and needed:
            self.wrong(column, MISSING)
        if value in FORMULA_ERRORS:
            self.wrong(column, FORMULA_FAILED)
        if _CONTROL.search(value):
            self.wrong(column, CONTROL)
        if len(value) > maximum:
            self.wrong(column, Text(f"最多 {maximum} 字。", f"At most {maximum} characters."))
        return value or None

    def fen(self, column: str, *, needed: bool = False) -> int | None:
        """Return an amount that is written in yuan, exactly; None if the cell is empty."""
        value = self.text(column, maximum=100, needed=needed)
        if value is None:
            return None
        whole, _, rest = value.replace(",", "").removeprefix("¥").partition(".")
        digits = f"{whole}{rest}"
        fits = digits.isascii() and digits.isdecimal() and whole != ""
        if not fits or len(rest) > 2 or len(whole) > MAX_YUAN_DIGITS:
            self.wrong(column, NOT_YUAN)
            return None
        return int(whole) * 100 + int(rest.ljust(2, "0"))

    def count(
        self, column: str, *, minimum: int = 0, maximum: int = 1_000_000, needed: bool = False
    ) -> int | None:
        """Return a whole number within bounds, None if the cell is empty."""
        value = self.text(column, maximum=100, needed=needed)
        if value is None:
            return None
        unsigned = value.removeprefix("-")
        whole = unsigned.isascii() and unsigned.isdecimal() and len(unsigned) <= 12
        if not whole or not minimum <= int(value) <= maximum:
            self.wrong(
                column,
                Text(
                    f"须为 {minimum} 至 {maximum} 的整数。",
                    f"It must be a whole number from {minimum} to {maximum}.",
                ),
            )
            return None
        return int(value)

    def flag(self, column: str) -> bool | None:
        """Return yes or no, None if the cell is empty."""
        value = self.text(column, maximum=100)
        if value is not None and value.lower() not in FLAGS:
            self.wrong(column, NOT_A_FLAG)
            return None
        return None if value is None else FLAGS[value.lower()]

    def one_of(self, column: str, choices: Mapping[str, Value]) -> Value | None:
        """Return what a word stands for, None if the cell is empty."""
        value = self.text(column, maximum=100)
        if value is not None and value not in choices:
            known = "、".join(choices), ", ".join(choices)
            self.wrong(column, Text(f"须为：{known[0]}。", f"It must be one of: {known[1]}."))
            return None
        return None if value is None else choices[value]

    def id(self, column: str, prefix: str) -> str | None:
        """Return an id of this type, None if the cell is empty."""
        value = self.text(column, maximum=100)
        if value is not None and not is_id(value, prefix):
            self.wrong(column, NO_SUCH)
            return None
        return value


class WrongHeadings(ValueError):
    """The headings are not those of the kind; `text` says what is missing or unknown."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def rows_under(
    sheet: Sequence[Sequence[str]],
    columns: Sequence[Column],
    needed: Iterable[str],
    faults: list[Fault],
) -> list[Row]:
    """Return a sheet's rows under its headings, which may be in any order and either language.

    Empty rows are left out; the numbers stay those that the person sees.

    Raises:
        WrongHeadings: one is unknown, twice there, or a needed one is missing.
    """
    known = {
        name.casefold(): column.key
        for column in columns
        for name in (column.key, column.title.zh, column.title.en)
    }
    headings = [known.get(cell.casefold(), "") for cell in sheet[0]]
    unknown = [cell for cell, key in zip(sheet[0], headings, strict=True) if not key]
    twice = sorted({key for key in headings if headings.count(key) > 1})
    missing = [key for key in needed if key not in headings]
    for names, text in (
        (unknown, Text("未知的列：{}", "Unknown columns: {}")),
        (twice, Text("重复的列：{}", "Columns that come twice: {}")),
        (missing, Text("缺少的列：{}", "Missing columns: {}")),
    ):
        if names:
            listed = ", ".join(name or "–" for name in names)
            raise WrongHeadings(Text(text.zh.format(listed), text.en.format(listed)))
    rows = []
    for number, cells in enumerate(sheet[1:], start=2):
        if any(cells):
            if len(cells) > len(headings):
                faults.append(
                    Fault(
                        number,
                        "",
                        Text("该行的列多于表头。", "The row has more cells than headings."),
                    )
                )
            rows.append(Row(number, dict(zip(headings, cells, strict=False)), faults))
    return rows

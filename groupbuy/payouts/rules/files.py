"""Small CSV files: a channel's list that a person uploads, and reports to download."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from groupbuy.kernel.texts import Text
from groupbuy.payouts.rules.states import AttemptState

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes such a cell for a formula (OWASP, CSV injection)."""

COLUMNS = ("number", "amount_fen", "state")
_HEADER = Text(
    "第 1 行须为 number,amount_fen,state。", "The first row must be number,amount_fen,state."
)
_UNREADABLE = Text("不是 UTF-8 编码的 CSV 文件。", "It is not a CSV file in UTF-8.")
_BAD_ROW = Text(
    "第 {row} 行：须为编号、整数分金额和状态。",
    "Row {row}: a number, a whole amount in fen and a state are needed.",
)


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of a channel's list, or what is wrong with it."""

    row: int
    number: str
    amount_fen: int | None
    state: AttemptState | None
    fault: Text | None = None


def read_list(content: bytes) -> Iterator[ListedRow]:
    """Read a list `number,amount_fen,state`; the states are ours."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        yield ListedRow(1, "", None, None, _UNREADABLE)
        return
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        yield ListedRow(1, "", None, None, _HEADER)
        return
    for row, cells in enumerate(rows[1:], 2):
        if any(cells):
            yield _listed(row, [cell.strip() for cell in cells])


def _listed(row: int, cells: Sequence[str]) -> ListedRow:
    number, amount, state = [*cells, "", "", ""][:3]
    if (
        len(cells) != len(COLUMNS)
        or not (number.isalnum() and number.isascii() and len(number) <= 32)
        or not (amount.isdecimal() and len(amount) <= 13)
        or state not in {known.value for known in AttemptState}
    ):
        return ListedRow(row, number, None, None, _BAD_ROW.format(row=row))
    return ListedRow(row, number, int(amount), AttemptState(state))


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a CSV file for spreadsheets; no text in it can act as a formula.

    Numbers stay numbers, also negative ones.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_inert(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell

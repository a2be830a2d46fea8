"""A channel's list that a person uploads, a small CSV file."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from groupbuy.kernel.texts import Text
from groupbuy.payouts.rules.states import AttemptState

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

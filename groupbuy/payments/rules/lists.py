"""What a provider's list says, and the plain list that a person may upload for any provider."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from groupbuy.kernel.texts import Text
from groupbuy.payments.rules.states import Outcome, Subject

COLUMNS = ("subject", "number", "amount_fen", "state")
_HEADER = Text(
    "第 1 行须为 subject,number,amount_fen,state。",
    "The first row must be subject,number,amount_fen,state.",
)
UNREADABLE = Text("不是 UTF-8 编码的 CSV 文件。", "It is not a CSV file in UTF-8.")
_BAD_ROW = Text(
    "第 {row} 行：须为 payment 或 refund、编号、整数分金额、succeeded/failed/pending。",
    "Row {row}: payment or refund, a number, a whole amount in fen and succeeded, failed or "
    "pending are needed.",
)
_TWICE = Text("第 {row} 行：编号重复。", "Row {row}: the number comes twice.")
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A payment or refund in a provider's own list.

    `number` is the provider's name of a payment; of a refund ours, if it kept it. The state is
    unsaid (None) while the provider has not finished it.
    """

    subject: Subject
    number: str
    amount_fen: int
    state: Outcome | None
    at: datetime | None = None
    fee_fen: int = 0


class ListFaults(Exception):
    """Rows of a list cannot be read; `faults` says which ones and why, by row."""

    def __init__(self, faults: Mapping[int, Text]) -> None:
        self.faults = faults
        super().__init__(f"{len(faults)} rows of a list cannot be read")

    def errors(self) -> list[dict[str, Any]]:
        """Return the faults as members of a problem document."""
        return [
            {"pointer": f"/records/{row}", "detail": fault} for row, fault in self.faults.items()
        ]


def read_plain_list(content: bytes) -> list[Listed]:
    """Read a list `subject,number,amount_fen,state`.

    Raises:
        ListFaults: with every row at fault.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise ListFaults({1: UNREADABLE}) from None
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        raise ListFaults({1: _HEADER})
    listed: dict[str, Listed] = {}
    faults: dict[int, Text] = {}
    for row, cells in enumerate(rows[1:], 2):
        if not any(cells):
            continue
        one = _listed([cell.strip() for cell in cells])
        if one is None:
            faults[row] = _BAD_ROW.format(row=row)
        elif one.number in listed:
            faults[row] = _TWICE.format(row=row)
        else:
            listed[one.number] = one
    if faults:
        raise ListFaults(faults)
    return list(listed.values())


def _listed(cells: Sequence[str]) -> Listed | None:
    subject, number, amount, state = [*cells, "", "", "", ""][:4]
    if (
        len(cells) != len(COLUMNS)
        or subject not in {known.value for known in Subject}
        or not _NUMBER.fullmatch(number)
        or not re.fullmatch("[0-9]{1,13}", amount)
        or state not in {known.value for known in Outcome}
    ):
        return None
    said = Outcome(state)
    return Listed(Subject(subject), number, int(amount), None if said is Outcome.PENDING else said)


def fen_of(yuan: str) -> int:
    """Read an amount in yuan with up to two decimals, `12.3` or `-0.05`.

    Raises:
        ValueError: it is not such an amount.
    """
    found = re.fullmatch(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2}))?", yuan)
    if found is None:
        raise ValueError(f"not an amount in yuan: {yuan!r}")
    sign, whole, decimals = found.groups()
    fen = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    return -fen if sign else fen

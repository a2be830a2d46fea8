"""The bank file: a person uploads it to the bank, and imports the bank's result file.

It needs no keys, so it is the default. A payee has `holder`, `account` and `bank`.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Self

from groupbuy.kernel.settings import ConfigurationError, Settings, settings
from groupbuy.kernel.texts import Text
from groupbuy.payouts.providers.bank_template import Field, Template
from groupbuy.payouts.providers.interface import Outcome, ProviderRecord, Transfer
from groupbuy.payouts.rules.states import AttemptState

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes such a cell for a formula (OWASP, CSV injection)."""

AMOUNT = re.compile(r"[¥￥]? ?([0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,13})(?:\.([0-9]{1,2}))?")
NUMBER = re.compile(r"[0-9A-Za-z]{1,32}")
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")

UNREADABLE = Text(
    "不是可读的 CSV 文件（UTF-8 或 GB18030）。", "It is not a readable CSV file (UTF-8 or GB18030)."
)
BROKEN = Text(
    "第 {row} 行：引号不成对，此行及以后未读取。",
    "Row {row}: a quotation mark is not closed; nothing from here on was read.",
)
NO_COLUMN = Text("第 1 行：缺少列“{column}”。", "Row 1: the column “{column}” is missing.")
TWO_COLUMNS = Text("第 1 行：列“{column}”重复。", "Row 1: the column “{column}” is there twice.")
BAD_NUMBER = Text(
    "第 {row} 行“{column}”：不是付款编号。", "Row {row}, “{column}”: not a payout number."
)
REPEATED = Text(
    "第 {row} 行“{column}”：编号在文件中重复。",
    "Row {row}, “{column}”: the number is in the file more than once.",
)
BAD_AMOUNT = Text(
    "第 {row} 行“{column}”：不是金额（元，最多两位小数）。",
    "Row {row}, “{column}”: not an amount in yuan with at most two decimals.",
)
BAD_STATUS = Text(
    "第 {row} 行“{column}”：未知的处理结果。", "Row {row}, “{column}”: not a known result."
)


@dataclass(frozen=True, slots=True)
class File:
    """A file to download."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a bank's result file, counted as a spreadsheet counts: the header is row 1.

    With a `fault`, what could be read is there to be shown, and nothing of it may be acted upon.
    `amount_fen` is None without a fault if the bank's file has no amounts.
    """

    row: int
    number: str
    amount_fen: int | None
    state: AttemptState | None
    reason: str
    fault: Text | None = None


@dataclass(frozen=True, slots=True)
class BankFileChannel:
    """See providers.interface.Channel; the bank's word comes only by its result file."""

    remote: ClassVar[bool] = False
    account_kind: ClassVar[str] = "bank"

    @classmethod
    def configured(cls, settings: Settings) -> Self | None:
        """Return the channel: it is always there."""
        return cls()

    def submit(self, transfer: Transfer) -> Outcome:
        """Put it among what the next file holds."""
        return Outcome(AttemptState.SUBMITTED)

    def query(self, number: str) -> Outcome | None:
        """Say that it waits for the bank's result: this channel never knows more."""
        return Outcome(AttemptState.SUBMITTED)

    def cancel(self, number: str) -> Outcome:
        """Take it back.

        The channel cannot know whether the file went to the bank: callers may ask only for what
        no file was made for, or what the bank said it has not paid.
        """
        return Outcome(AttemptState.CANCELLED)

    def records(self, since: datetime, until: datetime) -> Iterator[ProviderRecord] | None:
        """Have no list: the bank's statement is reconciled by its result file."""
        return None


def present_template() -> Template:
    """Return the template of the settings, or the default.

    Raises:
        ConfigurationError: BANK_FILE_TEMPLATE is JSON, but no template.
    """
    text = settings().bank_file_template
    return _template(text) if text else Template()


@lru_cache(maxsize=4)
def _template(text: str) -> Template:
    try:
        return Template.from_json(text)
    except ValueError as fault:
        raise ConfigurationError(f"BANK_FILE_TEMPLATE: {fault}") from None


def render(
    transfers: Iterable[Transfer], *, template: Template | None = None, name: str = "payouts.csv"
) -> File:
    """Write the payment file, a row for each transfer, in their order."""
    form = template or present_template()
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator=form.line_ending)
    writer.writerow([column.header for column in form.columns])
    for transfer in transfers:
        values = _values(transfer)
        writer.writerow(
            [
                ("\t" if column.text else "") + _inert(values[column.field])
                for column in form.columns
            ]
        )
    return File(text.getvalue().encode(form.encoding), form.media_type, name)


def _values(transfer: Transfer) -> Mapping[Field, str]:
    yuan, fen = divmod(transfer.amount_fen, 100)
    return {
        Field.NUMBER: transfer.number,
        Field.HOLDER: transfer.payee.get("holder", ""),
        Field.ACCOUNT: transfer.payee.get("account", ""),
        Field.BANK: transfer.payee.get("bank", ""),
        Field.AMOUNT: f"{yuan}.{fen:02}",
        Field.REMARK: transfer.remark,
    }


def _inert(cell: str) -> str:
    """Return a cell that no spreadsheet executes and that stays on its line."""
    mark = "'" if cell.startswith(FORMULA_STARTS) else ""
    return mark + CONTROL.sub(" ", cell)


def parse(content: bytes, *, template: Template | None = None) -> list[ResultRow]:
    """Read a bank's result file; what is wrong with it is said row by row, never raised."""
    form = template or present_template()
    rows, broken = _records(content, form.delimiter)
    if not rows:
        return [ResultRow(1, "", None, None, "", UNREADABLE)]
    wanted = form.result
    headers = [_bare(cell) for cell in rows[0][1]]
    needed = [name for name in (wanted.number, wanted.amount, wanted.status, wanted.reason) if name]
    faults = [
        ResultRow(1, "", None, None, "", text.format(column=name))
        for name in needed
        for times in [headers.count(name)]
        if times != 1
        for text in [TWO_COLUMNS if times else NO_COLUMN]
    ]
    if faults:
        return faults
    places = {name: headers.index(name) for name in needed}
    read = [_result_row(row, cells, places, form) for row, cells in rows[1:] if any(cells)]
    return _without_repetition(read, wanted.number) + broken


def _records(content: bytes, delimiter: str) -> tuple[list[tuple[int, list[str]]], list[ResultRow]]:
    """Return the file's rows, numbered (none if it is not text), and where it stops being CSV."""
    rows: list[tuple[int, list[str]]] = []
    text = _decoded(content) or ""
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append((len(rows) + 1, [_bare(cell) for cell in cells]))
    except csv.Error:
        row = len(rows) + 1
        return rows, [ResultRow(row, "", None, None, "", BROKEN.format(row=row))]
    return rows, []


def _decoded(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # No text column can hold a NUL, and no bank writes one.
        return None if "\0" in text else text
    return None


def _bare(cell: str) -> str:
    """Return a cell without the marks that keep it text."""
    return cell.strip().removeprefix("'").strip()


def _result_row(row: int, cells: list[str], places: dict[str, int], form: Template) -> ResultRow:
    wanted = form.result

    def cell(name: str) -> str:
        place = places.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    number, status = cell(wanted.number), cell(wanted.status)
    amount_fen = _fen(cell(wanted.amount))
    state = wanted.states.get(status)
    fault = None
    if not NUMBER.fullmatch(number):
        fault = BAD_NUMBER.format(row=row, column=wanted.number)
    elif wanted.amount and amount_fen is None:
        fault = BAD_AMOUNT.format(row=row, column=wanted.amount)
    elif state is None:
        fault = BAD_STATUS.format(row=row, column=wanted.status)
    return ResultRow(row, number, amount_fen, state, cell(wanted.reason), fault)


def _fen(text: str) -> int | None:
    found = AMOUNT.fullmatch(text)
    if found is None:
        return None
    yuan, fen = found.group(1).replace(",", ""), found.group(2) or ""
    return int(yuan) * 100 + int(fen.ljust(2, "0"))


def _without_repetition(rows: list[ResultRow], column: str) -> list[ResultRow]:
    """Return the rows, those that share a number all at fault: which of them is true?"""
    times = Counter(row.number for row in rows)
    return [
        replace(row, fault=REPEATED.format(row=row.row, column=column))
        if row.fault is None and times[row.number] > 1
        else row
        for row in rows
    ]

"""Sheets: rows as a CSV or an XLSX file, written while they are read.

Whatever a person typed stays a text: no cell is ever a formula, in the file or once it is opened.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from groupbuy.kernel.texts import Text


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INT = "int"
    FEN = "fen"
    INSTANT = "instant"
    MONTH = "month"


class Format(StrEnum):
    """What a sheet can be written as; the value is also the file's ending."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the member of a row that it shows, its heading, and what it holds.

    Values are a text or anything with one, an integer, integer fen (shown in yuan), an aware
    datetime or a month `YYYY-MM`; None is an empty cell in every kind.
    """

    key: str
    title: Text
    kind: Kind = Kind.TEXT


def rows_of(things: Iterable[Any], columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """Yield each thing as a row: the members, by key, or the attributes that the columns name."""
    for thing in things:
        if isinstance(thing, Mapping):
            yield tuple(thing[column.key] for column in columns)
        else:
            yield tuple(getattr(thing, column.key) for column in columns)


def sheet(
    rows: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    format: str,
    language: str,
    zone: tzinfo = UTC,
) -> Iterator[bytes]:
    """Yield a file of these rows in constant memory, headings in the language.

    Args:
        rows: as many values each as there are columns, read once.
        columns: what they are.
        format: `csv` (UTF-8 with a byte order mark) or `xlsx` (a cell holds 32,767 characters at
            most; the rest of a longer text is not written).
        language: a tag such as `zh-CN` or `en`.
        zone: instants are written in its local time; the heading of an XLSX column names it.

    Raises:
        ValueError: a row has more or fewer values than there are columns.
    """
    if Format(format) is Format.CSV:
        return _csv(rows, columns, language, zone)
    return _xlsx(rows, columns, language, zone)


CHUNK = 1 << 16
"""Bytes, or characters, that go out at a time."""

_FORMULA = frozenset("=+-@＝＋－＠")
_CONTROL = frozenset("\t\r\n")


def _begins_a_formula(text: str) -> bool:
    """Tell whether a spreadsheet might calculate what a person typed."""
    return text[:1] in _CONTROL or text.lstrip()[:1] in _FORMULA


def yuan(fen: int) -> str:
    """Write fen as yuan with two decimals and nothing else: -123456 is -1234.56."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def _csv(
    rows: Iterable[Sequence[Any]], columns: Sequence[Column], language: str, zone: tzinfo
) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    # Quotes round every cell, or a spreadsheet that divides at semicolons finds other cells.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writers = [_CSV_CELLS[column.kind] for column in columns]
    yield b"\xef\xbb\xbf"
    writer.writerow([_csv_text(column.title.to(language), zone) for column in columns])
    for row in rows:
        writer.writerow(
            ["" if v is None else cell(v, zone) for cell, v in zip(writers, row, strict=True)]
        )
        if out.tell() >= CHUNK:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _csv_text(value: Any, zone: tzinfo) -> str:
    text = str(value)
    # Also what looks like a text made inert already, so that reading it back takes off only ours.
    return f"'{text}" if _begins_a_formula(text.lstrip("'")) else text


_CSV_CELLS: dict[Kind, Callable[[Any, tzinfo], str]] = {
    Kind.TEXT: _csv_text,
    Kind.MONTH: _csv_text,
    Kind.INT: lambda value, zone: str(int(value)),
    Kind.FEN: lambda value, zone: yuan(value),
    Kind.INSTANT: lambda value, zone: value.astimezone(zone).isoformat(" ", "seconds"),
}

LAST_ROW = 1_048_575
"""The last row of a worksheet, counted from 0; more rows go on in the next one."""
EXACT = 10**15
"""From here on a spreadsheet would round a number: it is written as a text."""
CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""In every file, so that the same rows give the same bytes."""


class _PlainSheet(Worksheet):  # type: ignore[misc]
    """A worksheet in which a text that looks like markup is a text like any other."""

    def _xml_rich_inline_string(self, string: str, attributes: Any) -> None:
        # The library takes `<r>…</r>` for its own markup and would write it as it is.
        self._xml_inline_string(string, True, attributes)


class _Book:
    """An XLSX file to be, a row at a time."""

    def __init__(self, file: Any, columns: Sequence[Column], language: str, zone: tzinfo) -> None:
        self._book = Workbook(file, {"constant_memory": True})
        self._book.set_properties({"created": CREATED.replace(tzinfo=None)})
        self._columns, self._zone = columns, zone
        self._headings = [_heading(column, language, zone) for column in columns]
        self._bold = self._book.add_format({"bold": True})
        # Opened and edited, such a cell would else become the formula that it looks like.
        self._inert = self._book.add_format({"quote_prefix": True})
        self._yuan = self._book.add_format({"num_format": "#,##0.00"})
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._begin_sheet()

    def add(self, row: Sequence[Any]) -> None:
        """Write a row."""
        if self._row > LAST_ROW:
            self._begin_sheet()
        for position, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            if value is not None:
                self._write(position, column.kind, value)
        self._row += 1

    def close(self) -> None:
        """Finish the file."""
        self._book.close()

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet(worksheet_class=_PlainSheet)
        self._sheet.freeze_panes(1, 0)
        for position, heading in enumerate(self._headings):
            self._sheet.set_column(position, position, 20)
            self._sheet.write_string(0, position, heading, self._bold)
        self._row = 1

    def _write(self, position: int, kind: Kind, value: Any) -> None:
        place = self._row, position
        if kind is Kind.INSTANT:
            local = value.astimezone(self._zone).replace(tzinfo=None, microsecond=0)
            self._sheet.write_datetime(*place, local, self._instant)
        elif kind is Kind.INT and abs(value) < EXACT:
            self._sheet.write_number(*place, value)
        elif kind is Kind.FEN and abs(value) < EXACT:
            # The nearest double: it is read back as exactly these digits.
            self._sheet.write_number(*place, value / 100, self._yuan)
        else:
            text = yuan(value) if kind is Kind.FEN else str(value)
            inert = self._inert if _begins_a_formula(text) else None
            self._sheet.write_string(*place, text, inert)


def _heading(column: Column, language: str, zone: tzinfo) -> str:
    title = column.title.to(language)
    return f"{title} ({zone})" if column.kind is Kind.INSTANT else title


def _xlsx(
    rows: Iterable[Sequence[Any]], columns: Sequence[Column], language: str, zone: tzinfo
) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        book = _Book(file, columns, language, zone)
        try:
            for row in rows:
                book.add(row)
        finally:
            # It has files of its own, which go away only so.
            book.close()
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk

"""Reading sheets that people made: CSV and XLSX into texts, guarded against hostile files.

The counterpart of kernel.sheets: what that writes is read back as it was, cell by cell.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import openpyxl

from groupbuy.kernel.texts import Text

MAX_ROWS = 5_000
"""Rows of one sheet, its heading not counted."""
MAX_COLUMNS = 60
MAX_CELL = 10_000
MAX_UNPACKED_BYTES = 64 << 20
"""What an XLSX file may become: it is a ZIP file, and those can be bombs."""

_ZIP = b"PK\x03\x04"
_INERT = "'"
_FORMULA = "=+-@＝＋－＠\t\r\n"


class UnreadableSheet(ValueError):
    """The file cannot be read as a sheet; `text` says why, for people."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def read_sheet(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV file or of an XLSX file's first sheet, as trimmed texts.

    Empty rows stay, so that a row's number is that which the person sees. A CSV may be UTF-8
    (with or without a byte order mark) or GB 18030, as spreadsheets in China write it; numbers of
    an XLSX come as the digits that its author typed.

    Raises:
        UnreadableSheet: not such a file, damaged, or too large.
    """
    rows: list[list[str]] = []
    for row in _xlsx(content) if content.startswith(_ZIP) else _csv(content):
        if len(rows) > MAX_ROWS:
            raise UnreadableSheet(
                Text(
                    f"最多 {MAX_ROWS} 行，请分批导入。", f"At most {MAX_ROWS} rows; split the file."
                )
            )
        rows.append(_fitting(row))
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise UnreadableSheet(Text("文件是空的。", "The file is empty."))
    return rows


def _fitting(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    if len(row) > MAX_COLUMNS or any(len(cell) > MAX_CELL for cell in row):
        raise UnreadableSheet(
            Text(
                f"列数超过 {MAX_COLUMNS}，或单元格超过 {MAX_CELL} 字。",
                f"More than {MAX_COLUMNS} columns, or a cell above {MAX_CELL} characters.",
            )
        )
    return row


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    if "\0" in text:
        raise UnreadableSheet(Text("这不是 CSV 或 XLSX 文件。", "This is no CSV or XLSX file."))
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [_as_typed(cell) for cell in row]
    except csv.Error as fault:
        raise UnreadableSheet(
            Text(f"CSV 有误：{fault}。", f"The CSV is not well-formed: {fault}.")
        ) from None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableSheet(
        Text("文字编码既非 UTF-8 也非 GB 18030。", "The text is neither UTF-8 nor GB 18030.")
    )


def _as_typed(cell: str) -> str:
    """Take off the apostrophe with which our exports make a text inert."""
    inert = cell[:1] == _INERT and cell.lstrip(_INERT).lstrip(" ")[:1] in tuple(_FORMULA)
    return (cell[1:] if inert else cell).strip()


def _xlsx(content: bytes) -> Iterator[list[str]]:
    damaged = UnreadableSheet(Text("XLSX 文件已损坏。", "The XLSX file is damaged."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED_BYTES:
                raise UnreadableSheet(Text("文件过大。", "The file is too large."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except UnreadableSheet:
        raise
    except Exception:
        # The library is fed by strangers and may raise anything.
        raise damaged from None
    try:
        yield from _first_sheet(book)
    except UnreadableSheet:
        raise
    except Exception:
        raise damaged from None
    finally:
        book.close()


def _first_sheet(book: Any) -> Iterator[list[str]]:
    sheet = book.worksheets[0]
    # The size that the file claims for itself may be anything.
    sheet.reset_dimensions()
    rows: Iterable[Iterable[Any]] = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
    for row in rows:
        yield [_text(value) for value in row]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()

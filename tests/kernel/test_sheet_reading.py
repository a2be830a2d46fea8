"""Sheets that people made, and sheets that somebody made to do harm."""

import io
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.kernel import sheet_reading
from groupbuy.kernel.sheet_reading import MAX_ROWS, UnreadableSheet, read_sheet
from groupbuy.kernel.sheets import Column, Kind, sheet
from groupbuy.kernel.texts import Text


def xlsx(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_reads_csv_as_spreadsheets_write_it(encoding: str, delimiter: str) -> None:
    text = f'名称{delimiter}价格\r\n"土鸡蛋 30枚"{delimiter} 39.90 \r\n'
    assert read_sheet(text.encode(encoding)) == [["名称", "价格"], ["土鸡蛋 30枚", "39.90"]]


def test_it_reads_the_first_sheet_of_an_xlsx_as_what_was_typed() -> None:
    row = [
        "鸡蛋",
        3,
        12.5,
        39.9,
        True,
        None,
        datetime(2026, 3, 2, 9, tzinfo=UTC).replace(tzinfo=None),
        date(2026, 3, 2),
        "=1+1x",
    ]
    read = read_sheet(xlsx(["h"] * 9, row))[1]
    assert read[:5] == ["鸡蛋", "3", "12.5", "39.9", "true"]
    assert read[5:8] == ["", "2026-03-02 09:00:00", "2026-03-02 00:00:00"]


def test_it_keeps_empty_rows_in_between_so_that_numbers_stay_and_drops_them_at_the_end() -> None:
    assert read_sheet(b"a,b\n,\n1,2\n,,\n\n") == [["a", "b"], [], ["1", "2"]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" , ,\n",
        b"\xff\xfe\xff",
        b"a\0b",
        b'a,"b\n1,2',
        b"PK\x03\x04 not a zip",
        b"%PDF-1.7\n\x00",
    ],
)
def test_it_says_what_is_no_sheet(content: bytes) -> None:
    with pytest.raises(UnreadableSheet) as caught:
        read_sheet(content)
    assert caught.value.text.zh


def test_it_refuses_too_many_rows_columns_and_letters() -> None:
    for content in (b"a\n" * (MAX_ROWS + 2), b",".join([b"a"] * 100), b"a" * 20_000):
        with pytest.raises(UnreadableSheet):
            read_sheet(content)
    assert len(read_sheet(b"a\n" * (MAX_ROWS + 1))) == MAX_ROWS + 1


def test_it_refuses_a_bomb_before_it_unpacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_reading, "MAX_UNPACKED_BYTES", 1 << 20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * (4 << 20))
    assert len(out.getvalue()) < 10_000
    with pytest.raises(UnreadableSheet, match="large"):
        read_sheet(out.getvalue())


def test_it_refuses_entities_that_grow() -> None:
    bomb = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>"""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(["a"]))) as good,
        zipfile.ZipFile(out, "w") as bad,
    ):
        for part in good.namelist():
            bad.writestr(part, bomb if part == "xl/workbook.xml" else good.read(part))
    with pytest.raises(UnreadableSheet):
        read_sheet(out.getvalue())


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp", "Co"]), max_size=12
) | st.sampled_from(["=1+1", "+86 138", "-3", "@you", "'quoted", "＝全角", "' =x"])


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@given(st.lists(st.tuples(WORDS, st.integers(-(10**9), 10**9)), min_size=1, max_size=5))
def test_it_reads_back_what_our_exports_write(format: str, rows: list[tuple[str, int]]) -> None:
    columns = [Column("a", Text("名", "Name")), Column("b", Text("数", "Number"), Kind.INT)]
    content = b"".join(sheet(rows, columns, format, "en"))
    expected = [[name.strip(), str(number)] for name, number in rows]
    assert read_sheet(content)[1:] == expected

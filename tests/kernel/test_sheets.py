"""Sheets: what goes in comes out, in both formats, and nothing that was typed is calculated."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from groupbuy.kernel import sheets
from groupbuy.kernel.sheets import Column, Kind, rows_of, sheet
from groupbuy.kernel.texts import Text

NAME = Column("name", Text("姓名", "Name"))
COLUMNS = (
    NAME,
    Column("orders", Text("订单数", "Orders"), Kind.INT),
    Column("commission_fen", Text("佣金", "Commission"), Kind.FEN),
    Column("paid_at", Text("付款时间", "Paid at"), Kind.INSTANT),
    Column("month", Text("月份", "Month"), Kind.MONTH),
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 2, 1, 30, 5, 999_999, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＠x"]

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
printed = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def written(
    rows: Sequence[Sequence[Any]],
    format: str,
    columns: Sequence[Column] = COLUMNS,
    language: str = "zh-CN",
) -> bytes:
    return b"".join(sheet(rows, columns, format, language, SHANGHAI))


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def worksheet(content: bytes) -> Worksheet:
    return load_workbook(io.BytesIO(content)).worksheets[0]


class TestCsv:
    def test_it_writes_every_kind(self) -> None:
        content = written([["小梅", 3, -123_456, AT, "2026-03"], [None] * 5], "csv")
        assert content.startswith(b"\xef\xbb\xbf")
        assert csv_rows(content) == [
            ["姓名", "订单数", "佣金", "付款时间", "月份"],
            ["小梅", "3", "-1234.56", "2026-03-02 09:30:05+08:00", "2026-03"],
            ["", "", "", "", ""],
        ]

    def test_it_has_headings_in_english_too(self) -> None:
        content = written([], "csv", language="en")
        assert csv_rows(content) == [["Name", "Orders", "Commission", "Paid at", "Month"]]

    @given(st.lists(words))
    def test_it_gives_every_text_back(self, texts: list[str]) -> None:
        cells = [row[0] for row in csv_rows(written([[t] for t in texts], "csv", [NAME]))[1:]]
        assert [
            c if c == t else c.removeprefix("'") for c, t in zip(cells, texts, strict=True)
        ] == (texts)

    @given(st.sampled_from(FORMULAS) | words)
    def test_it_writes_no_formula(self, text: str) -> None:
        cell = csv_rows(written([[text]], "csv", [NAME]))[1][0]
        assert cell.lstrip()[:1] not in set("=+-@＝＋－＠") or cell == "'" + text
        assert cell[:1] not in set("\t\r\n")

    @given(st.integers())
    def test_it_writes_fen_exactly(self, fen: int) -> None:
        shown = csv_rows(written([[fen]], "csv", [COLUMNS[2]]))[1][0]
        whole, _, cents = shown.partition(".")
        assert len(cents) == 2
        assert int(whole + cents) == fen

    def test_it_goes_out_in_pieces_while_the_rows_are_read(self) -> None:
        read = 0

        def rows() -> Iterator[list[str]]:
            nonlocal read
            for number in range(50_000):
                read = number
                yield [f"row {number}"]

        pieces = sheet(rows(), [NAME], "csv", "en")
        next(pieces)
        assert len(next(pieces)) < 2 * sheets.CHUNK
        assert read < 20_000


class TestXlsx:
    def test_it_writes_every_kind(self) -> None:
        rows: list[list[Any]] = [["小梅", 3, -123_456, AT, "2026-03"], [None] * 5]
        page = worksheet(written(rows, "xlsx"))
        found = list(page.iter_rows(values_only=True))
        assert found[0] == ("姓名", "订单数", "佣金", "付款时间 (Asia/Shanghai)", "月份")
        local = datetime(2026, 3, 2, 9, 30, 5)  # noqa: DTZ001
        assert found[1] == ("小梅", 3, -1234.56, local, "2026-03")
        assert [page["C2"].number_format, page["D2"].number_format] == [
            "#,##0.00",
            "yyyy-mm-dd hh:mm:ss",
        ]

    @given(st.lists(printed, max_size=5))
    def test_it_gives_every_text_back(self, texts: list[str]) -> None:
        page = worksheet(written([[text] for text in texts], "xlsx", [NAME]))
        cells = [page.cell(number, 1).value or "" for number in range(2, len(texts) + 2)]
        assert cells == texts

    @given(st.sampled_from(FORMULAS) | words)
    def test_it_writes_no_formula(self, text: str) -> None:
        cell = worksheet(written([[text]], "xlsx", [NAME]))["A2"]
        assert cell.data_type in ("s", "inlineStr", "n")
        assert cell.quotePrefix or text not in FORMULAS

    @pytest.mark.parametrize("text", ["<r>&</r>", "<r><t>=1</t></r>", "<is>", "_x0041_"])
    def test_it_takes_markup_for_text(self, text: str) -> None:
        content = written([[text]], "xlsx", [NAME])
        value = worksheet(content)["A2"].value
        assert value.replace("_x005F_", "_") == text

    @given(st.integers(-(10**15) + 1, 10**15 - 1))
    def test_it_writes_fen_as_the_number_that_it_is(self, fen: int) -> None:
        cell = worksheet(written([[fen]], "xlsx", [COLUMNS[2]]))["A2"]
        assert cell.data_type == "n"
        assert f"{cell.value:.2f}" == sheets.yuan(fen)

    @pytest.mark.parametrize(("column", "shown"), [(1, str(10**15)), (2, f"{10**13}.00")])
    def test_it_writes_what_a_spreadsheet_would_round_as_text(
        self, column: int, shown: str
    ) -> None:
        assert worksheet(written([[10**15]], "xlsx", [COLUMNS[column]]))["A2"].value == shown

    def test_it_cuts_a_text_that_no_cell_could_hold(self) -> None:
        page = worksheet(written([["团" * 40_000], ["next"]], "xlsx", [NAME]))
        assert (page["A2"].value, page["A3"].value) == ("团" * 32_767, "next")

    def test_it_goes_on_in_the_next_worksheet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "LAST_ROW", 3)
        content = written([[str(n)] for n in range(7)], "xlsx", [NAME])
        pages = load_workbook(io.BytesIO(content)).worksheets
        assert [[row[0] for row in page.values] for page in pages] == [
            ["姓名", "0", "1", "2"],
            ["姓名", "3", "4", "5"],
            ["姓名", "6"],
        ]

    def test_it_gives_the_same_bytes_for_the_same_rows(self) -> None:
        rows = [["小梅", 3, 5, AT + timedelta(days=n), "2026-03"] for n in range(9)]
        assert written(rows, "xlsx") == written(rows, "xlsx")
        with zipfile.ZipFile(io.BytesIO(written(rows, "xlsx"))) as archive:
            assert archive.testzip() is None


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("row", [["too short"], ["x", 1, 2, None, None, "too long"]])
def test_it_refuses_a_row_that_does_not_fit(format: str, row: list[Any]) -> None:
    with pytest.raises(ValueError, match="zip"):
        written([row], format)


def test_it_refuses_another_format() -> None:
    with pytest.raises(ValueError, match="ods"):
        written([], "ods")


def test_it_reads_rows_from_members_and_from_attributes() -> None:
    column = Column("en", Text("英文", "English"))
    assert list(rows_of([{"en": "a"}, Text("甲", "b")], [column])) == [("a",), ("b",)]

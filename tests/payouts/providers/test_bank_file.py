"""The bank file: what we write, what a bank writes back, and what neither may do."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.kernel.settings import EXTENSION, ConfigurationError, settings
from groupbuy.payouts.providers import bank_file, bank_template
from groupbuy.payouts.providers.bank_file import ResultRow, parse, render
from groupbuy.payouts.providers.bank_template import (
    DELIMITERS,
    ENCODINGS,
    LINE_ENDINGS,
    RESULTS,
    Column,
    Field,
    ResultColumns,
    Template,
)
from groupbuy.payouts.providers.interface import Transfer
from groupbuy.payouts.providers.registry import channel
from groupbuy.payouts.rules.states import AttemptState
from tests.payouts.providers.stages import BankFileStage, transfer

DEFAULT = Template()
PAYEE = BankFileStage.payee
HEADER = "业务编号,金额（元）,处理结果,失败原因"


def written(content: bytes, template: Template = DEFAULT) -> list[list[str]]:
    text = content.decode(template.encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=template.delimiter))


def cell(text: str, field: Field = Field.HOLDER) -> str:
    """Return how a text comes out in the column of a payee's name."""
    file = render([transfer("P1", 100, PAYEE | {field.value: text})], template=DEFAULT)
    return written(file.content)[1][[column.field for column in DEFAULT.columns].index(field)]


def fault(row: ResultRow) -> str:
    assert row.fault is not None
    return row.fault.en


class TestRendering:
    def test_it_writes_a_row_for_each_transfer_in_their_order(self) -> None:
        file = render([transfer("P2", 1_205, PAYEE), transfer("P1", 7, PAYEE)], template=DEFAULT)
        assert file.content.startswith(b"\xef\xbb\xbf")
        assert (file.media_type, file.name) == ("text/csv; charset=utf-8", "payouts.csv")
        assert written(file.content) == [
            ["业务编号", "收款人户名", "收款账号", "开户银行", "金额（元）", "备注"],
            ["P2", "梅团长", "\t6222021234567890123", "工商银行", "12.05", "2026-02 团长佣金"],
            ["P1", "梅团长", "\t6222021234567890123", "工商银行", "0.07", "2026-02 团长佣金"],
        ]

    def test_it_writes_a_header_when_there_is_nothing_to_pay(self) -> None:
        assert len(written(render([], template=DEFAULT).content)) == 1

    def test_it_writes_as_the_banks_template_says(self) -> None:
        template = Template(
            columns=(
                Column(Field.ACCOUNT, "账号"),
                Column(Field.HOLDER, "户名"),
                Column(Field.AMOUNT, "金额"),
                Column(Field.NUMBER, "流水"),
            ),
            delimiter="|",
            encoding="gb18030",
            line_ending="\n",
        )
        file = render([transfer("P1", 123_456_789, PAYEE)], template=template, name="b.txt")
        lines = "账号|户名|金额|流水\n6222021234567890123|梅团长|1234567.89|P1\n"
        assert file.content == lines.encode("gb18030")
        assert (file.media_type, file.name) == ("text/csv; charset=gb18030", "b.txt")

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_it_lets_no_cell_be_a_formula(self, start: str) -> None:
        assert cell(f"{start}cmd|'/C calc'!A0").startswith("'")

    def test_it_keeps_every_cell_on_its_row(self) -> None:
        assert cell("梅\r\n团\u2028长\x00") == "梅 团 长 "

    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_it_writes_any_name_into_one_harmless_cell(self, name: str) -> None:
        found = cell(name)
        assert not found.startswith(bank_file.FORMULA_STARTS)
        assert "\n" not in found


class TestParsing:
    def test_it_reads_what_the_bank_says_of_each_number(self) -> None:
        content = f"{HEADER}\nP1,12.05,成功,\n\nP2,7,失败,户名不符\nP3,0.30,处理中,\n"
        assert parse(content.encode("gb18030"), template=DEFAULT) == [
            ResultRow(2, "P1", 1_205, AttemptState.SUCCEEDED, ""),
            ResultRow(4, "P2", 700, AttemptState.FAILED, "户名不符"),
            ResultRow(5, "P3", 30, AttemptState.SUBMITTED, ""),
        ]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_it_reads_columns_by_their_names_in_any_order_and_encoding(self, encoding: str) -> None:
        content = "备注,处理结果,金额（元）,失败原因,业务编号\nx,成功,1.00,,P1\n".encode(encoding)
        assert parse(content, template=DEFAULT) == [
            ResultRow(2, "P1", 100, AttemptState.SUCCEEDED, "")
        ]

    def test_it_reads_a_file_without_amounts_or_reasons_if_the_template_has_none(self) -> None:
        template = replace(DEFAULT, result=ResultColumns(amount="", reason=""))
        content = "业务编号,处理结果\nP1,成功\n".encode()
        assert parse(content, template=template) == [
            ResultRow(2, "P1", None, AttemptState.SUCCEEDED, "")
        ]

    @pytest.mark.parametrize(
        ("text", "fen"),
        [
            ("1234.56", 123_456),
            ("1,234.56", 123_456),
            ("¥1,234,567.8", 123_456_780),
            ("￥ 12", 1_200),
            ("'12.00", 1_200),
            ("\t0.01 ", 1),
            ("12.345", None),
            ("-12.00", None),
            ("1,23.00", None),
            ("12,00", None),
            ("1e3", None),
            ("１２", None),
            ("٣", None),
            ("", None),
            (".5", None),
            ("NaN", None),
            ("9" * 14, None),
        ],
    )
    def test_it_reads_amounts_exactly_or_not_at_all(self, text: str, fen: int | None) -> None:
        [row] = parse(f'{HEADER}\nP1,"{text}",成功,'.encode(), template=DEFAULT)
        assert row.amount_fen == fen
        assert (row.fault is None) == (fen is not None)

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            (",1.00,成功,", "Row 2, “业务编号”: not a payout number."),
            ("6.2E+18,1.00,成功,", "Row 2, “业务编号”: not a payout number."),
            ("合计,1.00,,", "Row 2, “业务编号”: not a payout number."),
            (
                "P1,一元,成功,",
                "Row 2, “金额（元）”: not an amount in yuan with at most two decimals.",
            ),
            ("P1,1.00,也许,", "Row 2, “处理结果”: not a known result."),
            ("P1,1.00", "Row 2, “处理结果”: not a known result."),
        ],
    )
    def test_it_names_each_fault_by_row_and_column(self, line: str, expected: str) -> None:
        [row] = parse(f"{HEADER}\n{line}\n".encode(), template=DEFAULT)
        assert fault(row) == expected
        assert row.row == 2

    def test_it_believes_neither_of_two_rows_about_one_number(self) -> None:
        content = f"{HEADER}\nP1,1.00,成功,\nP2,1.00,成功,\nP1,1.00,失败,\n"
        first, other, second = parse(content.encode(), template=DEFAULT)
        assert other.fault is None
        assert fault(first) == "Row 2, “业务编号”: the number is in the file more than once."
        assert fault(second).startswith("Row 4")

    def test_it_names_the_columns_that_are_missing_or_there_twice(self) -> None:
        rows = parse("业务编号,金额（元）,业务编号\nP1,1.00,P1\n".encode(), template=DEFAULT)
        assert [fault(row) for row in rows] == [
            "Row 1: the column “业务编号” is there twice.",
            "Row 1: the column “处理结果” is missing.",
            "Row 1: the column “失败原因” is missing.",
        ]
        assert {row.row for row in rows} == {1}

    def test_it_says_where_a_quotation_mark_swallows_the_rest(self) -> None:
        content = f'{HEADER}\nP1,1.00,成功,\nP2,"1.00,失败,\nP3,1.00,成功,\n'
        read, broken = parse(content.encode(), template=DEFAULT)
        assert (read.number, read.fault) == ("P1", None)
        assert fault(broken).startswith("Row 3: a quotation mark is not closed")

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"\x80", b"PK\x03\x04\xff"])
    def test_it_says_what_it_cannot_read(self, content: bytes) -> None:
        rows = parse(content, template=DEFAULT)
        assert rows
        assert all(row.fault is not None for row in rows)

    @given(st.binary(max_size=300))
    def test_it_raises_on_no_bytes_whatever(self, garbage: bytes) -> None:
        assert all(row.fault is not None for row in parse(garbage, template=DEFAULT))
        rows = parse(f"{HEADER}\nP1,".encode() + garbage, template=DEFAULT)
        assert all(row.fault is not None or row.number for row in rows)


numbers = st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", min_size=1, max_size=32)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@st.composite
def transfers(draw: st.DrawFn) -> list[Transfer]:
    return [
        Transfer(
            number,
            draw(st.integers(1, 10**11)),
            {"holder": draw(names), "account": draw(st.from_regex(r"\A[0-9]{8,30}\Z"))},
            draw(names),
        )
        for number in draw(st.lists(numbers, max_size=8, unique=True))
    ]


templates = st.builds(
    Template,
    columns=st.permutations(DEFAULT.columns).map(tuple),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(list(ENCODINGS)),
    line_ending=st.sampled_from(LINE_ENDINGS),
)


class TestThereAndBack:
    @given(transfers(), templates, st.sampled_from(list(ENCODINGS)), st.randoms())
    def test_it_gets_the_same_numbers_and_amounts_back(
        self, asked: list[Transfer], template: Template, encoding: str, random: Any
    ) -> None:
        """The bank reads our file by its headers, and answers row by row in its own encoding."""
        header, *rows = written(render(asked, template=template).content, template)
        answer = io.StringIO()
        writer = csv.writer(answer, delimiter=template.delimiter)
        writer.writerow(HEADER.split(","))
        words = list(template.result.states)
        said = []
        for row in rows:
            given_row = dict(zip(header, row, strict=True))
            said.append(random.choice(words))
            writer.writerow([given_row["业务编号"], given_row["金额（元）"], said[-1], "原因"])
        read = parse(answer.getvalue().encode(encoding), template=template)
        assert [row.fault for row in read] == [None] * len(asked)
        assert [(row.number, row.amount_fen) for row in read] == [
            (one.number, one.amount_fen) for one in asked
        ]
        assert [row.state for row in read] == [template.result.states[word] for word in said]

    @given(transfers(), templates)
    def test_it_keeps_every_digit_of_an_account(
        self, asked: list[Transfer], template: Template
    ) -> None:
        header, *rows = written(render(asked, template=template).content, template)
        place = header.index("收款账号")
        assert [row[place].strip() for row in rows] == [one.payee["account"] for one in asked]


class TestTemplates:
    def test_it_reads_a_template_and_leaves_the_rest_as_it_is(self) -> None:
        given_text = json.dumps(
            {
                "encoding": "gb18030",
                "columns": [
                    {"field": "number", "header": "流水号"},
                    {"field": "account", "header": "账号", "text": True},
                    {"field": "holder", "header": "户名"},
                    {"field": "amount", "header": "金额"},
                ],
                "result": {"status": "状态", "reason": "", "states": {"OK": "succeeded"}},
            }
        )
        template = Template.from_json(given_text)
        assert [column.header for column in template.columns] == ["流水号", "账号", "户名", "金额"]
        assert template.columns[1] == Column(Field.ACCOUNT, "账号", text=True)
        assert (template.encoding, template.delimiter) == ("gb18030", ",")
        assert (template.result.number, template.result.status) == ("业务编号", "状态")
        assert template.result.reason == ""
        assert dict(template.result.states) == {"OK": AttemptState.SUCCEEDED}
        assert Template.from_json("{}") == DEFAULT

    def test_it_reads_the_example_of_its_documentation(self) -> None:
        documentation = bank_template.__doc__ or ""
        template = Template.from_json(documentation[documentation.index("{") :])
        assert (template.encoding, template.line_ending) == ("gb18030", "\r\n")
        assert template.result.states["交易失败"] is AttemptState.FAILED

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("[]", "the template must be an object"),
            ('{"encodin": "utf-8"}', "the template has unknown encodin"),
            ('{"encoding": "utf-16"}', "encoding must be one of"),
            ('{"delimiter": ",,"}', "delimiter must be one of"),
            ('{"line_ending": "x"}', "line_ending must be one of"),
            ('{"columns": {}}', "columns must be a list"),
            ('{"columns": []}', "columns lack account, amount, holder, number"),
            ('{"columns": [7]}', "a column must be an object"),
            ('{"columns": [{"field": "iban", "header": "x"}]}', "field of a column must be"),
            ('{"columns": [{"field": "bank", "header": " "}]}', "header of a column must be"),
            ('{"columns": [{"field": "bank", "header": "x", "text": 1}]}', "text of a column"),
            ('{"columns": [{"field": "bank", "name": "x"}]}', "a column has unknown name"),
            ('{"result": 7}', "result must be an object"),
            ('{"result": {"x": "y"}}', "result has unknown x"),
            ('{"result": {"number": ""}}', "result number must be a text"),
            ('{"result": {"states": {"OK": "paid"}}}', "result state OK must be one of"),
            ('{"result": {"states": {"OK": ["succeeded"]}}}', "result state OK must be one of"),
        ],
    )
    def test_it_says_what_is_wrong_with_a_template(self, text: str, expected: str) -> None:
        with pytest.raises(ValueError, match=expected):
            Template.from_json(text)

    @pytest.mark.parametrize("again", ["field", "header"])
    def test_it_wants_each_field_and_each_header_once(self, again: str) -> None:
        columns = [{"field": name.value, "header": name.value} for name in Field]
        columns.append({"field": "bank", "header": "other"})
        if again == "header":
            columns = [*columns[:-2], {"field": "remark", "header": "number"}]
        with pytest.raises(ValueError, match="twice"):
            Template.from_json(json.dumps({"columns": columns}))

    def test_it_uses_the_template_of_the_settings(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for text, delimiter in (("", ","), ('{"delimiter": ";"}', ";")):
            changed = replace(settings(), bank_file_template=text)
            monkeypatch.setitem(app.extensions, EXTENSION, changed)
            assert render([]).content.decode("utf-8-sig").count(delimiter) == 5
            assert fault(parse(b"x")[0]).startswith("Row 1: the column")
        changed = replace(settings(), bank_file_template="[]")
        monkeypatch.setitem(app.extensions, EXTENSION, changed)
        with pytest.raises(ConfigurationError, match="BANK_FILE_TEMPLATE: the template must"):
            render([])


class TestChannel:
    def test_it_waits_for_the_bank_and_can_be_taken_back(self, app: Flask) -> None:
        bank = channel("manual_bank_file")
        assert bank.submit(transfer("P1", 100, PAYEE)).state == "submitted"
        found = bank.query("P1")
        assert found is not None
        assert found.state == "submitted"
        assert bank.cancel("P1").state == "cancelled"

    def test_it_knows_no_other_results_than_a_bank_gives(self) -> None:
        assert set(DEFAULT.result.states.values()) == set(RESULTS)

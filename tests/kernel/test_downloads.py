"""Files over HTTP: named, described, whole; what goes wrong on the way is a Problem."""

import csv
import io
from urllib.parse import unquote

import pytest
from flask import Flask
from openpyxl import load_workbook
from werkzeug.http import parse_options_header

from groupbuy.app.documentation import describe, describe_api
from groupbuy.kernel.downloads import FILE, PDF, SHEETS, Download, disposition
from tests.client import Api
from tests.kernel.notes import notes

pytestmark = pytest.mark.committed


@pytest.fixture
def two_notes(notes_api: Api) -> Api:
    for text in ("first", "=2+2"):
        assert notes_api.shopper("bo").post("/notes", {"text": text}).status_code == 201
    return notes_api


def test_it_loads_a_csv_down(two_notes: Api) -> None:
    answer = two_notes.shopper("bo").get("/notes/sheet")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [row[1] for row in rows] == ["Subject", "first", "'=2+2"]


def test_it_loads_an_xlsx_down_in_the_callers_language(two_notes: Api) -> None:
    answer = two_notes.shopper("bo").get("/notes/sheet", format="xlsx", language="zh-CN")
    assert answer.headers["Content-Type"] == SHEETS[1]
    rows = list(load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
    assert [row[1] for row in rows] == ["事项", "first", "=2+2"]
    value, options = parse_options_header(answer.headers["Content-Disposition"])
    assert (value, options["filename"]) == ("attachment", "笔记 notes.xlsx")


def test_it_describes_the_file() -> None:
    app = Flask("described")
    app.config.update(API_TITLE="notes", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    described = describe_api(app)
    described.register_blueprint(notes)
    document = describe(described)
    content = document["paths"]["/api/v1/notes/sheet"]["get"]["responses"]["200"]["content"]
    assert content == {kind: {"schema": FILE} for kind in SHEETS}


def test_it_is_a_problem_when_there_is_nothing_to_load_down(notes_api: Api) -> None:
    answer = notes_api.shopper("bo").get("/notes/sheet", sick=True)
    assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")
    answer = notes_api.shopper("bo").get("/notes/sheet", format="ods")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-input")


def test_it_sends_what_no_memory_should_hold() -> None:
    answer = Download((b"x" * 100_000 for _ in range(30)), PDF, "long.pdf").response()
    assert answer.content_length == len(answer.data) == 3_000_000


def test_it_sends_bytes_as_they_are() -> None:
    answer = Download(b"%PDF", PDF, "statement.pdf").response()
    assert (answer.data, answer.mimetype) == (b"%PDF", PDF)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement.pdf"'


@pytest.mark.parametrize(
    "name", ["佣金 2026-03.pdf", 'a"b\\c;d.csv', "é.csv", "x\r\nSet-Cookie: y"]
)
def test_it_gives_every_name_safely(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert unquote(header.rpartition("''")[2]) == name


def test_it_begins_the_plain_name_with_a_letter_or_digit() -> None:
    assert 'filename="2026-03.csv"' in disposition("出勤表-2026-03.csv")

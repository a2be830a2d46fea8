"""Keyset pages: stable under inserts, and deaf to cursors that are none."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import InvalidInput
from tests.client import Api
from tests.conftest import START


def note(subject: str, at: datetime = START) -> None:
    audit.record(actor=SYSTEM, action="note", subject=subject, now=at)
    session().flush()


def page(cursor: str | None = None, *, limit: int = 2, descending: bool = False) -> Page[Any]:
    return paginate(
        select(AuditEntry),
        by=[AuditEntry.at, AuditEntry.id],
        limit=limit,
        cursor=cursor,
        descending=descending,
    )


def subjects(page: Page[Any]) -> list[str]:
    return [entry.subject for entry in page.items]


@pytest.mark.parametrize("descending", [False, True])
def test_it_reads_everything_once_in_order(app: Flask, descending: bool) -> None:
    for number in range(5):
        note(str(number))
    found, cursor = [], None
    for _ in range(3):
        part = page(cursor, descending=descending)
        found += subjects(part)
        cursor = part.next_cursor
    assert cursor is None
    assert found == sorted(found, reverse=descending)
    assert len(found) == 5


def test_it_is_stable_when_rows_come_in_before_the_cursor(app: Flask) -> None:
    for number in range(1, 5):
        note(str(number), START + timedelta(hours=number))
    first = page()
    note("earlier", START)
    note("later", START + timedelta(hours=9))
    second = page(first.next_cursor)
    third = page(second.next_cursor)
    assert [*subjects(first), *subjects(second), *subjects(third)] == ["1", "2", "3", "4", "later"]


def test_it_has_no_next_page_after_exactly_a_full_one(app: Flask) -> None:
    note("a")
    note("b")
    assert page().next_cursor is None


def cursor_of(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


BAD = [
    "!",
    "é",
    "AAAA",
    cursor_of({}),
    cursor_of([]),
    cursor_of(7),
    cursor_of([1, 2]),
    cursor_of([None, None]),
    cursor_of([True, "x"]),
    cursor_of([{"t": "yesterday"}, "aud_1"]),
    cursor_of([{"t": "2026-03-02T00:00:00"}, "aud_" + "0" * 32]),
    cursor_of([{"t": "2026-03-02T00:00:00+00:00"}, "aud_zzz"]),
    cursor_of([{"t": "2026-03-02T00:00:00+00:00"}, "prd_" + "0" * 32]),
    cursor_of([{"t": "2026-03-02T00:00:00+00:00"}, 5]),
    cursor_of(["2026", "aud_" + "0" * 32]),
    cursor_of([["a"], {"b": 1}]),
    cursor_of([{"t": 5}, "aud_" + "0" * 32]),
]


@pytest.mark.parametrize("cursor", BAD)
def test_it_refuses_a_cursor_that_is_none_of_this_list(app: Flask, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        page(cursor)


@pytest.mark.parametrize("cursor", ["!", cursor_of([1]), cursor_of(["stf_1"]), cursor_of([None])])
def test_it_answers_422_over_http(api: Api, cursor: str) -> None:
    answer = api.staff("admin").get("/hq/staff", cursor=cursor)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-input")
    assert answer.json["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1.5"])
def test_it_refuses_a_limit_out_of_bounds(api: Api, limit: str) -> None:
    answer = api.staff("admin").get("/hq/staff", limit=limit)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/limit")

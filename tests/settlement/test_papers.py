"""Statements on paper and in files: readable in both languages, complete, the same each time."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from groupbuy.kernel.clock import ManualClock
from groupbuy.settlement.rules import figures
from groupbuy.settlement.rules.answers import StandingState
from groupbuy.settlement.rules.papers import SHOWN
from groupbuy.settlement.rules.statements import COMPONENTS, ComponentKind, CorrectionKind
from tests.client import Answer, Api
from tests.factories import commissions
from tests.factories.adjustments import adjusted
from tests.factories.commissions import Stall
from tests.factories.settlement import after_cutoff, approved, calculated, local, statement_of

MARCH, APRIL = "2026-03", "2026-04"
PERIOD = f"/hq/settlement-periods/{MARCH}"


@pytest.fixture
def stall(api: Api) -> Stall:
    """Mei's stall, Mei herself logged in."""
    commissions.published()
    return commissions.stall(by=api.shopper("mei").id)


@pytest.fixture
def april(stall: Stall, clock: ManualClock) -> str:
    """Mei's April: sales, a clawback, an adjustment; return its statement's id."""
    first, _ = stall.sell_each(600_000, 600_000)
    approved(MARCH)
    commissions.refund(first, 300_000, at=local("2026-04-20 12:00"))
    stall.sell_each(600_000, 333, month=APRIL)
    adjusted(stall.leader_id, 5_000, at=local("2026-04-21 12:00"), reason="冷链车晚到 the van")
    approved(APRIL)
    clock.at = after_cutoff(APRIL)
    return statement_of(stall.leader_id, APRIL).id


def text_of(answer: Answer) -> str:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    with PdfDocument(answer.data) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def rows_of(answer: Answer) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


class TestPaper:
    def test_it_says_every_figure_and_how_it_came_about(self, api: Api, april: str) -> None:
        answer = api.shopper("mei").get(f"/leader/statements/{april}/pdf")
        told = text_of(answer).replace("\n", " ").replace("\r", "").replace("\u00a0", " ")
        digest = statement_of_id(api, april)["digest"]
        for words in (
            "Commission statement 2026-04",
            "Issued, waits for your answer",
            "Sales ¥300.17",
            "Taken back -¥150.00",
            "Adjustments ¥50.00",
            "Payable ¥200.17",
            "adjustment: 冷链车晚到 the van",
            "¥3,000.00 were refunded",
            "04-10 Strawberries",
            "took you from ¥0.00 to ¥6,000.00: ¥6,000.00 at 5 %",
            "Total ¥6,003.33 ¥300.17",
            "Plan: Standard, version 1.",
            "The default plan",
            "Each slice of a month's sales earns its own rate",
        ):
            assert words in told, (words, told)
        assert digest in told.replace(" ", "")
        assert "Guarantee" not in told
        assert "Held back" not in told

    def test_it_speaks_chinese_too_and_always_says_the_same(
        self, api: Api, stall: Stall, april: str
    ) -> None:
        mei = api.shopper("mei")
        path = f"/leader/statements/{april}/pdf"
        answers = [mei.get(path, language="zh-CN") for _ in range(2)]
        assert answers[0].data == answers[1].data
        hq = api.staff("auditor").get(f"/hq/statements/{april}/pdf", language="zh-CN")
        assert hq.data == answers[0].data
        told = text_of(answers[0])
        for words in ("佣金结算单 2026-04", "已发出，待确认", "佣金追回", "应付合计", "计算方式"):
            assert words in told
        mei.post(f"/leader/statements/{april}/confirmation")
        assert "已确认" in text_of(mei.get(path, language="zh-CN"))

    def test_it_shows_the_first_two_hundred_and_says_where_the_rest_is(
        self, api: Api, stall: Stall, count_statements: Callable[[], Any]
    ) -> None:
        for number in range(SHOWN + 1):
            stall.sell(1_000 + number, at=local("2026-03-10 10:00"))
        lan = commissions.stall()
        lan.sell_each(1_000)
        calculated(MARCH)
        long, short = (statement_of(own.leader_id, MARCH).id for own in (stall, lan))
        auditor, counts = api.staff("auditor"), []
        for statement in (long, short):
            with count_statements() as statements:
                told = text_of(auditor.get(f"/hq/statements/{statement}/pdf"))
            counts.append(len(statements))
            assert ("the first 200 of 201" in told.replace("\r\n", " ")) == (statement == long)
            assert "A draft, not approved yet" in told
        assert counts[0] == counts[1]
        assert len(rows_of(auditor.get(f"/hq/statements/{long}/file"))) == SHOWN + 3


class TestFiles:
    def test_it_has_all_rows_of_a_statement_and_their_sum_is_payable(
        self, api: Api, stall: Stall, april: str
    ) -> None:
        heading, *rows = rows_of(api.shopper("mei").get(f"/leader/statements/{april}/file"))
        assert heading == [column.title.en for column in figures.STATEMENT_COLUMNS]
        assert [row[2] for row in rows] == [
            "Carried in",
            "Tiers",
            "Tiers",
            "Taken back",
            "Adjustments",
        ]
        amounts = [row[8] for row in rows]
        assert amounts == ["0.00", "300.00", "0.17", "-150.00", "50.00"]
        assert rows[1][4:8] == ["Strawberries", "2026-04-10 10:00:00+08:00", "1", "6000.00"]
        path = f"/hq/statements/{april}/file"
        book = api.staff("auditor").get(path, format="xlsx", language="zh-CN")
        sheet = load_workbook(io.BytesIO(book.data)).worksheets[0]
        assert [row[8] for row in sheet.values][:3] == ["金额", 0, 300]
        assert api.staff("auditor").get(path, format="ods").status_code == 422

    def test_it_has_a_row_for_each_statement_of_a_month(
        self, api: Api, stall: Stall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("groupbuy.settlement.queries.papers.TOGETHER", 2)
        stall.sell_each(600_000)
        for number in range(4):
            commissions.stall(name="Lan").sell_each(1_000 + number)
        approved(MARCH)
        heading, *rows = rows_of(api.staff("auditor").get(f"{PERIOD}/file"))
        assert len(rows) == 5
        own = next(row for row in rows if row[0] == stall.leader_id)
        told = dict(zip(heading, own, strict=True))
        assert (told["Sales"], told["Paid out"]) == ("300.00", "300.00")
        assert (told["Leader"], told["Standing"]) == ("Mei", "Issued, waits for your answer")
        assert rows_of(api.staff("auditor").get("/hq/settlement-periods/2026-09/file")) == [heading]

    def test_it_is_for_who_may_see_the_statement(self, api: Api, april: str) -> None:
        commissions.stall(by=api.shopper("lan").id)
        for kind in ("pdf", "file"):
            own, hq = f"/leader/statements/{april}/{kind}", f"/hq/statements/{april}/{kind}"
            assert api.anonymous.get(own).status_code == 401
            assert api.shopper("zed").get(own).status_code == 403
            assert api.shopper("lan").get(own).status_code == 404
            assert api.staff("operator").get(hq).status_code == 403
            assert api.staff("finance").get(hq).status_code == 200
        assert api.shopper("mei").get(f"{PERIOD}/file").status_code == 403


def statement_of_id(api: Api, statement_id: str) -> dict[str, Any]:
    return dict(api.staff("auditor").get(f"/hq/statements/{statement_id}").json)


def test_it_has_a_name_for_everything() -> None:
    assert figures.COMPONENTS.keys() == set(ComponentKind)
    assert figures.CORRECTIONS.keys() == set(CorrectionKind)
    assert figures.STANDINGS.keys() == set(StandingState)
    assert set(COMPONENTS) < figures.FIGURES.keys()

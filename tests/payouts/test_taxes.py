"""Regimes by two people, what is withheld from payouts that follow each other, the report."""

import csv
import io
from datetime import timedelta
from typing import Any

from flask import Flask
from openpyxl import load_workbook

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.payouts import queries
from groupbuy.payouts.models import TaxEntry
from tests.client import Answer, Api
from tests.factories import leaders as people
from tests.factories import payouts as make
from tests.factories.settlement import local
from tests.journeys.headquarters import made
from tests.payouts.conftest import Puppet

REGIMES = "/hq/tax-regimes"
REPORT = "/hq/tax-reports/2026-Q1"
WECHAT = "wechat_transfer"


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


def body(api: Api, **changes: Any) -> dict[str, Any]:
    instant = api.clock.now() + timedelta(hours=1)
    told = {"regime": "per_occurrence", "effective_from": instant.isoformat(), "note": "contract"}
    return told | changes


class TestRegimes:
    def test_it_holds_from_its_instant_once_another_approved_it(
        self, api: Api, clock: ManualClock
    ) -> None:
        finance, approver = api.staff("finance"), api.staff("approver")
        drafted = made(finance.post(REGIMES, body(api)))
        assert (drafted["state"], drafted["leader_id"]) == ("draft", None)
        path = f"{REGIMES}/{drafted['id']}"
        assert approver.post(f"{path}/approval").json["state"] == "approved"
        assert queries.regimes_at(clock.now()) == {}
        clock.advance(hours=1)
        assert queries.regimes_at(clock.now())[None].id == drafted["id"]
        for step, caller in (("approval", approver), ("withdrawal", finance)):
            refused(caller.post(f"{path}/{step}"), 409, "not-in-this-state")

    def test_it_never_holds_before_it_was_approved(self, api: Api, clock: ManualClock) -> None:
        soon = (clock.now() + timedelta(minutes=5)).isoformat()
        drafted = made(api.staff("finance").post(REGIMES, body(api, effective_from=soon)))
        clock.advance(hours=1)
        api.staff("approver").post(f"{REGIMES}/{drafted['id']}/approval")
        assert queries.regimes_at(clock.now() - timedelta(seconds=1)) == {}
        assert None in queries.regimes_at(clock.now())

    def test_it_begins_in_no_past(self, api: Api, clock: ManualClock) -> None:
        past = (clock.now() - timedelta(seconds=1)).isoformat()
        answer = api.staff("finance").post(REGIMES, body(api, effective_from=past))
        refused(answer, 422, "invalid-input")
        assert answer.json["errors"][0]["pointer"] == "/effective_from"

    def test_it_prefers_the_leaders_own_and_the_latest(
        self, app: Flask, clock: ManualClock
    ) -> None:
        mei, lan = make.leaders(2)
        make.regime("none")
        make.regime("platform_cumulative", leader_id=mei)
        clock.advance(days=1)
        make.regime("per_occurrence")
        found = [queries.regime_of(leader, at=clock.now()) for leader in (mei, lan)]
        assert [one and one.regime for one in found] == ["platform_cumulative", "per_occurrence"]

    def test_it_is_withdrawn_before_it_is_approved(self, api: Api) -> None:
        drafted = made(api.staff("finance").post(REGIMES, body(api)))
        path = f"{REGIMES}/{drafted['id']}"
        assert api.staff("finance").post(f"{path}/withdrawal").json["state"] == "withdrawn"
        refused(api.staff("approver").post(f"{path}/approval"), 409, "not-in-this-state")
        assert api.staff("auditor").get(path).json["state"] == "withdrawn"

    def test_it_refuses_what_does_not_fit(self, api: Api) -> None:
        finance, approver = api.staff("finance"), api.staff("approver")
        early = body(api, regime="platform_cumulative", effective_from="2025-09-30T23:00:00+08:00")
        told = refused(finance.post(REGIMES, early), 409, "no-tax-table")
        assert told["first_day"] == "2025-10-01"
        unknown = body(api, leader_id=f"ldr_{'0' * 32}")
        refused(finance.post(REGIMES, unknown), 404, "not-found")
        for _ in range(2):
            drafted = made(finance.post(REGIMES, body(api)))
            answer = approver.post(f"{REGIMES}/{drafted['id']}/approval")
        refused(answer, 409, "tax-regime-taken")
        assert approver.get(f"{REGIMES}/txr_{'0' * 32}").status_code == 404

    def test_it_refuses_the_approval_by_who_prepared(self, api: Api) -> None:
        drafted = made(api.staff("finance", "both").post(REGIMES, body(api)))
        both = api.staff("approver", "both")
        refused(both.post(f"{REGIMES}/{drafted['id']}/approval"), 403, "not-permitted")
        row = queries.regime(drafted["id"])
        row.created_by = api.staff("approver").id
        session().flush()
        answer = api.staff("approver").post(f"{REGIMES}/{drafted['id']}/approval")
        refused(answer, 409, "payout-approver-is-preparer")

    def test_it_is_found_by_its_filters(self, api: Api) -> None:
        [mei] = make.leaders(1)
        everyones, own = make.regime(), make.regime(leader_id=mei)
        auditor = api.staff("auditor")
        rows = auditor.get(REGIMES).json["items"]
        assert [row["id"] for row in rows] == [own.id, everyones.id]
        assert [row["id"] for row in auditor.get(REGIMES, leader=mei).json["items"]] == [own.id]
        assert auditor.get(REGIMES, state="draft").json["items"] == []


def evidence(**filters: Any) -> list[TaxEntry]:
    return session().query(TaxEntry).filter_by(**filters).order_by(TaxEntry.id).all()


def taxes() -> list[int]:
    return [entry.tax_fen for entry in evidence()]


class TestWithholding:
    def earner(self, regime: str, *fen: int) -> str:
        """Settle a month after the other from January on for a leader who is taxed so."""
        [leader] = make.leaders(1)
        make.account(leader)
        make.regime(regime)
        for number, payout in enumerate(fen, 1):
            make.settled({leader: payout}, month=f"2026-{number:02}")
        return leader

    def test_it_takes_the_payouts_of_a_month_for_one_occurrence(self, app: Flask) -> None:
        self.earner("per_occurrence", 300_000, 200_000)
        make.paid(month="2026-01")
        make.paid(month="2026-02")
        assert taxes() == [44_000, 36_000]
        first, second = evidence()
        assert (first.tax_month, first.table_version) == ("2026-03", "sta-2018-61-table-2")
        assert (second.exact, second.inputs["withheld_fen"]) == ("80000/1", 44_000)
        assert make.broken() == []

    def test_it_begins_anew_with_the_local_month(self, app: Flask, clock: ManualClock) -> None:
        self.earner("per_occurrence", 300_000, 200_000)
        clock.at = local("2026-03-31 23:59")
        make.paid(month="2026-01")
        clock.at = local("2026-04-01 00:00")
        make.paid(month="2026-02")
        assert taxes() == [44_000, 24_000]
        assert [entry.tax_month for entry in evidence()] == ["2026-03", "2026-04"]

    def test_it_adds_the_months_of_a_year_up(self, app: Flask, clock: ManualClock) -> None:
        self.earner("platform_cumulative", 3_000_000, 3_000_000, 3_000_000)
        for month in (1, 2, 3):
            clock.at = local(f"2026-{month + 3:02}-10 10:00")
            make.paid(month=f"2026-{month:02}")
        assert taxes() == [57_000, 71_000, 190_000]
        assert [entry.inputs["months"] for entry in evidence()] == [1, 2, 3]
        clock.at = local("2027-01-10 10:00")
        make.settled({evidence()[0].leader_id: 3_000_000}, month="2026-12")
        make.paid(month="2026-12")
        assert taxes()[-1] == 57_000

    def test_it_sees_a_failed_payout_as_never_paid(
        self, app: Flask, puppet: Puppet, clock: ManualClock
    ) -> None:
        self.earner("per_occurrence", 300_000, 200_000)
        puppet.says("submitted")
        make.paid(WECHAT, month="2026-01")
        [first] = make.attempts()
        make.told(first.number, "failed")
        puppet.says("succeeded")
        make.paid(WECHAT, month="2026-02")
        assert taxes() == [44_000, -44_000, 24_000]
        assert make.broken() == []

    def test_it_begins_anew_with_the_local_year_whatever_comes_back_of_the_old_one(
        self, app: Flask, puppet: Puppet, clock: ManualClock
    ) -> None:
        self.earner("platform_cumulative", 3_000_000, 3_000_000, 3_000_000)
        puppet.says("submitted")
        clock.at = local("2026-12-31 23:59:59")
        make.paid(WECHAT, month="2026-01")
        clock.at = local("2027-01-01 00:00")
        make.paid(WECHAT, month="2026-02")
        make.told(make.attempts()[0].number, "failed")
        make.paid(WECHAT, month="2026-03")
        assert taxes() == [57_000, 57_000, -57_000, 121_000]
        months = [(entry.tax_month, entry.booked_month) for entry in evidence()]
        assert months[0] == ("2026-12", "2026-12")
        assert months[2] == ("2026-12", "2027-01")
        assert {both for both, _ in (months[1], months[3])} == {"2027-01"}
        assert make.broken() == []

    def test_it_has_no_tax_under_none_and_says_so(self, app: Flask) -> None:
        self.earner("none", 3_000_000)
        make.paid(month="2026-01")
        [entry] = evidence()
        assert (entry.tax_fen, entry.regime, entry.exact, entry.inputs) == (0, "none", "0/1", {})

    def test_it_does_not_count_what_was_paid_against_invoices(
        self, app: Flask, clock: ManualClock
    ) -> None:
        leader = self.earner("none", 3_000_000, 200_000)
        make.paid(month="2026-01")
        clock.advance(days=1)
        make.regime("per_occurrence", leader_id=leader)
        make.paid(month="2026-02")
        assert taxes() == [0, 24_000]


class TestReport:
    def test_it_sums_a_quarter_by_leader(
        self, api: Api, puppet: Puppet, clock: ManualClock
    ) -> None:
        mei = people.leader(name="=Mei").id
        lan = people.leader(name="Lan").id
        for month in ("2026-01", "2026-02"):
            make.settled({mei: 300_000, lan: 100_000}, month=month)
        make.account(mei)
        make.account(lan)
        make.regime("per_occurrence")
        puppet.says("submitted")
        make.paid(WECHAT, month="2026-01")
        numbers = {a.gross_fen: a.number for a in make.attempts()}
        make.told(numbers[100_000], "succeeded")
        puppet.says("succeeded")
        make.paid(WECHAT, month="2026-02", leaders=[lan])
        clock.at = local("2026-04-02 10:00")
        make.told(numbers[300_000], "failed")
        auditor = api.staff("auditor")
        rows = {r["name"]: r for r in auditor.get("/hq/tax-reports/2026-Q1").json["items"]}
        assert rows["Lan"] == {
            "leader_id": lan,
            "name": "Lan",
            "payouts": 2,
            "gross_fen": 200_000,
            "reversals_fen": 0,
            "net_fen": 200_000,
            "tax_fen": 24_000,
            "paid_fen": 176_000,
        }
        assert (rows["=Mei"]["gross_fen"], rows["=Mei"]["tax_fen"]) == (300_000, 44_000)
        [later] = auditor.get("/hq/tax-reports/2026-Q2").json["items"]
        figures = [later[n] for n in ("payouts", "gross_fen", "reversals_fen", "tax_fen")]
        assert figures == [0, 0, 300_000, -44_000]

    def test_it_comes_in_pages_and_as_a_file(self, api: Api) -> None:
        make.payable(3)
        make.paid()
        auditor = api.staff("auditor")
        page = auditor.get("/hq/tax-reports/2026-Q1", limit=2).json
        rest = auditor.get("/hq/tax-reports/2026-Q1", limit=2, cursor=page["next_cursor"]).json
        assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
        assert auditor.get("/hq/tax-reports/2026-Q2").json["items"] == []
        for wrong in ("2026-Q5", "2026-01", "quarter"):
            assert auditor.get(f"/hq/tax-reports/{wrong}").status_code == 404
        for cursor in ("x", "WyJ4Il0", "WzFd"):
            answer = auditor.get("/hq/tax-reports/2026-Q1", cursor=cursor)
            assert answer.status_code == 422

    def test_it_is_a_file_of_the_whole_quarter_too(self, api: Api) -> None:
        make.payable(3)
        make.paid()
        auditor = api.staff("auditor")
        answer = auditor.get(f"{REPORT}/file")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "tax-report-2026-Q1.csv" in answer.headers["Content-Disposition"]
        header, *rows = csv.reader(answer.data.decode("utf-8-sig").splitlines())
        assert header[:4] == ["Leader", "Name", "Payouts", "Gross (yuan)"]
        assert [row[2:] for row in rows] == [
            ["1", "1000.00", "0.00", "1000.00", "0.00", "1000.00"]
        ] * 3
        answer = auditor.get(f"{REPORT}/file", format="xlsx", language="zh-CN")
        told = list(load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
        assert told[0][:2] == ("团长编号", "姓名")
        assert [row[3] for row in told[1:]] == [1000, 1000, 1000]
        assert auditor.get("/hq/tax-reports/2026-Q2/file").status_code == 200
        refused(auditor.get(f"{REPORT}/file", format="pdf"), 422, "invalid-input")
        refused(auditor.get("/hq/tax-reports/2026-Q5/file"), 404, "not-found")

    def test_it_writes_no_formula(self, api: Api) -> None:
        mei = people.leader(name="=Mei").id
        make.settled({mei: 100_000})
        make.account(mei)
        make.regime()
        make.paid()
        answer = api.staff("auditor").get(f"{REPORT}/file")
        assert ',"\'=Mei",' in answer.data.decode("utf-8-sig")

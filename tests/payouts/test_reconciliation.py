"""Our attempts against channels' lists; months that are closed for good."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.jobs import run_pending
from groupbuy.payouts.providers.faults import ListUnavailable
from groupbuy.payouts.providers.interface import ProviderRecord
from groupbuy.payouts.rules.states import AttemptState
from tests.client import Answer, Api
from tests.factories import payouts as make
from tests.factories.settlement import after_cutoff
from tests.journeys.headquarters import made
from tests.payouts.conftest import Puppet

WECHAT = "wechat_transfer"
PATH = "/hq/reconciliations"
DIFFERENCES = "/hq/reconciliation-differences"
ARCHIVES = "/hq/settlement-archives"
SPAN = {"from": "2026-03-01T00:00:00+08:00", "to": "2026-04-01T00:00:00+08:00"}


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


def compared(api: Api, channel: str = WECHAT, **body: Any) -> dict[str, Any]:
    finance = api.staff("finance")
    row = made(finance.post(PATH, {"channel": channel, **SPAN, **body}))
    run_pending()
    return dict(finance.get(f"{PATH}/{row['id']}").json)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def differences(api: Api, **filters: Any) -> list[tuple[str, str]]:
    rows = api.staff("auditor").get(DIFFERENCES, **filters).json["items"]
    return sorted((row["number"], row["kind"]) for row in rows)


@pytest.fixture
def numbers(api: Api, puppet: Puppet) -> list[str]:
    """The numbers of three payments of 1,000 yuan by a channel, and its list of them."""
    make.payable(3)
    make.paid(WECHAT)
    found = [attempt.number for attempt in make.attempts()]
    at = api.clock.now()
    puppet.listed = [ProviderRecord(n, 100_000, AttemptState.SUCCEEDED, at) for n in found]
    return found


class TestReconciliation:
    def test_it_finds_that_all_is_well(self, api: Api, numbers: list[str]) -> None:
        found = compared(api)
        assert (found["state"], found["matched"], found["differing"]) == ("done", 3, 0)
        assert differences(api) == []

    def test_it_finds_each_kind_of_difference(
        self, api: Api, puppet: Puppet, numbers: list[str]
    ) -> None:
        at = api.clock.now()
        puppet.listed = [
            ProviderRecord(numbers[0], 99_999, AttemptState.SUCCEEDED, at),
            ProviderRecord(numbers[1], 100_000, AttemptState.FAILED, at),
            ProviderRecord("GBSTRANGE", 1, AttemptState.SUCCEEDED, at),
        ]
        found = compared(api)
        assert (found["matched"], found["differing"]) == (0, 4)
        expected = [
            (numbers[0], "amount_mismatch"),
            (numbers[1], "status_mismatch"),
            (numbers[2], "missing_at_provider"),
            ("GBSTRANGE", "missing_here"),
        ]
        assert differences(api) == sorted(expected)
        assert differences(api, kind="missing_here") == [("GBSTRANGE", "missing_here")]
        assert differences(api, reconciliation=found["id"], state="open") == sorted(expected)
        assert differences(api, month="2026-02") == []
        assert len(differences(api, month="2026-03")) == 3

    def test_it_does_not_repeat_what_is_open(
        self, api: Api, puppet: Puppet, numbers: list[str]
    ) -> None:
        puppet.listed = []
        assert [compared(api)["differing"] for _ in range(2)] == [3, 3]
        assert len(differences(api)) == 3

    def test_it_leaves_out_what_is_not_of_the_span(
        self, api: Api, puppet: Puppet, numbers: list[str]
    ) -> None:
        found = compared(api, **{"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"})
        assert (found["matched"], found["differing"]) == (3, 0)
        puppet.listed = []
        found = compared(api, **{"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"})
        assert (found["matched"], found["differing"]) == (0, 0)

    def test_it_takes_an_uploaded_list(self, api: Api, numbers: list[str]) -> None:
        rows = "".join(f"{number},100000,succeeded\n" for number in numbers[:2])
        found = compared(api, records=encoded(f"number,amount_fen,state\n{rows}"))
        assert (found["state"], found["matched"], found["differing"]) == ("done", 2, 1)

    def test_it_takes_a_bank_s_result_file(self, api: Api) -> None:
        make.payable(kind="bank")
        make.paid("manual_bank_file")
        number = make.attempts()[0].number
        text = f"业务编号,金额（元）,处理结果,失败原因\n{number},1000.00,成功,\n"
        found = compared(api, "manual_bank_file", records=encoded(text))
        assert (found["matched"], found["differing"]) == (0, 1)
        assert differences(api) == [(number, "status_mismatch")]

    def test_it_names_the_rows_of_a_list_that_cannot_be_read(
        self, api: Api, numbers: list[str]
    ) -> None:
        finance = api.staff("finance")
        bad = encoded("number,amount_fen,state\nGB1,x,succeeded\n")
        answer = finance.post(PATH, {"channel": WECHAT, **SPAN, "records": bad})
        [fault] = refused(answer, 422, "payout-file-unreadable")["errors"]
        assert fault["pointer"] == "/records/2"
        answer = finance.post(PATH, {"channel": WECHAT, **SPAN, "records": "?"})
        refused(answer, 422, "payout-file-unreadable")
        assert finance.get(PATH).json["items"] == []

    def test_it_needs_a_list_and_a_channel(self, api: Api) -> None:
        finance = api.staff("finance")
        answer = finance.post(PATH, {"channel": "demo", **SPAN})
        refused(answer, 409, "channel-list-needed")
        answer = finance.post(PATH, {"channel": WECHAT, **SPAN})
        refused(answer, 409, "payout-channel-unavailable")
        backward = {"channel": "demo", "from": SPAN["to"], "to": SPAN["from"]}
        refused(finance.post(PATH, backward), 422, "invalid-input")
        assert finance.get(f"{PATH}/prc_{'0' * 32}").status_code == 404

    def test_it_says_when_the_channel_gave_no_list(
        self, api: Api, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        puppet.listed = None
        found = compared(api)
        assert (found["state"], found["matched"]) == ("failed", None)
        assert found["reason"] == "the channel has no list"

        def fail(*span: Any) -> None:
            raise ListUnavailable("page 2 did not come")

        monkeypatch.setattr(puppet, "records", fail)
        found = compared(api)
        assert (found["state"], found["reason"]) == ("failed", "page 2 did not come")

    def test_it_is_listed_with_its_filters(
        self, api: Api, puppet: Puppet, numbers: list[str]
    ) -> None:
        row = compared(api)
        finance = api.staff("finance")
        for filters in ({}, {"channel": WECHAT}, {"state": "done"}):
            [found] = finance.get(PATH, **filters).json["items"]
            assert found["id"] == row["id"]
        for filters in ({"channel": "demo"}, {"state": "failed"}):
            assert finance.get(PATH, **filters).json["items"] == []

    def test_it_notes_how_a_difference_was_cleared_up(
        self, api: Api, puppet: Puppet, numbers: list[str]
    ) -> None:
        puppet.listed = puppet.listed[1:] if puppet.listed else None
        compared(api)
        finance = api.staff("finance")
        [row] = finance.get(DIFFERENCES).json["items"]
        path = f"{DIFFERENCES}/{row['id']}/resolution"
        answer = finance.post(path, {"note": "seen on the account"})
        assert (answer.status_code, answer.json["resolved_by"]) == (200, finance.id)
        again = finance.post(path, {"note": "x"})
        assert refused(again, 409, "not-in-this-state")["state"] == "resolved"
        other = f"{DIFFERENCES}/pdf_{'0' * 32}/resolution"
        refused(finance.post(other, {"note": "x"}), 404, "not-found")
        assert finance.post(path, {"note": " "}).status_code == 422


class TestArchives:
    def lock(self, api: Api, clock: ManualClock) -> None:
        clock.at = after_cutoff("2026-03")
        answer = api.staff("approver").post("/hq/settlement-periods/2026-03/lock")
        assert answer.status_code == 200, answer.text

    def test_it_closes_a_locked_month_once_all_is_over_and_compared(
        self, api: Api, puppet: Puppet, clock: ManualClock
    ) -> None:
        approver, body = api.staff("approver"), {"month": "2026-03"}
        make.payable(2)
        puppet.says("submitted")
        make.paid(WECHAT)
        at = clock.now()
        answer = refused(approver.post(ARCHIVES, body), 409, "not-in-this-state")
        assert answer["state"] == "approved"
        self.lock(api, clock)
        answer = refused(approver.post(ARCHIVES, body), 409, "month-not-archivable")
        assert (answer["open_items"], answer["open_differences"]) == (2, 0)
        for attempt in make.attempts():
            make.told(attempt.number, "succeeded")
        puppet.listed = [ProviderRecord("GBSTRANGE", 1, AttemptState.SUCCEEDED, at)]
        compared(api)
        answer = refused(approver.post(ARCHIVES, body), 409, "month-not-archivable")
        assert (answer["open_items"], answer["open_differences"]) == (0, 3)
        for row in api.staff("finance").get(DIFFERENCES).json["items"]:
            path = f"{DIFFERENCES}/{row['id']}/resolution"
            api.staff("finance").post(path, {"note": "cleared"})
        assert made(approver.post(ARCHIVES, body))["archived_by"] == approver.id
        assert refused(approver.post(ARCHIVES, body), 409, "not-in-this-state")["state"] == (
            "archived"
        )
        [row] = approver.get(ARCHIVES).json["items"]
        assert row["month"] == "2026-03"

    def test_it_closes_no_month_that_is_open(self, api: Api) -> None:
        answer = api.staff("approver").post(ARCHIVES, {"month": "2026-02"})
        assert refused(answer, 409, "not-in-this-state")["state"] == "open"


def test_it_reads_the_channel_s_list_wider_than_the_span(
    api: Api, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans: list[timedelta] = []

    def listed(since: datetime, until: datetime) -> list[ProviderRecord]:
        spans.append(until - since)
        return []

    monkeypatch.setattr(puppet, "records", listed)
    compared(api)
    assert spans == [timedelta(days=33)]

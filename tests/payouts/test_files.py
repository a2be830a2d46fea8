"""Bank files: what a batch asks a bank to pay, and the bank's results."""

import base64
from typing import Any

import pytest

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from tests.client import Answer, Api
from tests.factories import payouts as make

FILE_CHANNEL = "manual_bank_file"
HEADER = "业务编号,金额（元）,处理结果,失败原因\n"


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


@pytest.fixture
def path(api: Api) -> str:
    """A batch of three leaders, 1,000 yuan each, that waits for the bank."""
    make.payable(3, kind="bank")
    return f"/hq/payout-batches/{make.paid(FILE_CHANNEL).id}"


def upload(api: Api, path: str, *rows: str, dry_run: bool = False) -> dict[str, Any]:
    content = base64.b64encode((HEADER + "\n".join(rows)).encode()).decode()
    body = {"content": content, "dry_run": dry_run}
    answer = api.staff("finance").post(f"{path}/results", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def numbers_in(file: bytes) -> list[str]:
    return [row.split(",")[0] for row in file.decode("utf-8-sig").splitlines()[1:]]


def states() -> list[str]:
    return [attempt.state for attempt in make.attempts()]


class TestTheFile:
    def test_it_holds_what_waits_for_the_bank(self, api: Api, path: str) -> None:
        answer = api.staff("finance").get(f"{path}/bank-file")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="payouts-')
        text = answer.data.decode("utf-8-sig")
        numbers = [attempt.number for attempt in make.attempts()]
        assert [line.split(",")[0] for line in text.splitlines()[1:]] == numbers
        assert text.count("6222020200012345678") == 3
        assert text.count("1000.00") == 3
        assert api.staff("finance").get(f"{path}/bank-file").data == answer.data
        entry = session().query(AuditEntry).filter_by(action="payouts.bank_file_written").first()
        assert entry is not None
        assert (entry.facts["transfers"], entry.facts["net_fen"]) == (3, 300_000)

    def test_it_never_holds_what_another_file_holds(
        self, api: Api, path: str, clock: ManualClock
    ) -> None:
        finance = api.staff("finance")
        first = finance.get(f"{path}/bank-file").data
        numbers = [attempt.number for attempt in make.attempts()]
        upload(api, path, f"{numbers[0]},1000.00,失败,户名不符")
        api.staff("approver").post(f"/hq/payout-items/{make.attempts()[0].item_id}/retry")
        run_pending()
        clock.advance(hours=1)
        second = finance.get(f"{path}/bank-file").data
        [*_, tried_again] = (attempt.number for attempt in make.attempts())
        assert numbers_in(second) == [tried_again]
        assert finance.get(f"{path}/bank-file").data == second
        item = finance.get(f"/hq/payout-items/{make.attempts()[1].item_id}").json
        written_at = item["attempts"][0]["filed_at"]
        again = finance.get(f"{path}/bank-file", filed_at=written_at).data
        assert numbers_in(again) == numbers_in(first)[1:] == numbers[1:]
        upload(api, path, f"{tried_again},1000.00,成功,")
        assert finance.get(f"{path}/bank-file").data == again
        nowhere = clock.now().isoformat()
        refused(finance.get(f"{path}/bank-file", filed_at=nowhere), 409, "nothing-in-bank-file")
        refused(finance.get(f"{path}/bank-file", filed_at="today"), 422, "invalid-input")

    def test_it_is_there_for_executed_batches_that_pay_so(self, api: Api) -> None:
        make.payable(2, kind="bank")
        finance = api.staff("finance")
        draft = f"/hq/payout-batches/{make.drafted(FILE_CHANNEL).id}"
        refused(finance.get(f"{draft}/bank-file"), 409, "not-in-this-state")
        answer = finance.post(f"{draft}/results", {"content": ""})
        refused(answer, 409, "not-in-this-state")

    def test_it_is_not_there_for_other_channels(self, api: Api) -> None:
        make.payable()
        path = f"/hq/payout-batches/{make.paid().id}"
        refused(api.staff("finance").get(f"{path}/bank-file"), 409, "no-bank-file")
        answer = api.staff("finance").post(f"{path}/results", {"content": ""})
        refused(answer, 409, "no-bank-file")


class TestResults:
    def test_it_applies_what_the_bank_says(self, api: Api, path: str) -> None:
        first, second, third = (attempt.number for attempt in make.attempts())
        rows = (
            f"{first},1000.00,成功,",
            f"{second},1000.00,失败,户名不符",
            f"{third},1000.00,处理中,",
        )
        report = upload(api, path, *rows)
        assert [row["effect"] for row in report["rows"]] == ["applied", "applied", "unchanged"]
        assert (report["applied"], report["unchanged"], report["refused"]) == (2, 1, 0)
        assert states() == ["succeeded", "failed", "submitted"]
        assert make.attempts()[1].reason == "户名不符"
        assert api.staff("finance").get(path).json["batch"]["state"] == "executing"
        text = api.staff("finance").get(f"{path}/bank-file").data.decode("utf-8-sig")
        assert [line.split(",")[0] for line in text.splitlines()[1:]] == [third]
        upload(api, path, f"{third},1000.00,成功,")
        assert api.staff("finance").get(path).json["batch"]["state"] == "partly_failed"
        assert make.broken() == []

    def test_it_changes_nothing_when_imported_again(self, api: Api, path: str) -> None:
        rows = [f"{attempt.number},1000.00,成功," for attempt in make.attempts()]
        assert upload(api, path, *rows)["applied"] == 3
        assert upload(api, path, *rows)["unchanged"] == 3
        assert make.broken() == []

    def test_it_says_before_what_it_would_do(self, api: Api, path: str) -> None:
        rows = [f"{attempt.number},1000.00,成功," for attempt in make.attempts()]
        report = upload(api, path, *rows, dry_run=True)
        assert (report["dry_run"], report["applied"]) == (True, 3)
        assert states() == ["submitted"] * 3

    def test_it_refuses_rows_at_fault_and_applies_the_others(self, api: Api, path: str) -> None:
        first, second, third = (attempt.number for attempt in make.attempts())
        upload(api, path, f"{first},1000.00,成功,")
        report = upload(
            api,
            path,
            f"{first},1000.00,失败,",
            f"{second},999.99,成功,",
            "GB999999,1000.00,成功,",
            "?,1000.00,成功,",
            f"{third},1000.00,成功,",
        )
        effects = ["refused", "refused", "refused", "refused", "applied"]
        assert [row["effect"] for row in report["rows"]] == effects
        assert [row["row"] for row in report["rows"]] == [2, 3, 4, 5, 6]
        assert "failed cannot follow succeeded" in report["rows"][0]["fault"]
        assert "100000" in report["rows"][1]["fault"]
        assert states() == ["succeeded", "submitted", "succeeded"]
        assert make.broken() == []

    def test_it_knows_only_its_own_batch(self, api: Api, path: str) -> None:
        [lan] = make.leaders(1)
        make.settled({lan: 100_000}, month="2026-04")
        make.account(lan, "bank")
        make.paid(FILE_CHANNEL, month="2026-04")
        number = make.attempts()[-1].number
        report = upload(api, path, f"{number},1000.00,成功,")
        assert report["rows"][0]["effect"] == "refused"
        assert make.attempts()[-1].state == "submitted"

    def test_it_refuses_what_is_no_file(self, api: Api, path: str) -> None:
        answer = api.staff("finance").post(f"{path}/results", {"content": "not base64!"})
        refused(answer, 422, "payout-file-unreadable")
        report = upload(api, path)
        assert (report["applied"], report["refused"]) == (0, 0)

    def test_it_reads_nothing_that_holds_what_no_text_can(self, api: Api, path: str) -> None:
        [number, *_] = (attempt.number for attempt in make.attempts())
        for row in (f"{number},1000.00,失败,a\0b", "\0,1000.00,失败,a"):
            report = upload(api, path, row)
            assert (report["applied"], report["refused"]) == (0, 1)
            assert "not a readable CSV file" in report["rows"][0]["fault"]

    def test_it_is_as_long_as_a_batch_of_thousands(self, api: Api, path: str) -> None:
        [number, *_] = (attempt.number for attempt in make.attempts())
        strangers = [f"GB{place:026},1000.00,失败,户名不符" for place in range(70_000)]
        report = upload(api, path, f"{number},1000.00,成功,", *strangers)
        assert (report["applied"], report["refused"]) == (1, 70_000)
        body = {"content": "A" * 8_000_001, "dry_run": True}
        answer = api.staff("finance").post(f"{path}/results", body)
        refused(answer, 422, "invalid-input")
        answer = api.staff("finance").post(f"{path}/approval", {"digest": "A" * 2_000_000})
        assert answer.status_code == 403
        answer = api.staff("approver").post(f"{path}/approval", {"digest": "A" * 2_000_000})
        assert answer.status_code == 413

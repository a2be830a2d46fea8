"""Batches over HTTP: prepared, approved, executed, cancelled; and who may."""

from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.jobs import run_pending
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from tests.client import Answer, Api
from tests.factories import payouts as make
from tests.journeys.headquarters import made

BATCHES = "/hq/payout-batches"
MARCH = make.MARCH


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


@pytest.fixture
def mei(api: Api) -> str:
    """A leader who is to be paid 1,000 yuan for March and has an account of the demo kind."""
    [leader] = make.payable()
    return leader


def draft(api: Api, **body: Any) -> dict[str, Any]:
    body = {"channel": "demo", "month": MARCH, **body}
    return made(api.staff("finance").post(BATCHES, body))


def approve(api: Api, batch: dict[str, Any]) -> Answer:
    path = f"{BATCHES}/{batch['id']}/approval"
    return api.staff("approver").post(path, {"digest": batch["digest"]})


class TestABatch:
    def test_it_goes_from_draft_to_done_by_two_people(self, api: Api, mei: str) -> None:
        finance = api.staff("finance")
        shown = draft(api)
        batch, path = shown["batch"], f"{BATCHES}/{shown['batch']['id']}"
        assert (batch["state"], batch["created_by"]) == ("draft", finance.id)
        assert shown["totals"] == {
            "items": 1,
            "gross_fen": 100_000,
            "succeeded": 0,
            "succeeded_fen": 0,
            "open": 1,
            "unpaid": 0,
            "left_out": 0,
        }
        assert approve(api, batch).json["state"] == "approved"
        assert finance.post(f"{path}/execution").json["state"] == "executing"
        run_pending()
        shown = finance.get(path).json
        assert (shown["batch"]["state"], shown["totals"]["succeeded_fen"]) == ("done", 100_000)
        [item] = finance.get(f"{path}/items").json["items"]
        assert (item["state"], item["leader_id"], item["account"]) == ("succeeded", mei, "M**")
        [attempt] = item["attempts"]
        assert (attempt["net_fen"], attempt["tax_fen"]) == (100_000, 0)
        assert len(attempt["number"]) <= 32
        assert attempt["number"].isalnum()
        assert make.broken() == []

    def test_it_posts_what_was_paid(self, api: Api, mei: str) -> None:
        make.paid()
        place = {
            kind: ledger.balance(Account(kind, owner))
            for kind, owner in (
                (AccountKind.LEADER, mei),
                (AccountKind.CLEARING, "demo"),
                (AccountKind.BANK, "demo"),
            )
        }
        assert place == {
            AccountKind.LEADER: 0,
            AccountKind.CLEARING: 0,
            AccountKind.BANK: -100_000,
        }

"""The ledger over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.access import SYSTEM
from groupbuy.ledger import services
from groupbuy.ledger.rules import Account, AccountKind, transfer
from tests.client import Api

PATHS = ("/hq/ledger-accounts", "/hq/ledger-transactions")


def post_for(api: Api, *leaders: str) -> None:
    expense = Account(AccountKind.EXPENSE, "commission")
    postings = [
        transfer(
            "transfer",
            f"statement of {leader}",
            debit=expense,
            credit=Account(AccountKind.HELD, leader),
            amount_fen=1_000,
        )
        for leader in leaders
    ]
    services.post_many(postings=postings, actor=SYSTEM, now=api.clock.now())


@pytest.mark.parametrize("path", PATHS)
def test_it_is_for_those_who_read_money(api: Api, path: str) -> None:
    assert api.anonymous.get(path).status_code == 401
    for outsider in (api.shopper("zed"), api.staff("operator"), api.staff("admin")):
        assert outsider.get(path).status_code == 403
    for reader in ("finance", "approver", "auditor"):
        assert api.staff(reader).get(path).status_code == 200


def test_it_lists_accounts_with_their_balances(api: Api) -> None:
    post_for(api, "mei", "lan")
    auditor = api.staff("auditor")
    accounts = auditor.get("/hq/ledger-accounts").json["items"]
    assert {(a["kind"], a["owner"], a["balance_fen"]) for a in accounts} == {
        ("expense", "commission", 2_000),
        ("held", "mei", -1_000),
        ("held", "lan", -1_000),
    }
    only = auditor.get("/hq/ledger-accounts", kind="held", owner="mei").json["items"]
    assert [account["owner"] for account in only] == ["mei"]


def test_it_finds_what_was_posted_for_a_reference(api: Api) -> None:
    post_for(api, "mei", "lan")
    query = {"reference": "statement of mei", "kind": "transfer"}
    [found] = api.staff("auditor").get("/hq/ledger-transactions", **query).json["items"]
    entries = [(e["account"]["owner"], e["amount_fen"]) for e in found["entries"]]
    assert entries == [("commission", 1_000), ("mei", -1_000)]
    assert (found["kind"], found["actor"], found["reverses_id"]) == ("transfer", "system", None)


def test_it_pages_in_a_constant_number_of_statements(
    api: Api, count_statements: Callable[[], Any]
) -> None:
    post_for(api, *(f"leader {number}" for number in range(6)))
    auditor = api.staff("auditor")
    for path in PATHS:
        counts = []
        for limit in (2, 5):
            with count_statements() as statements:
                page = auditor.get(path, limit=limit).json
            counts.append(len(statements))
            assert len(page["items"]) == limit
            assert auditor.get(path, limit=limit, cursor=page["next_cursor"]).json["items"]
        assert counts[0] == counts[1]

"""Batches over HTTP: prepared, approved, executed, cancelled; and who may."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from groupbuy.payouts import queries, services
from groupbuy.payouts.models import PayoutBatch, PayoutNotice
from tests.client import Answer, Api
from tests.factories import leaders
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

    def test_it_is_cancelled_before_it_is_executed_and_due_again(self, api: Api, mei: str) -> None:
        for state in ("draft", "approved"):
            batch = draft(api)["batch"]
            if state == "approved":
                approve(api, batch)
            path = f"{BATCHES}/{batch['id']}"
            answer = api.staff("finance").post(f"{path}/cancellation")
            assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
            [item] = api.staff("finance").get(f"{path}/items").json["items"]
            assert item["state"] == "cancelled"
        assert draft(api)["totals"]["items"] == 1

    def test_it_refuses_what_its_state_does_not_allow(self, api: Api, mei: str) -> None:
        finance, approver = api.staff("finance"), api.staff("approver")
        batch = draft(api)["batch"]
        path = f"{BATCHES}/{batch['id']}"
        refused(finance.post(f"{path}/execution"), 409, "not-in-this-state")
        approve(api, batch)
        [item] = finance.get(f"{path}/items").json["items"]
        answer = approver.post(f"{path}/approval", {"digest": batch["digest"]})
        assert refused(answer, 409, "not-in-this-state")["state"] == "approved"
        refused(finance.delete(f"/hq/payout-items/{item['id']}"), 409, "not-in-this-state")
        refused(approver.post(f"/hq/payout-items/{item['id']}/retry"), 409, "not-in-this-state")
        finance.post(f"{path}/execution")
        for step in ("execution", "cancellation"):
            told = refused(finance.post(f"{path}/{step}"), 409, "not-in-this-state")
            assert told["state"] == "executing"

    def test_it_refuses_the_approval_by_who_took_something_out(self, api: Api, mei: str) -> None:
        path = f"{BATCHES}/{draft(api)['batch']['id']}"
        item = api.staff("finance").get(f"{path}/items").json["items"][0]
        with transaction():
            qiao = Actor(kind="staff", id=api.staff("approver").id, role="finance")
            services.remove_item(item_id=item["id"], actor=qiao, now=api.clock.now())
        digest = api.staff("approver").get(path).json["batch"]["digest"]
        answer = api.staff("approver").post(f"{path}/approval", {"digest": digest})
        refused(answer, 409, "payout-approver-is-preparer")

    def test_it_refuses_the_approval_of_other_items(self, api: Api) -> None:
        make.payable(2)
        finance, batch = api.staff("finance"), draft(api)["batch"]
        [first, second] = finance.get(f"{BATCHES}/{batch['id']}/items").json["items"]
        changed = finance.delete(f"/hq/payout-items/{first['id']}").json
        assert (
            refused(approve(api, batch), 409, "payout-batch-changed")["digest"]
            == (changed["digest"])
        )
        [left] = finance.get(f"{BATCHES}/{batch['id']}/left-out", reason="removed").json["items"]
        assert left["statement_id"] == first["statement_id"]
        assert approve(api, changed).json["state"] == "approved"
        assert finance.get(f"/hq/payout-items/{first['id']}").status_code == 404
        assert finance.get(f"/hq/payout-items/{second['id']}").json["state"] == "created"

    def test_it_refuses_the_approval_of_nothing(self, api: Api, mei: str) -> None:
        finance, batch = api.staff("finance"), draft(api)["batch"]
        [item] = finance.get(f"{BATCHES}/{batch['id']}/items").json["items"]
        batch = finance.delete(f"/hq/payout-items/{item['id']}").json
        refused(approve(api, batch), 409, "payout-batch-empty")

    def test_it_refuses_the_approval_by_who_prepared(self, api: Api, mei: str) -> None:
        qiao = api.staff("approver")
        actor = Actor(kind="staff", id=qiao.id, role="approver")
        with transaction():
            batch = services.create_batch(
                channel="demo", month=MARCH, leaders=None, actor=actor, now=clock.now()
            )
        answer = qiao.post(f"{BATCHES}/{batch.id}/approval", {"digest": batch.digest})
        refused(answer, 409, "payout-approver-is-preparer")
        batch.state, batch.approved_by, batch.approved_at = "approved", qiao.id, clock.now()
        with pytest.raises(Exception, match="approver_is_not_preparer"), transaction():
            session().flush()

    def test_it_needs_a_channel_that_is_set_up(self, api: Api, mei: str) -> None:
        body = {"channel": "wechat_transfer", "month": MARCH}
        answer = api.staff("finance").post(BATCHES, body)
        assert "demo" in refused(answer, 409, "payout-channel-unavailable")["available"]
        assert api.staff("finance").post(BATCHES, {"channel": "cash"}).status_code == 422

    def test_it_finds_no_such_leader(self, api: Api, mei: str) -> None:
        body = {"channel": "demo", "leaders": [f"ldr_{'0' * 32}"]}
        refused(api.staff("finance").post(BATCHES, body), 404, "not-found")

    def test_it_is_found_by_its_filters_and_read_in_pages(self, api: Api) -> None:
        first, _ = make.payable(2)
        auditor = api.staff("auditor")
        assert auditor.get(BATCHES).json == {"items": [], "next_cursor": None}
        batch = make.paid(leaders=[first])
        other = make.drafted(month=None)
        assert [row["id"] for row in auditor.get(BATCHES).json["items"]] == [other.id, batch.id]
        for filters in ({"state": "done"}, {"month": MARCH}):
            [row] = auditor.get(BATCHES, **filters).json["items"]
            assert row["id"] == batch.id
        assert auditor.get(BATCHES, channel="manual_bank_file").json["items"] == []
        page = auditor.get("/hq/payouts", limit=1).json
        assert page["items"][0]["state"] == "succeeded"
        assert page["next_cursor"] is not None
        for filters in ({"leader": first}, {"state": "succeeded"}, {"month": "2026-04"}):
            found = auditor.get("/hq/payouts", **filters).json["items"]
            assert len(found) == (0 if "month" in filters else 1)
        path = f"{BATCHES}/{batch.id}/items"
        assert auditor.get(path, state="created").json["items"] == []
        assert len(auditor.get(path, leader=first).json["items"]) == 1
        assert auditor.get(f"{BATCHES}/pbt_{'0' * 32}/items").status_code == 404

    def test_it_lists_items_with_a_constant_number_of_statements(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        make.payable(4)
        make.paid()
        counts = []
        for limit in (1, 4):
            with count_statements() as statements:
                queries.item_list(limit=limit, cursor=None)
            counts.append(len(statements))
        assert counts == [3, 3]


class TestWhoIsLeftOut:
    def reasons(self, api: Api, batch_id: str) -> dict[str, str]:
        rows = api.staff("auditor").get(f"{BATCHES}/{batch_id}/left-out").json["items"]
        return {row["leader_id"]: row["reason"] for row in rows}

    def test_it_says_who_and_why(self, api: Api, clock: ManualClock) -> None:
        fine, none, other, waits, nothing = make.leaders(5)
        make.settled(dict.fromkeys((fine, none, other, waits), 100_000))
        make.regime()
        make.account(fine)
        make.account(other, "bank")
        make.account(waits, "bank")
        clock.advance(hours=1)
        make.account(waits, "demo")
        shown = draft(api, month=None, leaders=[fine, none, other, waits, nothing])
        assert shown["totals"]["left_out"] == 4
        assert self.reasons(api, shown["batch"]["id"]) == {
            none: "no_account",
            other: "other_account_kind",
            waits: "account_waiting",
            nothing: "nothing_due",
        }

    def test_it_waits_for_the_answer_to_a_statement(self, api: Api) -> None:
        one, two = make.leaders(2)
        make.settled({one: 100_000, two: 100_000}, answered=[one])
        make.regime()
        make.account(one)
        make.account(two)
        shown = draft(api, month=make.MARCH)
        assert shown["totals"]["items"] == 1
        assert self.reasons(api, shown["batch"]["id"]) == {two: "unanswered"}

    def test_it_pays_to_the_old_account_while_a_change_waits(self, api: Api, mei: str) -> None:
        make.account(mei, "bank")
        assert draft(api)["totals"]["items"] == 1

    def test_it_pays_nobody_without_a_tax_regime(self, api: Api) -> None:
        one, two = make.leaders(2)
        make.settled({one: 100_000, two: 100_000})
        make.account(one)
        make.account(two)
        make.regime(leader_id=one)
        shown = draft(api)
        assert self.reasons(api, shown["batch"]["id"]) == {two: "no_tax_regime"}

    def test_it_refuses_a_batch_of_nothing_and_says_why(self, api: Api, mei: str) -> None:
        finance = api.staff("finance")
        assert draft(api)["totals"]["items"] == 1
        answer = finance.post(BATCHES, {"channel": "demo", "month": MARCH})
        [left] = refused(answer, 409, "nothing-to-pay")["left_out"]
        assert (left["leader_id"], left["reason"]) == (mei, "in_another_batch")
        answer = finance.post(BATCHES, {"channel": "demo", "month": "2026-04"})
        assert refused(answer, 409, "nothing-to-pay")["left_out"] == []

    def test_it_takes_every_month_without_one(self, api: Api, mei: str) -> None:
        make.settled({mei: 50_000}, month="2026-04")
        shown = draft(api, month=None)
        assert (shown["totals"]["items"], shown["totals"]["gross_fen"]) == (2, 150_000)
        assert shown["batch"]["month"] is None


class TestWhoMay:
    def test_it_lets_finance_prepare_and_the_approver_approve(self, api: Api, mei: str) -> None:
        batch, item = f"{BATCHES}/{make.drafted().id}", f"/hq/payout-items/{make.items()[0].id}"
        regime = f"/hq/tax-regimes/txr_{'0' * 32}"
        difference = f"/hq/reconciliation-differences/pdf_{'0' * 32}"
        preparing = [
            ("POST", BATCHES),
            ("POST", f"{batch}/execution"),
            ("POST", f"{batch}/cancellation"),
            ("GET", f"{batch}/bank-file"),
            ("POST", f"{batch}/results"),
            ("DELETE", item),
            ("POST", f"{item}/cancellation"),
            ("POST", "/hq/tax-regimes"),
            ("POST", f"{regime}/withdrawal"),
            ("POST", "/hq/reconciliations"),
            ("POST", f"{difference}/resolution"),
        ]
        approving = [
            ("POST", f"{batch}/approval"),
            ("POST", f"{item}/retry"),
            ("POST", f"{regime}/approval"),
            ("POST", "/hq/settlement-archives"),
        ]
        read = (
            *(BATCHES, batch, f"{batch}/items", f"{batch}/left-out", "/hq/payouts", item),
            *("/hq/tax-regimes", regime, "/hq/tax-reports/2026-Q1", "/hq/tax-reports/2026-Q1/file"),
            *("/hq/reconciliations",),
            *(f"/hq/reconciliations/prc_{'0' * 32}", "/hq/reconciliation-differences"),
            "/hq/settlement-archives",
        )
        reading = [("GET", path) for path in read]
        roles = (("auditor", preparing), ("finance", approving), ("operator", reading))
        for role, calls in roles:
            for method, path in calls:
                assert api.anonymous.request(method, path, {}).status_code == 401
                for outsider in (api.shopper("zed"), api.staff("admin"), api.staff(role)):
                    assert outsider.request(method, path, {}).status_code == 403, (role, path)
        for _, path in reading:
            assert api.staff("auditor").get(path).status_code in (200, 404)


class TestOwnPayouts:
    def test_it_shows_a_leader_what_was_paid_and_withheld(self, api: Api) -> None:
        bo = api.shopper("mei")
        leader = leaders.leader(by=bo.id).id
        make.settled({leader: 400_000})
        make.account(leader)
        make.regime("per_occurrence")
        make.approved()
        assert bo.get("/leader/payouts").json["items"] == []
        [batch] = session().query(PayoutBatch)
        api.staff("finance").post(f"{BATCHES}/{batch.id}/execution")
        [waiting] = bo.get("/leader/payouts").json["items"]
        assert (waiting["state"], waiting["net_fen"]) == ("created", None)
        run_pending()
        [payout] = bo.get("/leader/payouts").json["items"]
        assert (payout["state"], payout["month"]) == ("succeeded", MARCH)
        figures = [payout[name] for name in ("gross_fen", "tax_fen", "net_fen")]
        assert figures == [400_000, 64_000, 336_000]
        [notice] = session().query(PayoutNotice).filter_by(kind="payout_succeeded")
        assert (notice.leader_id, notice.facts["net_fen"]) == (leader, 336_000)

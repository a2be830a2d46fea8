"""Attempts: what a channel says, what is posted, what people may do then."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.ledger.models import LedgerTransaction
from groupbuy.payouts.jobs import take_up_unfinished
from groupbuy.payouts.models import PayoutBatch, PayoutNotice
from groupbuy.payouts.providers.interface import Outcome
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.settlement import queries as settlement
from groupbuy.settlement.queries import PayableStatement
from tests.client import Answer, Api
from tests.factories import payouts as make
from tests.payouts.conftest import Puppet

WECHAT = "wechat_transfer"


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


def sweep(clock: ManualClock, **later: float) -> None:
    """Let time pass and everything happen that is due then."""
    clock.advance(**later)
    take_up_unfinished()
    run_pending()


def standing() -> tuple[str, str, str]:
    """Return the states of the only batch and item, and of the item's latest attempt."""
    [item] = make.items()
    return (
        session().get_one(PayoutBatch, item.batch_id).state,
        item.state,
        make.attempts()[-1].state,
    )


@pytest.fixture
def mei(app: Flask) -> str:
    """A leader who is to be paid 1,000 yuan for March."""
    [leader] = make.payable()
    return leader


class TestWhatAChannelSays:
    def test_it_pays_net_to_the_account_under_a_number_of_its_own(
        self, puppet: Puppet, mei: str
    ) -> None:
        make.paid(WECHAT)
        [transfer] = puppet.transfers
        [attempt] = make.attempts()
        assert (transfer.number, transfer.amount_fen) == (attempt.number, 100_000)
        assert (dict(transfer.payee), transfer.remark) == ({"name": "Mei"}, "2026-03 团长佣金")
        assert standing() == ("done", "succeeded", "succeeded")
        assert (attempt.provider_ref, attempt.due_at) == ("ref", None)

    def test_it_waits_for_the_leader_and_tells_what_the_phone_needs(
        self, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.says("awaiting_user", action={"package_info": "p"})
        make.paid(WECHAT)
        assert standing() == ("executing", "awaiting_user", "awaiting_user")
        [attempt] = make.attempts()
        assert attempt.action == {"package_info": "p"}
        assert [n.kind for n in session().query(PayoutNotice)][-1] == "payout_awaits_you"
        puppet.says("transferring")
        sweep(clock, minutes=2)
        puppet.says("succeeded")
        sweep(clock, minutes=5)
        assert standing() == ("done", "succeeded", "succeeded")
        assert make.attempts()[0].action == {}
        assert make.broken() == []

    def test_it_asks_again_for_what_the_phone_needs_if_the_answer_was_lost(
        self, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.on_submit = Outcome(AttemptState.UNKNOWN)
        make.paid(WECHAT)
        puppet.says("awaiting_user")
        puppet.on_submit = Outcome(AttemptState.AWAITING_USER, action={"package_info": "p"})
        sweep(clock, minutes=1)
        assert [verb for verb, _ in puppet.asked] == ["submit", "query", "submit"]
        assert len({number for _, number in puppet.asked}) == 1
        assert make.attempts()[0].action == {"package_info": "p"}

    def test_it_asks_about_the_unknown_with_growing_pauses_and_pays_nothing_again(
        self, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.says("unknown")
        make.paid(WECHAT)
        assert standing() == ("executing", "unknown", "unknown")
        for _ in range(120):
            sweep(clock, seconds=30)
        verbs = [verb for verb, _ in puppet.asked]
        assert verbs[0] == "submit"
        assert 4 < verbs.count("query") < 10
        assert set(verbs[1:]) == {"query"}
        puppet.says("succeeded")
        sweep(clock, hours=2)
        assert standing() == ("done", "succeeded", "succeeded")
        assert len(make.attempts()) == 1

    def test_it_submits_the_same_number_again_if_it_was_surely_never_seen(
        self, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.answer, puppet.on_submit = None, Outcome(AttemptState.UNKNOWN)
        make.paid(WECHAT)
        puppet.on_submit = Outcome(AttemptState.SUCCEEDED, "ref")
        sweep(clock, hours=25)
        assert [verb for verb, _ in puppet.asked] == ["submit", "query", "submit"]
        assert len({transfer.number for transfer in puppet.transfers}) == 1
        assert standing() == ("done", "succeeded", "succeeded")

    @pytest.mark.parametrize("late", ["submitted", "unknown", "failed", "cancelled"])
    def test_it_takes_no_late_word_about_what_is_over(
        self, puppet: Puppet, mei: str, late: str
    ) -> None:
        make.paid(WECHAT)
        [attempt] = make.attempts()
        make.told(attempt.number, late)
        make.told(attempt.number, "succeeded")
        assert standing() == ("done", "succeeded", "succeeded")
        assert session().query(LedgerTransaction).filter_by(kind="payout_paid").count() == 1
        assert make.broken() == []

    def test_it_takes_no_earlier_word_about_what_moved_on(self, puppet: Puppet, mei: str) -> None:
        puppet.says("transferring")
        make.paid(WECHAT)
        number = make.attempts()[0].number
        for late in ("submitted", "awaiting_user", "unknown"):
            make.told(number, late)
        assert standing() == ("executing", "transferring", "transferring")

    @pytest.mark.parametrize("end", ["failed", "cancelled"])
    def test_it_takes_all_back_when_it_definitely_failed(
        self, puppet: Puppet, app: Flask, end: str
    ) -> None:
        [lan] = make.leaders(1)
        make.settled({lan: 400_000})
        make.account(lan)
        make.regime("per_occurrence")
        puppet.says(end, reason="ACCOUNT_NOT_EXIST")
        make.paid(WECHAT)
        assert standing() == ("partly_failed", end, end)
        [item] = make.items()
        assert item.reason == "ACCOUNT_NOT_EXIST"
        [taken] = session().query(LedgerTransaction).filter_by(kind="reversal")
        assert taken.reverses_id is not None
        assert make.owed(lan) == 400_000
        assert make.broken() == []

    def test_it_pays_nothing_that_is_held_since_the_batch_was_made(
        self, app: Flask, mei: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make.executing()
        [item] = make.items()
        held = PayableStatement(item.statement_id, item.month, mei, 100_000, True, held_fen=1)
        monkeypatch.setattr(settlement, "payable_statement", lambda statement_id: held)
        run_pending()
        [item] = make.items()
        assert (item.state, item.reason, make.attempts()) == ("failed", "NOT_DUE", [])
        assert make.owed(mei) == 100_000

    def test_it_pays_nothing_to_an_account_that_is_not_in_force_any_more(
        self, api: Api, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        make.approved(WECHAT)
        make.account(mei, "demo", name="Lan")
        clock.advance(hours=24)
        finance, [item] = api.staff("finance"), make.items()
        finance.post(f"/hq/payout-batches/{item.batch_id}/execution")
        run_pending()
        [item] = make.items()
        assert (item.state, item.reason, make.attempts()) == ("failed", "ACCOUNT_CHANGED", [])
        assert make.owed(mei) == 100_000
        api.staff("approver").post(f"/hq/payout-items/{item.id}/retry")
        run_pending()
        assert standing() == ("done", "succeeded", "succeeded")
        assert [transfer.payee["name"] for transfer in puppet.transfers] == ["Lan"]
        assert make.broken() == []

    def test_it_fails_an_item_of_which_tax_leaves_nothing(
        self, app: Flask, mei: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        all_of_it = "groupbuy.payouts.services.postings.withhold"
        whole = make.withholding(100_000)
        monkeypatch.setattr(all_of_it, lambda *given, **more: whole)
        make.paid()
        [item] = make.items()
        assert (item.state, item.reason, make.attempts()) == ("failed", "TAX_TAKES_ALL", [])
        assert session().get_one(PayoutBatch, item.batch_id).state == "partly_failed"
        assert make.broken() == []


class TestRetrying:
    def test_it_pays_under_a_new_number_to_the_present_account(
        self, api: Api, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.says("failed")
        make.paid(WECHAT)
        make.account(mei, "demo", name="Lan")
        clock.advance(hours=25)
        puppet.says("succeeded")
        path = f"/hq/payout-items/{make.items()[0].id}"
        answer = api.staff("approver").post(f"{path}/retry")
        assert (answer.status_code, answer.json["state"]) == (200, "created")
        assert standing() == ("executing", "created", "failed")
        run_pending()
        assert standing() == ("done", "succeeded", "succeeded")
        assert [t.payee["name"] for t in puppet.transfers] == ["Mei", "Lan"]
        shown = api.staff("finance").get(path).json
        assert [a["state"] for a in shown["attempts"]] == ["succeeded", "failed"]
        assert len({a["number"] for a in shown["attempts"]}) == 2
        assert make.broken() == []

    def test_it_refuses_what_another_batch_has_paid(
        self, api: Api, puppet: Puppet, mei: str
    ) -> None:
        puppet.says("failed")
        make.paid(WECHAT)
        path = f"/hq/payout-items/{make.items()[0].id}/retry"
        finance = api.staff("finance")
        make.drafted()
        assert refused(api.staff("approver").post(path), 409, "payout-not-due")["due_fen"] == 0
        answer = finance.post(f"/hq/payout-batches/{make.items()[1].batch_id}/cancellation")
        assert answer.status_code == 200
        make.paid()
        assert refused(api.staff("approver").post(path), 409, "payout-not-due")["due_fen"] == 0
        assert make.broken() == []

    def test_it_needs_a_usable_account(
        self, api: Api, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.says("failed")
        make.paid(WECHAT)
        make.account(mei, "bank")
        clock.advance(hours=24)
        path = f"/hq/payout-items/{make.items()[0].id}/retry"
        answer = api.staff("approver").post(path)
        assert refused(answer, 409, "no-usable-payout-account")["kind"] == "demo"

    @pytest.mark.parametrize("state", ["submitted", "unknown", "succeeded"])
    def test_it_refuses_what_is_not_definitely_unpaid(
        self, api: Api, puppet: Puppet, mei: str, state: str
    ) -> None:
        puppet.says(state)
        make.paid(WECHAT)
        path = f"/hq/payout-items/{make.items()[0].id}/retry"
        answer = refused(api.staff("approver").post(path), 409, "not-in-this-state")
        assert answer["state"] == state


class TestCancelling:
    def test_it_drops_what_was_not_tried(self, api: Api, mei: str) -> None:
        make.executing()
        path = f"/hq/payout-items/{make.items()[0].id}/cancellation"
        finance = api.staff("finance")
        assert finance.post(path).json["state"] == "cancelled"
        run_pending()
        [item] = make.items()
        assert (item.state, make.attempts()) == ("cancelled", [])
        refused(finance.post(path), 409, "not-in-this-state")
        assert session().get_one(PayoutBatch, item.batch_id).state == "partly_failed"

    def test_it_asks_the_channel_to_take_back_what_waits_for_the_leader(
        self, api: Api, puppet: Puppet, mei: str
    ) -> None:
        puppet.says("awaiting_user", action={"package_info": "p"})
        make.paid(WECHAT)
        puppet.says("cancelled")
        path = f"/hq/payout-items/{make.items()[0].id}/cancellation"
        assert api.staff("finance").post(path).json["state"] == "awaiting_user"
        run_pending()
        assert puppet.asked[-1][0] == "cancel"
        assert standing() == ("partly_failed", "cancelled", "cancelled")
        assert make.broken() == []

    def test_it_never_submits_again_what_somebody_wants_back(
        self, api: Api, puppet: Puppet, mei: str, clock: ManualClock
    ) -> None:
        puppet.answer = None
        make.paid(WECHAT)
        path = f"/hq/payout-items/{make.items()[0].id}"
        assert api.staff("finance").post(f"{path}/cancellation").json["state"] == "unknown"
        run_pending()
        sweep(clock, minutes=5)
        assert standing() == ("executing", "unknown", "unknown")
        sweep(clock, minutes=6)
        assert standing() == ("partly_failed", "cancelled", "cancelled")
        assert make.items()[0].reason == "NEVER_SEEN"
        assert len(puppet.transfers) == 1
        puppet.says("succeeded")
        assert api.staff("approver").post(f"{path}/retry").status_code == 200
        run_pending()
        assert standing() == ("done", "succeeded", "succeeded")
        assert len({transfer.number for transfer in puppet.transfers}) == 2
        assert make.broken() == []

    def test_it_takes_back_at_once_what_is_in_no_bank_file(self, api: Api) -> None:
        make.payable(kind="bank")
        batch = make.paid("manual_bank_file")
        path = f"/hq/payout-items/{make.items()[0].id}/cancellation"
        assert api.staff("finance").post(path).json["state"] == "cancelled"
        answer = api.staff("finance").get(f"/hq/payout-batches/{batch.id}/bank-file")
        refused(answer, 409, "nothing-in-bank-file")

    def test_it_refuses_what_may_be_at_the_bank(self, api: Api) -> None:
        make.payable(kind="bank")
        batch = make.paid("manual_bank_file")
        finance = api.staff("finance")
        assert finance.get(f"/hq/payout-batches/{batch.id}/bank-file").status_code == 200
        path = f"/hq/payout-items/{make.items()[0].id}/cancellation"
        refused(finance.post(path), 409, "payout-may-be-paid")


class TestTheSweep:
    def test_it_takes_up_items_whose_job_was_lost(
        self, app: Flask, mei: str, clock: ManualClock
    ) -> None:
        make.executing()
        with transaction():
            session().execute(text("delete from procrastinate_jobs"))
        sweep(clock, seconds=30)
        assert standing() == ("done", "succeeded", "succeeded")

    def test_it_is_a_command_too(self, app: Flask, mei: str) -> None:
        make.executing()
        answer = app.test_cli_runner().invoke(args=["payouts", "sweep"])
        expected = "1 payments are submitted and 0 asked about by the worker\n"
        assert (answer.exit_code, answer.output) == (0, expected)


class TestWhatIsKept:
    @pytest.mark.parametrize(
        "sql",
        [
            "delete from payout_attempts",
            "update payout_attempts set net_fen = net_fen - 1, gross_fen = gross_fen - 1",
            "update payout_attempts set state = 'failed'",
            "delete from payout_items",
            "update payout_items set gross_fen = 1",
            "update payout_items set state = 'failed'",
            "update payout_taxes set tax_fen = 0",
            "delete from payout_taxes",
            "update payout_tax_regimes set regime = 'per_occurrence'",
            "delete from payout_tax_regimes",
        ],
    )
    def test_it_changes_no_evidence(self, app: Flask, mei: str, sql: str) -> None:
        make.paid()
        kept = r"kept|append-only|never changes|leaves a draft"
        with pytest.raises(Exception, match=kept), transaction():
            session().execute(text(sql))

    def test_it_has_one_attempt_in_flight(self, app: Flask, puppet: Puppet, mei: str) -> None:
        puppet.says("submitted")
        make.paid(WECHAT)
        second = (
            "insert into payout_attempts (number, item_id, channel, account_id, gross_fen, tax_fen,"
            " net_fen, state, reason, action, submitted_at) select 'GB000000', item_id, channel,"
            " account_id, gross_fen, tax_fen, net_fen, 'created', '', '{}', submitted_at"
            " from payout_attempts"
        )
        with pytest.raises(Exception, match="uq_payout_attempts_in_flight"), transaction():
            session().execute(text(second))

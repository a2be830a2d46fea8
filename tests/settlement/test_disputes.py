"""Disputes of amounts: held back while they are open, decided by staff, adjusted if upheld."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from groupbuy.settlement import queries, services
from groupbuy.settlement.errors import DeciderIsClaimant
from groupbuy.settlement.jobs import confirm_unanswered
from groupbuy.settlement.models import Dispute
from groupbuy.settlement.rules.answers import DISPUTE_MOVES, DisputeState
from tests.client import Answer, Api
from tests.factories import commissions, payouts
from tests.factories.adjustments import adjusted
from tests.factories.commissions import APPROVER, Stall
from tests.factories.settlement import after_cutoff, approved, calculated, local, statement_of
from tests.settlement.test_api import refused

MARCH, APRIL = "2026-03", "2026-04"
ISSUED = after_cutoff(MARCH)
PERIOD = f"/hq/settlement-periods/{MARCH}"
WHY = {"position": 1, "reason": "This is 9 %, not 5 and 7"}


@pytest.fixture
def stall(api: Api) -> Stall:
    """Mei's stall, Mei herself logged in, with commissions of 30,000 and 34,000 in March."""
    commissions.published()
    own = commissions.stall(by=api.shopper("mei").id)
    own.sell_each(600_000, 600_000)
    return own


@pytest.fixture
def march(stall: Stall, clock: ManualClock) -> str:
    """March, approved; return the path of Mei's statement."""
    approved(MARCH)
    clock.at = ISSUED
    return own_path(stall, MARCH)


def own_path(stall: Stall, month: str) -> str:
    return f"/leader/statements/{statement_of(stall.leader_id, month).id}"


def disputed(api: Api, statement: str, **changes: Any) -> dict[str, Any]:
    answer = api.shopper("mei").post(f"{statement}/disputes", WHY | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def reviewed(api: Api, statement: str, **changes: Any) -> str:
    """Let Mei dispute a row and finance take it up; return the dispute's path."""
    path = f"/hq/disputes/{disputed(api, statement, **changes)['id']}"
    assert api.staff("finance").post(f"{path}/review").status_code == 200
    return path


def decided(api: Api, path: str, outcome: str, amount_fen: int | None = None) -> Answer:
    body: dict[str, Any] = {"outcome": outcome, "note": "The wrong tier"}
    if amount_fen is not None:
        body["amount_fen"] = amount_fen
    return api.staff("approver").post(f"{path}/decision", body)


def held(stall: Stall) -> tuple[int, int]:
    """Return what the ledger owes a leader, and what it holds back."""
    kinds = (AccountKind.LEADER, AccountKind.HELD)
    owed, kept = (-ledger.balance(Account(kind, stall.leader_id)) for kind in kinds)
    return owed, kept


class TestOpening:
    def test_it_holds_the_amount_and_lets_the_rest_be_paid(
        self, api: Api, stall: Stall, march: str
    ) -> None:
        mei = api.shopper("mei")
        opened = disputed(api, march)
        assert (opened["state"], opened["amount_fen"], opened["held_fen"]) == (
            "open",
            34_000,
            34_000,
        )
        assert mei.get(f"/leader/disputes/{opened['id']}").json == opened
        assert mei.get(march).json["standing"]["state"] == "disputed"
        assert held(stall) == (30_000, 34_000)
        payable = queries.payable_statement(march.split("/")[-1])
        assert payable is not None
        assert (payable.payout_fen, payable.held_fen) == (64_000, 34_000)
        waiting = refused(
            api.staff("approver").post(f"{PERIOD}/lock"), 409, "statements-unanswered"
        )
        assert (waiting["issued"], waiting["disputed"]) == (0, 1)
        shown = api.staff("auditor").get(f"/hq/disputes/{opened['id']}").json
        assert (shown["claimant_id"], shown["opened_by"]) == (stall.leader_id, mei.id)
        assert shown["order_id"] is not None

    def test_it_can_be_about_any_row(self, api: Api, stall: Stall, clock: ManualClock) -> None:
        sale = stall.sell(100_000, at=local("2026-03-20 12:00"))
        bonus = adjusted(stall.leader_id, 2_500)
        approved(MARCH)
        commissions.refund(sale, 100_000, at=local("2026-04-20 12:00"))
        stall.sell_each(600_000, month=APRIL)
        approved(APRIL)
        clock.at = ISSUED
        mine = disputed(api, own_path(stall, MARCH), part="component", position=0)
        assert (mine["amount_fen"], mine["held_fen"], mine["order_id"]) == (2_500, 2_500, None)
        clock.at = after_cutoff(APRIL)
        taken = disputed(api, own_path(stall, APRIL), part="correction", position=0)
        assert (taken["amount_fen"], taken["held_fen"]) == (-7_000, 0)
        assert taken["order_id"] == sale.order_id
        assert bonus.amount_fen == 2_500

    def test_it_is_possible_until_fifteen_days_after_the_issue(
        self, api: Api, march: str, clock: ManualClock
    ) -> None:
        clock.at = ISSUED + timedelta(days=3)
        confirm_unanswered()
        mei = api.shopper("mei")
        clock.at = ISSUED + timedelta(days=15)
        late = refused(mei.post(f"{march}/disputes", WHY), 409, "dispute-too-late")
        assert late["until"] == (ISSUED + timedelta(days=15)).isoformat()
        clock.at -= timedelta(seconds=1)
        disputed(api, march)

    def test_it_is_impossible_once_the_statement_is_final(self, api: Api, march: str) -> None:
        mei = api.shopper("mei")
        mei.post(f"{march}/confirmation")
        assert api.staff("approver").post(f"{PERIOD}/lock").status_code == 200
        final = refused(mei.post(f"{march}/disputes", WHY), 409, "not-in-this-state")
        assert final["state"] == "final"

    def test_it_is_once_at_a_time_for_a_row(self, api: Api, march: str) -> None:
        first = disputed(api, march)
        mei = api.shopper("mei")
        again = refused(mei.post(f"{march}/disputes", WHY), 409, "dispute-open")
        assert again["dispute_id"] == first["id"]
        assert disputed(api, march, position=0)["held_fen"] == 30_000
        mei.post(f"/leader/disputes/{first['id']}/withdrawal")
        disputed(api, march)

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"position": 2}, "/position"),
            ({"position": -1}, "/position"),
            ({"part": "correction"}, "/position"),
            ({"part": "component"}, "/position"),
            ({"part": "footnote"}, "/part"),
            ({"reason": ""}, "/reason"),
        ],
    )
    def test_it_says_what_is_wrong(
        self, api: Api, march: str, change: dict[str, Any], pointer: str
    ) -> None:
        answer = api.shopper("mei").post(f"{march}/disputes", WHY | change)
        assert answer.status_code == 422
        assert {fault["pointer"] for fault in answer.json["errors"]} == {pointer}

    def test_it_is_ones_own_business(self, api: Api, stall: Stall, clock: ManualClock) -> None:
        calculated(MARCH)
        path = own_path(stall, MARCH)
        refused(api.shopper("mei").post(f"{path}/disputes", WHY), 404, "not-found")
        with transaction():
            digest = str(services.submit(month=MARCH, actor=commissions.FINANCE, now=ISSUED).digest)
            services.approve(month=MARCH, digest=digest, actor=APPROVER, now=ISSUED)
        clock.at = ISSUED
        commissions.stall(by=api.shopper("lan").id)
        opened = disputed(api, path)
        own = f"/leader/disputes/{opened['id']}"
        lan = api.shopper("lan")
        assert lan.get("/leader/disputes").json["items"] == []
        refused(lan.post(f"{path}/disputes", WHY), 404, "not-found")
        refused(lan.get(own), 404, "not-found")
        refused(lan.post(f"{own}/withdrawal"), 404, "not-found")
        for outsider, status in ((api.anonymous, 401), (api.shopper("zed"), 403)):
            assert outsider.post(f"{path}/disputes", WHY).status_code == status
            assert outsider.get("/hq/disputes").status_code == status
            assert outsider.post(f"/hq/disputes/{opened['id']}/review").status_code == status
        assert api.staff("approver").post(f"/hq/disputes/{opened['id']}/review").status_code == 403
        assert decided_by(api, "operator", opened["id"]) == 403

    def test_it_never_holds_what_is_not_to_be_paid(
        self, api: Api, stall: Stall, clock: ManualClock
    ) -> None:
        adjusted(stall.leader_id, -60_000, reason_code="penalty")
        approved(MARCH)
        clock.at = ISSUED
        path = own_path(stall, MARCH)
        assert api.shopper("mei").get(path).json["payout_fen"] == 0
        assert disputed(api, path)["held_fen"] == 0
        assert held(stall) == (4_000, 0)


def decided_by(api: Api, role: str, dispute_id: str) -> int:
    body = {"outcome": "rejected", "note": "No"}
    return api.staff(role).post(f"/hq/disputes/{dispute_id}/decision", body).status_code


class TestDeciding:
    def test_it_lets_go_what_was_held_when_it_is_rejected(
        self, api: Api, stall: Stall, march: str
    ) -> None:
        path = reviewed(api, march)
        assert api.staff("auditor").get(path).json["state"] == "under_review"
        answer = decided(api, path, "rejected")
        assert (answer.json["state"], answer.json["note"]) == ("rejected", "The wrong tier")
        assert answer.json["adjustment_id"] is None
        assert held(stall) == (64_000, 0)
        assert queries.held_fen([march.split("/")[-1]]) == {}
        history = api.shopper("mei").get(f"{march}/standing").json
        assert [move["to_state"] for move in history["moves"]] == ["issued", "disputed", "resolved"]
        assert api.staff("approver").post(f"{PERIOD}/lock").status_code == 200
        told = session().query(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)
        actions = [e.action for e in told if e.subject == answer.json["id"]]
        assert actions == ["dispute.open", "dispute.review", "dispute.reject"]

    def test_it_proposes_an_adjustment_that_another_person_approves_when_it_is_upheld(
        self, api: Api, stall: Stall, march: str, clock: ManualClock
    ) -> None:
        path = reviewed(api, march)
        upheld = decided(api, path, "upheld", 20_000)
        assert (upheld.status_code, upheld.json["state"]) == (200, "upheld")
        adjustment = f"/hq/adjustments/{upheld.json['adjustment_id']}"
        shown = api.staff("auditor").get(adjustment).json
        assert (shown["state"], shown["amount_fen"], shown["reason_code"]) == (
            "proposed",
            20_000,
            "dispute",
        )
        own = api.staff("approver").post(f"{adjustment}/approval", {"version": 1})
        refused(own, 409, "adjuster-is-proposer")
        other = api.staff("approver", "an").post(f"{adjustment}/approval", {"version": 1})
        assert other.json["state"] == "approved"
        approved(APRIL)
        assert statement_of(stall.leader_id, APRIL).adjustment_fen == 20_000
        assert held(stall) == (84_000, 0)

    def test_it_wants_an_amount_exactly_where_one_is_due(self, api: Api, march: str) -> None:
        path = reviewed(api, march)
        for answer in (
            decided(api, path, "upheld"),
            decided(api, path, "rejected", 5),
            decided(api, path, "upheld", 0),
        ):
            assert answer.status_code == 422
            assert [fault["pointer"] for fault in answer.json["errors"]] == ["/amount_fen"]

    def test_it_goes_one_way(self, api: Api, march: str) -> None:
        mei, finance = api.shopper("mei"), api.staff("finance")
        opened = disputed(api, march)["id"]
        path, own = f"/hq/disputes/{opened}", f"/leader/disputes/{opened}"
        refused(decided(api, path, "rejected"), 409, "not-in-this-state")
        finance.post(f"{path}/review")
        refused(finance.post(f"{path}/review"), 409, "not-in-this-state")
        decided(api, path, "rejected")
        for answer in (
            finance.post(f"{path}/review"),
            decided(api, path, "upheld", 5),
            mei.post(f"{own}/withdrawal"),
        ):
            assert refused(answer, 409, "not-in-this-state")["state"] == "rejected"
        for statement in (update(Dispute).values(note="x"), delete(Dispute)):
            with pytest.raises(DBAPIError, match="never changes"), session().begin_nested():
                session().execute(statement, execution_options={"synchronize_session": False})
        refused(finance.get(f"/hq/disputes/dsp_{'0' * 32}"), 404, "not-found")

    def test_it_is_decided_by_nobody_who_opened_it(self, api: Api, march: str) -> None:
        path = reviewed(api, march)
        both = Actor(kind="staff", id=api.shopper("mei").id, role="approver")
        with pytest.raises(DeciderIsClaimant) as raised, transaction():
            services.decide_dispute(
                dispute_id=path.split("/")[-1],
                outcome="rejected",
                note="No",
                actor=both,
                now=ISSUED,
            )
        assert raised.value.code == "decider-is-claimant"

    def test_it_is_resolved_with_the_last_of_its_disputes(
        self, api: Api, stall: Stall, march: str
    ) -> None:
        mei = api.shopper("mei")
        first, second = disputed(api, march), disputed(api, march, position=0)
        assert held(stall) == (0, 64_000)
        withdrawn = mei.post(f"/leader/disputes/{first['id']}/withdrawal")
        assert (withdrawn.status_code, withdrawn.json["state"]) == (200, "withdrawn")
        assert mei.get(march).json["standing"]["state"] == "disputed"
        assert held(stall) == (34_000, 30_000)
        path = f"/hq/disputes/{second['id']}"
        api.staff("finance").post(f"{path}/review")
        decided(api, path, "rejected")
        assert mei.get(march).json["standing"]["state"] == "resolved"
        assert held(stall) == (64_000, 0)

    def test_it_lists_by_what_is_asked_for(
        self, api: Api, stall: Stall, march: str, count_statements: Callable[[], Any]
    ) -> None:
        statement = march.split("/")[-1]
        first, second = disputed(api, march), disputed(api, march, position=0)
        api.staff("finance").post(f"/hq/disputes/{first['id']}/review")
        auditor, mei = api.staff("auditor"), api.shopper("mei")
        both = [second["id"], first["id"]]
        for query, found in (
            ({"statement": statement}, both),
            ({"leader": stall.leader_id, "kind": "amount"}, both),
            ({"state": "under_review"}, both[1:]),
            ({"order": first["order_id"]}, both[1:]),
            ({"kind": "attribution"}, []),
        ):
            items = auditor.get("/hq/disputes", **query).json["items"]
            assert [item["id"] for item in items] == found
        assert [d["id"] for d in mei.get("/leader/disputes", state="open").json["items"]] == both[
            :1
        ]
        assert auditor.get("/hq/disputes", state="lost").status_code == 422
        counts = []
        for limit in (1, 2):
            with count_statements() as statements:
                assert len(auditor.get("/hq/disputes", limit=limit).json["items"]) == limit
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestPaying:
    def test_it_pays_nothing_of_what_is_not_answered(
        self, stall: Stall, march: str, clock: ManualClock
    ) -> None:
        [waiting] = queries.payable_statements(month=MARCH)
        assert not waiting.answered
        assert queries.payable_statement(waiting.statement_id) is None
        clock.at = ISSUED + timedelta(days=3)
        confirm_unanswered()
        [payable] = queries.payable_statements(month=None)
        assert (payable.answered, payable.payout_fen, payable.held_fen) == (True, 64_000, 0)

    def test_it_pays_the_rest_first_and_what_was_held_once_it_is_let_go(
        self, api: Api, stall: Stall, march: str
    ) -> None:
        payouts.account(stall.leader_id)
        payouts.regime()
        path = reviewed(api, march)
        payouts.paid(month=MARCH)
        assert held(stall) == (0, 34_000)
        decided(api, path, "rejected")
        assert held(stall) == (34_000, 0)
        payouts.paid(month=MARCH)
        assert held(stall) == (0, 0)
        assert [item.gross_fen for item in payouts.items()] == [30_000, 34_000]

    def test_it_holds_nothing_of_what_is_paid_already(
        self, api: Api, stall: Stall, march: str
    ) -> None:
        payouts.account(stall.leader_id)
        payouts.regime()
        api.shopper("mei").post(f"{march}/confirmation")
        payouts.paid(month=MARCH)
        opened = disputed(api, march)
        assert (opened["amount_fen"], opened["held_fen"]) == (34_000, 0)
        assert held(stall) == (0, 0)


@pytest.mark.parametrize("state", DisputeState)
def test_it_ends_where_the_table_ends(state: DisputeState) -> None:
    ended = {DisputeState.UPHELD, DisputeState.REJECTED, DisputeState.WITHDRAWN}
    assert any(before is state for before, _ in DISPUTE_MOVES) == (state not in ended)

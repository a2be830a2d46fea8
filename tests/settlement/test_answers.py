"""Statements are issued, answered by a word or by silence, and final once the month is locked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import defaults
from groupbuy.settlement import queries, services
from groupbuy.settlement.jobs import confirm_unanswered
from groupbuy.settlement.models import Standing, StandingMove
from groupbuy.settlement.rules.answers import (
    CONFIRM_DAYS,
    STANDING_MOVES,
    StandingAction,
    StandingState,
    states_before,
)
from tests.client import Api
from tests.factories import commissions
from tests.factories.commissions import APPROVER, Stall
from tests.factories.settlement import after_cutoff, approved, broken, calculated, statement_of
from tests.settlement.test_api import refused

MARCH, APRIL = "2026-03", "2026-04"
ISSUED = after_cutoff(MARCH)
PERIOD = f"/hq/settlement-periods/{MARCH}"


@pytest.fixture
def stall(api: Api, clock: ManualClock) -> Stall:
    """Mei's stall, Mei herself logged in, with 60,000 fen of commission in March."""
    commissions.published()
    own = commissions.stall(by=api.shopper("mei").id)
    own.sell_each(600_000, 600_000)
    return own


@pytest.fixture
def march(stall: Stall, clock: ManualClock) -> str:
    """March, approved; return the path of Mei's statement."""
    approved(MARCH)
    clock.at = ISSUED
    return f"/leader/statements/{statement_of(stall.leader_id, MARCH).id}"


def in_days(clock: ManualClock, days: int, seconds: int = 0) -> None:
    clock.at = ISSUED + timedelta(days=days, seconds=seconds)


class TestIssuing:
    def test_it_issues_every_statement_with_the_approval(
        self, api: Api, stall: Stall, clock: ManualClock
    ) -> None:
        calculated(MARCH)
        auditor = api.staff("auditor")
        [draft] = auditor.get(f"{PERIOD}/statements").json["items"]
        assert draft["standing"] is None
        refused(auditor.get(f"/hq/statements/{draft['id']}/standing"), 404, "not-found")
        with transaction():
            digest = str(services.submit(month=MARCH, actor=commissions.FINANCE, now=ISSUED).digest)
        clock.at = ISSUED
        assert (
            api.staff("approver").post(f"{PERIOD}/approval", {"digest": digest}).json["state"]
            == "approved"
        )
        [own] = api.shopper("mei").get("/leader/statements").json["items"]
        assert own["standing"] == {
            "state": "issued",
            "issued_at": ISSUED.isoformat(),
            "answer_by": (ISSUED + timedelta(days=3)).isoformat(),
            "answered_at": None,
        }
        assert defaults()["statement_confirm_days"] == CONFIRM_DAYS

    def test_it_ends_any_number_in_a_handful_of_statements(
        self, stall: Stall, count_statements: Callable[[], Any]
    ) -> None:
        for _ in range(4):
            commissions.stall().sell_each(1_000)
        approved(MARCH)
        later = ISSUED + timedelta(days=3)
        with count_statements() as statements, transaction():
            assert services.auto_confirm(now=later) == 5
        assert len(statements) <= 2
        with count_statements() as statements, transaction():
            services.lock(month=MARCH, actor=APPROVER, now=later)
        assert len(statements) <= 8
        assert queries.standing_counts(MARCH) == {"final": 5}


class TestConfirming:
    def test_it_confirms_ones_own_statement_once(
        self, api: Api, march: str, clock: ManualClock
    ) -> None:
        mei = api.shopper("mei")
        clock.advance(hours=5)
        answer = mei.post(f"{march}/confirmation")
        assert (answer.status_code, answer.json["state"]) == (200, "confirmed")
        assert answer.json["answered_at"] == (ISSUED + timedelta(hours=5)).isoformat()
        again = refused(mei.post(f"{march}/confirmation"), 409, "not-in-this-state")
        assert again["state"] == "confirmed"
        assert mei.get(march).json["standing"] == answer.json
        history = mei.get(f"{march}/standing").json
        told = [(move["action"], move["to_state"], move["actor"]) for move in history["moves"]]
        assert told == [
            ("issue", "issued", APPROVER.id),
            ("confirm", "confirmed", mei.id),
        ]
        hq = api.staff("auditor").get(march.replace("/leader", "/hq") + "/standing")
        assert hq.json == history
        assert session().query(AuditEntry).filter_by(action="statement.confirm").count() == 1

    def test_it_is_nobody_elses_business(self, api: Api, march: str) -> None:
        commissions.stall(by=api.shopper("lan").id)
        for path in (f"{march}/confirmation",):
            assert api.anonymous.post(path).status_code == 401
            assert api.shopper("zed").post(path).status_code == 403
            assert api.staff("finance").post(path).status_code == 403
            refused(api.shopper("lan").post(path), 404, "not-found")
        refused(api.shopper("lan").get(f"{march}/standing"), 404, "not-found")
        assert api.staff("operator").get(f"/hq{march[7:]}/standing").status_code == 403

    def test_it_cannot_confirm_a_draft(self, api: Api, stall: Stall) -> None:
        calculated(MARCH)
        path = f"/leader/statements/{statement_of(stall.leader_id, MARCH).id}/confirmation"
        refused(api.shopper("mei").post(path), 404, "not-found")

    def test_it_takes_silence_for_a_yes_after_three_days(
        self, api: Api, march: str, clock: ManualClock
    ) -> None:
        in_days(clock, 3, seconds=-1)
        confirm_unanswered()
        mei = api.shopper("mei")
        assert mei.get(march).json["standing"]["state"] == "issued"
        in_days(clock, 3)
        confirm_unanswered()
        standing = mei.get(march).json["standing"]
        assert (standing["state"], standing["answered_at"]) == (
            "auto_confirmed",
            standing["answer_by"],
        )
        refused(mei.post(f"{march}/confirmation"), 409, "not-in-this-state")
        [entry] = session().query(AuditEntry).filter_by(action="statement.auto_confirm")
        assert (entry.subject, entry.facts) == (MARCH, {"statements": 1})
        confirm_unanswered()
        assert broken() == []

    def test_it_lists_by_standing(
        self, api: Api, stall: Stall, clock: ManualClock, count_statements: Callable[[], Any]
    ) -> None:
        for number in range(5):
            commissions.stall().sell_each(1_000 + number)
        approved(MARCH)
        clock.at = ISSUED
        own = statement_of(stall.leader_id, MARCH).id
        mei, auditor = api.shopper("mei"), api.staff("auditor")
        mei.post(f"/leader/statements/{own}/confirmation")
        path = f"{PERIOD}/statements"
        confirmed = auditor.get(path, standing="confirmed").json["items"]
        assert [(s["id"], s["standing"]["state"]) for s in confirmed] == [(own, "confirmed")]
        assert len(auditor.get(path, standing="issued").json["items"]) == 5
        assert len(mei.get("/leader/statements", standing="confirmed").json["items"]) == 1
        assert mei.get("/leader/statements", standing="issued").json["items"] == []
        assert auditor.get(path, standing="gone").status_code == 422
        counts = []
        for limit in (1, 4):
            with count_statements() as statements:
                assert len(auditor.get(path, limit=limit).json["items"]) == limit
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestTheEnd:
    def test_it_is_final_once_the_month_is_locked(
        self, api: Api, march: str, clock: ManualClock
    ) -> None:
        approver = api.staff("approver")
        waiting = refused(approver.post(f"{PERIOD}/lock"), 409, "statements-unanswered")
        assert (waiting["issued"], waiting["disputed"]) == (1, 0)
        assert api.staff("auditor").get(PERIOD).json["period"]["state"] == "approved"
        mei = api.shopper("mei")
        mei.post(f"{march}/confirmation")
        assert approver.post(f"{PERIOD}/lock").json["state"] == "locked"
        history = mei.get(f"{march}/standing").json
        assert (history["state"], history["moves"][-1]["from_state"]) == ("final", "confirmed")
        refused(mei.post(f"{march}/confirmation"), 409, "not-in-this-state")
        assert broken() == []

    def test_it_never_changes_what_is_final_or_was_done(self, march: str) -> None:
        with transaction():
            services.auto_confirm(now=ISSUED + timedelta(days=3))
            services.lock(month=MARCH, actor=APPROVER, now=ISSUED + timedelta(days=3))
        for statement in (
            update(Standing).values(state="confirmed"),
            delete(Standing),
            update(StandingMove).values(actor="zed"),
            delete(StandingMove),
        ):
            with pytest.raises(DBAPIError), session().begin_nested():
                session().execute(statement, execution_options={"synchronize_session": False})


@pytest.mark.parametrize("state", StandingState)
@pytest.mark.parametrize("action", StandingAction)
def test_it_knows_every_move(state: StandingState, action: StandingAction) -> None:
    possible = (state, action) in STANDING_MOVES
    assert (state in states_before(action)) == possible
    assert not (possible and state is StandingState.FINAL)

"""Settlement when two people act at once, and when the process is killed in the middle."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import Settings
from groupbuy.ledger.models import LedgerTransaction
from groupbuy.settlement import queries, services
from groupbuy.settlement.errors import EarlierMonthUnsettled, FiguresChanged, LaterMonthBegun
from groupbuy.settlement.models import (
    LeaderSales,
    SettlementPeriod,
    Statement,
    StatementLine,
)
from groupbuy.settlement.services import calculation as calculation_room
from tests.client import Api, Caller
from tests.crash import killed
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import (
    HOLD_DAYS,
    SHANGHAI,
    after_cutoff,
    broken,
    closed,
    local,
    recalculated,
    submitted,
)
from tests.rivals import Work, at_once, second_waits_for_first

pytestmark = pytest.mark.committed

MARCH, APRIL = "2026-03", "2026-04"
LATER = after_cutoff("2026-05")
CALCULATION = "groupbuy.settlement.services.calculation"


def calculation(actor: Actor = FINANCE) -> Work:
    """Calculate March; inside another transaction as one, else step by step."""
    return lambda: recalculated(MARCH, actor=actor).digest


def approval(digest: str) -> Work:
    return lambda: services.approve(month=MARCH, digest=digest, actor=APPROVER, now=LATER).state


def closing(month: str) -> Work:
    return lambda: (
        services.start_closing(
            month=month,
            calendar=SHANGHAI,
            hold_days=HOLD_DAYS,
            min_payout_fen=10_000,
            actor=FINANCE,
            now=LATER,
        ).month
    )


def count(table: type) -> int:
    return session().scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every leader is settled in a transaction of its own."""
    monkeypatch.setattr(f"{CALCULATION}.LEADERS_TOGETHER", 1)


def five_stalls() -> list[Stall]:
    """Return five leaders who sold in March, Mei and four others."""
    stalls = [commissions.stall() for _ in range(5)]
    for number, stall in enumerate(stalls):
        first, _ = stall.sell_each(600_000 + number, 7_777_777)
        commissions.refund(first, 100_001, at=local("2026-04-02 12:00"))
    return stalls


def undisturbed() -> str:
    """Calculate March once, without any rival, and return the digest."""
    closed(MARCH)
    return str(recalculated(MARCH).digest)


def march() -> SettlementPeriod:
    session().rollback()
    return session().get_one(SettlementPeriod, MARCH, populate_existing=True)


class TestCalculationsAtOnce:
    def test_it_comes_to_one_result(self, app: Flask, mei: Stall) -> None:
        mei.sell_each(600_000, 600_000, 4_000_000)
        closed(MARCH)
        digests = at_once(app, [calculation()] * 6)
        assert len(set(digests)) == 1
        assert (count(Statement), count(StatementLine)) == (1, 3)
        assert (march().state, march().digest) == ("draft", digests[0])

    @pytest.mark.usefixtures("step_by_step")
    def test_it_comes_to_one_result_when_twenty_take_turns(self, app: Flask, mei: Stall) -> None:
        five_stalls()
        expected = undisturbed()
        session().rollback()
        digests = at_once(app, [calculation()] * 20, in_one=False)
        # Whoever begins after another one has finished begins anew: the others see it under way.
        assert set(digests) <= {expected, None}
        assert (march().state, march().digest) == ("draft", expected)
        assert (count(Statement), count(StatementLine), count(LeaderSales)) == (5, 10, 0)
        run = queries.run_of(MARCH)
        assert run is not None
        assert (run.leaders_done, run.lines_done) == (6, 10)
        assert broken() == []

    @pytest.mark.usefixtures("step_by_step")
    def test_it_shares_one_calculation_among_all_who_join_it(self, app: Flask, mei: Stall) -> None:
        five_stalls()
        expected = undisturbed()
        with transaction():
            run_id = services.begin(month=MARCH, actor=FINANCE, now=LATER).run_id
        step = lambda: services.advance(run_id=run_id, actor=APPROVER, now=LATER)  # noqa: E731
        steps = [progress for _ in range(2) for progress in at_once(app, [step] * 10)]
        done = sorted(progress.leaders_done for progress in steps)
        assert done == [1, 2, 3, 4, 5, *[6] * 15]
        assert sum(progress.finished for progress in steps) == 14
        assert (march().digest, march().calculated_by) == (expected, FINANCE.id)

    def test_it_makes_the_second_wait(self, app: Flask, mei: Stall) -> None:
        mei.sell_each(600_000)
        closed(MARCH)
        first, second = second_waits_for_first(app, calculation(), calculation())
        assert first == second
        assert count(StatementLine) == 1


class TestApprovalAgainstRecalculation:
    def test_it_never_approves_what_is_calculated_anew(self, app: Flask, mei: Stall) -> None:
        mei.sell_each(600_000)
        digest = str(submitted(MARCH).digest)
        _, refusal = second_waits_for_first(app, calculation(), approval(digest))
        assert isinstance(refusal, NotInThisState)
        assert count(LedgerTransaction) == 0
        assert broken() == []

    def test_it_never_calculates_anew_what_is_approved(self, app: Flask, mei: Stall) -> None:
        mei.sell_each(600_000)
        digest = str(submitted(MARCH).digest)
        state, refusal = second_waits_for_first(app, approval(digest), calculation())
        assert state == "approved"
        assert isinstance(refusal, NotInThisState)
        assert count(LedgerTransaction) == 1
        assert broken() == []

    def test_it_approves_no_other_figures_than_those_reviewed(self, app: Flask, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        digest = str(submitted(MARCH).digest)
        commissions.refund(line, 1, at=local("2026-04-01 12:00"))

        def prepare_anew() -> None:
            recalculated(MARCH)
            services.submit(month=MARCH, actor=FINANCE, now=LATER)

        _, refusal = second_waits_for_first(app, prepare_anew, approval(digest))
        assert isinstance(refusal, FiguresChanged)
        assert count(LedgerTransaction) == 0

    def test_it_approves_once(self, app: Flask, mei: Stall) -> None:
        mei.sell_each(600_000)
        digest = str(submitted(MARCH).digest)
        results = at_once(app, [approval(digest)] * 4)
        assert sum(result == "approved" for result in results) == 1
        assert count(LedgerTransaction) == 1
        assert broken() == []


class TestClosingsAtOnce:
    def test_it_never_lets_two_months_overtake_each_other(self, app: Flask, mei: Stall) -> None:
        results = at_once(app, [closing(MARCH), closing(APRIL)])
        refusals = [r for r in results if isinstance(r, EarlierMonthUnsettled | LaterMonthBegun)]
        assert len(refusals) == 1
        assert count(SettlementPeriod) == 1

    def test_it_starts_once(self, app: Flask, mei: Stall) -> None:
        results = at_once(app, [closing(MARCH)] * 4)
        assert sum(result == MARCH for result in results) == 1
        assert sum(isinstance(result, NotInThisState) for result in results) == 3


def posting(caller: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "path": path, "body": body, "token": caller.token, "key": "unused"}


class TestKilledInTheMiddle:
    @pytest.mark.parametrize("victim", ["held", "_discard", "moved"])
    def test_it_leaves_the_month_as_it_was_when_it_had_not_begun(
        self, api: Api, mei: Stall, settings: Settings, clock: ManualClock, victim: str
    ) -> None:
        mei.sell_each(600_000, 600_000)
        first = undisturbed()
        clock.at = LATER
        finance = api.staff("finance")
        path = f"/hq/settlement-periods/{MARCH}/calculation"
        killed(
            settings, LATER, f"{CALCULATION}:{victim}", "after", request=posting(finance, path, {})
        )
        assert (march().state, march().digest, march().calculated_by) == (
            "draft",
            first,
            FINANCE.id,
        )
        assert (count(Statement), count(StatementLine)) == (1, 2)
        again = finance.post(path)
        assert (again.status_code, again.json["digest"]) == (200, first)

    @pytest.mark.usefixtures("step_by_step")
    @pytest.mark.parametrize(
        ("victim", "when", "nth", "leaders_done"),
        [
            ("_settle", "before", 1, 0),
            ("_settle", "after", 3, 2),
            ("finishing.finished", "after", 1, 6),
            ("_finish", "after", 1, 6),
        ],
    )
    def test_it_goes_on_from_the_last_leader_done(
        self,
        api: Api,
        mei: Stall,
        settings: Settings,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
        victim: str,
        when: str,
        nth: int,
        leaders_done: int,
    ) -> None:
        five_stalls()
        expected = undisturbed()
        clock.at = LATER
        finance, approver = api.staff("finance"), api.staff("approver")
        month = f"/hq/settlement-periods/{MARCH}"
        killed(
            settings,
            LATER,
            f"{CALCULATION}:{victim}",
            when,
            nth=nth,
            constants={f"{CALCULATION}:LEADERS_TOGETHER": 1},
            request=posting(finance, f"{month}/calculation", {}),
        )
        assert (march().state, march().digest) == ("closing", None)
        assert finance.get(f"{month}/statements").json["items"] == []
        progress = finance.get(month).json["calculation"]
        assert (progress["leaders_done"], progress["finished_at"]) == (leaders_done, None)
        assert finance.post(f"{month}/submission").json["code"] == "not-in-this-state"
        refusal = approver.post(f"{month}/approval", {"digest": expected})
        assert (refusal.status_code, refusal.json["state"]) == (409, "closing")
        settled = []
        original = calculation_room._settle

        def counted(*args: Any, **span: Any) -> int:
            settled.append(span)
            return original(*args, **span)

        monkeypatch.setattr(calculation_room, "_settle", counted)
        again = finance.post(f"{month}/calculation")
        assert (again.status_code, again.json["digest"]) == (200, expected)
        assert len(settled) == 6 - leaders_done
        assert (count(Statement), count(StatementLine), count(LeaderSales)) == (5, 10, 0)
        assert broken() == []

    def test_it_leaves_nothing_posted_by_half_an_approval(
        self, api: Api, mei: Stall, settings: Settings, clock: ManualClock
    ) -> None:
        mei.sell_each(600_000)
        digest = submitted(MARCH).digest
        clock.at = LATER
        approver = api.staff("approver")
        path = f"/hq/settlement-periods/{MARCH}/approval"
        request = posting(approver, path, {"digest": digest})
        killed(settings, LATER, "groupbuy.ledger.services:post_many", "after", request=request)
        assert count(LedgerTransaction) == 0
        assert approver.post(path, {"digest": digest}).status_code == 200
        assert count(LedgerTransaction) == 1
        assert broken() == []

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
from groupbuy.settlement.models import SettlementPeriod, Statement, StatementLine
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
    submitted,
)
from tests.rivals import Work, at_once, second_waits_for_first

pytestmark = pytest.mark.committed

MARCH, APRIL = "2026-03", "2026-04"
LATER = after_cutoff("2026-05")


def calculation(actor: Actor = FINANCE) -> Work:
    return lambda: services.calculate(month=MARCH, actor=actor, now=LATER).digest


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


class TestCalculationsAtOnce:
    def test_it_comes_to_one_result(self, app: Flask, mei: Stall) -> None:
        mei.sell_each(600_000, 600_000, 4_000_000)
        closed(MARCH)
        digests = at_once(app, [calculation()] * 6)
        assert len(set(digests)) == 1
        assert (count(Statement), count(StatementLine)) == (1, 3)
        period = session().get_one(SettlementPeriod, MARCH, populate_existing=True)
        assert (period.state, period.digest) == ("draft", digests[0])

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
            services.calculate(month=MARCH, actor=FINANCE, now=LATER)
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


CALCULATION = "groupbuy.settlement.services.calculation"


def posting(caller: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "path": path, "body": body, "token": caller.token, "key": "unused"}


class TestKilledInTheMiddle:
    @pytest.mark.parametrize(
        "victim",
        ["_discard", "_write", "moved"],
    )
    def test_it_leaves_the_month_as_it_was(
        self,
        api: Api,
        mei: Stall,
        settings: Settings,
        clock: ManualClock,
        victim: str,
    ) -> None:
        mei.sell_each(600_000, 600_000)
        closed(MARCH)
        with transaction():
            first = services.calculate(month=MARCH, actor=FINANCE, now=LATER).digest
        clock.at = LATER
        finance = api.staff("finance")
        path = f"/hq/settlement-periods/{MARCH}/calculation"
        killed(
            settings, LATER, f"{CALCULATION}:{victim}", "after", request=posting(finance, path, {})
        )
        session().expire_all()
        period = queries.period(MARCH)
        assert period is not None
        assert (period.digest, period.calculated_by) == (first, FINANCE.id)
        assert (count(Statement), count(StatementLine)) == (1, 2)
        again = finance.post(path)
        assert (again.status_code, again.json["digest"]) == (200, first)

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

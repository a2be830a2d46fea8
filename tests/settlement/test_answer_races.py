"""Two people at once: adjustments, confirmations, disputes."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement import queries, services
from groupbuy.settlement.errors import DisputeOpen, StatementsUnanswered, WriteOffTooMuch
from groupbuy.settlement.models import Adjustment
from tests.factories import commissions
from tests.factories.adjustments import proposed
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.disputes import contested
from tests.factories.settlement import after_cutoff, approved, local, statement_of
from tests.rivals import Work, at_once, second_waits_for_first

pytestmark = pytest.mark.committed

MARCH = "2026-03"
DUE = after_cutoff(MARCH) + timedelta(days=3)
SECOND = Actor(kind="staff", id="an", role="approver")


def approving(adjustment: Adjustment, by: Actor = APPROVER) -> Work:
    """Return the approval of a proposal, as something to be done."""

    def approve() -> str:
        now = local("2027-04-20 12:00")
        done = services.approve_adjustment(
            adjustment_id=adjustment.id, if_match=adjustment.version, actor=by, now=now
        )
        return str(done.decided_by)

    return approve


class TestAdjustments:
    def test_it_is_approved_by_one_of_two(self, app: Flask, mei: Stall) -> None:
        adjustment = proposed(mei.leader_id, 5_000)
        results = second_waits_for_first(app, approving(adjustment), approving(adjustment, SECOND))
        assert results[0] == APPROVER.id
        assert isinstance(results[1], NotInThisState)

    def test_it_never_writes_off_the_same_debt_twice(self, app: Flask, mei: Stall) -> None:
        [sale] = mei.sell_each(600_000)
        approved(MARCH)
        commissions.refund(sale, 600_000, at=local("2026-04-20 12:00"))
        for number in range(12):
            approved(f"{2026 + (number + 3) // 12}-{(number + 3) % 12 + 1:02d}")
        written: Any = {"reason_code": "write_off", "now": local("2027-04-20 11:00")}
        first, second = (proposed(mei.leader_id, 20_000, **written) for _ in range(2))
        results = at_once(app, [approving(first), approving(second, SECOND)])
        assert sum(isinstance(result, WriteOffTooMuch) for result in results) == 1
        assert sum(isinstance(result, str) for result in results) == 1


@pytest.fixture
def statement(mei: Stall) -> str:
    """Mei's statement of March, issued."""
    mei.sell_each(600_000, 600_000)
    approved(MARCH)
    return statement_of(mei.leader_id, MARCH).id


class TestAnswers:
    def confirming(self, mei: Stall, statement: str) -> Work:
        told: dict[str, Any] = {"statement_id": statement, "leader_id": mei.leader_id}
        return lambda: services.confirm(**told, actor=as_leader(mei), now=DUE).state

    def test_it_keeps_the_word_that_came_before_the_silence(
        self, app: Flask, mei: Stall, statement: str
    ) -> None:
        done = Event()

        def first() -> str:
            state: str = self.confirming(mei, statement)()
            done.set()
            return state

        # The sweep passes by what is being answered right now, and finds nothing later.
        def sweep() -> int:
            done.wait(10)
            return services.auto_confirm(now=DUE)

        results = at_once(app, [first, sweep])
        assert results == ["confirmed", 0]

    def test_it_keeps_the_silence_that_came_before_the_word(
        self, app: Flask, mei: Stall, statement: str
    ) -> None:
        sweep = lambda: services.auto_confirm(now=DUE)  # noqa: E731
        count, refused = second_waits_for_first(app, sweep, self.confirming(mei, statement))
        assert count == 1
        assert isinstance(refused, NotInThisState)

    def test_it_locks_no_month_with_a_dispute_that_came_meanwhile(
        self, app: Flask, mei: Stall, statement: str
    ) -> None:
        with transaction():
            services.auto_confirm(now=DUE)
        lock = lambda: services.lock(month=MARCH, actor=APPROVER, now=DUE).state  # noqa: E731
        opened, refused = second_waits_for_first(app, disputing(mei, statement), lock)
        assert isinstance(opened, str)
        assert isinstance(refused, StatementsUnanswered)
        session().expire_all()
        assert queries.standing_counts(MARCH) == {"disputed": 1}

    def test_it_disputes_nothing_that_became_final_meanwhile(
        self, app: Flask, mei: Stall, statement: str
    ) -> None:
        with transaction():
            services.auto_confirm(now=DUE)
        lock = lambda: services.lock(month=MARCH, actor=APPROVER, now=DUE).state  # noqa: E731
        state, refused = second_waits_for_first(app, lock, disputing(mei, statement))
        assert state == "locked"
        assert isinstance(refused, NotInThisState)


def as_leader(stall: Stall) -> Actor:
    return Actor(kind="shopper", id="mei", role="leader", leader_id=stall.leader_id)


def disputing(stall: Stall, statement: str) -> Work:
    """Return the dispute of a statement's second line, as something to be done."""
    told: dict[str, Any] = {"statement_id": statement, "leader_id": stall.leader_id}
    row: dict[str, Any] = {"part": "line", "position": 1, "reason": "The wrong tier"}
    return lambda: services.dispute_amount(**told, **row, actor=as_leader(stall), now=DUE).id


class TestDisputes:
    def test_it_opens_one_of_two_about_the_same_row(
        self, app: Flask, mei: Stall, statement: str
    ) -> None:
        results = at_once(app, [disputing(mei, statement)] * 2)
        assert sorted(isinstance(result, DisputeOpen) for result in results) == [False, True]

    def test_it_opens_one_of_two_about_the_same_order(self, app: Flask, mei: Stall) -> None:
        lan = commissions.stall()
        [sale] = mei.sell_each(600_000)
        contested(sale.order_id, lan)

        def claim() -> str:
            told: dict[str, Any] = {"order_id": sale.order_id, "leader_id": lan.leader_id}
            opened = services.dispute_attribution(
                **told, reason="It came by my link", actor=as_leader(lan), now=DUE
            )
            return opened.id

        results = at_once(app, [claim] * 3)
        assert sorted(isinstance(result, DisputeOpen) for result in results) == [False, True, True]

    def test_it_is_decided_by_one_of_two(self, app: Flask, mei: Stall, statement: str) -> None:
        with transaction():
            opened = disputing(mei, statement)()
            services.review_dispute(dispute_id=opened, actor=FINANCE, now=DUE)

        def deciding(by: Actor) -> Callable[[], str]:
            told: dict[str, Any] = {"dispute_id": opened, "outcome": "rejected", "note": "No"}
            return lambda: services.decide_dispute(**told, actor=by, now=DUE).state

        results = at_once(app, [deciding(APPROVER), deciding(SECOND)])
        assert sorted(isinstance(result, NotInThisState) for result in results) == [False, True]

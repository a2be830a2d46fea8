"""After-sales when two things happen at once: one of them wins, and the money adds up."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.registry import invariants
from groupbuy.kernel import books, clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.problems import NotInThisState, Problem
from groupbuy.orders.errors import RefundExceedsLine
from groupbuy.orders.models import AfterSale, OrderRefund
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.rules.after_sales import AfterSaleReason
from groupbuy.orders.services import (
    after_sales,
    cancelling,
    correcting,
    deciding,
    moving,
    refunding,
)
from groupbuy.orders.services.after_sales import Asked
from groupbuy.orders.services.refunding import Return
from tests.journeys.headquarters import made
from tests.orders.conftest import Stand
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed

HUA = Actor(kind="staff", id="hua", role="operator")


def asking(stand: Stand, order: dict[str, Any], units: int) -> Any:
    """Return what asks for eggs of Bo's order."""
    bo = Actor(kind="shopper", id=stand.api.shopper("bo").id)
    line = stand.line(order, "Eggs")

    def ask() -> AfterSale:
        return after_sales.request(
            order_id=order["id"],
            shopper_id=bo.id,
            asked=Asked(
                [Return(line, quantity=units)], AfterSaleReason.DAMAGED, "", timedelta(hours=48)
            ),
            actor=bo,
            now=clock.now(),
        )

    return ask


def refunding_eggs(stand: Stand, order: dict[str, Any], units: int) -> Any:
    """Return what refunds eggs of an order, as staff."""
    line = stand.line(order, "Eggs")

    def refund() -> OrderRefund:
        return refunding.refund_lines(
            order_id=order["id"],
            returns=[Return(line, quantity=units)],
            reason="cracked",
            actor=HUA,
            now=clock.now(),
        )

    return refund


def books_hold() -> None:
    """Hold the database against every invariant."""
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken


def test_it_never_holds_more_than_was_bought_however_many_ask(app: Flask, stand: Stand) -> None:
    order = stand.picked_up(Eggs=5)
    results = at_once(app, [asking(stand, order, 2)] * 6)
    assert sum(isinstance(result, AfterSale) for result in results) == 2
    assert {type(result) for result in results} == {AfterSale, RefundExceedsLine}
    books_hold()


def test_it_counts_a_request_before_a_refund_by_staff(app: Flask, stand: Stand) -> None:
    order = stand.picked_up(Eggs=3)
    _, refund = second_waits_for_first(
        app, asking(stand, order, 2), refunding_eggs(stand, order, 2)
    )
    assert isinstance(refund, RefundExceedsLine)
    assert (refund.members["left_fen"], refund.members["left_quantity"]) == (1200, 1)
    books_hold()


def test_it_counts_a_refund_by_staff_before_a_request(app: Flask, stand: Stand) -> None:
    order = stand.picked_up(Eggs=3)
    _, case = second_waits_for_first(app, refunding_eggs(stand, order, 2), asking(stand, order, 2))
    assert isinstance(case, RefundExceedsLine)
    books_hold()


class TestTwoDecisions:
    """Whoever locks the order first decides."""

    @pytest.fixture
    def case(self, stand: Stand) -> str:
        """Bo's request for two boxes of eggs."""
        return str(stand.asked(stand.picked_up(), Eggs=2)["id"])

    def withdrawal(self, stand: Stand, case: str) -> Any:
        bo = Actor(kind="shopper", id=stand.api.shopper("bo").id)
        return lambda: after_sales.withdraw(
            after_sale_id=case, shopper_id=bo.id, actor=bo, why="", now=clock.now()
        )

    def approval(self, case: str) -> Any:
        return lambda: deciding.approve(after_sale_id=case, actor=HUA, now=clock.now())

    def rejection(self, case: str) -> Any:
        return lambda: deciding.reject(
            after_sale_id=case, reason="eaten", actor=HUA, now=clock.now()
        )

    def clockwork(self, case: str) -> Any:
        later = clock.now() + timedelta(hours=48)
        return lambda: deciding.decide_overdue(after_sale_id=case, automatic_fen=5_000, now=later)

    def test_it_refunds_what_was_approved_before_it_was_withdrawn(
        self, app: Flask, stand: Stand, case: str
    ) -> None:
        _, second = second_waits_for_first(app, self.approval(case), self.withdrawal(stand, case))
        assert isinstance(second, NotInThisState)
        run_pending()
        assert stand.case({"id": case})["state"] == "refunded"
        books_hold()

    def test_it_does_not_approve_what_was_withdrawn_before(
        self, app: Flask, stand: Stand, case: str
    ) -> None:
        _, second = second_waits_for_first(app, self.withdrawal(stand, case), self.approval(case))
        assert isinstance(second, NotInThisState)
        assert stand.case({"id": case})["state"] == "withdrawn"
        books_hold()

    def test_it_leaves_alone_what_staff_rejected_while_the_clock_waited(
        self, app: Flask, stand: Stand, case: str
    ) -> None:
        second_waits_for_first(app, self.rejection(case), self.clockwork(case))
        assert stand.case({"id": case})["state"] == "rejected"
        books_hold()

    def test_it_does_not_reject_what_the_clock_approved(
        self, app: Flask, stand: Stand, case: str
    ) -> None:
        _, second = second_waits_for_first(app, self.clockwork(case), self.rejection(case))
        assert isinstance(second, NotInThisState)
        books_hold()

    def test_it_refunds_once_however_many_approve(
        self, app: Flask, stand: Stand, case: str
    ) -> None:
        results = at_once(app, [self.approval(case)] * 5)
        assert sum(isinstance(result, Problem) for result in results) == 4
        run_pending()
        assert stand.case({"id": case})["approved_fen"] == 2400
        books_hold()


def test_it_gives_everything_back_once_when_a_cancellation_meets_an_approval(
    app: Flask, stand: Stand
) -> None:
    order = stand.paid()
    case = stand.asked(order, Eggs=1)["id"]

    def cancel() -> Any:
        return cancelling.cancel(
            order_id=order["id"],
            reason=CancelReason.STAFF,
            why="the lorry broke down",
            actor=SYSTEM,
            now=clock.now(),
        )

    approve = TestTwoDecisions().approval(case)
    _, second = second_waits_for_first(app, cancel, approve)
    assert isinstance(second, NotInThisState)
    run_pending()
    assert stand.shown(order)["refunded_fen"] == order["total_fen"]
    books_hold()


def test_it_does_not_complete_an_order_while_somebody_asks(app: Flask, stand: Stand) -> None:
    order = stand.picked_up()
    due = clock.now() + timedelta(hours=24)
    ask = asking(stand, order, 1)

    def ask_and_sweep() -> int:
        ask()
        # The sweep of another connection passes by what is locked, and later finds it open.
        (moved,) = at_once(app, [lambda: moving.complete_due(now=due)])
        return int(moved)

    (moved,) = at_once(app, [ask_and_sweep])
    assert moved == 0
    (moved,) = at_once(app, [lambda: moving.complete_due(now=due)])
    assert moved == 0
    assert stand.shown(order)["state"] == "picked_up"
    books_hold()


class TestCorrections:
    """Two corrections of one weight, or two runs of one correction."""

    def drafted(self, stand: Stand) -> str:
        body = {
            "kind": "weight",
            "sku_id": stand.skus["Eggs"],
            "group_buy_id": stand.group_buy,
            "ordered_g": 600,
            "delivered_g": 540,
            "reason": "light",
        }
        draft = made(stand.hua.post("/hq/corrections", body))["id"]
        with transaction():
            correcting.execute(correction_id=draft, actor=HUA, now=clock.now())
        return str(draft)

    def settling(self, correction_id: str, order: dict[str, Any]) -> Any:
        return lambda: (
            correcting.settle_order(
                correction_id=correction_id,
                order_id=order["id"],
                leaders_limit_fen=0,
                decide_within=timedelta(hours=48),
                now=clock.now(),
            ).state
        )

    def test_it_corrects_a_weight_once_however_many_correct_it(
        self, app: Flask, stand: Stand
    ) -> None:
        order = stand.paid()
        works = [self.settling(self.drafted(stand), order) for _ in range(3)]
        assert sorted(at_once(app, works)) == ["refunded", "skipped", "skipped"]
        run_pending()
        assert stand.shown(order)["refunded_fen"] == 240
        books_hold()

    def test_it_settles_an_order_once_however_many_jobs_run(self, app: Flask, stand: Stand) -> None:
        order = stand.paid()
        assert at_once(app, [self.settling(self.drafted(stand), order)] * 3) == ["refunded"] * 3
        run_pending()
        assert stand.shown(order)["refunded_fen"] == 240
        books_hold()

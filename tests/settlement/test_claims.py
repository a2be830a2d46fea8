"""Disputes of attribution: a leader who was a candidate claims an order of somebody else's."""

from datetime import timedelta
from typing import Any

import pytest

from groupbuy.attribution import queries as attribution
from groupbuy.commissions.models import CommissionLine
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.orders.models import Order
from groupbuy.orders.services.reassigning import reassign
from tests.client import Api, Caller
from tests.factories import commissions
from tests.factories.commissions import APPROVER, Stall
from tests.factories.disputes import contested
from tests.factories.settlement import (
    after_cutoff,
    approved,
    corrections_of,
    lines_of,
    local,
    statement_of,
)
from tests.settlement.test_api import refused
from tests.settlement.test_disputes import decided

MARCH, APRIL = "2026-03", "2026-04"
ISSUED = after_cutoff(MARCH)
WHY = {"reason": "The customer came by my link"}


@pytest.fixture
def mei(api: Api) -> Stall:
    """Mei's stall."""
    commissions.published()
    return commissions.stall()


@pytest.fixture
def lan(api: Api, mei: Stall) -> Stall:
    """Lan's stall, Lan herself logged in."""
    return commissions.stall(by=api.shopper("lan").id)


@pytest.fixture
def sale(mei: Stall, lan: Stall) -> CommissionLine:
    """A sale of Mei's, completed in March, for which Lan was a candidate."""
    [sold] = mei.sell_each(600_000)
    contested(sold.order_id, lan)
    return sold


def claims(order_id: str) -> str:
    return f"/leader/attributions/{order_id}/disputes"


def upheld(api: Api, caller: Caller, order_id: str) -> Any:
    """Let a leader claim an order, finance take it up, the approver uphold it."""
    opened = caller.post(claims(order_id), WHY)
    assert opened.status_code == 201, opened.text
    path = f"/hq/disputes/{opened.json['id']}"
    api.staff("finance").post(f"{path}/review")
    return decided(api, path, "upheld")


class TestClaiming:
    def test_it_is_opened_by_who_was_a_candidate(
        self, api: Api, lan: Stall, sale: CommissionLine
    ) -> None:
        opened = api.shopper("lan").post(claims(sale.order_id), WHY)
        assert opened.status_code == 201
        assert (opened.json["kind"], opened.json["order_id"]) == ("attribution", sale.order_id)
        assert (opened.json["held_fen"], opened.json["statement_id"]) == (0, None)
        again = refused(api.shopper("lan").post(claims(sale.order_id), WHY), 409, "dispute-open")
        assert again["dispute_id"] == opened.json["id"]
        listed = api.staff("auditor").get("/hq/disputes", kind="attribution").json["items"]
        assert [dispute["claimant_id"] for dispute in listed] == [lan.leader_id]

    def test_it_is_hidden_from_who_was_not(
        self, api: Api, lan: Stall, sale: CommissionLine
    ) -> None:
        commissions.stall(by=api.shopper("tao").id)
        refused(api.shopper("tao").post(claims(sale.order_id), WHY), 404, "not-found")
        refused(api.shopper("lan").post(claims(f"ord_{'0' * 32}"), WHY), 404, "not-found")
        assert api.anonymous.post(claims(sale.order_id), WHY).status_code == 401
        assert api.shopper("zed").post(claims(sale.order_id), WHY).status_code == 403

    def test_it_makes_no_sense_for_ones_own_order(self, api: Api, mei: Stall, lan: Stall) -> None:
        [own] = lan.sell_each(1_000)
        contested(own.order_id, mei)
        refused(api.shopper("lan").post(claims(own.order_id), WHY), 409, "order-already-theirs")

    def test_it_makes_no_sense_for_a_cancelled_order(self, api: Api, sale: CommissionLine) -> None:
        with transaction():
            order = session().get_one(Order, sale.order_id)
            order.state, order.cancel_reason = "cancelled", "staff"
        answer = api.shopper("lan").post(claims(sale.order_id), WHY)
        assert refused(answer, 409, "not-in-this-state")["state"] == "cancelled"

    def test_it_is_possible_until_fifteen_days_after_the_issue(
        self, api: Api, sale: CommissionLine, clock: ManualClock
    ) -> None:
        approved(MARCH)
        clock.at = ISSUED + timedelta(days=15)
        late = refused(api.shopper("lan").post(claims(sale.order_id), WHY), 409, "dispute-too-late")
        assert late["until"] == (ISSUED + timedelta(days=15)).isoformat()
        clock.at -= timedelta(seconds=1)
        opened = api.shopper("lan").post(claims(sale.order_id), WHY)
        assert opened.status_code == 201
        withdrawn = api.shopper("lan").post(f"/leader/disputes/{opened.json['id']}/withdrawal")
        assert withdrawn.json["state"] == "withdrawn"


class TestDeciding:
    def test_it_moves_the_sale_when_it_is_upheld_before_the_cutoff(
        self, api: Api, mei: Stall, lan: Stall, sale: CommissionLine, clock: ManualClock
    ) -> None:
        clock.at = local("2026-04-01 12:00")
        answer = upheld(api, api.shopper("lan"), sale.order_id)
        assert (answer.status_code, answer.json["state"]) == (200, "upheld")
        decision = attribution.current_decision(sale.order_id)
        assert (decision.leader_id, decision.reason) == (lan.leader_id, "The wrong tier")
        approved(MARCH)
        [line] = lines_of(statement_of(lan.leader_id, MARCH))
        assert (line.order_id, line.amount_fen) == (sale.order_id, 30_000)

    def test_it_transfers_the_commission_when_it_is_upheld_after_the_cutoff(
        self, api: Api, mei: Stall, lan: Stall, sale: CommissionLine, clock: ManualClock
    ) -> None:
        approved(MARCH)
        clock.at = ISSUED + timedelta(days=2)
        upheld(api, api.shopper("lan"), sale.order_id)
        approved(APRIL)
        [taken] = corrections_of(statement_of(mei.leader_id, APRIL))
        [given] = corrections_of(statement_of(lan.leader_id, APRIL))
        assert (taken.kind, taken.amount_fen) == ("TRANSFER", -30_000)
        assert (given.kind, given.amount_fen) == ("TRANSFER", 30_000)

    def test_it_leaves_the_order_when_it_is_rejected(
        self, api: Api, mei: Stall, sale: CommissionLine
    ) -> None:
        opened = api.shopper("lan").post(claims(sale.order_id), WHY).json["id"]
        path = f"/hq/disputes/{opened}"
        api.staff("finance").post(f"{path}/review")
        assert decided(api, path, "upheld", 5).status_code == 422
        assert decided(api, path, "rejected").json["state"] == "rejected"
        assert attribution.current_decision(sale.order_id).leader_id == mei.leader_id
        assert api.shopper("lan").post(claims(sale.order_id), WHY).status_code == 201

    def test_it_is_not_upheld_for_who_has_the_order_by_now(
        self, api: Api, lan: Stall, sale: CommissionLine, clock: ManualClock
    ) -> None:
        opened = api.shopper("lan").post(claims(sale.order_id), WHY).json["id"]
        path = f"/hq/disputes/{opened}"
        api.staff("finance").post(f"{path}/review")
        with transaction():
            reassign(
                order_id=sale.order_id,
                leader_id=lan.leader_id,
                reason="Found out otherwise",
                actor=APPROVER,
                now=clock.now(),
            )
        refused(decided(api, path, "upheld"), 409, "order-already-theirs")
        assert decided(api, path, "rejected").json["state"] == "rejected"

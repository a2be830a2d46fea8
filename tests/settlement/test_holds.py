"""Orders on hold: what they earn waits, comes when they are released, and is lost when rejected."""

from datetime import datetime

import pytest
from flask import Flask

from groupbuy.commissions.models import CommissionLine
from groupbuy.holds import services as holds
from groupbuy.holds.models import CommissionHold
from groupbuy.kernel.db import transaction
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import (
    figures_of,
    lines_of,
    local,
    settled,
    statement_of,
    told_of,
)

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"


@pytest.fixture
def sold(mei: Stall) -> list[CommissionLine]:
    """What Mei sold in March: 30,000, 34,000 and 284,000 fen of commission."""
    return mei.sell_each(600_000, 600_000, 4_000_000)


def held(line: CommissionLine, at: datetime) -> CommissionHold:
    """Put a line's order on hold."""
    with transaction():
        return holds.place_by_hand(order_id=line.order_id, reason="odd", actor=FINANCE, now=at)


def released(hold: CommissionHold, at: datetime) -> None:
    with transaction():
        holds.release(hold_id=hold.id, reason="fine", actor=APPROVER, now=at)


def rejected(hold: CommissionHold, at: datetime) -> None:
    with transaction():
        holds.reject(hold_id=hold.id, reason="a fake", actor=APPROVER, now=at)


def balance(kind: AccountKind, stall: Stall) -> int:
    """Return what the ledger owes a leader, or holds for one."""
    return -ledger.balance(Account(kind, stall.leader_id))


class TestHolds:
    def test_it_waits_and_is_paid_when_released(
        self, mei: Stall, sold: list[CommissionLine]
    ) -> None:
        hold = held(sold[1], local("2026-03-20 12:00"))
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 348_000, "hold_fen": -34_000}
        assert statement_of(mei.leader_id, MARCH).payout_fen == 314_000
        assert balance(AccountKind.LEADER, mei) == 314_000
        assert balance(AccountKind.HELD, mei) == 34_000
        released(hold, local("2026-04-20 12:00"))
        settled(APRIL)
        assert told_of(mei.leader_id, APRIL) == [("RELEASE", 34_000)]
        assert balance(AccountKind.LEADER, mei) == 348_000
        assert balance(AccountKind.HELD, mei) == 0

    def test_it_is_as_if_nothing_had_been_when_released_before_the_cutoff(
        self, mei: Stall, sold: list[CommissionLine]
    ) -> None:
        released(held(sold[1], local("2026-03-20 12:00")), local("2026-04-07 12:00"))
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 348_000}

    def test_it_earns_nothing_and_fills_no_tier_when_rejected_before_the_cutoff(
        self, mei: Stall, sold: list[CommissionLine]
    ) -> None:
        rejected(held(sold[1], local("2026-03-20 12:00")), local("2026-04-07 12:00"))
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 302_000}
        lines = lines_of(statement_of(mei.leader_id, MARCH))
        assert [(line.reason, line.amount_fen) for line in lines] == [
            (None, 30_000),
            ("suspicious", 0),
            (None, 272_000),
        ]
        assert statement_of(mei.leader_id, MARCH).volume_fen == 4_600_000

    def test_it_is_taken_back_when_rejected_later(
        self, mei: Stall, sold: list[CommissionLine]
    ) -> None:
        hold = held(sold[1], local("2026-03-20 12:00"))
        rejected(hold, local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert told_of(mei.leader_id, APRIL) == [("FORFEIT", -34_000), ("RELEASE", 34_000)]
        assert figures_of(mei.leader_id, APRIL) == {
            "transfer_fen": -34_000,
            "release_fen": 34_000,
        }
        assert balance(AccountKind.LEADER, mei) == 314_000
        assert balance(AccountKind.HELD, mei) == 0

    def test_it_holds_what_was_settled_before(self, mei: Stall, sold: list[CommissionLine]) -> None:
        hold = held(sold[1], local("2026-04-20 12:00"))
        commissions.refund(sold[1], 150_000, at=local("2026-05-20 12:00"))
        released(hold, local("2026-06-20 12:00"))
        settled(MARCH, APRIL, MAY, JUNE)
        assert told_of(mei.leader_id, APRIL) == [("HOLD", -34_000)]
        assert told_of(mei.leader_id, MAY) == [("CLAWBACK", -8_500), ("RELEASE", 8_500)]
        assert told_of(mei.leader_id, JUNE) == [("RELEASE", 25_500)]
        assert balance(AccountKind.LEADER, mei) == 348_000 - 8_500

    def test_it_goes_with_the_order_to_another_leader(
        self, mei: Stall, sold: list[CommissionLine]
    ) -> None:
        lan = commissions.stall()
        hold = held(sold[1], local("2026-03-20 12:00"))
        commissions.transferred(sold[1], lan, at=local("2026-04-20 12:00"))
        rejected(hold, local("2026-05-20 12:00"))
        settled(MARCH, APRIL, MAY)
        assert told_of(mei.leader_id, APRIL) == [("TRANSFER", -34_000), ("RELEASE", 34_000)]
        assert told_of(lan.leader_id, APRIL) == [("TRANSFER", 34_000), ("HOLD", -34_000)]
        assert told_of(lan.leader_id, MAY) == [("FORFEIT", -34_000), ("RELEASE", 34_000)]

    def test_it_stays_rejected_whomever_it_is_given_to(
        self, mei: Stall, sold: list[CommissionLine]
    ) -> None:
        lan = commissions.stall()
        rejected(held(sold[1], local("2026-03-20 12:00")), local("2026-04-20 12:00"))
        commissions.transferred(sold[1], lan, at=local("2026-05-20 12:00"))
        lan.sell_each(100, month=MAY)
        settled(MARCH, APRIL, MAY)
        assert figures_of(lan.leader_id, MAY) == {"sales_fen": 5}

    def test_it_holds_the_share_of_a_month_computed_anew(self, app: Flask) -> None:
        commissions.published(mode="whole")
        mei = commissions.stall()
        first, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        held(first, local("2026-03-20 12:00"))
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, MARCH)["hold_fen"] == -54_000
        assert told_of(mei.leader_id, APRIL) == [
            ("RETIER", -12_000),
            ("RELEASE", 12_000),
            ("RETIER", -54_000),
            ("RETIER", -80_000),
        ]

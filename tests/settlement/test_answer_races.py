"""Two people at once: adjustments, confirmations, disputes."""

from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel.access import Actor
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement import services
from groupbuy.settlement.errors import WriteOffTooMuch
from groupbuy.settlement.models import Adjustment
from tests.factories import commissions
from tests.factories.adjustments import proposed
from tests.factories.commissions import APPROVER, Stall
from tests.factories.settlement import approved, local
from tests.rivals import Work, at_once, second_waits_for_first

pytestmark = pytest.mark.committed

MARCH = "2026-03"
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

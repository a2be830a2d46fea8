"""A leader's month so far: what is pending, what is only paid, and what comes next."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.commissions import queries
from groupbuy.commissions.models import CommissionLine
from groupbuy.commissions.rules.calculation import (
    CompletedLine,
    calculate,
    cap_of,
    earning_versions,
)
from groupbuy.commissions.rules.estimates import Estimate, QuotaAhead, TierAhead, merged
from groupbuy.commissions.rules.terms import (
    Mode,
    PlanTerms,
    Tier,
    TierTable,
)
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from tests.client import Api
from tests.factories import commissions, leaders
from tests.factories.commissions import Stall, assigned
from tests.factories.settlement import SHANGHAI, local

NOW = local("2026-03-20 12:00")
PATH = "/leader/earnings"


@pytest.fixture
def mei(app: Flask) -> Stall:
    return commissions.stall()


def month(stall: Stall, name: str = "2026-03", *, now: Any = NOW) -> Estimate:
    session().expire_all()
    return queries.estimate(
        leader_id=stall.leader_id,
        starts_at=SHANGHAI.month_start(name),
        ends_at=SHANGHAI.month_end(name),
        now=now,
    )


def give(line: CommissionLine, to: Stall | None) -> None:
    commissions.transferred(line, to, at=NOW)


class TestEstimate:
    def test_it_is_nothing_for_nobody_s_month(self, mei: Stall) -> None:
        assert month(mei) == Estimate(0, 0, 0, None, None, None, False, None)
        commissions.published(cap_fen=70_000)
        empty = month(mei)
        assert empty[:3] == (0, 0, 0)
        assert (empty.tier, empty.cap_fen, empty.cap_reached) == ((0, 500), 70_000, False)

    def test_it_tells_completed_from_paid(self, mei: Stall) -> None:
        commissions.published()
        mei.sell_each(600_000, 200_000)
        mei.pay(400_000, paid_at=NOW - timedelta(days=1))
        found = month(mei)
        assert (found.volume_fen, found.pending_fen) == (800_000, 40_000)
        assert found.estimated_fen == 10_000 + 14_000
        assert (found.tier, found.next_tier) == ((0, 500), TierAhead(1_000_000, 700, 200_000))

    def test_it_reaches_a_tier_to_the_fen(self, mei: Stall) -> None:
        commissions.published()
        mei.sell_each(999_999)
        assert month(mei).next_tier == (1_000_000, 700, 1)
        mei.sell_each(1)
        found = month(mei)
        assert (found.tier, found.next_tier) == ((1_000_000, 700), (5_000_000, 900, 4_000_000))
        mei.sell_each(4_000_000)
        found = month(mei)
        assert (found.tier, found.next_tier) == ((5_000_000, 900), None)

    def test_it_counts_what_paid_lines_do_to_a_whole_tier(self, mei: Stall) -> None:
        commissions.published(mode="whole")
        mei.sell_each(900_000)
        mei.pay(100_000, paid_at=NOW)
        found = month(mei)
        assert (found.pending_fen, found.estimated_fen) == (45_000, 70_000 - 45_000)

    def test_it_nets_refunds(self, mei: Stall) -> None:
        commissions.published()
        [line] = mei.sell_each(600_000)
        commissions.refund(line, 100_000, at=NOW)
        paid = commissions.commission_of(mei.pay(200_000, paid_at=NOW).id)
        commissions.refund(paid, 200_000, at=NOW, quantity=1)
        found = month(mei)
        assert (found.volume_fen, found.pending_fen, found.estimated_fen) == (500_000, 25_000, 0)

    def test_it_stops_at_the_cap(self, mei: Stall) -> None:
        commissions.published(cap_fen=30_000)
        mei.sell_each(500_000)
        found = month(mei)
        assert (found.pending_fen, found.cap_fen, found.cap_reached) == (25_000, 30_000, False)
        mei.pay(500_000, paid_at=NOW)
        assert month(mei).estimated_fen == 5_000
        mei.sell_each(100_000)
        found = month(mei)
        assert (found.pending_fen, found.estimated_fen, found.cap_reached) == (30_000, 0, True)

    def test_it_looks_forward_to_the_quota(self, mei: Stall) -> None:
        quota = {"quota_fen": 600_000, "bonus_fen": 9_000}
        commissions.published(quota_bonus=quota)
        mei.sell_each(599_999)
        assert month(mei).quota == QuotaAhead(600_000, 9_000, 1)
        mei.sell_each(2)
        assert month(mei).quota == QuotaAhead(600_000, 9_000, 0)

    def test_it_goes_with_the_latest_transfer(self, mei: Stall) -> None:
        commissions.published(level_multipliers={"2": 20_000})
        lan = commissions.stall(level=2)
        kept, given = mei.sell_each(100_000, 300_000)
        paid = commissions.commission_of(mei.pay(200_000, paid_at=NOW).id)
        give(given, lan)
        give(paid, lan)
        assert month(mei)[:3] == (100_000, 5_000, 0)
        assert month(lan)[:3] == (300_000, 30_000, 20_000)
        give(given, None)
        give(kept, lan)
        give(kept, mei)
        assert month(lan)[:3] == (0, 0, 20_000)
        assert month(mei)[:3] == (100_000, 5_000, 0)

    def test_it_shows_the_plan_that_is_assigned_now(self, mei: Stall) -> None:
        commissions.published(quota_bonus={"quota_fen": 5, "bonus_fen": 1})
        special = commissions.published([[0, 100], [10, 200]], code="special")
        assigned(special.plan_id, "leader", mei.leader_id, at=NOW)
        commissions.published([[0, 600]], effective_from=NOW - timedelta(days=1))
        mei.sell_each(10)
        before, after = month(mei, now=NOW - timedelta(seconds=1)), month(mei)
        assert (before.tier, before.next_tier) == ((0, 600), None)
        assert (after.tier, after.next_tier) == ((10, 200), None)

    def test_it_takes_the_quota_from_when_the_month_began(self, mei: Stall) -> None:
        first = {"quota_fen": 5, "bonus_fen": 1}
        commissions.published(quota_bonus=first)
        start = SHANGHAI.month_start("2026-04")
        commissions.published(effective_from=start + timedelta(days=3))
        april = month(mei, "2026-04", now=start + timedelta(days=9))
        assert april.quota == (5, 1, 5)
        assert month(mei, "2026-05", now=SHANGHAI.month_start("2026-05")).quota is None

    def test_it_leaves_what_is_only_paid_out_of_other_months(self, mei: Stall) -> None:
        commissions.published()
        mei.sell_each(100_000)
        mei.pay(100_000, paid_at=NOW)
        april = SHANGHAI.month_start("2026-04")
        assert month(mei, now=april)[:3] == (100_000, 5_000, 0)
        assert month(mei, "2026-04", now=april)[:3] == (0, 0, 5_000)

    def test_it_takes_four_statements_for_any_number_of_lines(
        self, mei: Stall, count_statements: Callable[[], Any]
    ) -> None:
        commissions.published()
        counts = []
        for number in (1, 12):
            mei.sell_each(*[1_000] * number)
            mei.pay(1_000, paid_at=NOW)
            session().expunge_all()
            with count_statements() as statements:
                month(mei)
            counts.append(len(statements))
        assert counts == [4, 4]


PLANS = {
    "a": PlanTerms(TierTable(Mode.MARGINAL, (Tier(0, 500), Tier(1_000, 700))), 400),
    "b": PlanTerms(TierTable(Mode.WHOLE, (Tier(0, 100), Tier(2_000, 1_100))), 900),
}
TERMS = st.sampled_from(
    [
        ("a", "tiers", None, None, True),
        ("a", "tiers", None, None, False),
        ("b", "tiers", None, None, True),
        ("a", "replace", 300, None, True),
        ("b", "replace", 300, None, False),
        ("a", "flat", None, 7, True),
        (None, "exclude", None, None, False),
    ]
)


@given(
    st.lists(
        st.tuples(TERMS, st.integers(0, 3_000), st.integers(1, 3), st.sampled_from([0, 10_000])),
        max_size=30,
    )
)
def test_it_earns_the_same_with_neighbours_taken_together(sold: list[Any]) -> None:
    lines = [
        CompletedLine(
            *("cml", "ord", f"{number:03}", "ldr"),
            NOW,
            base_fen,
            quantity,
            base_fen // 3,
            quantity // 2,
            version,
            kind,
            "item_rule" if kind == "exclude" else None,
            rate_bps,
            flat_fen,
            counts,
            10_000 + multiplier,
        )
        for number, (terms, base_fen, quantity, multiplier) in enumerate(sold)
        for version, kind, rate_bps, flat_fen, counts in [terms]
    ]
    apart, together = (
        calculate((line.net(PLANS) for line in some), cap_of(earning_versions(some), PLANS))
        for some in (lines, merged(lines))
    )
    assert (apart.volume_fen, apart.uncapped_fen, apart.total_fen) == (
        together.volume_fen,
        together.uncapped_fen,
        together.total_fen,
    )


class TestOverHttp:
    def test_it_shows_a_leader_s_own_month(self, api: Api, clock: ManualClock) -> None:
        commissions.published(quota_bonus={"quota_fen": 900_000, "bonus_fen": 5})
        mei = commissions.stall(by=api.shopper("mei").id)
        mei.sell_each(600_000)
        clock.at = NOW
        mei.pay(100_000, paid_at=NOW)
        shown = api.shopper("mei").get(PATH).json
        assert shown == {
            "month": "2026-03",
            "volume_fen": 600_000,
            "pending_fen": 30_000,
            "estimated_fen": 5_000,
            "tier": {"from_fen": 0, "rate_bps": 500},
            "next_tier": {"from_fen": 1_000_000, "rate_bps": 700, "fen_to_go": 400_000},
            "cap_fen": None,
            "cap_reached": False,
            "quota": {"quota_fen": 900_000, "bonus_fen": 5, "fen_to_go": 300_000},
            "settled_fen": 0,
            "paying_fen": 0,
            "paid_fen": 0,
            "carried_fen": 0,
            "statement_id": None,
        }
        february = api.shopper("mei").get(PATH, month="2026-02").json
        assert (february["volume_fen"], february["tier"]) == (0, None)
        assert api.shopper("mei").get(PATH, month="February").status_code == 422

    def test_it_is_for_leaders(self, api: Api) -> None:
        leaders.leader()
        assert api.anonymous.get(PATH).status_code == 401
        assert api.shopper("bo").get(PATH).status_code == 403

"""Sessions held together: what they earn is split, and what is taken back of it, too."""

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.commissions.models import Cohost, CommissionLine
from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import Statement
from tests.factories import campaigns, commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import (
    components_of,
    figures_of,
    local,
    settled,
    statement_of,
)

MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"


@pytest.fixture
def mei(app: Flask) -> Stall:
    commissions.published()
    return commissions.stall()


@pytest.fixture
def lan(mei: Stall) -> Stall:
    return commissions.stall()


@pytest.fixture
def zoe(mei: Stall) -> Stall:
    return commissions.stall()


def shared(host: Stall, **guests_bps: tuple[Stall, int]) -> str:
    """Return a group buy of a host which guests agreed to hold with it."""
    group_buy = campaigns.group_buy(leader=session().get_one(Leader, host.leader_id))
    with transaction():
        for guest, bps in guests_bps.values():
            agree(group_buy.id, host, guest, bps)
    return group_buy.id


def agree(group_buy_id: str, host: Stall, guest: Stall, bps: int, day: str = "03-02") -> None:
    at = local(f"2026-{day} 09:00")
    session().add(
        Cohost(
            group_buy_id=group_buy_id,
            host_leader_id=host.leader_id,
            guest_leader_id=guest.leader_id,
            guest_bps=bps,
            state=CohostState.AGREED,
            proposed_at=at,
            answered_at=at,
        )
    )
    session().flush()


def sold(host: Stall, base_fen: int, group_buy_id: str, *, day: str = "03-10") -> CommissionLine:
    return host.sell(base_fen, at=local(f"2026-{day} 10:00"), group_buy_id=group_buy_id)


def split(stall: Stall, month: str) -> int:
    """Return what a leader gave or got in a month, 0 without a statement."""
    query = select(Statement.split_fen).where(
        Statement.leader_id == stall.leader_id, Statement.month == month
    )
    return session().scalar(query) or 0


class TestSharedSessions:
    def test_it_gives_each_guest_the_agreed_part(self, mei: Stall, lan: Stall, zoe: Stall) -> None:
        together = shared(mei, lan=(lan, 3_000), zoe=(zoe, 1_500))
        sold(mei, 600_000, together)
        mei.sell(600_000, at=local("2026-03-11 10:00"))
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 64_000, "split_fen": -13_500}
        assert figures_of(lan.leader_id, MARCH) == {"split_fen": 9_000}
        assert figures_of(zoe.leader_id, MARCH) == {"split_fen": 4_500}
        [part] = components_of(statement_of(lan.leader_id, MARCH))
        assert (part.key, part.inputs["earned_fen"]) == (f"{together}:2", 30_000)

    @pytest.mark.parametrize("base_fen", [20, 60, 333, 77_777])
    def test_it_splits_so_that_the_parts_sum_and_a_full_refund_returns_them(
        self, mei: Stall, lan: Stall, zoe: Stall, base_fen: int
    ) -> None:
        together = shared(mei, lan=(lan, 3_333), zoe=(zoe, 3_333))
        line = sold(mei, base_fen, together)
        third = base_fen // 3
        for month, fen in ((APRIL, third), (MAY, base_fen - third)):
            commissions.refund(line, fen, at=local(f"{month}-20 10:00"))
        settled(MARCH, APRIL, MAY)
        for month in (MARCH, APRIL, MAY):
            assert sum(split(stall, month) for stall in (mei, lan, zoe)) == 0
        for stall in (mei, lan, zoe):
            assert sum(split(stall, month) for month in (MARCH, APRIL, MAY)) == 0

    def test_it_loses_nothing_to_rounding_over_the_months(self, mei: Stall, lan: Stall) -> None:
        together = shared(mei, lan=(lan, 1_000))
        for month in (MARCH, APRIL, MAY):
            sold(mei, 80, together, day=f"{month[5:]}-10")
        settled(MARCH, APRIL, MAY)
        assert [split(mei, month) for month in (MARCH, APRIL, MAY)] == [0, -1, 0]
        assert figures_of(lan.leader_id, APRIL) == {"split_fen": 1}

    def test_it_gives_a_guest_nothing_of_what_was_paid_before_they_agreed(
        self, mei: Stall, lan: Stall, zoe: Stall
    ) -> None:
        together = shared(mei, lan=(lan, 1_000))
        agree(together, mei, zoe, 1_000, day="03-09")
        sold(mei, 200_000, together, day="03-10")
        sold(mei, 200_000, together, day="03-20")
        settled(MARCH)
        assert [split(stall, MARCH) for stall in (mei, lan, zoe)] == [-3_000, 2_000, 1_000]
        keys = {part.key for part in components_of(statement_of(lan.leader_id, MARCH))}
        assert keys == {f"{together}:1", f"{together}:2"}

    def test_it_shares_what_a_transfer_took_and_nothing_of_what_it_brought(
        self, mei: Stall, lan: Stall, zoe: Stall
    ) -> None:
        together = shared(mei, lan=(lan, 1_000))
        shared(zoe, lan=(lan, 5_000))
        line = sold(mei, 200_000, together)
        zoe.sell_each(100)
        commissions.transferred(line, zoe, at=local("2026-04-20 10:00"))
        settled(MARCH, APRIL)
        assert [split(stall, MARCH) for stall in (mei, lan)] == [-1_000, 1_000]
        assert figures_of(mei.leader_id, APRIL) == {"transfer_fen": -10_000, "split_fen": 1_000}
        assert figures_of(lan.leader_id, APRIL) == {"split_fen": -1_000}
        assert figures_of(zoe.leader_id, APRIL) == {"transfer_fen": 10_000}

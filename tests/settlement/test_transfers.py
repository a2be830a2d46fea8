"""Orders that went to another leader: before the cutoff as a whole, afterwards what is left."""

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.settlement.models import Statement
from tests.factories import commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import (
    corrections_of,
    figures_of,
    lines_of,
    local,
    settled,
    statement_of,
    told_of,
)

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"


@pytest.fixture
def mei(app: Flask) -> Stall:
    """Mei sells under a plan that pays level 2 a fifth more."""
    commissions.published(level_multipliers={"2": 12_000})
    return commissions.stall()


@pytest.fixture
def lan(mei: Stall) -> Stall:
    return commissions.stall(level=2)


class TestBeforeTheCutoff:
    def test_it_settles_the_line_for_the_new_leader_under_that_one_s_terms(
        self, mei: Stall, lan: Stall
    ) -> None:
        lan.sell_each(600_000)
        _, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.transferred(second, lan, at=local("2026-04-07 23:59:59"))
        settled(MARCH)
        mine, hers = (statement_of(stall.leader_id, MARCH) for stall in (mei, lan))
        assert [line.amount_fen for line in lines_of(mine)] == [30_000, 272_000]
        assert [line.amount_fen for line in lines_of(hers)] == [36_000, 40_800]
        assert (mine.volume_fen, hers.volume_fen) == (4_600_000, 1_200_000)
        moved = lines_of(hers)[1]
        assert (moved.commission_line_id, moved.multiplier_bps) == (second.id, 12_000)
        assert moved.transfer_id is not None
        assert moved.segments == [[600_000, 1_000_000, 500], [1_000_000, 1_200_000, 700]]
        assert told_of(mei.leader_id, MARCH) == told_of(lan.leader_id, MARCH) == []

    def test_it_follows_the_last_of_several_transfers_with_its_refunds(
        self, mei: Stall, lan: Stall
    ) -> None:
        [line] = mei.sell_each(600_000)
        commissions.transferred(line, lan, at=local("2026-03-20 12:00"))
        commissions.refund(line, 100_000, at=local("2026-03-25 12:00"))
        commissions.transferred(line, mei, at=local("2026-04-01 12:00"))
        commissions.refund(line, 100_000, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 25_000}
        assert figures_of(mei.leader_id, APRIL) == {"clawback_fen": -5_000}

    def test_it_earns_nothing_any_more_when_it_went_to_the_house(self, mei: Stall) -> None:
        _, second = mei.sell_each(600_000, 600_000)
        commissions.transferred(second, None, at=local("2026-04-01 12:00"))
        settled(MARCH)
        [line] = lines_of(statement_of(mei.leader_id, MARCH))
        assert line.amount_fen == 30_000

    def test_it_earns_nothing_as_the_new_leader_s_own_purchase(
        self, mei: Stall, lan: Stall
    ) -> None:
        [line] = mei.sell_each(600_000)
        commissions.transferred(line, lan, at=local("2026-04-01 12:00"), commissionable=False)
        settled(MARCH)
        [sale] = lines_of(statement_of(lan.leader_id, MARCH))
        assert (sale.reason, sale.amount_fen) == ("self_purchase", 0)


class TestAfterTheCutoff:
    def test_it_moves_the_settled_amount_and_tiers_nothing_anew(
        self, mei: Stall, lan: Stall
    ) -> None:
        _, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.transferred(second, lan, at=local("2026-04-08 00:00:00"))
        commissions.refund(second, 150_000, at=local("2026-05-20 12:00"))
        settled(MARCH, APRIL, MAY)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 348_000}
        assert told_of(mei.leader_id, APRIL) == [("TRANSFER", -34_000)]
        assert told_of(lan.leader_id, APRIL) == [("TRANSFER", 34_000)]
        assert told_of(lan.leader_id, MAY) == [("CLAWBACK", -8_500)]
        [row] = corrections_of(statement_of(lan.leader_id, MAY))
        assert row.corrects_id == statement_of(mei.leader_id, MARCH).id

    def test_it_moves_what_earlier_refunds_left(self, mei: Stall, lan: Stall) -> None:
        _, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.refund(second, 150_000, at=local("2026-04-15 12:00"))
        commissions.transferred(second, lan, at=local("2026-04-20 12:00"))
        commissions.refund(second, 450_000, quantity=1, at=local("2026-04-25 12:00"))
        settled(MARCH, APRIL)
        assert told_of(mei.leader_id, APRIL) == [("CLAWBACK", -8_500), ("TRANSFER", -25_500)]
        assert told_of(lan.leader_id, APRIL) == [("TRANSFER", 25_500), ("CLAWBACK", -25_500)]
        moved = figures_of(mei.leader_id, APRIL)
        assert moved == {"clawback_fen": -8_500, "transfer_fen": -25_500}

    def test_it_passes_through_the_house(self, mei: Stall, lan: Stall) -> None:
        _, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.transferred(second, None, at=local("2026-04-20 12:00"))
        commissions.refund(second, 150_000, at=local("2026-05-20 12:00"))
        lan.sell_each(100, month=MAY)
        commissions.transferred(second, lan, at=local("2026-06-20 12:00"))
        settled(MARCH, APRIL, MAY, JUNE)
        assert told_of(mei.leader_id, APRIL) == [("TRANSFER", -34_000)]
        assert figures_of(lan.leader_id, MAY) == {"sales_fen": 6}
        assert told_of(lan.leader_id, JUNE) == [("TRANSFER", 25_500)]

    def test_it_moves_to_and_fro_within_one_window(self, mei: Stall, lan: Stall) -> None:
        [line] = mei.sell_each(600_000)
        for number, to in enumerate((lan, mei, lan)):
            commissions.transferred(line, to, at=local(f"2026-04-{20 + number} 12:00"))
        settled(MARCH, APRIL)
        assert [fen for _, fen in told_of(mei.leader_id, APRIL)] == [-30_000, 30_000, -30_000]
        assert figures_of(lan.leader_id, APRIL) == {"transfer_fen": 30_000}

    def test_it_moves_nothing_to_whom_it_belongs(self, mei: Stall, lan: Stall) -> None:
        [line] = mei.sell_each(600_000)
        commissions.transferred(line, lan, at=local("2026-04-01 12:00"))
        commissions.transferred(line, lan, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert session().scalars(select(Statement.month)).all() == [MARCH]

    def test_it_takes_back_by_units_where_the_rate_is_flat(self, mei: Stall, lan: Stall) -> None:
        rule = {
            "kind": "flat",
            "target_kind": "sku",
            "target_id": mei.sku_id,
            "rate_bps": None,
            "flat_fen_per_unit": 333,
            "counts": True,
        }
        flat = commissions.published(item_rules=[rule], code="flat")
        at = local("2026-03-04 00:00")
        commissions.assigned(flat.plan_id, "leader", mei.leader_id, at=at)
        line = mei.sell(100_000, at=local("2026-03-10 10:00"), quantity=4)
        commissions.transferred(line, lan, at=local("2026-04-20 12:00"))
        commissions.refund(line, 25_000, quantity=1, at=local("2026-04-21 12:00"))
        settled(MARCH, APRIL)
        assert told_of(lan.leader_id, APRIL) == [("TRANSFER", 1_332), ("CLAWBACK", -333)]

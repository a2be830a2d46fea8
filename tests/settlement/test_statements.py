"""What statements say: sales, refunds before and after the cutoff, what is carried."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.money import half_up
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from groupbuy.settlement.models import Statement
from tests.factories import commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import (
    approved,
    broken,
    calculated,
    corrections_of,
    lines_of,
    local,
    statement_of,
)

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"
NO_TERMS = {"rate_bps": None, "flat_fen_per_unit": None, "counts": True}


def figures(stall: Stall, month: str) -> tuple[int, ...]:
    """Return carry in, sales, clawback, payable, payout, carry out."""
    s = statement_of(stall.leader_id, month)
    return (
        s.carry_in_fen,
        s.sales_fen,
        s.clawback_fen,
        s.payable_fen,
        s.payout_fen,
        s.carry_out_fen,
    )


def owed(stall: Stall) -> int:
    """Return what the ledger owes a leader."""
    return -ledger.balance(Account(AccountKind.LEADER, stall.leader_id))


class TestSales:
    def test_it_settles_a_month_line_by_line(self, mei: Stall) -> None:
        mei.sell_each(600_000, 600_000, 4_000_000)
        approved(MARCH)
        assert figures(mei, MARCH) == (0, 348_000, 0, 348_000, 348_000, 0)
        statement = statement_of(mei.leader_id, MARCH)
        lines = lines_of(statement)
        assert statement.volume_fen == 5_200_000
        assert [line.amount_fen for line in lines] == [30_000, 34_000, 284_000]
        assert [(line.volume_from_fen, line.volume_to_fen) for line in lines] == [
            (0, 600_000),
            (600_000, 1_200_000),
            (1_200_000, 5_200_000),
        ]
        assert lines[1].segments == [[600_000, 1_000_000, 500], [1_000_000, 1_200_000, 700]]
        assert (lines[1].exact, lines[1].rounding) == ("34000/1", "0/1")
        assert owed(mei) == 348_000
        assert broken() == []

    def test_it_keeps_the_exact_fraction_and_the_rounding(self, mei: Stall) -> None:
        mei.sell_each(333)
        calculated(MARCH)
        [line] = lines_of(statement_of(mei.leader_id, MARCH))
        assert (line.exact, line.amount_fen, line.rounding) == ("333/20", 17, "7/20")

    def test_it_counts_a_line_in_the_local_month_of_its_completion(self, mei: Stall) -> None:
        mei.sell(200_000, at=local("2026-03-31 23:59:59"))
        mei.sell(400_000, at=local("2026-04-01 00:00:00"))
        approved(MARCH)
        approved(APRIL)
        assert figures(mei, MARCH)[1] == 10_000
        assert figures(mei, APRIL)[1] == 20_000

    def test_it_leaves_out_what_is_not_completed(self, mei: Stall) -> None:
        mei.pay(200_000, paid_at=local("2026-03-10 10:00"))
        mei.sell_each(100_000)
        calculated(MARCH)
        assert figures(mei, MARCH)[1] == 5_000

    def test_it_tells_why_a_line_earns_nothing(self, mei: Stall) -> None:
        at = local("2026-03-10 10:00")
        mei.sell(100_000, at=at, commissionable=False)
        mei.sell(100_000, at=at + timedelta(hours=1), earns_commission=False)
        mei.sell(100_000, at=at + timedelta(hours=2), paid_at=local("2026-02-01 10:00"))
        calculated(MARCH)
        statement = statement_of(mei.leader_id, MARCH)
        reasons = [line.reason for line in lines_of(statement)]
        assert reasons == ["self_purchase", "item_without_commission", "no_plan"]
        assert (statement.sales_fen, statement.volume_fen) == (0, 0)

    def test_it_keeps_the_terms_of_the_time_of_payment(self, mei: Stall) -> None:
        change = local("2026-03-20 00:00")
        commissions.published([[0, 600], [1_000_000, 800]], effective_from=change)
        mei.sell_each(800_000)
        mei.sell(400_000, at=change + timedelta(days=5), paid_at=change)
        mei.sell(100_000, at=change + timedelta(days=6), paid_at=change - timedelta(seconds=1))
        calculated(MARCH)
        amounts = [line.amount_fen for line in lines_of(statement_of(mei.leader_id, MARCH))]
        assert amounts == [40_000, 28_000, 7_000]

    def test_it_spreads_a_cap_over_the_lines(self, app: Flask) -> None:
        commissions.published(cap_fen=300_000)
        mei = commissions.stall()
        mei.sell_each(600_000, 600_000, 4_000_000)
        approved(MARCH)
        statement = statement_of(mei.leader_id, MARCH)
        assert (statement.uncapped_fen, statement.cap_fen, statement.sales_fen) == (
            348_000,
            300_000,
            300_000,
        )
        assert [line.amount_fen for line in lines_of(statement)] == [25_862, 29_310, 244_828]
        assert broken() == []

    def test_it_caps_by_the_versions_that_its_lines_earn_by(self, mei: Stall) -> None:
        def version(day: str, **terms: Any) -> datetime:
            at = local(f"2026-03-{day} 00:00")
            commissions.published(effective_from=at, **terms)
            return at + timedelta(days=1)

        strict = version("05", cap_fen=100)
        mild = version("10", cap_fen=300)
        excluding = {"kind": "exclude", "target_kind": "sku", "target_id": mei.sku_id}
        free = version("15", item_rules=[{**excluding, **NO_TERMS}])
        for paid_at in (strict, mild, free):
            mei.sell(600_000, at=local("2026-03-20 12:00"), paid_at=paid_at)
        calculated(MARCH)
        statement = statement_of(mei.leader_id, MARCH)
        assert (statement.cap_fen, statement.sales_fen) == (300, 300)
        assert [line.amount_fen for line in lines_of(statement)] == [141, 159, 0]

    def test_it_gives_every_fen_a_line_with_its_exact_fraction(self, mei: Stall) -> None:
        lines = mei.sell_each(333, 7_777, 12_345, 999_999, 2_345_678)
        for line in lines:
            commissions.refund(line, 111, at=local("2026-04-20 12:00"))
        approved(MARCH)
        approved(APRIL)
        march, april = (statement_of(mei.leader_id, month) for month in (MARCH, APRIL))
        sold = lines_of(march)
        assert sum(sale.amount_fen for sale in sold) == march.sales_fen
        assert [sale.position for sale in sold] == list(range(5))
        for sale in sold:
            assert Fraction(sale.exact) + Fraction(sale.rounding) == sale.amount_fen
        taken = corrections_of(april)
        assert sum(clawback.amount_fen for clawback in taken) == april.clawback_fen
        for clawback in taken:
            assert half_up(Fraction(clawback.exact)) == clawback.target_after_fen


class TestRefunds:
    def test_it_nets_a_refund_before_the_cutoff(self, mei: Stall) -> None:
        _, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-07 23:59:59"))
        approved(MARCH)
        assert figures(mei, MARCH)[1:3] == (302_000, 0)
        lines = lines_of(statement_of(mei.leader_id, MARCH))
        assert [line.amount_fen for line in lines] == [30_000, 0, 272_000]
        assert (lines[1].base_fen, lines[1].refunded_fen, lines[1].quantity) == (0, 600_000, 0)
        assert broken() == []

    def test_it_takes_back_a_refund_from_the_cutoff_on(self, mei: Stall) -> None:
        _, second, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        key = commissions.refund(second, 600_000, quantity=1, at=local("2026-04-08 00:00:00"))
        approved(MARCH)
        approved(APRIL)
        assert figures(mei, MARCH)[1:3] == (348_000, 0)
        assert figures(mei, APRIL) == (0, 0, -34_000, -34_000, 0, -34_000)
        april = statement_of(mei.leader_id, APRIL)
        assert lines_of(april) == []
        [line] = corrections_of(april)
        assert (line.kind, line.amount_fen) == ("CLAWBACK", -34_000)
        assert (line.event_key, line.corrects_id) == (key, statement_of(mei.leader_id, MARCH).id)
        assert (line.settled_fen, line.remaining_before, line.remaining_after) == (
            34_000,
            600_000,
            0,
        )
        assert owed(mei) == 348_000 - 34_000
        assert broken() == []

    def test_it_takes_back_exactly_what_was_settled_however_it_is_split(self, mei: Stall) -> None:
        *_, third = mei.sell_each(600_000, 600_000, 4_000_000)
        for month, amount in ((APRIL, 1_000_000), (APRIL, 1_333_333), (MAY, 1_666_667)):
            commissions.refund(third, amount, at=local(f"{month}-15 12:00"))
        for month in (MARCH, APRIL, MAY):
            approved(month)
        assert figures(mei, APRIL)[2] == -71_000 - 94_667
        assert figures(mei, MAY)[2] == -118_333
        assert broken() == []

    def test_it_counts_from_what_was_left_at_the_settlement(self, mei: Stall) -> None:
        [line] = mei.sell_each(1_000_000)
        commissions.refund(line, 200_000, at=local("2026-04-01 12:00"))
        commissions.refund(line, 400_000, at=local("2026-04-20 12:00"))
        approved(MARCH)
        approved(APRIL)
        assert figures(mei, MARCH)[1] == 40_000
        assert figures(mei, APRIL)[2] == -20_000
        assert broken() == []

    def test_it_takes_back_by_units_where_the_rate_is_flat(self, app: Flask) -> None:
        mei = commissions.stall()
        rule = {
            "kind": "flat",
            "target_kind": "sku",
            "target_id": mei.sku_id,
            "rate_bps": None,
            "flat_fen_per_unit": 333,
            "counts": True,
        }
        commissions.published(item_rules=[rule])
        line = mei.sell(100_000, at=local("2026-03-10 10:00"), quantity=4)
        commissions.refund(line, 25_000, quantity=1, at=local("2026-04-01 12:00"))
        commissions.refund(line, 25_000, quantity=1, at=local("2026-04-20 12:00"))
        approved(MARCH)
        approved(APRIL)
        assert figures(mei, MARCH)[1] == 999
        assert figures(mei, APRIL)[2] == -333
        assert broken() == []

    def test_it_joins_the_windows_when_the_days_of_hold_change(self, mei: Stall) -> None:
        [line] = mei.sell_each(1_000_000)
        for day in ("04-09", "04-11", "05-06", "05-09"):
            commissions.refund(line, 100_000, at=local(f"2026-{day} 12:00"))
        approved(MARCH, hold_days=10)
        approved(APRIL, hold_days=5)
        approved(MAY, hold_days=7)
        assert figures(mei, MARCH)[1] == 45_000
        assert [figures(mei, month)[2] for month in (APRIL, MAY)] == [-5_000, -10_000]
        assert broken() == []


class TestCarry:
    def test_it_carries_a_negative_balance_and_never_debits_it(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        approved(MARCH)
        commissions.refund(line, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        mei.sell_each(200_000, month=APRIL)
        mei.sell_each(900_000, month=MAY)
        approved(APRIL)
        approved(MAY)
        assert figures(mei, APRIL) == (0, 10_000, -30_000, -20_000, 0, -20_000)
        assert figures(mei, MAY) == (-20_000, 45_000, 0, 25_000, 25_000, 0)
        assert owed(mei) == 30_000 + 25_000
        assert broken() == []

    @pytest.mark.parametrize(
        ("base_fen", "payout_fen", "carry_out_fen"),
        [(200_000, 10_000, 0), (199_980, 0, 9_999)],
    )
    def test_it_pays_from_the_minimum_on(
        self, mei: Stall, base_fen: int, payout_fen: int, carry_out_fen: int
    ) -> None:
        mei.sell_each(base_fen)
        approved(MARCH)
        assert figures(mei, MARCH)[4:] == (payout_fen, carry_out_fen)
        assert broken() == []

    def test_it_passes_a_balance_through_months_without_events(self, mei: Stall) -> None:
        mei.sell_each(20_000)
        approved(MARCH)
        approved(APRIL)
        mei.sell_each(180_000, month=JUNE)
        approved(JUNE)
        assert figures(mei, APRIL) == (1_000, 0, 0, 1_000, 0, 1_000)
        assert lines_of(statement_of(mei.leader_id, APRIL)) == []
        assert figures(mei, JUNE) == (1_000, 9_000, 0, 10_000, 10_000, 0)
        assert owed(mei) == 10_000
        assert broken() == []

    def test_it_gives_no_statement_to_who_has_nothing(self, mei: Stall) -> None:
        lan = commissions.stall()
        mei.sell_each(600_000)
        approved(MARCH)
        approved(APRIL)
        assert {s.leader_id for s in session().scalars(select(Statement))} == {mei.leader_id}
        assert lan.leader_id != mei.leader_id

"""Refunds of closed months that are computed anew as a whole (X06)."""

from typing import Any

import pytest
from flask import Flask

from tests.factories import commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import (
    corrections_of,
    figures_of,
    local,
    settled,
    statement_of,
    told_of,
)

MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"


def selling(**terms: Any) -> tuple[Stall, list[Any]]:
    """Return Mei under a plan of whole tiers, and what she sold in March: 468,000 fen."""
    commissions.published(mode="whole", **terms)
    mei = commissions.stall()
    return mei, mei.sell_each(600_000, 600_000, 4_000_000)


class TestRetier:
    def test_it_takes_back_what_the_month_is_worth_less(self, app: Flask) -> None:
        mei, [_, second, _] = selling()
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 468_000}
        assert figures_of(mei.leader_id, APRIL) == {"clawback_fen": -146_000}
        assert told_of(mei.leader_id, APRIL) == [
            ("RETIER", -12_000),
            ("RETIER", -54_000),
            ("RETIER", -80_000),
        ]
        rows = corrections_of(statement_of(mei.leader_id, APRIL))
        assert [row.refunded_fen for row in rows] == [0, 600_000, 0]
        assert [(row.remaining_before, row.remaining_after) for row in rows] == [
            (600_000, 600_000),
            (600_000, 0),
            (4_000_000, 4_000_000),
        ]
        assert [row.target_after_fen for row in rows] == [42_000, 0, 280_000]

    def test_it_goes_on_in_the_next_window_from_where_the_last_one_ended(self, app: Flask) -> None:
        mei, [_, second, _] = selling()
        commissions.refund(second, 200_000, at=local("2026-04-20 12:00"))
        commissions.refund(second, 400_000, quantity=1, at=local("2026-05-20 12:00"))
        settled(MARCH, APRIL, MAY)
        assert told_of(mei.leader_id, APRIL) == [("RETIER", -18_000)]
        assert told_of(mei.leader_id, MAY) == [
            ("RETIER", -12_000),
            ("RETIER", -36_000),
            ("RETIER", -80_000),
        ]

    def test_it_gives_back_everything_when_all_is_refunded(self, app: Flask) -> None:
        mei, lines = selling()
        for line, month in zip(lines, (APRIL, MAY, APRIL), strict=True):
            commissions.refund(line, line.base_fen, quantity=1, at=local(f"{month}-20 12:00"))
        settled(MARCH, APRIL, MAY)
        taken = [figures_of(mei.leader_id, month)["clawback_fen"] for month in (APRIL, MAY)]
        assert taken == [-468_000 + 30_000, -30_000]

    def test_it_moves_shares_under_a_cap_without_changing_the_sum(self, app: Flask) -> None:
        mei, [_, second, _] = selling(cap_fen=300_000)
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert told_of(mei.leader_id, APRIL) == [
            ("RETIER", 4_514),
            ("RETIER", -34_615),
            ("RETIER", 30_101),
        ]
        assert figures_of(mei.leader_id, APRIL) == {}

    def test_it_takes_from_whoever_has_the_line_now(self, app: Flask) -> None:
        mei, [_, second, third] = selling()
        lan = commissions.stall()
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        commissions.transferred(third, lan, at=local("2026-04-21 12:00"))
        settled(MARCH, APRIL)
        assert told_of(mei.leader_id, APRIL) == [
            ("RETIER", -12_000),
            ("RETIER", -54_000),
            ("TRANSFER", -360_000),
        ]
        assert told_of(lan.leader_id, APRIL) == [("TRANSFER", 360_000), ("RETIER", -80_000)]

    def test_it_takes_line_by_line_where_the_plan_says_so(self, app: Flask) -> None:
        mei, [_, second, _] = selling(clawback_mode="line")
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert told_of(mei.leader_id, APRIL) == [("CLAWBACK", -54_000)]

    def test_it_tiers_a_marginal_month_anew_where_the_plan_says_so(self, app: Flask) -> None:
        commissions.published(clawback_mode="retier")
        mei = commissions.stall()
        first, _, _ = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.refund(first, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, APRIL) == {"clawback_fen": -46_000}

    @pytest.mark.parametrize("amount_fen", [1, 49])
    def test_it_leaves_a_row_for_every_refund(self, app: Flask, amount_fen: int) -> None:
        commissions.published([[0, 100]], mode="whole")
        mei = commissions.stall()
        [line] = mei.sell_each(10_000)
        commissions.refund(line, amount_fen, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        [row] = corrections_of(statement_of(mei.leader_id, APRIL))
        assert (row.kind, row.refunded_fen, row.amount_fen) == ("RETIER", amount_fen, 0)

"""The oracle itself, against the anchor cases of domain.md 10."""

import datetime as dt

import pytest

from tests.replay import oracle

PLAN = {"mode": "marginal", "tiers": [[0, 500], [1_000_000, 700], [5_000_000, 900]]}
LINES = [600_000, 600_000, 4_000_000]
NOON = dt.datetime(2026, 9, 10, 4, tzinfo=dt.UTC)


def sold(base: int, *, number: int = 0, refunded_at: dt.datetime | None = None) -> oracle.Sold:
    return oracle.Sold(number, 367, NOON, base, refunded_at)


def test_it_fills_marginal_tiers_line_by_line() -> None:
    assert oracle.exact_earnings(LINES, PLAN) == [30_000, 34_000, 284_000]


def test_it_gives_the_reached_tier_to_every_line_in_whole_mode() -> None:
    assert sum(oracle.exact_earnings(LINES, {**PLAN, "mode": "whole"})) == 468_000


def test_it_reaches_a_tier_at_its_lower_bound() -> None:
    assert sum(oracle.exact_earnings([1_000_000], {**PLAN, "mode": "whole"})) == 70_000


def test_it_spreads_by_largest_remainder() -> None:
    exact = oracle.exact_earnings(LINES, PLAN)
    assert oracle.spread(300_000, exact) == [25_862, 29_310, 244_828]


@pytest.mark.parametrize(
    ("refunded_at", "month"),
    [
        (dt.datetime(2026, 10, 7, 15, 59, 59, tzinfo=dt.UTC), None),
        (dt.datetime(2026, 10, 7, 16, tzinfo=dt.UTC), "2026-10"),
        (dt.datetime(2026, 11, 7, 15, 59, 59, tzinfo=dt.UTC), "2026-10"),
        (dt.datetime(2026, 11, 7, 16, tzinfo=dt.UTC), "2026-11"),
    ],
)
def test_it_puts_a_refund_into_one_month(refunded_at: dt.datetime, month: str | None) -> None:
    assert oracle.clawback_month(sold(1, refunded_at=refunded_at)) == month


def test_it_nets_a_refund_before_the_cutoff() -> None:
    before = NOON + dt.timedelta(days=3)
    lines = [sold(b, number=n) for n, b in enumerate(LINES)]
    lines[1].refunded_at = before
    (row,) = oracle.statements(lines, PLAN)
    assert (row["volume_fen"], row["sales_fen"], row["payout_fen"]) == (
        4_600_000,
        302_000,
        302_000,
    )


def test_it_claws_back_what_was_settled_and_carries_the_rest() -> None:
    lines = [sold(b, number=n) for n, b in enumerate(LINES)]
    lines[0].refunded_at = NOON + dt.timedelta(days=45)
    september, october = oracle.statements(lines, PLAN)
    assert september["payout_fen"] == 348_000
    assert october == {
        "leader": "367",
        "month": "2026-10",
        "volume_fen": 0,
        "sales_fen": 0,
        "clawback_fen": -30_000,
        "payable_fen": -30_000,
        "payout_fen": 0,
        "carry_out_fen": -30_000,
    }

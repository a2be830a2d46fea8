"""Tax, pure: the tables, what is withheld, and how it came about."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.payouts.rules.tax import (
    Paid,
    Regime,
    continuous_months,
    first_day,
    per_occurrence,
    platform_cumulative,
    withhold,
)
from groupbuy.payouts.rules.tax_tables import (
    PER_OCCURRENCE,
    PLATFORM_CUMULATIVE,
    CumulativeTable,
    PerOccurrenceTable,
    in_force,
)

MARCH = date(2026, 3, 20)


TABLES: tuple[PerOccurrenceTable | CumulativeTable, ...] = (*PER_OCCURRENCE, *PLATFORM_CUMULATIVE)


class TestTables:
    def test_it_names_source_and_first_day_of_every_table(self) -> None:
        for table in TABLES:
            assert "国家税务总局公告" in table.source
            assert table.version
        assert first_day(Regime.PER_OCCURRENCE) == date(2019, 1, 1)
        assert first_day(Regime.PLATFORM_CUMULATIVE) == date(2025, 10, 1)
        assert first_day(Regime.NONE) == date.min

    def test_it_has_brackets_that_join_without_a_jump(self) -> None:
        for table in TABLES:
            for lower, upper in zip(table.brackets, table.brackets[1:], strict=False):
                limit = lower.up_to_fen
                assert limit is not None
                low = limit * lower.rate_bps - lower.quick_fen * 10_000
                assert low == limit * upper.rate_bps - upper.quick_fen * 10_000

    def test_it_finds_no_table_before_the_first(self) -> None:
        assert in_force(PLATFORM_CUMULATIVE, date(2025, 9, 30)) is None
        assert in_force(PLATFORM_CUMULATIVE, date(2025, 10, 1)) is PLATFORM_CUMULATIVE[0]
        for regime in (Regime.PER_OCCURRENCE, Regime.PLATFORM_CUMULATIVE):
            with pytest.raises(LookupError):
                withhold(regime, 100, day=date(2018, 1, 1), paid=Paid())


class TestPerOccurrence:
    def test_it_says_how_the_tax_came_about(self) -> None:
        found = per_occurrence(2_500_002)
        assert found.exact == Fraction(4_000_006, 10)
        assert found.inputs == {
            "total_fen": 2_500_002,
            "taxable_fen": 2_000_002,
            "rate_bps": 3_000,
            "quick_fen": 200_000,
            "withheld_fen": 0,
        }

    def test_it_never_gives_back_what_was_withheld(self) -> None:
        assert per_occurrence(210_000, withheld_fen=36_000).tax_fen == 0

    @given(st.lists(st.integers(1, 5_000_000), min_size=1, max_size=8))
    def test_it_withholds_in_the_end_what_one_payout_would_have(self, incomes: list[int]) -> None:
        withheld = 0
        for number in range(1, len(incomes) + 1):
            total = sum(incomes[:number])
            withheld += per_occurrence(total, withheld_fen=withheld).tax_fen
        assert withheld == per_occurrence(sum(incomes)).tax_fen

    @given(st.integers(0, 20_000_000))
    def test_it_leaves_something_of_every_further_fen(self, income: int) -> None:
        step = per_occurrence(income + 1).tax_fen - per_occurrence(income).tax_fen
        assert 0 <= step <= 1


class TestPlatformCumulative:
    def test_it_is_the_example_of_the_design(self) -> None:
        paid = 0
        taxes: list[int] = []
        for month in (1, 2, 3):
            paid += 3_000_000
            found = platform_cumulative(paid, months=month, withheld_fen=sum(taxes))
            taxes.append(found.tax_fen)
        assert taxes == [57_000, 71_000, 190_000]
        assert found.exact == 318_000

    def test_it_takes_exemptions_other_deductions_and_relief_off(self) -> None:
        plain = platform_cumulative(3_000_000, months=1)
        other = platform_cumulative(3_000_000, months=1, exempt_fen=100_000, other_fen=100_000)
        assert plain.tax_fen - other.tax_fen == 6_000
        assert platform_cumulative(3_000_000, months=1, relief_fen=57_000).tax_fen == 0


class TestMonths:
    @pytest.mark.parametrize(
        ("months", "month", "count"),
        [
            ([], 3, 1),
            ([1, 2], 3, 3),
            ([1, 2, 3], 3, 3),
            ([1, 3], 4, 2),
            ([1, 2], 4, 1),
            ([12], 1, 1),
        ],
    )
    def test_it_counts_from_the_first_month_of_the_unbroken_run(
        self, months: list[int], month: int, count: int
    ) -> None:
        assert continuous_months(months, month) == count

    def test_it_withholds_by_what_was_paid_before(self) -> None:
        paid = Paid(300_000, 44_000, 6_000_000, 128_000, (1, 2))
        once = withhold(Regime.PER_OCCURRENCE, 200_000, day=MARCH, paid=paid)
        assert once.tax_fen == 36_000
        cumulative = withhold(Regime.PLATFORM_CUMULATIVE, 3_000_000, day=MARCH, paid=paid)
        assert (cumulative.tax_fen, cumulative.inputs["months"]) == (190_000, 3)
        assert withhold(Regime.NONE, 10**9, day=MARCH, paid=paid).tax_fen == 0

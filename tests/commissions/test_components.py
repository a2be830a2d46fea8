"""What a month pays beside its sales: bonuses, ranks, the guarantee, the override, shares."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.commissions.rules.components import (
    guarantee,
    override_clawback,
    override_due,
    override_fen,
    quota_bonus,
    rank,
    split,
)
from groupbuy.commissions.rules.monthly import Override, QuotaBonus
from tests.factories.settlement import SHANGHAI, local

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


class TestBonuses:
    @pytest.mark.parametrize(
        ("volume_fen", "bonus_fen"), [(4_999_999, 0), (5_000_000, 50_000), (9_000_000, 50_000)]
    )
    def test_it_pays_the_quota_s_bonus_in_whole_or_not_at_all(
        self, volume_fen: int, bonus_fen: int
    ) -> None:
        assert quota_bonus(volume_fen, QuotaBonus(5_000_000, 50_000)) == bonus_fen

    def test_it_pays_no_bonus_without_a_quota(self) -> None:
        assert quota_bonus(10**12, None) == 0

    def test_it_ranks_by_volume_then_time_then_id(self) -> None:
        entries = [
            ("ldr_b", 500, NOON),
            ("ldr_a", 500, NOON),
            ("ldr_0", 500, LATER),
            ("ldr_z", 501, LATER),
        ]
        expected = ["ldr_z", "ldr_a", "ldr_b", "ldr_0"]
        for seed in range(10):
            shuffled = random.Random(seed).sample(entries, len(entries))
            assert rank(shuffled) == expected

    def test_it_ranks_nobody_who_sold_nothing(self) -> None:
        assert rank([("ldr_a", 0, NOON), ("ldr_b", -1, NOON)]) == []

    @pytest.mark.parametrize(
        ("sum_fen", "due"), [(0, 300), (299, 1), (300, 0), (301, 0), (-5, 305)]
    )
    def test_it_fills_a_month_up_to_the_guarantee(self, sum_fen: int, due: int) -> None:
        assert guarantee(300, sum_fen) == due


class TestOverride:
    def test_it_rounds_half_up(self) -> None:
        assert [override_fen(base, 1_000) for base in (4, 5, 14, 15, -5)] == [0, 1, 1, 2, -1]

    @given(st.integers(0, 10**9), st.integers(0, 10_000), st.data())
    def test_it_gives_back_exactly_what_it_got(
        self, base_fen: int, bps: int, data: st.DataObject
    ) -> None:
        first = data.draw(st.integers(0, base_fen))
        apart = override_clawback(base_fen, first, bps)
        apart += override_clawback(base_fen - first, base_fen - first, bps)
        assert apart == override_fen(base_fen, bps)

    @pytest.mark.parametrize(
        ("since", "month", "due"),
        [
            ("2026-01-31 23:59", "2026-01", True),
            ("2026-01-31 23:59", "2026-03", True),
            ("2026-01-31 23:59", "2026-04", False),
            ("2026-02-01 00:00", "2026-04", True),
            ("2025-12-15 12:00", "2026-02", True),
            ("2025-12-15 12:00", "2026-03", False),
        ],
    )
    def test_it_ends_after_so_many_local_months(self, since: str, month: str, due: bool) -> None:
        starts_at = SHANGHAI.month_start(month)
        begun = local(since).astimezone(UTC)
        term = Override(500, months=3)
        assert override_due(term, since=begun, starts_at=starts_at, calendar=SHANGHAI) is due
        ever = Override(500)
        assert override_due(ever, since=begun, starts_at=starts_at, calendar=SHANGHAI)


SHARES = st.lists(st.integers(1, 3_000), max_size=3)


class TestSplit:
    def test_it_gives_the_host_the_rest(self) -> None:
        assert split(10_000, []) == [10_000]
        assert split(10_000, [2_500, 500]) == [7_000, 2_500, 500]
        assert split(1, [5_000]) == [1, 0]

    @given(st.integers(-(10**9), 10**9), SHARES)
    def test_it_splits_exactly_and_a_clawback_as_the_mirror(
        self, earnings_fen: int, guest_bps: list[int]
    ) -> None:
        parts = split(earnings_fen, guest_bps)
        assert sum(parts) == earnings_fen
        assert split(-earnings_fen, guest_bps) == [-part for part in parts]

    def test_it_refuses_more_than_all(self) -> None:
        with pytest.raises(ValueError, match="negative"):
            split(100, [9_000, 1_001])

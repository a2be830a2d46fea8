"""The calculation, pure: against hand-made cases and against deliberately naive models."""

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.commissions.rules.calculation import (
    Line,
    calculate,
    cap_of,
    clawback_by_line,
    clawback_by_retier,
)
from groupbuy.commissions.rules.terms import (
    Earning,
    Exclude,
    Exclusion,
    Flat,
    ItemRule,
    Mode,
    PlanTerms,
    PublishedRule,
    Replace,
    RuleKind,
    TargetKind,
    Terms,
    Tier,
    TierTable,
    VersionDate,
    campaign_book,
    choose_rule,
    earning,
    freeze,
    pick_version,
    rule_book,
)
from groupbuy.kernel.money import BPS, half_up

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
MARGINAL = TierTable(Mode.MARGINAL, (Tier(0, 500), Tier(1_000_000, 700), Tier(5_000_000, 900)))
WHOLE = TierTable(Mode.WHOLE, MARGINAL.tiers)


def line(
    base_fen: int, by: Earning = MARGINAL, *, number: int = 0, quantity: int = 1, **rest: bool
) -> Line:
    at = NOON + timedelta(minutes=number)
    return Line(f"{number:05}", at, base_fen, quantity, by, **rest)


def lines(*bases: int, by: Earning = MARGINAL) -> list[Line]:
    return [line(base, by, number=number) for number, base in enumerate(bases)]


class TestCalculate:
    def test_it_fills_the_tiers_in_order_of_completion_whatever_the_input_s(self) -> None:
        sold = lines(600_000, 600_000, 4_000_000)
        expected = calculate(sold)
        shuffled = random.Random(7).sample(sold, len(sold))
        assert calculate(shuffled) == expected
        assert [earned.amount_fen for earned in expected.lines] == [30_000, 34_000, 284_000]

    def test_it_breaks_ties_of_completion_by_the_line_s_id(self) -> None:
        late = Line("b", NOON, 600_000, 1, MARGINAL)
        early = Line("a", NOON, 600_000, 1, MARGINAL)
        earned = calculate([late, early]).lines
        assert [(e.line.line_id, e.position_from_fen) for e in earned] == [("a", 0), ("b", 600_000)]

    def test_it_gets_the_higher_tier_when_the_threshold_is_just_reached(self) -> None:
        assert calculate(lines(1_000_000, by=WHOLE)).total_fen == 70_000
        assert calculate(lines(999_999, by=WHOLE)).total_fen == 50_000
        [earned] = calculate(lines(1_000_000)).lines
        assert earned.segments == ((0, 1_000_000, 500),)

    def test_it_lets_a_line_that_does_not_count_earn_at_its_place_without_moving_it(self) -> None:
        sold = [
            line(900_000),
            line(200_000, Replace(300), number=1, counts=False),
            line(200_000, number=2),
        ]
        earned = calculate(sold)
        assert earned.volume_fen == 1_100_000
        assert [e.amount_fen for e in earned.lines] == [45_000, 6_000, 12_000]
        assert earned.lines[1].position_from_fen == earned.lines[1].position_to_fen == 900_000

    def test_it_never_counts_an_excluded_line(self) -> None:
        earned = calculate([line(900_000, Exclude()), line(200_000, number=1)])
        assert (earned.volume_fen, earned.total_fen) == (200_000, 10_000)

    def test_it_pays_flat_by_unit_without_the_multiplier(self) -> None:
        sold = Line("a", NOON, 100_000, 3, Flat(250), multiplier_bps=12_000)
        assert calculate([sold]).total_fen == 750

    def test_it_takes_zero_for_a_value(self) -> None:
        free = [line(100_000, Replace(0)), line(100_000, Flat(0), number=1)]
        assert calculate(free).total_fen == 0
        assert calculate(lines(100_000), cap_fen=0).total_fen == 0
        nothing = Line("a", NOON, 100_000, 1, MARGINAL, multiplier_bps=0)
        assert calculate([nothing]).total_fen == 0

    def test_it_computes_nothing_for_no_line(self) -> None:
        empty = calculate([])
        assert (empty.total_fen, empty.volume_fen, empty.lines) == (0, 0, ())


TABLES = st.builds(
    lambda mode, steps, rates: TierTable(
        mode, tuple(Tier(sum(steps[:n]), rate) for n, rate in enumerate(rates[: len(steps) + 1]))
    ),
    st.sampled_from(Mode),
    st.lists(st.integers(1, 40), max_size=4),
    st.lists(st.integers(0, BPS), min_size=5, max_size=5),
)
EARNINGS = st.one_of(
    TABLES,
    st.builds(Replace, st.integers(0, BPS)),
    st.builds(Flat, st.integers(0, 99)),
    st.just(Exclude()),
)
LINES = st.lists(
    st.builds(
        Line,
        line_id=st.uuids().map(str),
        completed_at=st.integers(0, 5).map(lambda n: NOON + timedelta(minutes=n)),
        base_fen=st.integers(0, 60),
        quantity=st.integers(0, 4),
        earning=EARNINGS,
        multiplier_bps=st.sampled_from([0, 5_000, BPS, 12_345]),
        counts=st.booleans(),
    ),
    max_size=6,
)


def naive_rate(table: TierTable, volume_fen: int) -> int:
    rate = 0
    for tier in table.tiers:
        if volume_fen >= tier.from_fen:
            rate = tier.rate_bps
    return rate


def naive(sold: list[Line]) -> list[Fraction]:
    """Walk through the month fen by fen."""
    ordered = sorted(sold, key=lambda one: (one.completed_at, one.line_id))
    total = sum(one.volume_fen for one in ordered)
    volume, shares = 0, []
    for one in ordered:
        by, share = one.earning, Fraction(0)
        if isinstance(by, Flat):
            share = Fraction(by.fen_per_unit * one.quantity)
        elif not isinstance(by, Exclude):
            for fen in range(volume, volume + one.base_fen):
                at = total if isinstance(by, TierTable) and by.mode is Mode.WHOLE else fen
                rate = by.rate_bps if isinstance(by, Replace) else naive_rate(by, at)
                share += Fraction(rate, BPS) * Fraction(one.multiplier_bps, BPS)
        shares.append(share)
        volume += one.volume_fen
    return shares


@given(LINES, st.none() | st.integers(0, 50))
def test_it_agrees_with_a_walk_fen_by_fen(sold: list[Line], cap_fen: int | None) -> None:
    shares = naive(sold)
    month = calculate(sold, cap_fen)
    assert [earned.exact for earned in month.lines] == shares
    assert month.uncapped_fen == half_up(sum(shares, Fraction(0)))
    cap = month.uncapped_fen if cap_fen is None else cap_fen
    assert month.total_fen == min(month.uncapped_fen, cap)
    assert sum(earned.amount_fen for earned in month.lines) == month.total_fen
    assert all(earned.parts > 0 for earned in month.lines if earned.amount_fen)
    assert all(earned.amount_fen >= 0 for earned in month.lines)


class TestClawback:
    def test_it_takes_back_by_what_remains(self) -> None:
        taken = clawback_by_line(284_000, 4_000_000, [1_000_000, 1_333_333, 1_666_667])
        assert [c.amount_fen for c in taken] == [71_000, 94_667, 118_333]
        assert [c.remaining_after for c in taken] == [3_000_000, 1_666_667, 0]

    def test_it_takes_nothing_back_of_nothing(self) -> None:
        [taken] = clawback_by_line(0, 0, [0])
        assert taken.amount_fen == 0

    def test_it_refuses_to_take_back_more_than_there_was(self) -> None:
        with pytest.raises(ValueError, match="101 given back of 100"):
            clawback_by_line(5, 100, [50, 51])

    def test_it_computes_the_month_anew_where_tiers_are_whole(self) -> None:
        assert clawback_by_retier(468_000, lines(4_600_000, by=WHOLE)) == 146_000

    @given(st.integers(0, 10_000), st.lists(st.integers(0, 500), min_size=1, max_size=8))
    def test_it_returns_exactly_the_settled_amount_however_it_is_split(
        self, settled_fen: int, refunds: list[int]
    ) -> None:
        taken = clawback_by_line(settled_fen * (sum(refunds) > 0), sum(refunds), refunds)
        assert all(c.amount_fen >= 0 for c in taken)
        assert sum(c.amount_fen for c in taken) == settled_fen * (sum(refunds) > 0)

    @given(st.integers(0, 10_000), st.integers(1, 999), st.integers(0, 999))
    def test_it_depends_on_the_sum_of_the_refunds_only(
        self, settled_fen: int, first: int, second: int
    ) -> None:
        basis = first + second + 7
        apart = sum(c.amount_fen for c in clawback_by_line(settled_fen, basis, [first, second]))
        [together] = clawback_by_line(settled_fen, basis, [first + second])
        assert apart == together.amount_fen <= settled_fen


SKU = ItemRule(RuleKind.EXCLUDE, TargetKind.SKU, "sku_1")
PRODUCT = ItemRule(RuleKind.REPLACE, TargetKind.PRODUCT, "prd_1", rate_bps=0)
NEAR = ItemRule(RuleKind.FLAT, TargetKind.CATEGORY, "cat_near", flat_fen_per_unit=5, counts=False)
FAR = ItemRule(RuleKind.REPLACE, TargetKind.CATEGORY, "cat_far", rate_bps=100)


class TestTerms:
    @pytest.mark.parametrize(
        ("rules", "chosen"),
        [
            ([FAR, NEAR, PRODUCT, SKU], SKU),
            ([FAR, NEAR, PRODUCT], PRODUCT),
            ([FAR, NEAR], NEAR),
            ([FAR], FAR),
            ([], None),
        ],
    )
    def test_it_chooses_the_nearest_rule(
        self, rules: list[ItemRule], chosen: ItemRule | None
    ) -> None:
        found = choose_rule(
            rule_book(rules),
            sku_id="sku_1",
            product_id="prd_1",
            category_ids=("cat_near", "cat_far"),
        )
        assert found is chosen

    def test_it_prefers_the_campaign_s_rules_to_the_plan_s(self) -> None:
        goods: Any = {"sku_id": "sku_1", "product_id": "prd_1", "category_ids": ("cat_near",)}
        book = rule_book([SKU, PRODUCT, NEAR])
        one, every = (ItemRule(RuleKind.EXCLUDE, TargetKind.CAMPAIGN, name) for name in "ab")
        both = {"sku_1": one, None: every}
        assert choose_rule(book, campaign=both, **goods) is one
        assert choose_rule(book, campaign={"sku_2": one, None: every}, **goods) is every
        assert choose_rule(book, campaign={"sku_2": one}, **goods) is SKU
        assert choose_rule(book, campaign={}, **goods) is SKU

    def test_it_takes_a_campaign_s_latest_rule_published_by_then(self) -> None:
        old, new, other = (ItemRule(RuleKind.EXCLUDE, TargetKind.CAMPAIGN, n) for n in "abc")
        later = NOON + timedelta(days=1)
        rules = [
            PublishedRule(None, later, new),
            PublishedRule(None, NOON, old),
            PublishedRule("sku_1", NOON, other),
        ]
        assert campaign_book(rules, NOON - timedelta(microseconds=1)) == {}
        assert campaign_book(rules, NOON) == {None: old, "sku_1": other}
        assert campaign_book(rules, later) == {None: new, "sku_1": other}

    def test_it_freezes_the_rule_that_won(self) -> None:
        assert freeze(None, None) == Terms(RuleKind.TIERS)
        assert freeze(NEAR, None) == Terms(
            RuleKind.FLAT, None, "cat_near", flat_fen_per_unit=5, counts=False
        )
        assert freeze(PRODUCT, None) == Terms(RuleKind.REPLACE, None, "prd_1", rate_bps=0)

    def test_it_freezes_why_a_line_is_excluded(self) -> None:
        by_rule = freeze(SKU, Exclusion.RULE)
        assert (by_rule.kind, by_rule.rule_target_id, by_rule.counts) == (
            RuleKind.EXCLUDE,
            "sku_1",
            False,
        )
        own = freeze(FAR, Exclusion.SELF_PURCHASE)
        assert (own.kind, own.rule_target_id, own.rate_bps) == (RuleKind.EXCLUDE, None, None)

    def test_it_refuses_incomplete_terms(self) -> None:
        with pytest.raises(ValueError, match="incomplete terms of kind flat"):
            earning("flat", table=MARGINAL, rate_bps=5, flat_fen_per_unit=None)

    def test_it_picks_the_version_in_force(self) -> None:
        versions = [VersionDate("late", NOON), VersionDate("early", NOON - timedelta(days=9))]
        moments = [NOON - timedelta(days=10), NOON - timedelta(microseconds=1), NOON]
        picked = [pick_version(versions, at) for at in moments]
        assert [version and version.id for version in picked] == [None, "early", "late"]


class TestCap:
    PLANS = {  # noqa: RUF012
        "strict": PlanTerms(MARGINAL, 100),
        "mild": PlanTerms(MARGINAL, 300),
        "free": PlanTerms(MARGINAL, None),
    }

    @pytest.mark.parametrize(
        ("versions", "cap_fen"),
        [
            (["strict"], 100),
            (["strict", "mild", "strict"], 300),
            (["strict", "free"], None),
            ([], None),
        ],
    )
    def test_it_is_the_most_generous_of_the_versions_used(
        self, versions: list[str], cap_fen: int | None
    ) -> None:
        assert cap_of(versions, self.PLANS) == cap_fen

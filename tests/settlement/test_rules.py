"""The month, pure: windows, carry, one leader's statement, its words."""

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.commissions.rules.calculation import CompletedLine
from groupbuy.commissions.rules.terms import Mode, PlanTerms, Tier, TierTable
from groupbuy.kernel.clock import Calendar, next_month
from groupbuy.kernel.money import BPS
from groupbuy.settlement.rules.periods import (
    MOVES,
    Action,
    PeriodState,
    RefundEffect,
    statement_of_refund,
    window,
)
from groupbuy.settlement.rules.statements import (
    LeaderMonth,
    SettledRefund,
    canonical,
    carry,
    digest,
    fraction,
    reattribute,
    settle,
)
from groupbuy.settlement.rules.wording import decimal, explain_clawback, explain_sale, yuan

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))
NOON = datetime(2025, 9, 10, 4, tzinfo=UTC)
CUTOFF = datetime(2025, 10, 7, 16, tzinfo=UTC)
SEPTEMBER, OCTOBER, NOVEMBER = "2025-09", "2025-10", "2025-11"


class TestWindow:
    def test_it_closes_september_on_the_eighth_of_october(self) -> None:
        assert window(SEPTEMBER, SHANGHAI, 7).cutoff_at == CUTOFF

    @pytest.mark.parametrize(
        ("recorded_at", "expected"),
        [
            (CUTOFF - timedelta(microseconds=1), (SEPTEMBER, RefundEffect.NETTED)),
            (CUTOFF, (OCTOBER, RefundEffect.CLAWBACK)),
            (datetime(2025, 11, 7, 15, 59, 59, tzinfo=UTC), (OCTOBER, RefundEffect.CLAWBACK)),
            (datetime(2025, 11, 7, 16, tzinfo=UTC), (NOVEMBER, RefundEffect.CLAWBACK)),
        ],
    )
    def test_it_puts_a_refund_into_one_statement(
        self, recorded_at: datetime, expected: tuple[str, RefundEffect]
    ) -> None:
        assert statement_of_refund(SEPTEMBER, recorded_at, SHANGHAI, 7) == expected

    @given(
        st.datetimes(datetime(2025, 10, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        st.integers(0, 75),
    )
    def test_it_agrees_with_the_windows_that_are_settled(
        self, recorded_at: datetime, hold_days: int
    ) -> None:
        month, effect = statement_of_refund(SEPTEMBER, recorded_at, SHANGHAI, hold_days)
        if effect is RefundEffect.NETTED:
            assert month == SEPTEMBER
            assert recorded_at < window(SEPTEMBER, SHANGHAI, hold_days).cutoff_at
        else:
            span = window(month, SHANGHAI, hold_days)
            assert month > SEPTEMBER
            assert span.window_from <= recorded_at < span.cutoff_at

    @given(st.lists(st.integers(0, 75), min_size=2, max_size=8), st.integers(0, 6))
    def test_it_joins_windows_whatever_the_days_of_hold_become(
        self, holds: list[int], gap: int
    ) -> None:
        month, last = SEPTEMBER, None
        for hold_days in holds:
            span = window(month, SHANGHAI, hold_days, last=last)
            assert span.window_from <= span.cutoff_at
            if last is not None:
                assert span.window_from == last[1]
            last = (month, span.cutoff_at)
            month = next_month(month)
        assert last is not None
        for _ in range(gap):
            month = next_month(month)
        assert window(month, SHANGHAI, holds[0], last=last).window_from >= last[1]


class TestMoves:
    def test_it_never_leaves_the_last_state_or_reopens(self) -> None:
        assert not [move for move in MOVES if move[0] is PeriodState.LOCKED]
        assert {state for (state, action) in MOVES if action is Action.CALCULATE} == {
            PeriodState.CLOSING,
            PeriodState.DRAFT,
            PeriodState.IN_REVIEW,
        }
        assert PeriodState.OPEN not in MOVES.values()


class TestCarry:
    @pytest.mark.parametrize(
        ("carry_in_fen", "components", "minimum", "expected"),
        [
            (0, [9_999], 10_000, (9_999, 0, 9_999)),
            (1, [9_999], 10_000, (10_000, 10_000, 0)),
            (0, [30_000, -50_000], 10_000, (-20_000, 0, -20_000)),
            (-20_000, [20_000], 0, (0, 0, 0)),
            (0, [1], 0, (1, 1, 0)),
            (0, [-1], 0, (-1, 0, -1)),
        ],
    )
    def test_it_pays_all_or_carries_all(
        self,
        carry_in_fen: int,
        components: list[int],
        minimum: int,
        expected: tuple[int, int, int],
    ) -> None:
        ended = carry(carry_in_fen, components, min_payout_fen=minimum)
        assert (ended.payable_fen, ended.payout_fen, ended.carry_out_fen) == expected

    @given(st.lists(st.integers(-50_000, 50_000), max_size=12), st.integers(0, 20_000))
    def test_it_loses_nothing_over_the_months(self, earned: list[int], minimum: int) -> None:
        paid, carried = 0, 0
        for fen in earned:
            ended = carry(carried, [fen], min_payout_fen=minimum)
            assert ended.payout_fen >= 0
            paid, carried = paid + ended.payout_fen, ended.carry_out_fen
        assert paid + carried == sum(earned)

    def test_it_moves_what_is_left_of_a_settled_order(self) -> None:
        assert reattribute(34_000) == (-34_000, 34_000)
        assert reattribute(34_000, 4_000) == (-30_000, 30_000)


PLAN = PlanTerms(TierTable(Mode.MARGINAL, (Tier(0, 333), Tier(1_000, 777))), None)


def sold(number: int, base_fen: int = 700) -> CompletedLine:
    return CompletedLine(
        commission_line_id=f"cml_{number}",
        order_id=f"ord_{number}",
        order_line_id=f"orl_{number}",
        leader_id="ldr_mei",
        completed_at=NOON + timedelta(hours=number % 3),
        base_fen=base_fen,
        quantity=2,
        refunded_fen=100,
        returned_quantity=1,
        plan_version_id="plv_1",
        kind="tiers",
        reason=None,
        rate_bps=None,
        flat_fen_per_unit=None,
        counts=True,
        multiplier_bps=BPS,
    )


def refunded(number: int, amount_fen: int = 10, earlier_fen: int = 0) -> SettledRefund:
    return SettledRefund(
        refund_key=f"refund {number}",
        recorded_at=NOON + timedelta(days=number % 3),
        amount_fen=amount_fen,
        units=0,
        leader_id="ldr_mei",
        corrects_id="sts_august",
        commission_line_id="cml_august",
        order_id="ord_august",
        order_line_id="orl_august",
        completed_at=NOON - timedelta(days=30),
        plan_version_id="plv_1",
        rule_kind="tiers",
        reason=None,
        multiplier_bps=BPS,
        flat_fen_per_unit=None,
        base_fen=334,
        quantity=1,
        settled_fen=17,
        earlier_fen=earlier_fen,
        earlier_units=0,
    )


class TestSettle:
    def settled(self, lines: list[CompletedLine], refunds: list[SettledRefund]) -> bytes:
        month = LeaderMonth(SEPTEMBER, "ldr_mei", 5, lines, refunds)
        statement = settle(month, {"plv_1": PLAN}, min_payout_fen=10)
        assert digest([statement.figures, statement.rows]) == statement.digest
        return canonical([statement.figures, statement.rows])

    def test_it_gives_the_same_bytes_in_whatever_order_events_come(self) -> None:
        lines, refunds = [sold(n) for n in range(9)], [refunded(n) for n in range(5)]
        first = self.settled(lines, refunds)
        dice = random.Random(3)
        for _ in range(5):
            dice.shuffle(lines)
            dice.shuffle(refunds)
            assert self.settled(lines, refunds) == first

    def test_it_gives_every_fen_a_line_with_its_exact_fraction(self) -> None:
        month = LeaderMonth(SEPTEMBER, "ldr_mei", 5, [sold(n) for n in range(9)], [refunded(1)])
        statement = settle(month, {"plv_1": PLAN}, min_payout_fen=10)
        figures = statement.figures
        by_kind = {"SALES": 0, "CLAWBACK": 0}
        for row in statement.rows:
            by_kind[row["kind"]] += row["amount_fen"]
            rounded = row["amount_fen"] if row["kind"] == "SALES" else row["target_after_fen"]
            assert Fraction(row["exact"]) + Fraction(row["rounding"]) == rounded
        assert by_kind == {"SALES": figures["sales_fen"], "CLAWBACK": figures["clawback_fen"]}
        assert figures["payable_fen"] == 5 + sum(by_kind.values())
        assert [row["position"] for row in statement.rows] == list(range(10))

    def test_it_goes_on_from_what_earlier_refunds_left(self) -> None:
        refunds = [refunded(0, 111), refunded(1, 111, 111), refunded(2, 112, 222)]
        month = LeaderMonth(SEPTEMBER, "ldr_mei", 0, [], refunds)
        rows = settle(month, {}, min_payout_fen=0).rows
        assert [row["amount_fen"] for row in rows] == [-6, -5, -6]
        assert rows[0]["exact"] == "3791/334"


class TestWording:
    def sale(self, **changes: object) -> str:
        told: dict[str, object] = {
            "rule_kind": "tiers",
            "reason": None,
            "quantity": 1,
            "flat_fen_per_unit": None,
            "volume_from_fen": 600_000,
            "volume_to_fen": 1_200_000,
            "segments": [[600_000, 1_000_000, 500], [1_000_000, 1_200_000, 700]],
            "multiplier_bps": BPS,
        }
        return explain_sale(**(told | changes)).en  # type: ignore[arg-type]

    def test_it_says_where_a_line_took_the_leader(self) -> None:
        assert self.sale() == (
            "took you from ¥6,000.00 to ¥12,000.00: ¥4,000.00 at 5 %, ¥2,000.00 at 7 %"
        )

    def test_it_names_the_multiplier_the_unit_and_the_reason(self) -> None:
        assert self.sale(multiplier_bps=12_500).endswith("at 7 %, × 1.25 for your level")
        assert self.sale(rule_kind="flat", flat_fen_per_unit=250, quantity=3) == (
            "3 × ¥2.50 for each unit"
        )
        assert self.sale(reason="no_plan") == "earns nothing: no plan was in force"
        assert self.sale(segments=[]) == "earns nothing: all of it was refunded"
        assert self.sale(volume_to_fen=600_000).startswith("does not count toward your volume: ")

    def test_it_says_what_a_refund_took_back(self) -> None:
        text = explain_clawback(
            rule_kind="tiers",
            settled_fen=284_000,
            remaining_after=3_000_000,
            basis=4_000_000,
            target_before_fen=284_000,
            target_after_fen=213_000,
        )
        assert text.en == (
            "a refund left ¥30,000.00 of ¥40,000.00, settled with ¥2,840.00: "
            "the commission goes from ¥2,840.00 to ¥2,130.00"
        )
        assert text.zh == (
            "退款后剩 ¥30,000.00（原 ¥40,000.00，已结佣金 ¥2,840.00）："
            "佣金由 ¥2,840.00 变为 ¥2,130.00"
        )

    def test_it_writes_numbers_without_superfluous_digits(self) -> None:
        assert [yuan(fen) for fen in (0, 5, -123_456)] == ["¥0.00", "¥0.05", "-¥1,234.56"]
        assert [decimal(bps, 100) for bps in (0, 5, 550, 700)] == ["0", "0.05", "5.5", "7"]
        assert fraction(Fraction(5)) == "5/1"

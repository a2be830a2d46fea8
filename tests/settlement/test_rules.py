"""The month, pure: windows, carry, one leader's statement, its words."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.commissions.rules.wording import decimal, yuan
from groupbuy.kernel.clock import Calendar, next_month
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text
from groupbuy.settlement.rules.periods import (
    MOVES,
    Action,
    PeriodState,
    RefundEffect,
    statement_of_refund,
    window,
)
from groupbuy.settlement.rules.statements import carry, fraction, reattribute
from groupbuy.settlement.rules.wording import explain_component, explain_correction, explain_sale

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))
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

    def correction(self, kind: str, amount_fen: int, after_fen: int = 284_000) -> Text:
        return explain_correction(
            kind=kind,
            amount_fen=amount_fen,
            refunded_fen=1_000_000,
            settled_fen=284_000,
            target_before_fen=284_000,
            target_after_fen=after_fen,
        )

    def test_it_says_what_a_refund_took_back(self) -> None:
        taken = self.correction("CLAWBACK", -71_000, 213_000)
        assert taken.en == (
            "¥10,000.00 were refunded (settled with ¥2,840.00): "
            "the commission goes from ¥2,840.00 to ¥2,130.00"
        )
        assert taken.zh == (
            "退款 ¥10,000.00（已结佣金 ¥2,840.00）：佣金由 ¥2,840.00 变为 ¥2,130.00"
        )

    @pytest.mark.parametrize(
        ("kind", "amount_fen", "zh", "en"),
        [
            (
                "RETIER",
                -71_000,
                "当月按全部退款重新计算档位：佣金由 ¥2,840.00 变为 ¥2,840.00",
                "the closed month was computed anew with all refunds: "
                "the commission goes from ¥2,840.00 to ¥2,840.00",
            ),
            (
                "TRANSFER",
                -284_000,
                "订单改归他人：转出 ¥2,840.00",
                "the order went to another leader: ¥2,840.00",
            ),
            (
                "TRANSFER",
                284_000,
                "订单改归您：转入 ¥2,840.00",
                "the order was given to you: ¥2,840.00",
            ),
            (
                "FORFEIT",
                -284_000,
                "订单被认定为异常：收回 ¥2,840.00",
                "the order was found to be improper: ¥2,840.00",
            ),
            (
                "HOLD",
                -284_000,
                "订单核查中，暂扣 ¥2,840.00",
                "held back while the order is checked: ¥2,840.00",
            ),
            ("RELEASE", 284_000, "暂扣解除 ¥2,840.00", "no longer held back: ¥2,840.00"),
        ],
    )
    def test_it_says_what_became_of_a_line(
        self, kind: str, amount_fen: int, zh: str, en: str
    ) -> None:
        told = self.correction(kind, amount_fen)
        assert (told.zh, told.en) == (zh, en)

    @pytest.mark.parametrize(
        ("kind", "inputs", "en"),
        [
            (
                "OVERRIDE",
                {"base_fen": 348_000, "bps": 550, "basis": "commission"},
                "5.5 % of your direct recruit's commission of ¥3,480.00",
            ),
            (
                "OVERRIDE",
                {"base_fen": 348_000, "bps": 100, "basis": "volume"},
                "1 % of your direct recruit's volume of ¥3,480.00",
            ),
            (
                "OVERRIDE_CLAWBACK",
                {"base_before_fen": 348_000, "base_fen": 302_000, "month": "2026-03"},
                "your recruit's base of 2026-03 went from ¥3,480.00 to ¥3,020.00",
            ),
            ("SERVICE_FEE", {"parcels": 3, "fee_fen": 50}, "3 parcels handed over × ¥0.50"),
            (
                "QUOTA_BONUS",
                {"volume_fen": 1_000_001, "quota_fen": 1_000_000},
                "your volume of ¥10,000.01 reached ¥10,000.00",
            ),
            ("RANK_BONUS", {"place": 2, "of": 7}, "place 2 of 7 by volume"),
            (
                "GUARANTEE",
                {"floor_fen": 50_000, "sum_fen": 30_000},
                "your guarantee is ¥500.00, you came to ¥300.00: ¥200.00 fill it up",
            ),
            (
                "SPLIT",
                {"earned_fen": 900, "before_fen": 1_000},
                "the agreed share of -¥1.00, earned in a session held together",
            ),
            ("ADJUSTMENT", {"reason": "a lost parcel"}, "adjustment: a lost parcel"),
            ("WRITE_OFF", {}, "a balance owed for long was written off"),
        ],
    )
    def test_it_says_where_a_component_comes_from(
        self, kind: str, inputs: dict[str, object], en: str
    ) -> None:
        told = explain_component(kind=kind, inputs=inputs, amount_fen=20_000)
        assert told.en == en
        assert told.zh != en

    def test_it_writes_numbers_without_superfluous_digits(self) -> None:
        assert [yuan(fen) for fen in (0, 5, -123_456)] == ["¥0.00", "¥0.05", "-¥1,234.56"]
        assert [decimal(bps, 100) for bps in (0, 5, 550, 700)] == ["0", "0.05", "5.5", "7"]
        assert fraction(Fraction(5)) == "5/1"

"""The tables of moves, what must match, and the pauses."""

from datetime import UTC, datetime, timedelta

import pytest

from groupbuy.payments.rules.states import (
    EVENT_MOVES,
    PAYMENT_MOVES,
    REFUND_MOVES,
    EventState,
    PaymentState,
    RefundState,
    look_again,
    mismatch,
    states_before,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class TestMoves:
    def test_it_counts_money_in_every_state_but_once(self) -> None:
        before = states_before(PAYMENT_MOVES, PaymentState.SUCCEEDED)
        assert set(before) == set(PaymentState) - {PaymentState.SUCCEEDED}

    def test_it_never_leaves_success(self) -> None:
        assert not [state for state, _ in PAYMENT_MOVES if state is PaymentState.SUCCEEDED]

    def test_it_never_leaves_a_settled_refund(self) -> None:
        assert {state for state, _ in REFUND_MOVES} == {
            RefundState.REQUESTED,
            RefundState.SUBMITTED,
        }

    def test_it_retries_only_what_waits_or_is_parked(self) -> None:
        assert states_before(EVENT_MOVES, EventState.RECEIVED) == (
            EventState.WAITING,
            EventState.PARKED,
        )


class TestMismatch:
    @pytest.mark.parametrize(
        ("reported", "fault"),
        [
            ({}, ""),
            ({"provider_ref": "pi_2"}, "paid under pi_2, begun as pi_1"),
            ({"currency": "usd"}, "paid in usd, asked in cny"),
            ({"amount_fen": 4_999}, "paid 4999 fen, asked 5000"),
        ],
    )
    def test_it_names_the_first_difference(self, reported: dict[str, str], fault: str) -> None:
        facts = {"provider_ref": "pi_1", "currency": "cny", "amount_fen": 5_000} | reported
        found = mismatch(known_ref="pi_1", known_fen=5_000, known_currency="cny", **facts)  # type: ignore[arg-type]
        assert found == fault

    def test_it_accepts_any_name_for_a_payment_that_has_none_yet(self) -> None:
        found = mismatch(
            known_ref=None,
            known_fen=1,
            known_currency="cny",
            provider_ref="pi_1",
            amount_fen=1,
            currency="cny",
        )
        assert found == ""


class TestPauses:
    @pytest.mark.parametrize(
        ("age", "pause"),
        [
            (timedelta(), timedelta(minutes=1)),
            (timedelta(minutes=10), timedelta(minutes=20)),
            (timedelta(days=3), timedelta(hours=1)),
        ],
    )
    def test_it_looks_again_after_twice_the_age_within_bounds(
        self, age: timedelta, pause: timedelta
    ) -> None:
        assert look_again(since=NOW - age, now=NOW) == NOW + pause

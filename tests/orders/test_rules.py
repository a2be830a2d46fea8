"""Orders' rules: the table of moves, and refunds of units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.kernel.problems import NotInThisState
from groupbuy.orders.rules import (
    TRANSITIONS,
    Action,
    OrderState,
    RefundStatus,
    after,
    refund_of_units,
    refund_status,
)


class TestTransitions:
    """The one table."""

    def test_it_refuses_whatever_is_not_in_the_table(self) -> None:
        allowed = 0
        for state in OrderState:
            for action in Action:
                if (state, action) in TRANSITIONS:
                    assert after(state, action) == TRANSITIONS[state, action]
                    allowed += 1
                else:
                    with pytest.raises(NotInThisState):
                        after(state, action)
        assert allowed == len(TRANSITIONS)

    def test_it_cancels_only_before_shipping(self) -> None:
        cancellable = {state for state, action in TRANSITIONS if action is Action.CANCEL}
        assert cancellable == {
            OrderState.PENDING_PAYMENT,
            OrderState.PAID,
            OrderState.GROUP_PENDING,
            OrderState.PREPARING,
        }

    def test_it_ends_in_completed_for_good(self) -> None:
        assert not [state for state, _ in TRANSITIONS if state is OrderState.COMPLETED]


class TestRefundOfUnits:
    """Refunding everything returns exactly what was paid, however it is split."""

    @given(
        amount_fen=st.integers(1, 10**7),
        quantity=st.integers(1, 30),
        data=st.data(),
    )
    def test_it_returns_exactly_what_was_paid_however_it_is_split(
        self, amount_fen: int, quantity: int, data: st.DataObject
    ) -> None:
        returned = requested = 0
        while returned < quantity:
            units = data.draw(st.integers(1, quantity - returned))
            part = refund_of_units(
                amount_fen=amount_fen,
                quantity=quantity,
                requested_fen=requested,
                returned=returned,
                units=units,
            )
            assert part >= 0
            returned += units
            requested += part
        assert requested == amount_fen

    def test_it_never_exceeds_what_a_refund_by_amount_left(self) -> None:
        part = refund_of_units(amount_fen=1000, quantity=4, requested_fen=900, returned=0, units=2)
        assert part == 100

    def test_it_tells_none_partial_and_full(self) -> None:
        assert refund_status(paid_fen=100, refunded_fen=0) is RefundStatus.NONE
        assert refund_status(paid_fen=100, refunded_fen=99) is RefundStatus.PARTIAL
        assert refund_status(paid_fen=100, refunded_fen=100) is RefundStatus.FULL

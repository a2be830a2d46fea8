"""The rules of fulfilment: moves, pickup codes, when goods are unclaimed, what is to be bought."""

from datetime import UTC, datetime, timedelta

import pytest

from groupbuy.fulfilment.rules.parcels import (
    PARCEL_TRANSITIONS,
    SHIPMENT_TRANSITIONS,
    ParcelAction,
    ParcelState,
    ShipmentAction,
    ShipmentState,
    after,
    moved,
    parcel_move,
)
from groupbuy.fulfilment.rules.pickup import PROXY_MOVES, ProxyAction, ProxyState, new_code
from groupbuy.fulfilment.rules.purchases import Need
from groupbuy.fulfilment.rules.unclaimed import (
    UNCLAIMED_MOVES,
    UnclaimedAction,
    UnclaimedState,
    due_at,
)
from groupbuy.kernel.problems import NotInThisState
from groupbuy.orders.rules import TRANSITIONS, Action, OrderState

READY = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class TestMoves:
    """The tables."""

    def test_it_refuses_whatever_is_not_in_a_table(self) -> None:
        for state in ShipmentState:
            for action in ShipmentAction:
                if (state, action) in SHIPMENT_TRANSITIONS:
                    assert after(state, action) == SHIPMENT_TRANSITIONS[state, action]
                else:
                    with pytest.raises(NotInThisState):
                        after(state, action)
        with pytest.raises(NotInThisState):
            moved(PROXY_MOVES, ProxyState.REVOKED, ProxyAction.USE)

    def test_it_has_one_beginning_for_each_action_on_a_parcel(self) -> None:
        for action in ParcelAction:
            start, end = parcel_move(action)
            assert PARCEL_TRANSITIONS[start, action] is end

    def test_it_ends_parcels_for_good(self) -> None:
        ended = {ParcelState.CANCELLED, ParcelState.RETURNED, ParcelState.DISPOSED}
        assert not [state for state, _ in PARCEL_TRANSITIONS if state in ended]

    def test_it_hands_over_nothing_that_is_undecided(self) -> None:
        """No move leads from an undecided group buy to the counter without packing."""
        reached = {end for (start, _), end in TRANSITIONS.items() if start == "group_pending"}
        assert OrderState.READY_FOR_PICKUP not in reached
        starts = {start for (start, action) in TRANSITIONS if action is Action.PICK_UP}
        assert starts == {OrderState.READY_FOR_PICKUP}

    def test_it_lets_staff_decide_until_something_is_decided(self) -> None:
        by_hand = (UnclaimedAction.EXTEND, UnclaimedAction.REFUND, UnclaimedAction.DISPOSE)
        for action in by_hand:
            states = {state for state, known in UNCLAIMED_MOVES if known is action}
            assert states == {UnclaimedState.REMINDED, UnclaimedState.KEPT, UnclaimedState.LISTED}


class TestCodes:
    """Pickup codes."""

    def test_it_draws_eight_digits_that_nobody_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        drawn = iter([7, 7, 42])
        monkeypatch.setattr("secrets.randbelow", lambda most: next(drawn))
        assert new_code({"00000007"}) == "00000042"


class TestDue:
    """When a parcel is unclaimed."""

    @pytest.mark.parametrize(
        ("until", "due"),
        [
            (None, READY + 3 * DAY),
            (READY + DAY, READY + DAY),
            (READY + 9 * DAY, READY + 9 * DAY),
            (READY, READY + 3 * DAY),
            (READY - DAY, READY + 3 * DAY),
        ],
    )
    def test_it_is_the_end_of_the_window_unless_the_goods_came_later(
        self, until: datetime | None, due: datetime
    ) -> None:
        assert due_at(ready_at=READY, pickup_until=until, after=3 * DAY) == due


class TestNeed:
    """What is to be bought."""

    @pytest.mark.parametrize(
        ("on_hand", "ordered", "to_buy"), [(0, 0, 10), (4, 0, 6), (4, 5, 1), (4, 6, 0), (50, 0, 0)]
    )
    def test_it_is_what_is_neither_there_nor_on_its_way(
        self, on_hand: int, ordered: int, to_buy: int
    ) -> None:
        need = Need(
            sku_id="sku",
            title="红虾",
            option="",
            storage="frozen",
            supplier_id=None,
            supplier=None,
            cost_fen=None,
            needed=10,
            on_hand=on_hand,
            ordered=ordered,
        )
        assert need.to_buy == to_buy

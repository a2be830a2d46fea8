"""The tables of moves."""

import pytest

from groupbuy.leaders.rules import (
    APPLICATION_MOVES,
    LEADER_MOVES,
    ApplicationState,
    LeaderState,
    only_move,
)


def test_it_decides_an_application_only_while_it_is_pending() -> None:
    assert {before for before, _ in APPLICATION_MOVES} == {ApplicationState.PENDING}


def test_it_knows_from_where_to_where_an_action_leads() -> None:
    assert only_move(LEADER_MOVES, "suspend") == (LeaderState.ACTIVE, LeaderState.SUSPENDED)


def test_it_refuses_an_action_that_is_not_in_the_table() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        only_move(LEADER_MOVES, "promote")

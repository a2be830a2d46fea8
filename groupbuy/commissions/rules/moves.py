"""The states of what people decide about plans, and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from groupbuy.commissions.rules.monthly import AssignmentState, CohostState, SimulationState
from groupbuy.kernel.problems import NotInThisState

State = TypeVar("State", bound=StrEnum)

ASSIGNMENT_MOVES: dict[tuple[AssignmentState, str], AssignmentState] = {
    (AssignmentState.PROPOSED, "approve"): AssignmentState.APPROVED,
    (AssignmentState.PROPOSED, "reject"): AssignmentState.REJECTED,
}

COHOST_MOVES: dict[tuple[CohostState, str], CohostState] = {
    (CohostState.PROPOSED, "agree"): CohostState.AGREED,
    (CohostState.PROPOSED, "decline"): CohostState.DECLINED,
    (CohostState.PROPOSED, "withdraw"): CohostState.WITHDRAWN,
}

SIMULATION_MOVES: dict[tuple[SimulationState, str], SimulationState] = {
    (SimulationState.RUNNING, "finish"): SimulationState.DONE,
    (SimulationState.RUNNING, "cancel"): SimulationState.CANCELLED,
}


def moved(moves: Mapping[tuple[State, str], State], state: State, action: str) -> State:
    """Return the state after an action.

    Raises:
        NotInThisState: the table has no such move.
    """
    after = moves.get((state, action))
    if after is None:
        raise NotInThisState(state=state.value, action=action)
    return after

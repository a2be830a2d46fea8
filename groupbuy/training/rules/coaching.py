"""Coaching, pure: plans and their moves, tasks, and how leaders are dealt out to coaches."""

import heapq
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class PlanState(StrEnum):
    """Where a coaching plan stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


PLAN_MOVES: dict[tuple[PlanState, str], PlanState] = {
    (PlanState.OPEN, "complete"): PlanState.DONE,
    (PlanState.OPEN, "cancel"): PlanState.CANCELLED,
}


class TaskKind(StrEnum):
    """What a task asks for: a lesson, to host a group buy, a call with the coach, anything else."""

    LESSON = "lesson"
    HOST = "host"
    CALL = "call"
    OTHER = "other"


COACH_ROLES = ("operator", "trainer")
"""Who of headquarters' staff may coach."""


class Room(NamedTuple):
    """A coach with so many open plans, who may have so many."""

    coach_id: str
    load: int
    load_limit: int


def deal(leader_ids: Iterable[str], coaches: Iterable[Room]) -> list[tuple[str, str]]:
    """Give each leader, in order, to the coach with the fewest plans; return (leader, coach).

    Among equals the lower id. Nobody gets more than the limit: who is left over is not in the
    answer.
    """
    free = [(room.load, room.coach_id, room.load_limit) for room in coaches]
    free = [entry for entry in free if entry[0] < entry[2]]
    heapq.heapify(free)
    dealt = []
    for leader_id in leader_ids:
        if not free:
            break
        load, coach_id, limit = heapq.heappop(free)
        dealt.append((leader_id, coach_id))
        if load + 1 < limit:
            heapq.heappush(free, (load + 1, coach_id, limit))
    return dealt

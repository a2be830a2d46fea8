"""Reads of how statements stand with their leaders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.settlement.models import Standing, StandingMove, Statement


def standing(statement_id: str, *, locked: bool = False) -> Standing:
    """Return how an issued statement stands, or raise NotFound."""
    query = select(Standing).where(Standing.statement_id == statement_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class StandingHistory:
    """How a statement stands, and every move that led there."""

    state: str
    issued_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    moves: Sequence[StandingMove]


def standing_history(statement_id: str) -> StandingHistory:
    """Return how an issued statement stands and how it came to that, or raise NotFound."""
    found = standing(statement_id)
    moves = select(StandingMove).where(StandingMove.statement_id == statement_id)
    return StandingHistory(
        found.state,
        found.issued_at,
        found.answer_by,
        found.answered_at,
        session().scalars(moves.order_by(StandingMove.id)).all(),
    )


def standing_counts(month: str) -> dict[str, int]:
    """Return how many of a month's statements are in each state."""
    rows = session().execute(
        select(Standing.state, func.count())
        .join(Statement, Statement.id == Standing.statement_id)
        .where(Statement.month == month)
        .group_by(Standing.state)
    )
    return {state: count for state, count in rows}

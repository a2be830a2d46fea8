"""Answers to statements over HTTP: leaders confirm them, headquarters sees how they stand."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement import queries, services
from groupbuy.settlement.models import Standing
from groupbuy.settlement.queries.answers import StandingHistory
from groupbuy.settlement.schemas.answers import (
    StatementStandingHistorySchema,
    StatementStandingSchema,
)

api = Api("answers", __name__, url_prefix="/api/v1", description="How leaders answer statements")

STATEMENT = "/hq/statements/<id(sts):statement_id>"
OWN_STATEMENT = "/leader/statements/<id(sts):statement_id>"


@api.post(
    f"{OWN_STATEMENT}/confirmation",
    allow="leader.own",
    body=Nothing,
    returns=StatementStandingSchema,
    problems=[NotInThisState],
)
def confirm_own_statement(actor: Actor, statement_id: str, body: dict[str, Any]) -> Standing:
    """Confirm one's own statement; without a word it counts as confirmed after some days."""
    with transaction():
        return services.confirm(
            statement_id=statement_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )


@api.get(f"{OWN_STATEMENT}/standing", allow="leader.own", returns=StatementStandingHistorySchema)
def show_own_standing(actor: Actor, statement_id: str) -> StandingHistory:
    """Show how one's own statement stands, and every move that led there."""
    own = queries.own_statement(statement_id, leader_id=actor.leader_id)
    return queries.standing_history(own.id)


@api.get(f"{STATEMENT}/standing", allow="settlement.read", returns=StatementStandingHistorySchema)
def show_standing(actor: Actor, statement_id: str) -> StandingHistory:
    """Show how a statement stands, and every move that led there."""
    return queries.standing_history(statement_id)

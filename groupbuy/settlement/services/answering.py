"""How leaders answer their statements: by a word, by silence, or by a dispute."""

from datetime import datetime, timedelta

from sqlalchemy import text

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement import queries
from groupbuy.settlement.errors import StatementsUnanswered
from groupbuy.settlement.models import Standing, StandingMove
from groupbuy.settlement.rules.answers import (
    CONFIRM_DAYS,
    STANDING_MOVES,
    StandingAction,
    StandingState,
    states_before,
)

TOGETHER = 5_000
"""Statements that are confirmed by silence in one transaction."""

_ISSUE = """
with issued as (
    insert into settlement_standings (statement_id, state, issued_at, answer_by)
    select id, 'issued', :now, :answer_by from settlement_statements where month = :month
    returning statement_id
)
insert into settlement_standing_moves (statement_id, action, from_state, to_state, actor, at, why)
select statement_id, 'issue', 'draft', 'issued', :actor, :now, '' from issued
"""

_AUTO_CONFIRM = """
with due as (
    select statement_id from settlement_standings
    where state = 'issued' and answer_by <= :now
    order by answer_by, statement_id limit :limit for update skip locked
), confirmed as (
    update settlement_standings s set state = 'auto_confirmed', answered_at = :now
    from due where s.statement_id = due.statement_id
    returning s.statement_id
), noted as (
    insert into settlement_standing_moves
        (statement_id, action, from_state, to_state, actor, at, why)
    select statement_id, 'auto_confirm', 'issued', 'auto_confirmed', :actor, :now, ''
    from confirmed
    returning statement_id
)
select s.month, count(*) from noted n join settlement_statements s on s.id = n.statement_id
group by s.month order by s.month
"""

_FINISH = """
with due as (
    select n.statement_id, n.state from settlement_standings n
    join settlement_statements s on s.id = n.statement_id
    where s.month = :month and n.state = any(:states)
    order by n.statement_id for update of n
), ended as (
    update settlement_standings n set state = 'final'
    from due where n.statement_id = due.statement_id
    returning n.statement_id, due.state
)
insert into settlement_standing_moves (statement_id, action, from_state, to_state, actor, at, why)
select statement_id, 'finish', state, 'final', :actor, :now, '' from ended
"""


def issue(*, month: str, confirm_days: int = CONFIRM_DAYS, actor: Actor, now: datetime) -> None:
    """Give all statements of a month to their leaders, who have so many days to answer."""
    answer_by = now + timedelta(days=confirm_days)
    told = {"month": month, "actor": actor.label, "now": now, "answer_by": answer_by}
    session().execute(text(_ISSUE), told)
    session().expire_all()


def confirm(*, statement_id: str, leader_id: str, actor: Actor, now: datetime) -> Standing:
    """Confirm one's own statement.

    Raises:
        NotFound: there is no such statement, or it is somebody else's.
        NotInThisState: it is answered.
    """
    queries.own_statement(statement_id, leader_id=leader_id)
    standing = queries.standing(statement_id, locked=True)
    moved(standing=standing, action=StandingAction.CONFIRM, actor=actor, now=now)
    audit.record(actor=actor, action="statement.confirm", subject=statement_id, now=now)
    return standing


def auto_confirm(*, now: datetime, limit: int = TOGETHER) -> int:
    """Confirm statements whose time to answer is over; return how many, 0 when none is left."""
    told = {"now": now, "limit": limit, "actor": SYSTEM.label}
    months = session().execute(text(_AUTO_CONFIRM), told).all()
    session().expire_all()
    for month, count in months:
        audit.record(
            actor=SYSTEM, action="statement.auto_confirm", subject=month, now=now, statements=count
        )
    return sum(count for _, count in months)


def finish(*, month: str, actor: Actor, now: datetime) -> None:
    """Make all statements of a month final.

    Raises:
        StatementsUnanswered: some of them are not answered, or disputed.
    """
    # First the change, then the look: a dispute that comes meanwhile is waited for, and seen.
    told = {"month": month, "actor": actor.label, "now": now}
    session().execute(
        text(_FINISH), {**told, "states": [*map(str, states_before(StandingAction.FINISH))]}
    )
    session().expire_all()
    waiting = queries.standing_counts(month)
    waiting.pop(StandingState.FINAL, None)
    if waiting:
        raise StatementsUnanswered(
            issued=waiting.get(StandingState.ISSUED, 0),
            disputed=waiting.get(StandingState.DISPUTED, 0),
        )


def moved(
    *, standing: Standing, action: StandingAction, actor: Actor, now: datetime, why: str = ""
) -> None:
    """Move a statement's standing, which the caller has locked, and leave a row that says so.

    Raises:
        NotInThisState: the table of moves has no such one.
    """
    before = StandingState(standing.state)
    after = STANDING_MOVES.get((before, action))
    if after is None:
        raise NotInThisState(state=before.value, action=action.value)
    standing.state = after
    standing.answered_at = standing.answered_at or now
    session().add(
        StandingMove(
            statement_id=standing.statement_id,
            action=action,
            from_state=before,
            to_state=after,
            actor=actor.label,
            at=now,
            why=why,
        )
    )
    session().flush()

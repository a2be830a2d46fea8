"""The calculation of a month: one transaction, a few statements, the same bytes every time."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text

from groupbuy.commissions import queries as commissions
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import copy_in, session
from groupbuy.kernel.ids import derived_id
from groupbuy.settlement import queries
from groupbuy.settlement.models import SettlementPeriod, Statement, StatementLine
from groupbuy.settlement.rules.periods import Action
from groupbuy.settlement.rules.statements import (
    CALCULATION_REVISION,
    LeaderStatement,
    canonical,
    digest,
    settle,
)
from groupbuy.settlement.services.moving import held, moved

WRITTEN_TOGETHER = 5_000
"""Statement lines in memory before they are written."""


def calculate(*, month: str, actor: Actor, now: datetime) -> SettlementPeriod:
    """Compute a month's statements anew from its events; the same input gives the same digest.

    It may be repeated until the month is approved. Whoever calculates at the same time waits.

    Raises:
        NotInThisState: its closing has not started, or it is approved.
    """
    period = held(month, action=Action.CALCULATE)
    _plan_for_many()
    _discard(month)
    terms = [month, CALCULATION_REVISION, period.min_payout_fen, period.cutoff_at]
    inputs = hashlib.sha256(canonical(terms))
    digests = _write(_statements(period, inputs))
    return moved(
        period,
        action=Action.CALCULATE,
        actor=actor,
        now=now,
        calc_rev=CALCULATION_REVISION,
        calculated_by=actor.label,
        calculated_at=now,
        submitted_by=None,
        submitted_at=None,
        input_digest=inputs.hexdigest(),
        digest=digest([terms, digests]),
    )


def _plan_for_many() -> None:
    """Have PostgreSQL check foreign keys by index, however few rows there are at first.

    It keeps the plan of a check for the whole connection. Planned while the tables are empty, it
    would read them from end to end for every line written or discarded.
    """
    session().execute(text("set local enable_seqscan = off"))


def _discard(month: str) -> None:
    """Remove what an earlier calculation wrote."""
    statements = select(Statement.id).where(Statement.month == month)
    for rows in (
        delete(StatementLine).where(StatementLine.statement_id.in_(statements)),
        delete(Statement).where(Statement.month == month),
    ):
        session().execute(rows, execution_options={"synchronize_session": False})


def _statements(period: SettlementPeriod, inputs: Any) -> Iterator[LeaderStatement]:
    """Settle leader by leader, adding what each statement is made of to the hash of the inputs."""
    plans = commissions.plans_used(starts_at=period.starts_at, ends_at=period.ends_at)
    for month in queries.leader_months(period):
        inputs.update(canonical([month.leader_id, month.carry_in_fen]))
        for event in (*month.lines, *month.refunds):
            inputs.update(canonical(list(event)))
        yield settle(month, plans, min_payout_fen=period.min_payout_fen)


def _write(statements: Iterable[LeaderStatement]) -> list[list[str]]:
    """Store the statements in bulk and return [leader id, digest] of each, in order."""
    digests = []
    for portion in _portions(statements):
        heads, lines = [], []
        for statement in portion:
            figures = statement.figures
            statement_id = derived_id("sts", figures["month"], figures["leader_id"])
            heads.append({**figures, "id": statement_id, "digest": statement.digest})
            lines += [{**row, "statement_id": statement_id} for row in statement.rows]
            digests.append([figures["leader_id"], statement.digest])
        copy_in(Statement, heads)
        copy_in(StatementLine, lines)
    return sorted(digests)


def _portions(statements: Iterable[LeaderStatement]) -> Iterator[list[LeaderStatement]]:
    portion: list[LeaderStatement] = []
    size = 0
    for statement in statements:
        portion.append(statement)
        size += 1 + len(statement.rows)
        if size >= WRITTEN_TOGETHER:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion

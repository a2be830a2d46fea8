"""The calculation of a month: portion by portion, so that it can be seen and resumed.

Portions of leaders are settled each in a transaction of its own; nothing of it shows until the
last step, which adds what depends on the whole month, writes the statements and moves the period.
What is calculated is a function of the events before the cutoff, so it does not matter how often
it was interrupted, nor who went on with it.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, text

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import copy_in, copy_rows, session
from groupbuy.kernel.ids import new_id
from groupbuy.settlement import queries
from groupbuy.settlement.models import (
    CalculationRun,
    Component,
    Correction,
    LeaderSales,
    SettlementPeriod,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.periods import Action
from groupbuy.settlement.rules.statements import CALCULATION_REVISION
from groupbuy.settlement.services import finishing, sales
from groupbuy.settlement.services.moving import held, moved

LEADERS_TOGETHER = 400
"""Leaders settled in one transaction."""


class Progress(NamedTuple):
    """How far a calculation has come."""

    run_id: str
    leaders_done: int
    leaders_total: int
    lines_done: int
    finished: bool


def begin(*, month: str, actor: Actor, now: datetime) -> Progress:
    """Start to calculate a month anew, or join the calculation that is under way.

    Raises:
        NotInThisState: its closing has not started, or it is approved.
    """
    period = held(month, action=Action.CALCULATE)
    run = queries.run_of(month)
    if run is not None and run.finished_at is None and run.calc_rev == CALCULATION_REVISION:
        return _progress(run)
    _discard(month)
    if run is not None:
        session().delete(run)
        session().flush()
    run = CalculationRun(
        id=new_id("run"),
        month=month,
        calc_rev=CALCULATION_REVISION,
        started_by=actor.label,
        started_at=now,
        leader_count=queries.leader_count(),
    )
    moved(
        period,
        action=Action.CALCULATE,
        actor=actor,
        now=now,
        calc_rev=None,
        calculated_by=None,
        calculated_at=None,
        submitted_by=None,
        submitted_at=None,
        input_digest=None,
        digest=None,
    )
    session().add(run)
    session().flush()
    return _progress(run)


def advance(*, run_id: str, actor: Actor, now: datetime) -> Progress:
    """Settle the next leaders, or finish: the same step, whoever takes it."""
    run = queries.locked_run(run_id)
    if run is None:
        return Progress(run_id, 0, 0, 0, finished=True)
    if run.finished_at is not None:
        return _progress(run)
    session().execute(text("set local timezone = 'UTC'"))
    period = queries.locked_period(run.month)
    assert period is not None, "a run belongs to a period"
    last = run.last_leader_id or queries.FIRST_LEADER
    portion = queries.next_leaders(after=last, limit=LEADERS_TOGETHER)
    if portion is None:
        _finish(period, run, actor=actor, now=now)
        return _progress(run)
    until, leaders = portion
    run.lines_done += _settle(period, after=last, until=until)
    run.leaders_done = min(run.leaders_done + leaders, run.leader_count)
    run.last_leader_id = until
    session().flush()
    return _progress(run)


def _progress(run: CalculationRun) -> Progress:
    return Progress(
        run.id, run.leaders_done, run.leader_count, run.lines_done, run.finished_at is not None
    )


def _settle(period: SettlementPeriod, *, after: str, until: str) -> int:
    """Write the lines of some leaders and keep their figures; return how many lines."""
    plans = queries.plan_terms()
    found = list(
        sales.results(
            period,
            after=after,
            until=until,
            plans=plans,
            forfeited=queries.forfeited_lines(period),
        )
    )
    copy_rows(StatementLine, sales.COLUMNS, b"".join(result.written for result in found))
    copy_in(LeaderSales, [_kept(period.month, result) for result in found])
    return sum(result.lines for result in found)


def _kept(month: str, result: sales.LeaderResult) -> dict[str, object]:
    row = result._asdict()
    del row["written"]
    return {"month": month, **row}


def _finish(period: SettlementPeriod, run: CalculationRun, *, actor: Actor, now: datetime) -> None:
    kept = queries.leader_sales(period.month)
    month = finishing.finished(
        period=period, sales=kept, write=lambda rows: copy_in(Correction, rows)
    )
    copy_in(Component, month.components)
    copy_in(Statement, month.statements)
    session().execute(delete(LeaderSales).where(LeaderSales.month == period.month))
    run.leaders_done = run.leader_count
    run.finished_at = now
    session().flush()
    moved(
        period,
        action=Action.FINISH,
        actor=actor,
        now=now,
        calc_rev=run.calc_rev,
        calculated_by=run.started_by,
        calculated_at=now,
        input_digest=month.input_digest,
        digest=month.digest,
    )


def _discard(month: str) -> None:
    """Remove what an earlier calculation wrote."""
    query = select(LeaderSales.leader_id).where(LeaderSales.month == month)
    leaders = set(session().scalars(query))
    leaders |= set(session().scalars(select(Statement.leader_id).where(Statement.month == month)))
    statements = [sales.statement_id(month=month, leader_id=leader_id)[4:] for leader_id in leaders]
    for table in ("settlement_lines", "settlement_corrections", "settlement_components"):
        session().execute(
            text(f"delete from {table} where statement_id = any(:statements)"),
            {"statements": statements},
        )
    for table in ("settlement_statements", "settlement_leader_sales"):
        session().execute(text(f"delete from {table} where month = :month"), {"month": month})
    session().expire_all()

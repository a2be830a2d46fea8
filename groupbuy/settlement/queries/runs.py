"""Reads of calculations under way."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.settlement.models import CalculationRun, LeaderSales, SettlementPeriod, Statement
from groupbuy.settlement.queries.holding import holding
from groupbuy.settlement.queries.settled import lines_of_orders


def run_of(month: str) -> CalculationRun | None:
    """Return a month's calculation, under way or finished."""
    return session().scalar(select(CalculationRun).where(CalculationRun.month == month))


def locked_run(run_id: str) -> CalculationRun | None:
    """Return a calculation as it is now; whoever else goes on with it waits."""
    return session().get(CalculationRun, run_id, with_for_update=True, populate_existing=True)


def leader_sales(month: str) -> Sequence[LeaderSales]:
    """Return what the sales of a month came to, leader by leader."""
    query = select(LeaderSales).where(LeaderSales.month == month).order_by(LeaderSales.leader_id)
    return session().scalars(query).all()


def months_of(statement_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the month and the leader of each statement."""
    rows = session().execute(
        select(Statement.id, Statement.month, Statement.leader_id).where(
            Statement.id.in_(statement_ids)
        )
    )
    return {statement_id: (month, leader_id) for statement_id, month, leader_id in rows}


def forfeited_lines(period: SettlementPeriod) -> frozenset[str]:
    """Return the month's lines whose orders were found improper before its cutoff."""
    forfeited = holding(period.cutoff_at).forfeited
    return lines_of_orders(period, forfeited) if forfeited else frozenset()

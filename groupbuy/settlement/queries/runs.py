"""Reads of calculations under way."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from groupbuy.kernel.db import Base, copy_out, session
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import (
    CalculationRun,
    Component,
    Correction,
    LeaderSales,
    SettlementPeriod,
    Statement,
)
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


class StoredParts(NamedTuple):
    """The rows of a month's statements as they are stored."""

    statements: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    components: list[dict[str, Any]]


def stored_parts(month: str) -> StoredParts:
    """Return a month's statements, corrections and components."""
    own = select(Statement.id).where(Statement.month == month)
    return StoredParts(
        _rows(Statement, Statement.month == month),
        _rows(Correction, Correction.statement_id.in_(own)),
        _rows(Component, Component.statement_id.in_(own)),
    )


def _rows(table: type[Base], condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    found = session().execute(select(*table.__table__.columns).where(condition))
    return [dict(row) for row in found.mappings()]


def stored_lines(statements: Collection[str], columns: Sequence[str]) -> Iterator[bytes]:
    """Yield the stored lines of statements, in their order, as the database writes them."""
    query = f"""
        copy (
            select {", ".join(columns)} from settlement_lines
            where statement_id = any(%(statements)s::uuid[]) order by statement_id, position
        ) to stdout
    """
    return copy_out(query, {"statements": [statement_id[4:] for statement_id in statements]})


def leader_count() -> int:
    """Return how many leaders there are."""
    return session().scalar(select(func.count()).select_from(Leader)) or 0

"""Reads of statements: headquarters sees them all, a leader the own ones of settled months."""

from sqlalchemy import Select, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.settlement.models import (
    SettlementPeriod,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.periods import (
    SETTLED,
)


def statement_list(
    *, month: str, limit: int, cursor: str | None, leader: str | None = None
) -> Page[Statement]:
    """Return a month's statements, whatever its state."""
    query = select(Statement).where(Statement.month == month)
    if leader is not None:
        query = query.where(Statement.leader_id == leader)
    return paginate(query, by=[Statement.id], limit=limit, cursor=cursor)


def own_statements(*, leader_id: str, limit: int, cursor: str | None) -> Page[Statement]:
    """Return a leader's statements of settled months, the newest first."""
    query = _settled().where(Statement.leader_id == leader_id)
    return paginate(query, by=[Statement.month], limit=limit, cursor=cursor, descending=True)


def statement(statement_id: str) -> Statement:
    """Return a statement, whatever its period's state, or raise NotFound."""
    return _one(select(Statement).where(Statement.id == statement_id))


def own_statement(statement_id: str, *, leader_id: str) -> Statement:
    """Return a leader's own statement of a settled month, or raise NotFound."""
    query = _settled().where(Statement.id == statement_id, Statement.leader_id == leader_id)
    return _one(query)


def line_list(*, statement: Statement, limit: int, cursor: str | None) -> Page[StatementLine]:
    """Return a statement's lines in their order."""
    query = select(StatementLine).where(StatementLine.statement_id == statement.id)
    return paginate(query, by=[StatementLine.position], limit=limit, cursor=cursor)


def _settled() -> Select[Statement]:
    return (
        select(Statement)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(SettlementPeriod.state.in_(SETTLED))
    )


def _one(query: Select[Statement]) -> Statement:
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found

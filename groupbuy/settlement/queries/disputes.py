"""Reads of disputes: what a leader may dispute, and what was disputed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from groupbuy.commissions.models import CommissionLine
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.settlement.models import (
    Component,
    Correction,
    Dispute,
    Standing,
    StatementLine,
)
from groupbuy.settlement.rules.answers import UNDECIDED, StatementPart


def dispute(dispute_id: str, *, locked: bool = False) -> Dispute:
    """Return a dispute, or raise NotFound."""
    query = select(Dispute).where(Dispute.id == dispute_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def own_dispute(dispute_id: str, *, leader_id: str) -> Dispute:
    """Return a leader's own dispute; somebody else's is NotFound."""
    found = dispute(dispute_id)
    if found.claimant_id != leader_id:
        raise NotFound
    return found


def dispute_list(
    *,
    limit: int,
    cursor: str | None,
    kind: str | None = None,
    state: str | None = None,
    leader: str | None = None,
    statement: str | None = None,
    order: str | None = None,
) -> Page[Dispute]:
    """Return disputes, the newest first."""
    query = select(Dispute)
    wanted = {
        Dispute.kind: kind,
        Dispute.state: state,
        Dispute.claimant_id: leader,
        Dispute.statement_id: statement,
        Dispute.order_id: order,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(query, by=[Dispute.id], limit=limit, cursor=cursor, descending=True)


def undecided_of_row(statement_id: str, part: str, position: int) -> Dispute | None:
    """Return the dispute about a row of a statement that is not decided yet."""
    return session().scalar(
        select(Dispute).where(
            Dispute.statement_id == statement_id,
            Dispute.part == part,
            Dispute.position == position,
            Dispute.state.in_(UNDECIDED),
        )
    )


def undecided_of_order(order_id: str, *, claimant_id: str) -> Dispute | None:
    """Return a leader's dispute about an order that is not decided yet."""
    return session().scalar(
        select(Dispute).where(
            Dispute.order_id == order_id,
            Dispute.claimant_id == claimant_id,
            Dispute.statement_id.is_(None),
            Dispute.state.in_(UNDECIDED),
        )
    )


def undecided_count(statement_id: str) -> int:
    """Return how many disputes about a statement's amounts are not decided yet."""
    query = select(func.count()).where(
        Dispute.statement_id == statement_id, Dispute.state.in_(UNDECIDED)
    )
    return session().scalar(query) or 0


@dataclass(frozen=True, slots=True)
class DisputedRow:
    """What a row of a statement says, and the order that it is about, if it is about one."""

    amount_fen: int
    order_id: str | None


def statement_row(statement_id: str, part: str, position: int) -> DisputedRow | None:
    """Return a row of a statement by its list and position, None if there is no such row."""
    if part == StatementPart.COMPONENT:
        component = session().get(Component, (statement_id, position))
        return None if component is None else DisputedRow(component.amount_fen, None)
    table = StatementLine if part == StatementPart.LINE else Correction
    found = session().execute(
        select(table.amount_fen, CommissionLine.order_id)
        .join(CommissionLine, CommissionLine.id == table.commission_line_id)
        .where(table.statement_id == statement_id, table.position == position)
    )
    row = found.one_or_none()
    return None if row is None else DisputedRow(*row)


def order_issued_at(order_id: str) -> datetime | None:
    """Return when the last statement that holds a sale of an order was issued, None before."""
    return session().scalar(
        select(func.max(Standing.issued_at))
        .join(StatementLine, StatementLine.statement_id == Standing.statement_id)
        .join(CommissionLine, CommissionLine.id == StatementLine.commission_line_id)
        .where(CommissionLine.order_id == order_id)
    )

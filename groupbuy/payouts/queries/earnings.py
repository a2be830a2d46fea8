"""What a leader earned, from the estimate to the money: a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from groupbuy.commissions import queries as commissions
from groupbuy.commissions.models import CommissionLine, CommissionTransfer
from groupbuy.commissions.rules.estimates import Estimate
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.payouts.models import PayoutItem
from groupbuy.payouts.queries.batches import Taken, taken
from groupbuy.payouts.rules.earnings import EarningState, earning_state
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.settlement.models import Correction, SettlementPeriod, Statement, StatementLine
from groupbuy.settlement.rules.periods import SETTLED
from groupbuy.settlement.rules.statements import CorrectionKind

NOTHING = Taken(fen=0, open_item=False)
"""What items have paid for a statement that none was made for."""


@dataclass(frozen=True, slots=True)
class Earnings:
    """A leader's month: estimated and pending while it runs, settled and paid afterwards.

    A settled month is told by its statement; `paid_fen` has arrived, `paying_fen` is under way.
    """

    month: str
    estimate: Estimate
    estimated_fen: int
    pending_fen: int
    settled_fen: int
    paying_fen: int
    paid_fen: int
    carried_fen: int
    statement_id: str | None


def earnings(*, leader_id: str, month: str, calendar: Calendar, now: datetime) -> Earnings:
    """Return what a leader's month comes to so far, in six statements whatever its length."""
    starts_at, ends_at = calendar.month_start(month), calendar.month_end(month)
    estimate = commissions.estimate(
        leader_id=leader_id, starts_at=starts_at, ends_at=ends_at, now=now
    )
    statement = session().scalar(
        select(Statement)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(
            Statement.leader_id == leader_id,
            Statement.month == month,
            SettlementPeriod.state.in_(SETTLED),
        )
    )
    paid_fen, paying_fen = _paid(leader_id, month)
    return Earnings(
        month=month,
        estimate=estimate,
        estimated_fen=estimate.estimated_fen,
        pending_fen=0 if statement else estimate.pending_fen,
        settled_fen=statement.payable_fen - statement.carry_in_fen if statement else 0,
        paying_fen=paying_fen,
        paid_fen=paid_fen,
        carried_fen=statement.carry_out_fen if statement else 0,
        statement_id=statement.id if statement else None,
    )


def _paid(leader_id: str, month: str) -> tuple[int, int]:
    """Return what has arrived of a leader's month, and what is under way, before tax."""
    arrived = PayoutItem.state == AttemptState.SUCCEEDED
    under_way = PayoutItem.state.not_in(
        [AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED]
    )
    gross = func.sum(PayoutItem.gross_fen)
    query = select(
        cast(func.coalesce(gross.filter(arrived), 0), BigInteger),
        cast(func.coalesce(gross.filter(under_way), 0), BigInteger),
    ).where(PayoutItem.leader_id == leader_id, PayoutItem.month == month)
    paid_fen, paying_fen = session().execute(query).one()
    return paid_fen, paying_fen


@dataclass(frozen=True, slots=True)
class EarningLine:
    """One sale of a leader and where its commission stands; `left_fen` after later corrections."""

    order_id: str
    order_line_id: str
    paid_at: datetime
    completed_at: datetime | None
    base_fen: int
    reason: str | None
    state: EarningState
    statement_id: str | None
    settled_fen: int | None
    left_fen: int


def earning_lines(*, leader_id: str, limit: int, cursor: str | None) -> Page[EarningLine]:
    """Return a leader's sales, the latest paid first, in a constant number of statements."""
    line, moved, later = CommissionLine, aliased(CommissionTransfer), aliased(CommissionTransfer)
    superseded = (
        select(later.id)
        .where(
            later.commission_line_id == moved.commission_line_id, later.revision > moved.revision
        )
        .exists()
    )
    given = select(moved.commission_line_id).where(moved.leader_id == leader_id, ~superseded)
    ever = select(moved.id).where(moved.commission_line_id == line.id).exists()
    query = select(line).where(or_(and_(line.leader_id == leader_id, ~ever), line.id.in_(given)))
    page = paginate(query, by=[line.paid_at, line.id], limit=limit, cursor=cursor, descending=True)
    return Page(_told(leader_id, page.items), page.next_cursor)


def _told(leader_id: str, lines: Sequence[CommissionLine]) -> list[EarningLine]:
    ids = [line.id for line in lines]
    settled = {
        row.commission_line_id: row
        for row in session().execute(
            select(
                StatementLine.commission_line_id,
                StatementLine.amount_fen,
                Statement.id.label("statement_id"),
                Statement.payout_fen,
            )
            .join(Statement, Statement.id == StatementLine.statement_id)
            .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
            .where(StatementLine.commission_line_id.in_(ids), SettlementPeriod.state.in_(SETTLED))
        )
    }
    taken_back = _corrected(ids)
    paid = taken(leaders=[leader_id]) if settled else {}
    return [_line(line, settled.get(line.id), taken_back.get(line.id, 0), paid) for line in lines]


def _corrected(line_ids: Sequence[str]) -> dict[str, int]:
    """Return what refunds, anew-computed months and findings took from each line, 0 or less."""
    taking = (CorrectionKind.CLAWBACK, CorrectionKind.RETIER, CorrectionKind.FORFEIT)
    rows = session().execute(
        select(Correction.commission_line_id, cast(func.sum(Correction.amount_fen), BigInteger))
        .join(Statement, Statement.id == Correction.statement_id)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(
            Correction.commission_line_id.in_(line_ids),
            Correction.kind.in_(taking),
            SettlementPeriod.state.in_(SETTLED),
        )
        .group_by(Correction.commission_line_id)
    )
    return {line_id: fen for line_id, fen in rows}


def _line(
    line: CommissionLine, settled: Any, taken_back: int, paid: Mapping[str, Taken]
) -> EarningLine:
    settled_fen = settled.amount_fen if settled else None
    left_fen = (settled_fen or 0) + taken_back
    received = paid.get(settled.statement_id, NOTHING) if settled else NOTHING
    return EarningLine(
        order_id=line.order_id,
        order_line_id=line.order_line_id,
        paid_at=line.paid_at,
        completed_at=line.completed_at,
        base_fen=line.base_fen,
        reason=line.reason,
        state=earning_state(
            completed=line.completed_at is not None,
            settled_fen=settled_fen,
            left_fen=left_fen,
            paid=received.fen > 0 and not received.open_item,
        ),
        statement_id=settled.statement_id if settled else None,
        settled_fen=settled_fen,
        left_fen=left_fen,
    )

"""What a leader earned, from the estimate to the money: a constant number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, cast, exists, func, select
from sqlalchemy.orm import aliased

from groupbuy.commissions import queries as commissions
from groupbuy.commissions.models import (
    CommissionLine,
    CommissionRefund,
    CommissionTransfer,
    PlanVersion,
)
from groupbuy.commissions.rules.estimates import Estimate
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, encode_cursor, paginate
from groupbuy.payouts.models import PayoutItem
from groupbuy.payouts.rules.earnings import EarningState, earning_state
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.settlement.models import (
    Correction,
    Dispute,
    SettlementPeriod,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.answers import StatementPart
from groupbuy.settlement.rules.periods import SETTLED
from groupbuy.settlement.rules.statements import CorrectionKind


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
    """Return what a leader's month comes to so far, in a constant number of statements."""
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
    if statement is not None:
        estimate = _closed(estimate, statement)
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


def _closed(estimate: Estimate, statement: Statement) -> Estimate:
    """Return where a settled month ended: by its statement, with nothing ahead any more."""
    version = (
        session().get(PlanVersion, statement.plan_version_id) if statement.plan_version_id else None
    )
    return estimate._replace(
        volume_fen=statement.volume_fen,
        tier=version.table.reached(statement.volume_fen) if version else None,
        next_tier=None,
        cap_fen=statement.cap_fen,
        cap_reached=statement.uncapped_fen > statement.sales_fen,
        quota=None,
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


@dataclass(slots=True)
class _Told:
    """What a leader's own settled statements say of one line.

    `since` is the month of the latest row that gave something: what is paid from it on pays this.
    """

    statement_id: str | None = None
    settled_fen: int | None = None
    left_fen: int = 0
    held_fen: int = 0
    disputed: bool = False
    since: str = ""

    def give(self, row: Any) -> None:
        """Take in a row that gave the leader an amount; the first one settled the line."""
        if self.settled_fen is None:
            self.settled_fen, self.statement_id = row.amount_fen, row.statement_id
        self.since = max(self.since, row.month)


@dataclass(frozen=True, slots=True)
class _Paid:
    """What a settled statement pays, and how much of it has arrived."""

    month: str
    payout_fen: int
    arrived_fen: int


def earning_lines(*, leader_id: str, limit: int, cursor: str | None) -> Page[EarningLine]:
    """Return a leader's sales, the latest paid first, in a constant number of statements."""
    line, moved, later = CommissionLine, aliased(CommissionTransfer), aliased(CommissionTransfer)
    ever = exists().where(moved.commission_line_id == line.id)
    superseded = exists().where(
        later.commission_line_id == moved.commission_line_id, later.revision > moved.revision
    )
    given = select(moved.commission_line_id).where(moved.leader_id == leader_id, ~superseded)
    # Read apart, each by its own index: asked for together they would be looked for in all lines.
    pages = [
        paginate(query, by=[line.paid_at, line.id], limit=limit, cursor=cursor, descending=True)
        for query in (
            select(line).where(line.leader_id == leader_id, ~ever),
            select(line).where(line.id.in_(given)),
        )
    ]
    found = sorted(
        (each for page in pages for each in page.items),
        key=lambda each: (each.paid_at, each.id),
        reverse=True,
    )
    shown = found[:limit]
    more = len(found) > limit or any(page.next_cursor for page in pages)
    after = encode_cursor([shown[-1].paid_at, shown[-1].id]) if more else None
    return Page(_lines(leader_id, shown), after)


def _lines(leader_id: str, lines: Sequence[CommissionLine]) -> list[EarningLine]:
    ids = [line.id for line in lines]
    told, paid = _told(leader_id, ids), _payouts(leader_id)
    reasons, refunded = _reasons(leader_id, ids), _refunded(ids)
    return [
        EarningLine(
            order_id=line.order_id,
            order_line_id=line.order_line_id,
            paid_at=line.paid_at,
            completed_at=line.completed_at,
            base_fen=line.base_fen,
            reason=reasons.get(line.id, line.reason),
            state=earning_state(
                completed=line.completed_at is not None,
                refunded=0 < line.base_fen <= refunded.get(line.id, 0),
                settled_fen=told[line.id].settled_fen,
                left_fen=told[line.id].left_fen,
                paid=_arrived(told[line.id], paid),
            ),
            statement_id=told[line.id].statement_id,
            settled_fen=told[line.id].settled_fen,
            left_fen=told[line.id].left_fen,
        )
        for line in lines
    ]


def _told(leader_id: str, ids: Sequence[str]) -> dict[str, _Told]:
    """Return what the leader's settled statements say of lines; other leaders' say nothing here."""
    told = {line_id: _Told() for line_id in ids}
    disputed = exists().where(
        Dispute.statement_id == StatementLine.statement_id,
        Dispute.part == StatementPart.LINE,
        Dispute.position == StatementLine.position,
        Dispute.held_fen > 0,
    )
    for row in session().execute(_own(StatementLine, leader_id, ids).add_columns(disputed)):
        line = told[row.commission_line_id]
        line.give(row)
        line.left_fen, line.disputed = row.amount_fen, row[-1]
    corrections = _own(Correction, leader_id, ids).add_columns(Correction.kind)
    for row in session().execute(corrections.order_by(Statement.month, Correction.position)):
        line = told[row.commission_line_id]
        if row.kind in (CorrectionKind.TRANSFER, CorrectionKind.RELEASE) and row.amount_fen > 0:
            line.give(row)
        if row.kind in (CorrectionKind.HOLD, CorrectionKind.RELEASE):
            line.held_fen -= row.amount_fen
        else:
            line.left_fen += row.amount_fen
    return told


def _own(
    table: type[StatementLine] | type[Correction], leader_id: str, ids: Sequence[str]
) -> Select[str, int, str, str]:
    """Select rows about lines from a leader's own settled statements."""
    return (
        select(table.commission_line_id, table.amount_fen, table.statement_id, Statement.month)
        .join(Statement, Statement.id == table.statement_id)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(
            table.commission_line_id.in_(ids),
            Statement.leader_id == leader_id,
            SettlementPeriod.state.in_(SETTLED),
        )
    )


def _payouts(leader_id: str) -> list[_Paid]:
    """Return a leader's settled statements that pay something, in order of months."""
    arrived = func.sum(PayoutItem.gross_fen).filter(PayoutItem.state == AttemptState.SUCCEEDED)
    rows = session().execute(
        select(
            Statement.month,
            Statement.payout_fen,
            cast(func.coalesce(arrived, 0), BigInteger),
        )
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .outerjoin(PayoutItem, PayoutItem.statement_id == Statement.id)
        .where(
            Statement.leader_id == leader_id,
            Statement.payout_fen > 0,
            SettlementPeriod.state.in_(SETTLED),
        )
        .group_by(Statement.id)
        .order_by(Statement.month)
    )
    return [_Paid(*row) for row in rows]


def _arrived(told: _Told, payouts: Sequence[_Paid]) -> bool:
    """Tell whether a line's money is with the leader: by the first payout that includes it.

    A month that pays nothing carries what it came to into the next one.
    """
    payout = next((each for each in payouts if each.month >= told.since), None)
    if told.settled_fen is None or payout is None or told.held_fen > 0:
        return False
    whole = payout.arrived_fen >= payout.payout_fen
    # What a dispute held comes last.
    return whole or (payout.arrived_fen > 0 and not told.disputed)


def _reasons(leader_id: str, ids: Sequence[str]) -> dict[str, str | None]:
    """Return why lines that were given to a leader earn nothing for this one, None if they do."""
    rows = session().execute(
        select(CommissionTransfer.commission_line_id, CommissionTransfer.reason)
        .where(
            CommissionTransfer.commission_line_id.in_(ids),
            CommissionTransfer.leader_id == leader_id,
        )
        .order_by(CommissionTransfer.revision)
    )
    return {line_id: reason for line_id, reason in rows}


def _refunded(ids: Sequence[str]) -> dict[str, int]:
    rows = session().execute(
        select(
            CommissionRefund.commission_line_id,
            cast(func.sum(CommissionRefund.amount_fen), BigInteger),
        )
        .where(CommissionRefund.commission_line_id.in_(ids))
        .group_by(CommissionRefund.commission_line_id)
    )
    return {line_id: fen for line_id, fen in rows}

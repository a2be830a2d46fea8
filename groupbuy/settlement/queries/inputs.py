"""What a month's statements are made of."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, and_, cast, func, select, tuple_
from sqlalchemy.orm import aliased

from groupbuy.commissions import queries as commissions
from groupbuy.commissions.models import CommissionRefund
from groupbuy.kernel.db import session
from groupbuy.settlement.models import (
    SettlementPeriod,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.periods import (
    SETTLED,
)
from groupbuy.settlement.rules.statements import LeaderMonth, LineKind, SettledRefund


def leader_months(period: SettlementPeriod) -> Iterator[LeaderMonth]:
    """Yield what each leader's statement is made of; three statements, the lines streamed.

    A leader has a statement who sold in the month, has a refund to answer for, or carries a
    balance over.
    """
    carried = carried_into(period.month)
    refunds = _by_leader(settled_refunds(period))
    lines = commissions.completed_lines(
        starts_at=period.starts_at, ends_at=period.ends_at, refunds_before=period.cutoff_at
    )
    for leader_id, sold in groupby(lines, key=lambda line: line.leader_id):
        yield LeaderMonth(
            period.month,
            leader_id,
            carried.pop(leader_id, 0),
            list(sold),
            refunds.pop(leader_id, []),
        )
    for leader_id in sorted(carried.keys() | refunds.keys()):
        yield LeaderMonth(
            period.month, leader_id, carried.get(leader_id, 0), [], refunds.get(leader_id, [])
        )


def carried_into(month: str) -> dict[str, int]:
    """Return what each leader carries over from the latest settled month before."""
    before = (
        select(func.max(SettlementPeriod.month))
        .where(SettlementPeriod.month < month, SettlementPeriod.state.in_(SETTLED))
        .scalar_subquery()
    )
    rows = session().execute(
        select(Statement.leader_id, Statement.carry_out_fen).where(
            Statement.month == before, Statement.carry_out_fen != 0
        )
    )
    return {leader_id: carry_out_fen for leader_id, carry_out_fen in rows}


def settled_refunds(period: SettlementPeriod) -> list[SettledRefund]:
    """Return the refunds in a period's window of lines that an earlier month settled."""
    earlier, settled_in = aliased(CommissionRefund), aliased(SettlementPeriod)
    refund, sale = CommissionRefund, StatementLine
    before_this = and_(
        earlier.commission_line_id == refund.commission_line_id,
        earlier.recorded_at >= settled_in.cutoff_at,
        tuple_(earlier.recorded_at, earlier.refund_key)
        < tuple_(refund.recorded_at, refund.refund_key),
    )
    sums = [
        select(cast(func.coalesce(func.sum(column), 0), BigInteger))
        .where(before_this)
        .correlate(refund, settled_in)
        .scalar_subquery()
        for column in (earlier.amount_fen, earlier.quantity)
    ]
    query = (
        select(
            refund.refund_key,
            refund.recorded_at,
            refund.amount_fen,
            refund.quantity,
            Statement.leader_id,
            sale.statement_id,
            sale.commission_line_id,
            sale.order_id,
            sale.order_line_id,
            sale.completed_at,
            sale.plan_version_id,
            sale.rule_kind,
            sale.reason,
            sale.multiplier_bps,
            sale.flat_fen_per_unit,
            sale.base_fen,
            sale.quantity,
            sale.amount_fen,
            *sums,
        )
        .join(
            sale,
            and_(sale.commission_line_id == refund.commission_line_id, sale.kind == LineKind.SALES),
        )
        .join(Statement, Statement.id == sale.statement_id)
        .join(settled_in, settled_in.month == Statement.month)
        .where(
            refund.recorded_at >= period.window_from,
            refund.recorded_at < period.cutoff_at,
            refund.recorded_at >= settled_in.cutoff_at,
            settled_in.month < period.month,
            settled_in.state.in_(SETTLED),
        )
        .order_by(refund.recorded_at, refund.refund_key)
    )
    rows: Iterable[tuple[Any, ...]] = session().execute(query)
    return [SettledRefund(*row) for row in rows]


def _by_leader(refunds: list[SettledRefund]) -> dict[str, list[SettledRefund]]:
    grouped: dict[str, list[SettledRefund]] = {}
    for refund in refunds:
        grouped.setdefault(refund.leader_id, []).append(refund)
    return grouped

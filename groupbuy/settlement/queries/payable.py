"""What settled statements let a leader be paid."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.settlement.models import SettlementPeriod, Statement
from groupbuy.settlement.rules.periods import SETTLED


@dataclass(frozen=True, slots=True)
class PayableStatement:
    """A settled statement with an amount to pay; `held_fen` of it must wait."""

    statement_id: str
    month: str
    leader_id: str
    payout_fen: int
    held_fen: int


def payable_statements(
    *, month: str | None, leaders: Collection[str] | None = None
) -> list[PayableStatement]:
    """Return the settled statements that pay something, the oldest month first.

    Args:
        month: only this one; all of them if None.
        leaders: only theirs; everyone's if None.
    """
    query = (
        select(Statement.id, Statement.month, Statement.leader_id, Statement.payout_fen)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(SettlementPeriod.state.in_(SETTLED), Statement.payout_fen > 0)
        .order_by(Statement.month, Statement.id)
    )
    if month is not None:
        query = query.where(Statement.month == month)
    if leaders is not None:
        query = query.where(Statement.leader_id.in_(leaders))
    return [PayableStatement(*row, held_fen=0) for row in session().execute(query)]


def payable_statement(statement_id: str) -> PayableStatement | None:
    """Return one settled statement that pays something, None if it does not."""
    found = session().get(Statement, statement_id)
    if found is None:
        return None
    payable = payable_statements(month=found.month, leaders=[found.leader_id])
    return payable[0] if payable else None

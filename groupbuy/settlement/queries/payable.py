"""What settled and answered statements let a leader be paid, and what of it must wait."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select

from groupbuy.kernel.db import session
from groupbuy.settlement.models import Dispute, SettlementPeriod, Standing, Statement
from groupbuy.settlement.rules.answers import UNDECIDED, StandingState
from groupbuy.settlement.rules.periods import SETTLED


@dataclass(frozen=True, slots=True)
class PayableStatement:
    """A settled statement with an amount to pay; `held_fen` of it must wait, and all of it must
    until the statement is answered."""

    statement_id: str
    month: str
    leader_id: str
    payout_fen: int
    answered: bool
    held_fen: int


def payable_statements(
    *, month: str | None, leaders: Collection[str] | None = None
) -> list[PayableStatement]:
    """Return the statements of settled months that pay something, the oldest first.

    What a dispute holds back must wait, the rest need not.

    Args:
        month: only this one; all of them if None.
        leaders: only theirs; everyone's if None.
    """
    query = (
        select(
            Statement.id,
            Statement.month,
            Statement.leader_id,
            Statement.payout_fen,
            Standing.state != StandingState.ISSUED,
        )
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .join(Standing, Standing.statement_id == Statement.id)
        .where(
            SettlementPeriod.state.in_(SETTLED),
            Statement.payout_fen > 0,
        )
        .order_by(Statement.month, Statement.id)
    )
    if month is not None:
        query = query.where(Statement.month == month)
    if leaders is not None:
        query = query.where(Statement.leader_id.in_(leaders))
    rows = session().execute(query).all()
    held = held_fen([row[0] for row in rows])
    return [PayableStatement(*row, held_fen=held.get(row[0], 0)) for row in rows]


def payable_statement(statement_id: str) -> PayableStatement | None:
    """Return one answered statement of a settled month, None if it pays nothing (yet)."""
    found = session().get(Statement, statement_id)
    if found is None:
        return None
    payable = payable_statements(month=found.month, leaders=[found.leader_id])
    return next((one for one in payable if one.answered), None)


def held_fen(statement_ids: Collection[str]) -> dict[str, int]:
    """Return what open disputes hold out of each statement's payout; 0 is left out."""
    held = cast(func.sum(Dispute.held_fen), BigInteger)
    rows = session().execute(
        select(Dispute.statement_id, held)
        .where(Dispute.state.in_(UNDECIDED), Dispute.held_fen > 0)
        .group_by(Dispute.statement_id)
    )
    asked = set(statement_ids)
    return {statement_id: fen for statement_id, fen in rows if statement_id in asked}

"""Months settled by the real services, by two members of staff."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session, transaction
from groupbuy.settlement import jobs, queries, services
from groupbuy.settlement.models import Component, Correction, SettlementPeriod, Statement
from groupbuy.settlement.queries.statements import SaleView
from groupbuy.settlement.rules.periods import CLOSING_DELAY
from groupbuy.settlement.rules.statements import COMPONENTS
from tests.factories.commissions import APPROVER, FINANCE

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))
HOLD_DAYS = 7
MIN_PAYOUT_FEN = 10_000


def local(text: str) -> datetime:
    """Return an instant given as local time: `2026-03-31 23:59`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI.zone)


def after_cutoff(month: str, hold_days: int = HOLD_DAYS) -> datetime:
    """Return the first instant at which a month can be closed."""
    return SHANGHAI.cutoff(month, hold_days) + CLOSING_DELAY


def closed(month: str, *, hold_days: int = HOLD_DAYS) -> SettlementPeriod:
    """Close a month's books."""
    with transaction():
        return services.start_closing(
            month=month,
            calendar=SHANGHAI,
            hold_days=hold_days,
            min_payout_fen=MIN_PAYOUT_FEN,
            actor=FINANCE,
            now=after_cutoff(month, hold_days),
        )


def calculated(month: str, *, hold_days: int = HOLD_DAYS) -> SettlementPeriod:
    """Close and calculate a month."""
    closed(month, hold_days=hold_days)
    return recalculated(month)


def recalculated(month: str, *, actor: Actor = FINANCE) -> SettlementPeriod:
    """Calculate a closed month, anew or from where it was stopped."""
    return jobs.calculate_month(month=month, actor=actor)


def submitted(month: str, *, hold_days: int = HOLD_DAYS) -> SettlementPeriod:
    """Close, calculate and submit a month."""
    period = calculated(month, hold_days=hold_days)
    with transaction():
        return services.submit(month=month, actor=FINANCE, now=period.cutoff_at + CLOSING_DELAY)


def approved(month: str, *, hold_days: int = HOLD_DAYS) -> SettlementPeriod:
    """Settle a month: prepared by one, approved by another."""
    period = submitted(month, hold_days=hold_days)
    with transaction():
        return services.approve(
            month=month,
            digest=str(period.digest),
            actor=APPROVER,
            now=period.cutoff_at + CLOSING_DELAY,
        )


def settled(*months: str) -> None:
    """Settle months one after the other; the books hold, and each recomputes to the same bytes."""
    for month in months:
        approved(month)
    assert broken() == []
    for month in months:
        assert same_again(month)


def same_again(month: str) -> bool:
    """Tell whether a calculated month, told again from its events, gives the same bytes."""
    with transaction():
        session().execute(text("set local timezone = 'UTC'"))
        session().expire_all()
        return services.recompute(period=queries.calculated_period(month)).same


def statement_of(leader_id: str, month: str) -> Statement:
    """Return a leader's statement of a month, whatever its state."""
    query = select(Statement).where(Statement.leader_id == leader_id, Statement.month == month)
    return session().scalars(query).one()


def lines_of(statement: Statement) -> list[SaleView]:
    """Return a statement's lines."""
    return list(queries.line_list(statement=statement, limit=10_000, cursor=None).items)


def told_of(leader_id: str, month: str) -> list[tuple[str, int]]:
    """Return the kind and amount of each correction of a leader's statement, line by line."""
    found = corrections_of(statement_of(leader_id, month))
    return [(row.kind, row.amount_fen) for row in found]


def figures_of(leader_id: str, month: str) -> dict[str, int]:
    """Return the parts of a leader's statement that are not 0."""
    statement = statement_of(leader_id, month)
    return {name: fen for name in COMPONENTS if (fen := getattr(statement, name))}


def corrections_of(statement: Statement) -> list[Correction]:
    """Return a statement's corrections."""
    query = select(Correction).where(Correction.statement_id == statement.id)
    return list(session().scalars(query.order_by(Correction.position)))


def components_of(statement: Statement) -> list[Component]:
    """Return a statement's components."""
    query = select(Component).where(Component.statement_id == statement.id)
    return list(session().scalars(query.order_by(Component.position)))


def broken() -> list[str]:
    """Return the names of the invariants of money that do not hold."""
    rooms = ("ledger.", "commissions.", "settlement.")
    concerned = [i for i in invariants() if i.name.startswith(rooms)]
    return [finding.invariant.name for finding in books.check(concerned) if finding.faults]

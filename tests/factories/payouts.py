"""Settled months, payout accounts, tax regimes and batches."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import insert

from groupbuy.app.registry import invariants
from groupbuy.identity.models import Shopper
from groupbuy.kernel import books, clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import Leader
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from groupbuy.payouts import services
from groupbuy.payouts.models import PayoutAttempt, PayoutBatch, PayoutItem, TaxRegime
from groupbuy.payouts.providers.interface import Outcome
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.payouts.rules.tax import Withholding
from groupbuy.settlement import services as settlement
from groupbuy.settlement.jobs import calculate_month
from groupbuy.settlement.models import Statement
from tests.factories.adjustments import adjusted
from tests.factories.commissions import APPROVER, FINANCE
from tests.factories.settlement import SHANGHAI, after_cutoff

MARCH = "2026-03"
DETAILS = {
    "demo": {"name": "Mei"},
    "bank": {"holder": "梅", "account": "6222020200012345678", "bank": "工商银行"},
    "wechat": {"name": "梅"},
    "stripe": {"account": "acct_1234567890"},
}

_numbers = itertools.count(1)


def leaders(count: int) -> list[str]:
    """Register leaders in bulk and return their ids in order."""
    now = clock.now()
    people, made = [], []
    for _ in range(count):
        number = next(_numbers)
        shopper = new_id("shp")
        seen = {"registered_at": now, "last_login_at": now}
        people.append({"id": shopper, "openid": f"payee-{number}", "name": f"P{number}", **seen})
        about = {"name": f"Leader {number}", "region": "Shanghai", "since": now}
        made.append({"id": new_id("ldr"), "shopper_id": shopper, **about})
    with transaction():
        session().execute(insert(Shopper), people)
        session().execute(insert(Leader), made)
    return [str(row["id"]) for row in made]


def settled(
    payouts_fen: dict[str, int], *, month: str = MARCH, answered: Sequence[str] | None = None
) -> dict[str, str]:
    """Approve a month that pays each leader this much; return each one's confirmed statement.

    Only those `answered` are confirmed, if any are named.
    """
    now = after_cutoff(month)
    for leader_id, fen in payouts_fen.items():
        adjusted(leader_id, fen, at=SHANGHAI.cutoff(month, 7) - timedelta(hours=1))
    with transaction():
        settlement.start_closing(
            month=month, calendar=SHANGHAI, hold_days=7, min_payout_fen=1, actor=FINANCE, now=now
        )
    calculate_month(month=month, actor=FINANCE)
    with transaction():
        period = settlement.submit(month=month, actor=FINANCE, now=now)
        digest = str(period.digest)
        days = 0 if answered is None else 3
        settlement.approve(month=month, digest=digest, actor=APPROVER, now=now, confirm_days=days)
        settlement.auto_confirm(now=now)
    found = session().query(Statement).filter(Statement.month == month)
    statements = {row.leader_id: row.id for row in found}
    for leader_id in answered or ():
        mine = Actor(kind="shopper", id="mei", role="leader", leader_id=leader_id)
        with transaction():
            settlement.confirm(
                statement_id=statements[leader_id], leader_id=leader_id, actor=mine, now=now
            )
    return statements


def account(leader_id: str, kind: str = "demo", **details: str) -> None:
    """Set a leader's payout account, as the leader does."""
    with transaction():
        services.set_account(
            leader_id=leader_id,
            kind=kind,
            details=details or DETAILS[kind],
            wait_hours=24,
            keys=settings().payout_key_ring,
            actor=Actor(kind="shopper", id="mei", role="leader", leader_id=leader_id),
            now=clock.now(),
        )


def regime(name: str = "none", *, leader_id: str | None = None) -> TaxRegime:
    """Put a tax regime into force from now on."""
    with transaction():
        made = services.create_regime(
            regime=name,
            effective_from=clock.now(),
            leader_id=leader_id,
            note="by contract",
            calendar=SHANGHAI,
            actor=FINANCE,
            now=clock.now(),
        )
        return services.approve_regime(regime_id=made.id, actor=APPROVER, now=clock.now())


def drafted(
    channel: str = "demo", *, month: str | None = MARCH, leaders: Sequence[str] | None = None
) -> PayoutBatch:
    """Draft a batch."""
    with transaction():
        return services.create_batch(
            channel=channel, month=month, leaders=leaders, actor=FINANCE, now=clock.now()
        )


def approved(channel: str = "demo", **whom: Any) -> PayoutBatch:
    """Draft and approve a batch."""
    batch = drafted(channel, **whom)
    with transaction():
        return services.approve_batch(
            batch_id=batch.id, digest=batch.digest, actor=APPROVER, now=clock.now()
        )


def executing(channel: str = "demo", **whom: Any) -> PayoutBatch:
    """Draft, approve and execute a batch; its jobs wait."""
    batch = approved(channel, **whom)
    with transaction():
        return services.execute_batch(batch_id=batch.id, actor=FINANCE, now=clock.now())


def paid(channel: str = "demo", **whom: Any) -> PayoutBatch:
    """Execute a batch and run what is due."""
    batch = executing(channel, **whom)
    run_pending()
    return batch


def payable(count: int = 1, fen: int = 100_000, *, kind: str = "demo") -> list[str]:
    """Settle March with this payout for each of some leaders, who have accounts and no tax."""
    found = leaders(count)
    settled(dict.fromkeys(found, fen))
    for leader_id in found:
        account(leader_id, kind)
    regime()
    return found


def items(**filters: Any) -> list[PayoutItem]:
    """Return items as they are now, in order of creation."""
    session().expire_all()
    return session().query(PayoutItem).filter_by(**filters).order_by(PayoutItem.id).all()


def attempts(**filters: Any) -> list[PayoutAttempt]:
    """Return attempts as they are now, in order of their numbers."""
    session().expire_all()
    return session().query(PayoutAttempt).filter_by(**filters).order_by(PayoutAttempt.number).all()


def broken() -> list[str]:
    """Return the names of the invariants of payouts, and of what they post, that do not hold."""
    rooms = ("ledger.", "payouts.", "settlement.leader_balance")
    concerned = [i for i in invariants() if i.name.startswith(rooms)]
    return [finding.invariant.name for finding in books.check(concerned) if finding.faults]


def told(number: str, state: str) -> int:
    """Let a channel say how an attempt stands; return how many attempts moved."""
    with transaction():
        return services.record(
            outcomes={number: Outcome(AttemptState(state))}, calendar=SHANGHAI, now=clock.now()
        )


def owed(leader_id: str) -> int:
    """Return what the ledger owes a leader."""
    return -ledger.balance(Account(AccountKind.LEADER, leader_id))


def withholding(tax_fen: int) -> Withholding:
    """Return a withholding that no table would give."""
    return Withholding(tax_fen, Fraction(tax_fen), "", {})

"""What an attempt means for the ledger and for the leader's tax."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.ledger import queries as books
from groupbuy.ledger import services as ledger
from groupbuy.ledger.rules import Account, AccountKind, Entry, Posting, transfer
from groupbuy.payouts import queries
from groupbuy.payouts.models import PayoutAttempt, PayoutItem, TaxEntry, TaxRegime
from groupbuy.payouts.rules.tax import Regime, Withholding, withhold
from groupbuy.payouts.services.locks import take_turns

PAYOUT = "payout"
"""The kind of the posting that creates a payout; settlement's books know it by this name."""
PAID = "payout_paid"
WITHHOLDING = "withholding"
"""The owner of the account of tax that is withheld and owed to the tax authority."""


@dataclass(frozen=True, slots=True)
class Taxed:
    """What is withheld from a payout, under which regime, in which month."""

    regime: TaxRegime
    month: str
    withholding: Withholding


def assess(*, item: PayoutItem, calendar: Calendar, now: datetime) -> Taxed:
    """Return what is withheld from an item paid now.

    Payouts of one leader take turns until the transaction ends: what one withholds, the next has
    to know. A batch has only items of leaders under a regime, and a regime stays in force.
    """
    take_turns(queue="tax", key=item.leader_id)
    regime = queries.regime_of(item.leader_id, at=now)
    if regime is None:
        raise LookupError(f"{item.leader_id} is under no tax regime")
    month = calendar.month_of(now)
    withholding = withhold(
        Regime(regime.regime),
        item.gross_fen,
        day=calendar.day_of(now),
        paid=queries.paid_before(item.leader_id, month=month),
    )
    return Taxed(regime, month, withholding)


def book(*, attempt: PayoutAttempt, item: PayoutItem, taxed: Taxed, now: datetime) -> None:
    """Post a payout that is created, and keep how its tax came about."""
    exact = taxed.withholding.exact
    session().add(
        TaxEntry(
            number=attempt.number,
            leader_id=item.leader_id,
            regime_id=taxed.regime.id,
            regime=taxed.regime.regime,
            table_version=taxed.withholding.table_version,
            tax_month=taxed.month,
            booked_month=taxed.month,
            income_fen=attempt.gross_fen,
            tax_fen=attempt.tax_fen,
            inputs=dict(taxed.withholding.inputs),
            exact=f"{exact.numerator}/{exact.denominator}",
            at=now,
        )
    )
    entries = (
        Entry(Account(AccountKind.LEADER, item.leader_id), attempt.gross_fen),
        Entry(Account(AccountKind.TAX, WITHHOLDING), -attempt.tax_fen),
        Entry(Account(AccountKind.CLEARING, attempt.channel), -attempt.net_fen),
    )
    real = [entry for entry in entries if entry.amount_fen != 0]
    ledger.post_many(postings=[Posting(PAYOUT, attempt.number, real)], actor=SYSTEM, now=now)


def settle(*, attempts: Collection[PayoutAttempt], now: datetime) -> None:
    """Post that payouts arrived; again changes nothing."""
    arrived = [
        transfer(
            PAID,
            attempt.number,
            debit=Account(AccountKind.CLEARING, attempt.channel),
            credit=Account(AccountKind.BANK, attempt.channel),
            amount_fen=attempt.net_fen,
        )
        for attempt in attempts
    ]
    ledger.post_many(postings=arrived, actor=SYSTEM, now=now)


def take_back(*, attempt: PayoutAttempt, calendar: Calendar, now: datetime) -> None:
    """Reverse what an attempt posted, tax included: later payouts see it as never paid."""
    posted = books.transaction_of(kind=PAYOUT, reference=attempt.number)
    ledger.reverse(transaction_id=posted.id, actor=SYSTEM, now=now)
    taxed = queries.entry_of(attempt.number)
    take_turns(queue="tax", key=taxed.leader_id)
    session().add(
        TaxEntry(
            number=taxed.number,
            leader_id=taxed.leader_id,
            regime_id=taxed.regime_id,
            regime=taxed.regime,
            table_version=taxed.table_version,
            tax_month=taxed.tax_month,
            booked_month=calendar.month_of(now),
            income_fen=-taxed.income_fen,
            tax_fen=-taxed.tax_fen,
            inputs=taxed.inputs,
            exact=taxed.exact,
            at=now,
            reverses_id=taxed.id,
        )
    )
    session().flush()

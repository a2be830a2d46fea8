"""The moves of a period that a person makes; the calculation has its own file."""

from datetime import datetime

from sqlalchemy import select, text

from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.ledger import services as ledger
from groupbuy.ledger.rules import Account, AccountKind, Entry, Posting
from groupbuy.settlement import queries
from groupbuy.settlement.errors import (
    ApproverIsPreparer,
    CutoffNotReached,
    EarlierMonthUnsettled,
    FiguresChanged,
    LaterMonthBegun,
)
from groupbuy.settlement.models import SettlementPeriod, Statement
from groupbuy.settlement.rules.answers import CONFIRM_DAYS
from groupbuy.settlement.rules.periods import CLOSING_DELAY, Action
from groupbuy.settlement.services import answering
from groupbuy.settlement.services.moving import held, moved

COMMISSION = "commission"
"""The kind of the postings that an approval makes, and the owner of the expense account."""

WRITE_OFF = "write_off"
"""The owner of the expense account for balances that are owed no more."""


def start_closing(
    *,
    month: str,
    calendar: Calendar,
    hold_days: int,
    min_payout_fen: int,
    actor: Actor,
    now: datetime,
) -> SettlementPeriod:
    """Close a month's books under the present settings.

    Raises:
        NotInThisState: its closing has started before.
        CutoffNotReached: with the instant from which on it can be closed.
        LaterMonthBegun: a later month is being settled already.
        EarlierMonthUnsettled: an earlier one has something to settle and is not approved.
    """
    # Months close a dozen times a year: taking turns keeps two of them from overtaking each other.
    session().execute(text("lock table settlement_periods in share row exclusive mode"))
    begun = queries.period(month)
    if begun is not None:
        raise NotInThisState(state=begun.state, action=Action.START_CLOSING.value)
    period = queries.opened(
        month, calendar=calendar, hold_days=hold_days, min_payout_fen=min_payout_fen
    )
    closes_at = period.cutoff_at + CLOSING_DELAY
    if now < closes_at:
        raise CutoffNotReached(month=month, at=closes_at.isoformat())
    later = queries.next_period(after=month)
    if later is not None:
        raise LaterMonthBegun(begun=later.month)
    unsettled = queries.first_unsettled_month(period, calendar)
    if unsettled is not None:
        raise EarlierMonthUnsettled(unsettled=unsettled)
    return moved(period, action=Action.START_CLOSING, actor=actor, now=now)


def submit(*, month: str, actor: Actor, now: datetime) -> SettlementPeriod:
    """Hand the calculated figures over for review."""
    period = held(month, action=Action.SUBMIT)
    return moved(
        period,
        action=Action.SUBMIT,
        actor=actor,
        now=now,
        submitted_by=actor.label,
        submitted_at=now,
    )


def send_back(*, month: str, reason: str, actor: Actor, now: datetime) -> SettlementPeriod:
    """Return the figures to who prepared them, and say why."""
    period = held(month, action=Action.SEND_BACK)
    return moved(
        period,
        action=Action.SEND_BACK,
        actor=actor,
        now=now,
        why=reason,
        submitted_by=None,
        submitted_at=None,
    )


def approve(
    *,
    month: str,
    digest: str,
    actor: Actor,
    now: datetime,
    confirm_days: int = CONFIRM_DAYS,
) -> SettlementPeriod:
    """Approve the figures with this digest, post them to the ledger, issue the statements.

    Raises:
        NotInThisState: they are not in review.
        FiguresChanged: the digest is another one's: they changed since they were reviewed.
        ApproverIsPreparer: the actor calculated or submitted them.
    """
    period = held(month, action=Action.APPROVE)
    if period.digest != digest:
        raise FiguresChanged(digest=period.digest)
    if actor.label in (period.calculated_by, period.submitted_by):
        raise ApproverIsPreparer
    ledger.post_many(postings=_postings(month), actor=actor, now=now)
    answering.issue(month=month, confirm_days=confirm_days, actor=actor, now=now)
    return moved(
        period,
        action=Action.APPROVE,
        actor=actor,
        now=now,
        approved_by=actor.label,
        approved_at=now,
    )


def lock(*, month: str, actor: Actor, now: datetime) -> SettlementPeriod:
    """Lock an approved month: the last word.

    Raises:
        NotInThisState: it is not approved, or locked already.
        StatementsUnanswered: some statements are not answered, or disputed.
    """
    period = held(month, action=Action.LOCK)
    answering.finish(month=month, actor=actor, now=now)
    return moved(
        period, action=Action.LOCK, actor=actor, now=now, locked_by=actor.label, locked_at=now
    )


def _postings(month: str) -> list[Posting]:
    """Return what each statement adds to what its leader is owed, or takes from it."""
    columns = (
        Statement.id,
        Statement.leader_id,
        Statement.payable_fen - Statement.carry_in_fen,
        Statement.hold_fen + Statement.release_fen,
        Statement.write_off_fen,
    )
    postings = []
    for statement_id, leader_id, earned, kept, written_off in session().execute(
        select(*columns).where(Statement.month == month)
    ):
        entries = [
            Entry(Account(AccountKind.EXPENSE, COMMISSION), earned - kept - written_off),
            Entry(Account(AccountKind.EXPENSE, WRITE_OFF), written_off),
            Entry(Account(AccountKind.HELD, leader_id), kept),
            Entry(Account(AccountKind.LEADER, leader_id), -earned),
        ]
        booked = [entry for entry in entries if entry.amount_fen]
        if booked:
            postings.append(Posting(COMMISSION, statement_id, booked))
    return postings

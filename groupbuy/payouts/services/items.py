"""What people and the clock do with single items: retry, cancel, take up what is due."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.sealing import KeyRing
from groupbuy.payouts import queries
from groupbuy.payouts.errors import NotDueAnyMore, NoUsableAccount, PayoutMayBePaid
from groupbuy.payouts.models import PayoutAttempt, PayoutItem
from groupbuy.payouts.queries import Taken
from groupbuy.payouts.rules.states import (
    BATCH_MOVES,
    ITEM_MOVES,
    SHORTEST_PAUSE,
    AttemptState,
    BatchState,
    ask_again,
    move,
)
from groupbuy.payouts.services import channels
from groupbuy.payouts.services.attempts import intent_of, record
from groupbuy.payouts.services.batches import TAKE_UP_JOB, finish_batches
from groupbuy.payouts.services.locks import take_turns
from groupbuy.settlement import queries as settlement

SUBMIT_JOB = "payouts.submit"
ASK_JOB = "payouts.ask"
CANCEL_JOB = "payouts.cancel"

AT_ONCE = 500
ITEM_PAUSE = 10 * SHORTEST_PAUSE
"""After which an item whose job was lost is taken up again."""


def retry_item(*, item_id: str, actor: Actor, now: datetime) -> PayoutItem:
    """Let a definitely unpaid item be tried again, to the leader's present account.

    Raises:
        NotInThisState: it is not failed or cancelled, or its batch was never executed.
        NotDueAnyMore: another item has paid its statement, or it is held.
        NoUsableAccount: the leader has none of the channel's kind.
    """
    take_turns(queue="items")
    item = queries.locked_item(item_id)
    after = move(ITEM_MOVES, AttemptState(item.state), "retry")
    batch = queries.locked_batch(item.batch_id)
    batch_after = move(BATCH_MOVES, BatchState(batch.state), "retry")
    _check_due(item)
    kind = channels.set_up(name=batch.channel).account_kind
    account = queries.accounts_of(item.leader_id, now=now).current
    if account is None or account.kind != kind:
        raise NoUsableAccount(kind=kind)
    item.state, item.reason, item.due_at, item.account_id = after, "", now, account.id
    batch.state, batch.finished_at = batch_after, None
    session().flush()
    jobs.enqueue(TAKE_UP_JOB)
    _record(item, "item_retried", actor=actor, now=now, account_id=account.id)
    return item


def cancel_item(
    *, item_id: str, calendar: Calendar, keys: KeyRing, actor: Actor, now: datetime
) -> PayoutItem:
    """Drop an item that was not tried, or ask the channel to take back what is not confirmed.

    Whether the channel did shows in the item's state afterwards.

    Raises:
        NotInThisState: it is over.
        PayoutMayBePaid: it is in a file that may be at the bank.
    """
    known = queries.attempt_in_flight(item_id)
    if known is not None:
        # Attempts are locked before their items, here as where results are recorded.
        session().refresh(known, with_for_update=True)
    item = queries.locked_item(item_id)
    attempt = queries.attempt_in_flight(item_id)
    if attempt is None:
        item.state, item.due_at = move(ITEM_MOVES, AttemptState(item.state), "drop"), None
        session().flush()
        finish_batches(batch_ids=[item.batch_id], now=now)
    elif channels.set_up(name=attempt.channel).remote:
        attempt.cancel_asked_at = attempt.cancel_asked_at or now
        session().flush()
        jobs.enqueue(CANCEL_JOB, number=attempt.number)
    else:
        _take_back_here(attempt, calendar, keys, now)
    _record(item, "item_cancelled", actor=actor, now=now, number=attempt and attempt.number)
    return item


def take_up_items(*, now: datetime) -> int:
    """Enqueue the submission of items that are due; return how many."""
    items = session().scalars(
        select(PayoutItem)
        .where(PayoutItem.due_at <= now)
        .order_by(PayoutItem.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    count = 0
    for item in items:
        item.due_at = now + ITEM_PAUSE
        jobs.enqueue(SUBMIT_JOB, item_id=item.id)
        count += 1
    session().flush()
    return count


def take_up_attempts(*, now: datetime) -> int:
    """Enqueue the questions about attempts of which no end is known; return how many."""
    attempts = session().scalars(
        select(PayoutAttempt)
        .where(PayoutAttempt.due_at <= now)
        .order_by(PayoutAttempt.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    count = 0
    for attempt in attempts:
        attempt.due_at = ask_again(since=attempt.submitted_at, now=now)
        jobs.enqueue(ASK_JOB, number=attempt.number)
        count += 1
    session().flush()
    return count


def _check_due(item: PayoutItem) -> None:
    payable = settlement.payable_statement(item.statement_id)
    taken = queries.taken(month=item.month, leaders=[item.leader_id])
    gone = taken.get(item.statement_id, Taken(0, False))
    due_fen = payable.payout_fen - payable.held_fen - gone.fen if payable else 0
    if gone.open_item or due_fen < item.gross_fen:
        raise NotDueAnyMore(due_fen=0 if gone.open_item else max(0, due_fen))


def _take_back_here(
    attempt: PayoutAttempt, calendar: Calendar, keys: KeyRing, now: datetime
) -> None:
    """Cancel at a channel that needs no network, before anybody can write it into a file."""
    session().refresh(attempt, with_for_update=True)
    if attempt.filed_at is not None:
        raise PayoutMayBePaid
    intent = intent_of(number=attempt.number, keys=keys)
    if intent is not None:
        outcome = channels.cancel(intent=intent)
        record(outcomes={attempt.number: outcome}, calendar=calendar, now=now)


def _record(item: PayoutItem, action: str, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(actor=actor, action=f"payouts.{action}", subject=item.id, now=now, **facts)

"""Attempts to pay: the intent is committed before the channel is called, the result after."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_uuid
from groupbuy.kernel.sealing import KeyRing
from groupbuy.payouts import queries
from groupbuy.payouts.models import PayoutAttempt, PayoutItem
from groupbuy.payouts.providers.interface import Outcome, Transfer
from groupbuy.payouts.rules.states import (
    ATTEMPT_MOVES,
    FINAL,
    ITEM_MOVES,
    UNPAID,
    AttemptState,
    BatchState,
    ask_again,
    move,
)
from groupbuy.payouts.services import accounts, postings
from groupbuy.payouts.services.batches import finish_batches
from groupbuy.payouts.services.channels import BY_FILE, Intent
from groupbuy.payouts.services.notices import notify
from groupbuy.settlement import queries as settlement

NOT_DUE = "NOT_DUE"
"""Why an item failed without an attempt: its statement, or a part of it, is held since."""
ACCOUNT_CHANGED = "ACCOUNT_CHANGED"
"""Why an item failed without an attempt: its leader is paid elsewhere since. A retry pays there."""
TAX_TAKES_ALL = "TAX_TAKES_ALL"
"""Why an item failed without an attempt: what is to be withheld leaves nothing to transfer."""

TOLD = {
    AttemptState.AWAITING_USER: "payout_awaits_you",
    AttemptState.SUCCEEDED: "payout_succeeded",
    AttemptState.FAILED: "payout_failed",
    AttemptState.CANCELLED: "payout_cancelled",
}
"""The news of which leaders are told, and the kinds of those notices."""


def begin_attempt(
    *, item_id: str, calendar: Calendar, keys: KeyRing, now: datetime
) -> Intent | None:
    """Write the intent to pay an item, with its tax and its posting, under a new number.

    Returns what to submit once this is committed; None if the item is not to be paid now, or
    somebody else is paying it.
    """
    item = queries.locked_item(item_id)
    batch = queries.batch(item.batch_id)
    item.due_at = None
    if item.state != AttemptState.CREATED or batch.state != BatchState.EXECUTING:
        return None
    if queries.attempt_in_flight(item_id) is not None:
        return None
    obstacle = _obstacle(item, now)
    taxed = postings.assess(item=item, calendar=calendar, now=now)
    if obstacle is None and taxed.withholding.tax_fen >= item.gross_fen:
        obstacle = TAX_TAKES_ALL
    if obstacle is not None:
        _fail(item, obstacle, now)
        return None
    attempt = PayoutAttempt(
        number=_new_number(),
        item_id=item.id,
        channel=batch.channel,
        account_id=item.account_id,
        gross_fen=item.gross_fen,
        tax_fen=taxed.withholding.tax_fen,
        net_fen=item.gross_fen - taxed.withholding.tax_fen,
        submitted_at=now,
        due_at=ask_again(since=now, now=now),
    )
    session().add(attempt)
    session().flush()
    postings.book(attempt=attempt, item=item, taxed=taxed, now=now)
    return _intent(attempt, item, keys)


def intent_of(*, number: str, keys: KeyRing) -> Intent | None:
    """Return what an attempt in flight asked for, None if it is over."""
    attempt = queries.attempt(number)
    if attempt.state in FINAL:
        return None
    return _intent(attempt, queries.item(attempt.item_id), keys)


def record(*, outcomes: Mapping[str, Outcome], calendar: Calendar, now: datetime) -> int:
    """Record how attempts stand, by number, and return how many moved.

    What the table of moves does not have, because it comes late or again, changes nothing.
    """
    attempts = _locked(list(outcomes))
    items = _items_of(attempts)
    moved = []
    for attempt in attempts:
        outcome = outcomes[attempt.number]
        if attempt.state in FINAL:
            continue
        if not attempt.provider_ref:
            attempt.provider_ref = outcome.provider_ref
        if outcome.action:
            attempt.action = outcome.action
        if (AttemptState(attempt.state), outcome.state.value) in ATTEMPT_MOVES:
            _move(attempt, items[attempt.item_id], outcome, now)
            moved.append(attempt)
        attempt.due_at = _next_question(attempt, now)
    session().flush()
    postings.settle(attempts=[a for a in moved if a.state == AttemptState.SUCCEEDED], now=now)
    for attempt in moved:
        if attempt.state in UNPAID:
            postings.take_back(attempt=attempt, calendar=calendar, now=now)
    over = {items[a.item_id].batch_id for a in moved if a.state in FINAL}
    finish_batches(batch_ids=over, now=now)
    return len(moved)


def _obstacle(item: PayoutItem, now: datetime) -> str | None:
    """Return why an item is not to be paid any more as it was approved."""
    if not _still_due(item):
        return NOT_DUE
    account = queries.accounts_of(item.leader_id, now=now).current
    if account is None or account.id != item.account_id:
        return ACCOUNT_CHANGED
    return None


def _still_due(item: PayoutItem) -> bool:
    """Tell whether a statement still pays what its items take: a part may be held since.

    Nobody disputes it until the transaction ends: what is paid cannot be held.
    """
    settlement.standing(item.statement_id, locked=True)
    payable = settlement.payable_statement(item.statement_id)
    taken = queries.taken(month=item.month, leaders=[item.leader_id])[item.statement_id]
    return payable is not None and taken.fen <= payable.payout_fen - payable.held_fen


def _fail(item: PayoutItem, reason: str, now: datetime) -> None:
    """Let an item fail without an attempt."""
    item.state, item.reason = move(ITEM_MOVES, AttemptState(item.state), "failed"), reason
    session().flush()
    finish_batches(batch_ids=[item.batch_id], now=now)


def _move(attempt: PayoutAttempt, item: PayoutItem, outcome: Outcome, now: datetime) -> None:
    """Move a locked attempt, and with it its item."""
    attempt.state = ATTEMPT_MOVES[AttemptState(attempt.state), outcome.state.value]
    attempt.reason = outcome.reason
    if attempt.state in FINAL:
        attempt.settled_at = now
        attempt.action = {}
    item.state, item.reason = attempt.state, attempt.reason
    what = TOLD.get(AttemptState(attempt.state))
    if what is not None:
        facts = {"item_id": item.id, "month": item.month, "net_fen": attempt.net_fen}
        notify(leader_id=item.leader_id, kind=what, facts=facts, now=now)


def _next_question(attempt: PayoutAttempt, now: datetime) -> datetime | None:
    """Return when to ask about an attempt again; a file's attempts are told about, not asked."""
    told = attempt.channel in BY_FILE and attempt.state not in (
        AttemptState.CREATED,
        AttemptState.UNKNOWN,
    )
    if attempt.state in FINAL or told:
        return None
    return ask_again(since=attempt.submitted_at, now=now)


def _locked(numbers: Sequence[str]) -> list[PayoutAttempt]:
    query = (
        select(PayoutAttempt)
        .where(queries.among(PayoutAttempt.number, numbers))
        .order_by(PayoutAttempt.number)
        .with_for_update()
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def _items_of(attempts: Sequence[PayoutAttempt]) -> dict[str, PayoutItem]:
    """Lock and return the items of attempts by id; after the attempts, in id order."""
    query = (
        select(PayoutItem)
        .where(queries.among(PayoutItem.id, (attempt.item_id for attempt in attempts)))
        .order_by(PayoutItem.id)
        .with_for_update()
    )
    rows = session().scalars(query, execution_options={"populate_existing": True})
    return {row.id: row for row in rows}


def _intent(attempt: PayoutAttempt, item: PayoutItem, keys: KeyRing) -> Intent:
    account = queries.accounts_by_id([attempt.account_id])[attempt.account_id]
    transfer = Transfer(
        number=attempt.number,
        amount_fen=attempt.net_fen,
        payee=accounts.payee(account=account, keys=keys),
        remark=remark(month=item.month),
    )
    return Intent(
        channel=attempt.channel,
        transfer=transfer,
        state=AttemptState(attempt.state),
        has_action=bool(attempt.action),
        cancel_asked_at=attempt.cancel_asked_at,
    )


def remark(*, month: str) -> str:
    """Return what the leader's bank or wallet shows; always the same for an item."""
    return f"{month} 团长佣金"


def _new_number() -> str:
    """Return a number that no attempt has had: 28 capital letters and digits, ascending."""
    return f"GB{base64.b32hexencode(new_uuid().bytes).decode().rstrip('=')}"

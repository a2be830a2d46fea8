"""Batches from the draft to the execution: prepared by one, approved by another."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries as known_leaders
from groupbuy.payouts import queries
from groupbuy.payouts.errors import (
    BatchChanged,
    EmptyBatch,
    NothingToPay,
    PayoutApproverIsPreparer,
)
from groupbuy.payouts.models import LeftOut, PayoutBatch, PayoutItem
from groupbuy.payouts.providers.interface import Channel
from groupbuy.payouts.queries import Taken
from groupbuy.payouts.rules.batches import Reason, Standing, digest, left_out
from groupbuy.payouts.rules.states import BATCH_MOVES, AttemptState, BatchState, move
from groupbuy.payouts.services.channels import set_up
from groupbuy.payouts.services.locks import take_turns
from groupbuy.settlement import queries as settlement

TAKE_UP_JOB = "payouts.take_up_items"
TOLD = 100
"""How many of those who were left out a refusal names."""

Rows = list[dict[str, Any]]


def create_batch(
    *,
    channel: str,
    month: str | None,
    leaders: Collection[str] | None,
    actor: Actor,
    now: datetime,
) -> PayoutBatch:
    """Draft a batch with an item for every statement that is due and can be paid this way.

    Args:
        channel: how to pay.
        month: only this month's statements; every settled month's if None.
        leaders: only theirs; everyone's if None.
        actor: who prepares it.
        now: when.

    Raises:
        PayoutChannelUnavailable: the channel is not set up.
        NotFound: one of the leaders does not exist.
        NothingToPay: with why each is left out.
    """
    to = set_up(name=channel)
    if leaders is not None and set(leaders) - known_leaders.leaders_by_id(leaders).keys():
        raise NotFound
    # What is due is what no item has taken: two batches must not both take it.
    take_turns(queue="items")
    items, absent = _sorted_out(to, month, leaders, now)
    if not items:
        raise NothingToPay(left_out=absent[:TOLD])
    batch = PayoutBatch(
        id=new_id("pbt"),
        month=month,
        channel=channel,
        digest=digest([_named(item) for item in items]),
        created_by=actor.label,
        created_at=now,
    )
    session().add(batch)
    session().flush()
    session().execute(insert(PayoutItem), [item | {"batch_id": batch.id} for item in items])
    if absent:
        session().execute(insert(LeftOut), [row | {"batch_id": batch.id} for row in absent])
    _record(batch, "batch_created", actor=actor, now=now, items=len(items), left_out=len(absent))
    return batch


def remove_item(*, item_id: str, actor: Actor, now: datetime) -> PayoutBatch:
    """Take an item out of a draft.

    Raises:
        NotInThisState: the batch is no draft.
    """
    item = queries.item(item_id)
    batch = queries.locked_batch(item.batch_id)
    move(BATCH_MOVES, BatchState(batch.state), "remove_item")
    gone = session().scalar(
        delete(PayoutItem).where(PayoutItem.id == item_id).returning(PayoutItem.id)
    )
    if gone is None:
        # Somebody else removed it while we waited for the batch.
        return batch
    session().add(
        LeftOut(
            batch_id=batch.id,
            leader_id=item.leader_id,
            statement_id=item.statement_id,
            reason=Reason.REMOVED,
        )
    )
    batch.digest = digest(_items_of(batch.id))
    session().flush()
    _record(batch, "item_removed", actor=actor, now=now, item_id=item_id)
    return batch


def cancel_batch(*, batch_id: str, actor: Actor, now: datetime) -> PayoutBatch:
    """Give a batch up before anything was paid; its statements are due again.

    Raises:
        NotInThisState: it is executed, or cancelled already.
    """
    batch = queries.locked_batch(batch_id)
    batch.state = move(BATCH_MOVES, BatchState(batch.state), "cancel")
    batch.cancelled_by, batch.cancelled_at = actor.label, now
    session().flush()
    session().execute(
        update(PayoutItem)
        .where(PayoutItem.batch_id == batch_id)
        .values(state=AttemptState.CANCELLED)
        .execution_options(synchronize_session=False)
    )
    _record(batch, "batch_cancelled", actor=actor, now=now)
    return batch


def approve_batch(*, batch_id: str, digest: str, actor: Actor, now: datetime) -> PayoutBatch:
    """Approve the items with this digest; nothing is paid yet.

    Raises:
        NotInThisState: it is no draft.
        BatchChanged: the digest is another one's: the items changed since they were reviewed.
        PayoutApproverIsPreparer: the actor prepared it, or took something out of it.
        EmptyBatch: all items were removed.
    """
    batch = queries.locked_batch(batch_id)
    after = move(BATCH_MOVES, BatchState(batch.state), "approve")
    if batch.digest != digest:
        raise BatchChanged(digest=batch.digest)
    changed = audit.has_acted(actor, subject=batch.id, actions=["payouts.item_removed"])
    if actor.label == batch.created_by or changed:
        raise PayoutApproverIsPreparer
    count = select(func.count()).select_from(PayoutItem).where(PayoutItem.batch_id == batch_id)
    if not session().scalar(count):
        raise EmptyBatch
    batch.state, batch.approved_by, batch.approved_at = after, actor.label, now
    session().flush()
    _record(batch, "batch_approved", actor=actor, now=now, digest=digest)
    return batch


def execute_batch(*, batch_id: str, actor: Actor, now: datetime) -> PayoutBatch:
    """Begin to pay an approved batch: a job submits each item.

    Raises:
        NotInThisState: it is not approved, or executed already.
    """
    batch = queries.locked_batch(batch_id)
    batch.state = move(BATCH_MOVES, BatchState(batch.state), "execute")
    batch.executed_by, batch.executed_at = actor.label, now
    session().flush()
    session().execute(
        update(PayoutItem)
        .where(PayoutItem.batch_id == batch_id, PayoutItem.state == AttemptState.CREATED)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    finish_batches(batch_ids=[batch_id], now=now)
    jobs.enqueue(TAKE_UP_JOB)
    _record(batch, "batch_executed", actor=actor, now=now)
    return batch


def finish_batches(*, batch_ids: Collection[str], now: datetime) -> None:
    """Close the executing batches among these of which no item is open any more.

    The batch is locked before its items are counted: of two items that end at the same time the
    second sees the first.
    """
    for batch_id in sorted(batch_ids):
        batch = queries.locked_batch(batch_id)
        if batch.state != BatchState.EXECUTING:
            continue
        states = select(PayoutItem.state).where(PayoutItem.batch_id == batch_id).distinct()
        found = {AttemptState(state) for state in session().scalars(states)}
        if found <= {AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED}:
            partly = found - {AttemptState.SUCCEEDED}
            action = "finish_partly" if partly else "finish"
            batch.state = move(BATCH_MOVES, BatchState.EXECUTING, action)
            batch.finished_at = now
            session().flush()


def _sorted_out(
    to: Channel, month: str | None, leaders: Collection[str] | None, now: datetime
) -> tuple[Rows, Rows]:
    """Return the items of a batch, and who is left out with the reason."""
    taken = queries.taken(month=month, leaders=leaders)
    current = queries.usable_accounts(now=now, leaders=leaders)
    pending = queries.pending_accounts(now=now, leaders=leaders)
    regimes = queries.regimes_at(now)
    # Without a month or leaders asked for, all that was ever paid would be "nothing due".
    asked = month is not None or leaders is not None
    items: Rows = []
    absent: Rows = []
    for payable in settlement.payable_statements(month=month, leaders=leaders):
        account, waiting = current.get(payable.leader_id), pending.get(payable.leader_id)
        gone = taken.get(payable.statement_id, Taken(0, False))
        standing = Standing(
            payout_fen=payable.payout_fen,
            answered=payable.answered,
            held_fen=payable.held_fen,
            taken_fen=gone.fen,
            open_item=gone.open_item,
            account_kind=account.kind if account else None,
            waiting_kind=waiting.kind if waiting else None,
            taxed=None in regimes or payable.leader_id in regimes,
        )
        row = {"statement_id": payable.statement_id, "leader_id": payable.leader_id}
        reason = left_out(standing, to.account_kind)
        if reason is None and account is not None:
            amounts = {"account_id": account.id, "gross_fen": standing.due_fen}
            items.append(row | amounts | {"id": new_id("pit"), "month": payable.month})
        elif reason is not None and (asked or reason is not Reason.NOTHING_DUE):
            absent.append(row | {"reason": reason})
    return items, absent + _without_statement(leaders, items + absent)


def _without_statement(leaders: Collection[str] | None, found: Rows) -> Rows:
    known = {row["leader_id"] for row in found}
    return [
        {"statement_id": None, "leader_id": leader_id, "reason": Reason.NOTHING_DUE}
        for leader_id in sorted(set(leaders or ()) - known)
    ]


def _named(item: dict[str, Any]) -> tuple[str, str, str, str, int]:
    """Return what an approval is bound to of an item."""
    return (
        item["id"],
        item["statement_id"],
        item["leader_id"],
        item["account_id"],
        item["gross_fen"],
    )


def _items_of(batch_id: str) -> Sequence[tuple[str, str, str, str, int]]:
    columns = (
        PayoutItem.id,
        PayoutItem.statement_id,
        PayoutItem.leader_id,
        PayoutItem.account_id,
        PayoutItem.gross_fen,
    )
    rows = session().execute(select(*columns).where(PayoutItem.batch_id == batch_id))
    return [_named(dict(row)) for row in rows.mappings()]


def _record(batch: PayoutBatch, action: str, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(actor=actor, action=f"payouts.{action}", subject=batch.id, now=now, **facts)

"""Reads of batches and items."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, any_, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.payouts.models import (
    LeftOut,
    PayoutAccount,
    PayoutAttempt,
    PayoutBatch,
    PayoutItem,
)
from groupbuy.payouts.queries.accounts import accounts_by_id
from groupbuy.payouts.rules.states import IN_FLIGHT, PAYING, UNPAID, AttemptState

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a batch's items come to; tax and net of those that were tried."""

    items: int
    gross_fen: int
    succeeded: int
    succeeded_fen: int
    open: int
    unpaid: int
    left_out: int


@dataclass(frozen=True, slots=True)
class BatchOverview:
    """A batch at a glance."""

    batch: PayoutBatch
    totals: Totals


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item with the account that it is paid to and its attempts, the latest first."""

    item: PayoutItem
    account: PayoutAccount
    attempts: Sequence[PayoutAttempt]

    @property
    def attempt(self) -> PayoutAttempt | None:
        """Return the latest attempt, None before the first."""
        return self.attempts[0] if self.attempts else None


@dataclass(frozen=True, slots=True)
class Taken:
    """What items have paid or are paying for a statement, and whether one of them is open."""

    fen: int
    open_item: bool


def batch(batch_id: str) -> PayoutBatch:
    """Return a batch, or raise NotFound."""
    return _found(session().get(PayoutBatch, batch_id))


def locked_batch(batch_id: str) -> PayoutBatch:
    """Return a batch as it is now, kept from moving until the transaction ends."""
    found = session().get(PayoutBatch, batch_id, with_for_update=True, populate_existing=True)
    return _found(found)


def overview(batch_id: str) -> BatchOverview:
    """Return a batch with what its items come to, in three statements."""
    found = batch(batch_id)
    paid = PayoutItem.state == AttemptState.SUCCEEDED
    gross = func.sum(PayoutItem.gross_fen)
    sums = select(
        func.count(),
        cast(func.coalesce(gross, 0), BigInteger),
        func.count().filter(paid),
        cast(func.coalesce(gross.filter(paid), 0), BigInteger),
        func.count().filter(PayoutItem.state.in_(IN_FLIGHT)),
        func.count().filter(PayoutItem.state.in_(UNPAID)),
    ).where(PayoutItem.batch_id == batch_id)
    absent = select(func.count()).select_from(LeftOut).where(LeftOut.batch_id == batch_id)
    left_out = session().scalar(absent) or 0
    return BatchOverview(found, Totals(*session().execute(sums).one(), left_out=left_out))


def batch_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    month: str | None = None,
    channel: str | None = None,
) -> Page[PayoutBatch]:
    """Return batches, the newest first."""
    query = select(PayoutBatch)
    if state is not None:
        query = query.where(PayoutBatch.state == state)
    if month is not None:
        query = query.where(PayoutBatch.month == month)
    if channel is not None:
        query = query.where(PayoutBatch.channel == channel)
    return paginate(query, by=[PayoutBatch.id], limit=limit, cursor=cursor, descending=True)


def left_out_list(
    batch_id: str, *, limit: int, cursor: str | None, reason: str | None = None
) -> Page[LeftOut]:
    """Return who is not in a batch, and why."""
    query = select(LeftOut).where(LeftOut.batch_id == batch(batch_id).id)
    if reason is not None:
        query = query.where(LeftOut.reason == reason)
    return paginate(query, by=[LeftOut.id], limit=limit, cursor=cursor)


def item(item_id: str) -> PayoutItem:
    """Return an item, or raise NotFound."""
    return _found(session().get(PayoutItem, item_id))


def locked_item(item_id: str) -> PayoutItem:
    """Return an item as it is now, kept from moving until the transaction ends."""
    found = session().get(PayoutItem, item_id, with_for_update=True, populate_existing=True)
    return _found(found)


def shown_item(item_id: str) -> ShownItem:
    """Return an item with its account and every attempt."""
    return shown_items([item(item_id)])[0]


def item_list(
    *,
    limit: int,
    cursor: str | None,
    batch_id: str | None = None,
    leader: str | None = None,
    state: str | None = None,
    month: str | None = None,
) -> Page[ShownItem]:
    """Return items in order of creation, in three statements."""
    query = select(PayoutItem)
    if batch_id is not None:
        query = query.where(PayoutItem.batch_id == batch(batch_id).id)
    if leader is not None:
        query = query.where(PayoutItem.leader_id == leader)
    if state is not None:
        query = query.where(PayoutItem.state == state)
    if month is not None:
        query = query.where(PayoutItem.month == month)
    return _shown_page(query, limit=limit, cursor=cursor)


def own_items(*, leader_id: str, limit: int, cursor: str | None) -> Page[ShownItem]:
    """Return a leader's payouts, the newest first; what is only prepared does not show."""
    query = (
        select(PayoutItem)
        .join(PayoutBatch, PayoutBatch.id == PayoutItem.batch_id)
        .where(PayoutItem.leader_id == leader_id, PayoutBatch.state.in_(PAYING))
    )
    return _shown_page(query, limit=limit, cursor=cursor, descending=True)


def shown_items(items: Sequence[PayoutItem]) -> list[ShownItem]:
    """Return items with their accounts and attempts, in two statements."""
    accounts = accounts_by_id({row.account_id for row in items})
    attempts: dict[str, list[PayoutAttempt]] = {row.id: [] for row in items}
    rows = session().scalars(
        select(PayoutAttempt)
        .where(PayoutAttempt.item_id.in_(attempts))
        .order_by(PayoutAttempt.number.desc())
    )
    for attempt in rows:
        attempts[attempt.item_id].append(attempt)
    return [ShownItem(row, accounts[row.account_id], attempts[row.id]) for row in items]


def taken(*, month: str | None = None, leaders: Collection[str] | None = None) -> dict[str, Taken]:
    """Return by statement what items have paid or are paying, in one statement."""
    open_item = func.bool_or(PayoutItem.state != AttemptState.SUCCEEDED)
    query = (
        select(PayoutItem.statement_id, func.sum(PayoutItem.gross_fen), open_item)
        .where(PayoutItem.state.not_in(UNPAID))
        .group_by(PayoutItem.statement_id)
    )
    if month is not None:
        query = query.where(PayoutItem.month == month)
    if leaders is not None:
        query = query.where(PayoutItem.leader_id.in_(leaders))
    return {
        statement_id: Taken(int(fen), is_open)
        for statement_id, fen, is_open in session().execute(query)
    }


def among(column: InstrumentedAttribute[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Compare a column with any number of values; they travel as one array."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def attempt(number: str) -> PayoutAttempt:
    """Return an attempt as it is now, or raise NotFound."""
    return _found(session().get(PayoutAttempt, number, populate_existing=True))


def attempt_in_flight(item_id: str) -> PayoutAttempt | None:
    """Return the attempt of an item that is not over."""
    query = select(PayoutAttempt).where(
        PayoutAttempt.item_id == item_id, PayoutAttempt.state.in_(IN_FLIGHT)
    )
    return session().scalar(query, execution_options={"populate_existing": True})


def _shown_page(
    query: Select[PayoutItem], *, limit: int, cursor: str | None, descending: bool = False
) -> Page[ShownItem]:
    page = paginate(query, by=[PayoutItem.id], limit=limit, cursor=cursor, descending=descending)
    return Page(shown_items(page.items), page.next_cursor)


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound
    return row

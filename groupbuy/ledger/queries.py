"""Reads of the ledger."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from groupbuy.ledger.rules import Account, AccountKind


@dataclass(frozen=True, slots=True)
class StandingAccount:
    """An account with its balance in fen: debits less credits."""

    id: str
    kind: str
    owner: str
    opened_at: datetime
    balance_fen: int


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """One side of a transaction in the books: debit +, credit -."""

    account: LedgerAccount
    amount_fen: int


@dataclass(frozen=True, slots=True)
class BookedTransaction:
    """A transaction with its entries in their order."""

    id: str
    kind: str
    reference: str
    recorded_at: datetime
    actor: str
    reverses_id: str | None
    entries: tuple[BookedEntry, ...]


def place(account: LedgerAccount) -> Account:
    """Return an account's place in the books."""
    return Account(AccountKind(account.kind), account.owner)


def account_ids(places: Iterable[Account]) -> dict[Account, str]:
    """Return the ids of those accounts that exist, in one statement."""
    columns = LedgerAccount.kind, LedgerAccount.owner
    rows = session().execute(select(*columns, LedgerAccount.id).where(_among(columns, places)))
    return {Account(AccountKind(kind), owner): id_ for kind, owner, id_ in rows}


def balance(place: Account) -> int:
    """Return an account's balance in fen: debits less credits, 0 if there is no such account."""
    return balances([place])[place]


def balances(places: Collection[Account]) -> dict[Account, int]:
    """Return the balance of each account, in one statement."""
    columns = LedgerAccount.kind, LedgerAccount.owner
    rows = session().execute(
        select(*columns, func.sum(LedgerEntry.amount_fen))
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .where(_among(columns, places))
        .group_by(LedgerAccount.id)
    )
    sums = {Account(AccountKind(kind), owner): int(total) for kind, owner, total in rows}
    return {place: sums.get(place, 0) for place in places}


def account_list(
    *, limit: int, cursor: str | None, kind: str | None = None, owner: str | None = None
) -> Page[StandingAccount]:
    """Return accounts with their balances in order of opening, in two statements."""
    query = select(LedgerAccount)
    if kind is not None:
        query = query.where(LedgerAccount.kind == kind)
    if owner is not None:
        query = query.where(LedgerAccount.owner == owner)
    page = paginate(query, by=[LedgerAccount.id], limit=limit, cursor=cursor)
    sums = balances([place(account) for account in page.items])
    standing = [
        StandingAccount(a.id, a.kind, a.owner, a.opened_at, sums[place(a)]) for a in page.items
    ]
    return Page(standing, page.next_cursor)


def transaction(transaction_id: str) -> BookedTransaction:
    """Return a transaction, or raise NotFound."""
    found = session().get(LedgerTransaction, transaction_id)
    if found is None:
        raise NotFound
    return _booked([found])[0]


def transaction_of(*, kind: str, reference: str) -> BookedTransaction:
    """Return the transaction that a kind and a reference name, or raise NotFound."""
    found = transactions_of([(kind, reference)])
    if not found:
        raise NotFound
    return found[0]


def transactions_of(names: Iterable[tuple[str, str]]) -> list[BookedTransaction]:
    """Return those transactions that exist among (kind, reference), in two statements."""
    columns = LedgerTransaction.kind, LedgerTransaction.reference
    return _booked(session().scalars(select(LedgerTransaction).where(_among(columns, names))).all())


def transaction_list(
    *, limit: int, cursor: str | None, reference: str | None = None, kind: str | None = None
) -> Page[BookedTransaction]:
    """Return transactions, the newest first, in two statements."""
    query = select(LedgerTransaction)
    if reference is not None:
        query = query.where(LedgerTransaction.reference == reference)
    if kind is not None:
        query = query.where(LedgerTransaction.kind == kind)
    page = paginate(query, by=[LedgerTransaction.id], limit=limit, cursor=cursor, descending=True)
    return Page(_booked(page.items), page.next_cursor)


def _booked(rows: Sequence[LedgerTransaction]) -> list[BookedTransaction]:
    """Put the entries to their transactions."""
    entries: dict[str, list[BookedEntry]] = {row.id: [] for row in rows}
    found = session().execute(
        select(LedgerEntry.transaction_id, LedgerAccount, LedgerEntry.amount_fen)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerEntry.transaction_id.in_(entries))
        .order_by(LedgerEntry.transaction_id, LedgerEntry.position)
    )
    for transaction_id, account, amount_fen in found:
        entries[transaction_id].append(BookedEntry(account, amount_fen))
    return [
        BookedTransaction(
            id=row.id,
            kind=row.kind,
            reference=row.reference,
            recorded_at=row.recorded_at,
            actor=row.actor,
            reverses_id=row.reverses_id,
            entries=tuple(entries[row.id]),
        )
        for row in rows
    ]


def _among(columns: Sequence[Any], pairs: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Compare two columns with any number of pairs; they travel as two arrays."""
    listed = [(str(first), str(second)) for first, second in pairs]
    firsts = literal([first for first, _ in listed], ARRAY(Text))
    seconds = literal([second for _, second in listed], ARRAY(Text))
    return tuple_(*columns).in_(select(func.unnest(firsts), func.unnest(seconds)))


INVARIANTS = (
    Invariant(
        "ledger.balanced",
        "the entries of every transaction are complete and sum to 0",
        """
        select t.id as transaction_id, t.entry_count, count(e.position) as entries,
            coalesce(sum(e.amount_fen), 0) as sum_fen
        from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
        group by t.id
        having count(e.position) <> t.entry_count or sum(e.amount_fen) <> 0
        """,
    ),
    Invariant(
        "ledger.reversals_are_exact",
        "a reversal is the opposite of what it reverses, entry by entry",
        """
        select r.id as reversal_id, r.reverses_id
        from ledger_transactions r
        join ledger_entries e on e.transaction_id in (r.id, r.reverses_id)
        where r.reverses_id is not null
        group by r.id, e.position
        having sum(e.amount_fen) <> 0 or count(distinct e.account_id) <> 1
        """,
    ),
)

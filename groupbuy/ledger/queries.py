"""Reads of the ledger."""

from collections.abc import Collection, Iterable

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import selectinload

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from groupbuy.ledger.rules import Account, AccountKind

_WITH_ENTRIES = selectinload(LedgerTransaction.entries).joinedload(LedgerEntry.account)


def place(account: LedgerAccount) -> Account:
    """Return an account's place in the books."""
    return Account(AccountKind(account.kind), account.owner)


def account_ids(places: Iterable[Account]) -> dict[Account, str]:
    """Return the ids of those accounts that exist, in one statement."""
    wanted = [(place.kind.value, place.owner) for place in places]
    rows = session().execute(
        select(LedgerAccount.kind, LedgerAccount.owner, LedgerAccount.id).where(
            tuple_(LedgerAccount.kind, LedgerAccount.owner).in_(wanted)
        )
    )
    return {Account(AccountKind(kind), owner): id_ for kind, owner, id_ in rows}


def balance(place: Account) -> int:
    """Return an account's balance in fen: debits less credits, 0 if there is no such account."""
    return balances([place])[place]


def balances(places: Collection[Account]) -> dict[Account, int]:
    """Return the balance of each account, in one statement."""
    wanted = [(place.kind.value, place.owner) for place in places]
    rows = session().execute(
        select(LedgerAccount.kind, LedgerAccount.owner, func.sum(LedgerEntry.amount_fen))
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .where(tuple_(LedgerAccount.kind, LedgerAccount.owner).in_(wanted))
        .group_by(LedgerAccount.id)
    )
    sums = {Account(AccountKind(kind), owner): int(total) for kind, owner, total in rows}
    return {place: sums.get(place, 0) for place in places}


def balances_by_id(account_ids: Collection[str]) -> dict[str, int]:
    """Return the balance of each account by its id, in one statement."""
    rows = session().execute(
        select(LedgerEntry.account_id, func.sum(LedgerEntry.amount_fen))
        .where(LedgerEntry.account_id.in_(account_ids))
        .group_by(LedgerEntry.account_id)
    )
    sums = {id_: int(total) for id_, total in rows}
    return {id_: sums.get(id_, 0) for id_ in account_ids}


def account_list(
    *, limit: int, cursor: str | None, kind: str | None = None, owner: str | None = None
) -> Page[LedgerAccount]:
    """Return accounts in order of opening."""
    query = select(LedgerAccount)
    if kind is not None:
        query = query.where(LedgerAccount.kind == kind)
    if owner is not None:
        query = query.where(LedgerAccount.owner == owner)
    return paginate(query, by=[LedgerAccount.id], limit=limit, cursor=cursor)


def transaction(transaction_id: str) -> LedgerTransaction:
    """Return a transaction with its entries, or raise NotFound."""
    found = session().get(LedgerTransaction, transaction_id, options=[_WITH_ENTRIES])
    if found is None:
        raise NotFound
    return found


def transaction_of(*, kind: str, reference: str) -> LedgerTransaction:
    """Return the transaction that a kind and a reference name, with its entries."""
    found = session().scalar(
        select(LedgerTransaction)
        .where(LedgerTransaction.kind == kind, LedgerTransaction.reference == reference)
        .options(_WITH_ENTRIES)
    )
    if found is None:
        raise NotFound
    return found


def transaction_list(
    *, limit: int, cursor: str | None, reference: str | None = None, kind: str | None = None
) -> Page[LedgerTransaction]:
    """Return transactions with their entries, the newest first."""
    query = select(LedgerTransaction).options(_WITH_ENTRIES)
    if reference is not None:
        query = query.where(LedgerTransaction.reference == reference)
    if kind is not None:
        query = query.where(LedgerTransaction.kind == kind)
    return paginate(query, by=[LedgerTransaction.id], limit=limit, cursor=cursor, descending=True)


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

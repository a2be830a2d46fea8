"""Posting to the books, and taking a posting back."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import copy_in, insert_missing
from groupbuy.kernel.ids import new_id
from groupbuy.ledger import queries
from groupbuy.ledger.errors import PostedDifferently
from groupbuy.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from groupbuy.ledger.queries import BookedTransaction
from groupbuy.ledger.rules import REVERSAL, Account, Entry, Posting


def post(
    *, kind: str, reference: str, entries: Sequence[Entry], actor: Actor, now: datetime
) -> BookedTransaction:
    """Write one transaction and return it; the same kind and reference again changes nothing.

    Raises:
        ValueError: the entries do not balance.
        PostedDifferently: the books hold other entries under this kind and reference.
    """
    post_many(postings=[Posting(kind, reference, entries)], actor=actor, now=now)
    return queries.transaction_of(kind=kind, reference=reference)


def post_many(*, postings: Collection[Posting], actor: Actor, now: datetime) -> int:
    """Write many transactions in a handful of statements and return how many are new.

    Raises:
        PostedDifferently: one of them is in the books with other entries.
    """
    written = _write(postings, actor=actor, now=now)
    _compare([p for p in postings if (p.kind, p.reference) not in written])
    return len(written)


def reverse(*, transaction_id: str, actor: Actor, now: datetime) -> BookedTransaction:
    """Take a transaction back by its exact opposite; a second time returns the first reversal."""
    original = queries.transaction(transaction_id)
    opposite = [
        Entry(queries.place(entry.account), -entry.amount_fen) for entry in original.entries
    ]
    posting = Posting(REVERSAL, transaction_id, opposite, reverses_id=transaction_id)
    if _write([posting], actor=actor, now=now):
        audit.record(actor=actor, action="ledger.reverse", subject=transaction_id, now=now)
    return queries.transaction_of(kind=REVERSAL, reference=transaction_id)


def _write(postings: Collection[Posting], *, actor: Actor, now: datetime) -> set[tuple[str, str]]:
    """Insert what the books do not have yet and return its kinds and references."""
    if not postings:
        return set()
    accounts = _open_accounts({e.account for p in postings for e in p.entries}, now=now)
    rows = [
        {
            "id": new_id("ltx"),
            "kind": posting.kind,
            "reference": posting.reference,
            "entry_count": len(posting.entries),
            "recorded_at": now,
            "actor": actor.label,
            "reverses_id": posting.reverses_id,
        }
        for posting in sorted(postings, key=lambda posting: (posting.kind, posting.reference))
    ]
    inserted = insert_missing(LedgerTransaction, rows, returning=["kind", "reference", "id"])
    ids = {(row.kind, row.reference): row.id for row in inserted}
    entries = [
        {
            "transaction_id": ids[posting.kind, posting.reference],
            "position": position,
            "account_id": accounts[entry.account],
            "amount_fen": entry.amount_fen,
        }
        for posting in postings
        if (posting.kind, posting.reference) in ids
        for position, entry in enumerate(posting.entries)
    ]
    copy_in(LedgerEntry, entries)
    return set(ids)


def _open_accounts(places: Iterable[Account], *, now: datetime) -> dict[Account, str]:
    """Return the id of each account, opening those that are new; in order, so none deadlock."""
    ordered = sorted(places)
    known = queries.account_ids(ordered)
    missing = [place for place in ordered if place not in known]
    if missing:
        rows = [
            {"id": new_id("lac"), "kind": p.kind, "owner": p.owner, "opened_at": now}
            for p in missing
        ]
        insert_missing(LedgerAccount, rows, returning=["id"])
        known |= queries.account_ids(missing)
    return known


def _compare(postings: Collection[Posting]) -> None:
    """Check that what is in the books already says the same."""
    if not postings:
        return
    by_name = {(p.kind, p.reference): p for p in postings}
    for transaction in queries.transactions_of(by_name):
        posting = by_name[transaction.kind, transaction.reference]
        booked = [Entry(queries.place(e.account), e.amount_fen) for e in transaction.entries]
        if booked != list(posting.entries):
            raise PostedDifferently(kind=transaction.kind, reference=transaction.reference)

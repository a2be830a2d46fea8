"""What the books know: kinds of accounts, entries, postings. Debit is +, credit is -."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class AccountKind(StrEnum):
    """What an account stands for; leaders' accounts hold what is owed to them (credit)."""

    EXPENSE = "expense"
    LEADER = "leader"
    HELD = "held"
    CLEARING = "clearing"
    TAX = "tax"
    BANK = "bank"


REVERSAL = "reversal"
"""The kind of a transaction that takes another one back; its reference is that one's id."""


class Account(NamedTuple):
    """The place of an amount in the books: a kind, and whose or what for."""

    kind: AccountKind
    owner: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting: debit +, credit -, never 0."""

    account: Account
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One transaction to be: entries that sum to 0, under a reference unique for its kind.

    `reverses_id` is the transaction that it takes back, if it does.

    Raises:
        ValueError: fewer than two entries, an amount of 0, or a sum other than 0.
    """

    kind: str
    reference: str
    entries: Sequence[Entry]
    reverses_id: str | None = None

    def __post_init__(self) -> None:
        amounts = [entry.amount_fen for entry in self.entries]
        if len(amounts) < 2 or 0 in amounts or sum(amounts) != 0:
            raise ValueError(f"not a balanced posting: {amounts}")


def transfer(
    kind: str, reference: str, *, debit: Account, credit: Account, amount_fen: int
) -> Posting:
    """Return the posting that debits one account and credits another.

    A negative amount goes the other way round.
    """
    return Posting(kind, reference, (Entry(debit, amount_fen), Entry(credit, -amount_fen)))

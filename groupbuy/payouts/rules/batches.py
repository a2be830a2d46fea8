"""Who is in a batch and who is not, and what an approval is bound to."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import orjson


class Reason(StrEnum):
    """Why somebody is not in a batch."""

    NOTHING_DUE = "nothing_due"
    UNANSWERED = "unanswered"
    HELD = "held"
    IN_ANOTHER_BATCH = "in_another_batch"
    NO_ACCOUNT = "no_account"
    OTHER_ACCOUNT_KIND = "other_account_kind"
    ACCOUNT_WAITING = "account_waiting"
    NO_TAX_REGIME = "no_tax_regime"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A statement and all that decides whether it can be paid now.

    `taken_fen` is what items have paid or are paying for it; `open_item` tells that one of them is
    not over. `account_kind` and `waiting_kind` are the kinds of the account in force and of the
    one that waits.
    """

    payout_fen: int
    answered: bool
    held_fen: int
    taken_fen: int
    open_item: bool
    account_kind: str | None
    waiting_kind: str | None
    taxed: bool

    @property
    def due_fen(self) -> int:
        """What is left to pay."""
        return self.payout_fen - self.held_fen - self.taken_fen


def left_out(standing: Standing, account_kind: str) -> Reason | None:
    """Return why a statement cannot be in a batch whose channel pays to this kind of account."""
    if not standing.answered:
        return Reason.UNANSWERED
    if standing.open_item:
        return Reason.IN_ANOTHER_BATCH
    if standing.due_fen <= 0:
        return Reason.HELD if standing.held_fen > 0 else Reason.NOTHING_DUE
    if standing.account_kind != account_kind:
        if standing.waiting_kind == account_kind:
            return Reason.ACCOUNT_WAITING
        return Reason.OTHER_ACCOUNT_KIND if standing.account_kind else Reason.NO_ACCOUNT
    return None if standing.taxed else Reason.NO_TAX_REGIME


def digest(items: Iterable[tuple[str, str, str, str, int]]) -> str:
    """Return the SHA-256 that names a batch's content, in hexadecimal.

    Each item is (id, statement, leader, payout account, gross in fen); their order does not count.
    """
    return hashlib.sha256(orjson.dumps(sorted(items))).hexdigest()

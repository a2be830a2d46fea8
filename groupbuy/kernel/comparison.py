"""Two lists of money compared, ours and another party's, by number."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

MARGIN = timedelta(days=1)
"""The other party's list is read this much wider than the span: its clock is not ours."""

State = TypeVar("State", bound=StrEnum)


class Match(StrEnum):
    """How one number compares."""

    MATCHED = "matched"
    MISSING_AT_PROVIDER = "missing_at_provider"
    MISSING_HERE = "missing_here"
    AMOUNT_MISMATCH = "amount_mismatch"
    STATUS_MISMATCH = "status_mismatch"


DIFFERENCES = tuple(match for match in Match if match is not Match.MATCHED)


class End(StrEnum):
    """What a state means for the money: it moved, it did not, or that is not known yet."""

    PAID = "paid"
    UNPAID = "unpaid"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Known(Generic[State]):
    """One side's record of a number; a state or an amount may be unsaid (None)."""

    amount_fen: int | None
    state: State | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compared(Generic[State]):
    """A number and how it compares."""

    number: str
    match: Match
    ours: Known[State] | None
    theirs: Known[State] | None


def compare(
    ours: Mapping[str, Known[State]],
    theirs: Mapping[str, Known[State]],
    *,
    end_of: Callable[[State | None], End],
    expected: Collection[str],
    since: datetime,
    until: datetime,
) -> Iterator[Compared[State]]:
    """Compare both sides, number by number in order.

    Args:
        ours: every record of ours that is either expected or named by the other party.
        theirs: the other party's records, of a span that may be wider.
        end_of: what a state means for the money.
        expected: the numbers of ours that fall into [since, until).
        since, until: the span; a record of theirs outside it that we do not know is not ours to
            miss.
    """
    for number in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(number), theirs.get(number)
        if mine is None and other is not None:
            if other.at is None or since <= other.at < until:
                yield Compared(number, Match.MISSING_HERE, None, other)
        elif mine is not None and (other is not None or number in expected):
            match = _compared(mine, other, end_of) if other else Match.MISSING_AT_PROVIDER
            # What definitely failed may never have reached the other party's list.
            if other is None and end_of(mine.state) is End.UNPAID:
                match = Match.MATCHED
            yield Compared(number, match, mine, other)


def _compared(
    mine: Known[State], other: Known[State], end_of: Callable[[State | None], End]
) -> Match:
    if other.amount_fen is not None and other.amount_fen != mine.amount_fen:
        return Match.AMOUNT_MISMATCH
    if other.state is not None and end_of(other.state) is not end_of(mine.state):
        return Match.STATUS_MISMATCH
    return Match.MATCHED

"""Our attempts against a channel's own list, by number."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from groupbuy.payouts.rules.states import FINAL, UNPAID, AttemptState

MARGIN = timedelta(days=1)
"""The channel's list is read this much wider than the span: its clock is not ours."""


class Match(StrEnum):
    """How one number compares."""

    MATCHED = "matched"
    MISSING_AT_PROVIDER = "missing_at_provider"
    MISSING_HERE = "missing_here"
    AMOUNT_MISMATCH = "amount_mismatch"
    STATUS_MISMATCH = "status_mismatch"


DIFFERENCES = tuple(match for match in Match if match is not Match.MATCHED)


@dataclass(frozen=True, slots=True)
class Known:
    """One side's record of a number; a state or an amount may be unsaid (None)."""

    amount_fen: int | None
    state: AttemptState | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A number and how it compares."""

    number: str
    match: Match
    ours: Known | None
    theirs: Known | None


def compare(
    ours: Mapping[str, Known],
    theirs: Mapping[str, Known],
    *,
    expected: Collection[str],
    since: datetime,
    until: datetime,
) -> Iterator[Compared]:
    """Compare both sides, number by number in order.

    Args:
        ours: every attempt of ours that is either expected or named by the channel.
        theirs: the channel's records, of a span that may be wider.
        expected: the numbers of ours whose attempts fall into [since, until).
        since, until: the span; a record of theirs outside it that we do not know is not ours to
            miss.
    """
    for number in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(number), theirs.get(number)
        if mine is None and other is not None:
            if other.at is None or since <= other.at < until:
                yield Compared(number, Match.MISSING_HERE, None, other)
        elif mine is not None and (other is not None or number in expected):
            match = Match.MISSING_AT_PROVIDER if other is None else _compared(mine, other)
            # What definitely failed may never have reached the channel's list.
            if other is None and mine.state in UNPAID:
                match = Match.MATCHED
            yield Compared(number, match, mine, other)


def _compared(mine: Known, other: Known) -> Match:
    if other.amount_fen is not None and other.amount_fen != mine.amount_fen:
        return Match.AMOUNT_MISMATCH
    if other.state is not None and _end(other.state) != _end(mine.state):
        return Match.STATUS_MISMATCH
    return Match.MATCHED


def _end(state: AttemptState | None) -> str:
    """Return what a state means for the money: paid, not paid, or not known yet."""
    if state is None or state not in FINAL:
        return "open"
    return "unpaid" if state in UNPAID else "paid"

"""The check of the books: every invariant a domain promises, as one query each.

A domain lists its invariants in `queries.py` as `INVARIANTS`; each query returns the rows at
fault, at most a handful, and nothing when all is well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import text

from groupbuy.kernel.db import session


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise: its name, what it means, and SQL that finds the rows that break it."""

    name: str
    meaning: str
    faults: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one invariant: no faults means it holds."""

    invariant: Invariant
    faults: list[dict[str, object]]


SHOWN = 5


def check(invariants: Iterable[Invariant]) -> Iterator[Finding]:
    """Run every invariant in the present transaction, one statement each."""
    for invariant in invariants:
        rows = session().execute(text(f"select * from ({invariant.faults}) f limit {SHOWN}"))
        yield Finding(invariant, [dict(row) for row in rows.mappings()])

"""The check of the books: every invariant a domain promises, as one query each.

A domain lists its invariants in `queries.py` as `INVARIANTS`; each query returns the rows at
fault, at most a handful, and nothing when all is well.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from groupbuy.kernel.db import engine, session


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise: its name, what it means, and SQL that finds the rows that break it."""

    name: str
    meaning: str
    faults: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one invariant and how long it took: no faults means it holds."""

    invariant: Invariant
    faults: list[dict[str, object]]
    seconds: float


SHOWN = 5
WORK_MEMORY = "64MB"
"""What one sort or hash table of a check may take before it goes to disk."""


def check(invariants: Iterable[Invariant]) -> Iterator[Finding]:
    """Run every invariant in the present transaction, one statement each."""
    for invariant in invariants:
        yield _finding(session(), invariant)


def check_snapshot(invariants: Sequence[Invariant], *, workers: int = 1) -> Iterator[Finding]:
    """Run every invariant on the database as it is at one moment, in read-only transactions.

    Several workers have a connection each, all with the same snapshot; findings keep their order.
    """
    with _snapshots(workers) as connections, ThreadPoolExecutor(workers) as pool:
        free: SimpleQueue[Connection] = SimpleQueue()
        for connection in connections:
            free.put(connection)

        def run(invariant: Invariant) -> Finding:
            connection = free.get()
            try:
                return _finding(connection, invariant)
            finally:
                free.put(connection)

        yield from pool.map(run, invariants)


def _finding(where: Connection | Session, invariant: Invariant) -> Finding:
    began = time.perf_counter()
    # Materialized, so that PostgreSQL plans for all rows: there should be none at fault, and a
    # plan for the first few would look for them one by one.
    faults_at_most = f"with f as materialized ({invariant.faults}) select * from f limit {SHOWN}"
    rows = where.execute(text(faults_at_most))
    faults = [dict(row) for row in rows.mappings()]
    return Finding(invariant, faults, time.perf_counter() - began)


@contextmanager
def _snapshots(number: int) -> Iterator[list[Connection]]:
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with ExitStack() as stack:
        connections = [
            stack.enter_context(engine().connect().execution_options(**options))
            for _ in range(number)
        ]
        for connection in connections:
            connection.execute(text(f"set local work_mem = '{WORK_MEMORY}'"))
        first, *others = connections
        snapshot = first.scalar(text("select pg_export_snapshot()"))
        for other in others:
            other.execute(text(f"set transaction snapshot '{snapshot}'"))
        yield connections

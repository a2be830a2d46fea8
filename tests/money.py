"""The books after every test that touches them: all invariants of a room, in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, TextClause, text

from groupbuy.app.registry import invariants
from groupbuy.kernel.db import Base, session


@dataclass(frozen=True, slots=True)
class Room:
    """Tables, by how their names begin, and the invariants held after a test that wrote one."""

    tables: tuple[str, ...]
    invariants: tuple[str, ...]


MONEY = Room(
    ("after_sale", "ledger_", "settlement_", "commission_", "payout", "payment"),
    (
        "after_sales.",
        "ledger.",
        "settlement.",
        "commissions.",
        "payouts.",
        "payments.",
        "catalogue.",
    ),
)
SCHOOL = Room(
    (
        *("assessment", "attempt", "attendance", "badge_", "certificat", "coach", "cohort"),
        *("course", "enrollment", "lesson", "live_session", "module", "notice", "points_"),
        *("prerequisite", "program", "question", "training_"),
    ),
    ("training.", "notices."),
)
ROOMS = (MONEY, SCHOOL)


class BooksBroken(AssertionError):
    """The test left books behind that break an invariant."""


def assert_books_hold(*, committed: bool) -> None:
    """Raise BooksBroken with the rows at fault, of the rooms in which this test wrote.

    A test that is rolled back is checked inside its own transaction; statistics of PostgreSQL
    itself tell what it wrote, whether by the ORM, by raw SQL or by COPY. A test that commits is
    checked in the rooms that hold anything.
    """
    connection = _usable_connection()
    written = set(connection.scalars(_filled() if committed else _WRITTEN))
    rooms = tuple(room for room in ROOMS if any(name.startswith(room.tables) for name in written))
    if not rooms:
        return
    broken = connection.execute(_everything(rooms)).all()
    if broken:
        lines = (f"{name}: {row}" for name, rows in broken for row in rows)
        raise BooksBroken("the test leaves broken books\n" + "\n".join(lines))


def _usable_connection() -> Connection:
    """Return the session's connection; what failed in it without being taken back is now."""
    if not session().is_active or _failed(session().connection()):
        session().rollback()
    return session().connection()


def _failed(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.info.transaction_status == TransactionStatus.INERROR


_WRITTEN = text(
    "select relname from pg_stat_xact_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0"
)


@cache
def _filled() -> TextClause:
    prefixes = tuple(prefix for room in ROOMS for prefix in room.tables)
    tables = [t.name for t in Base.metadata.sorted_tables if t.name.startswith(prefixes)]
    each = (f"select '{name}' where exists (select from {name})" for name in tables)
    return text(" union all ".join(each))


@cache
def _everything(rooms: Iterable[Room]) -> TextClause:
    """Return one statement of rooms' invariants: the name of each that is broken, rows as JSON."""
    wanted = tuple(prefix for room in rooms for prefix in room.invariants)
    parts = (
        f"select '{invariant.name}' as name, "
        f"(select json_agg(f) from (select * from ({invariant.faults}) s limit 5) f) as faults"
        for invariant in invariants()
        if invariant.name.startswith(wanted)
    )
    # psycopg takes no percent sign and no colon of a cast for a parameter.
    union = " union all ".join(parts).replace(":", r"\:")
    return text(f"select name, faults from ({union}) every where faults is not null")

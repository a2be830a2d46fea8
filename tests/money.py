"""The books after every test that touches money: all invariants of money, in one statement."""

from functools import cache

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, TextClause, text

from groupbuy.app.registry import invariants
from groupbuy.kernel.db import Base, session

TABLES = ("after_sale", "ledger_", "settlement_", "commission_", "payout", "payment")
INVARIANTS = (
    "after_sales.",
    "ledger.",
    "settlement.",
    "commissions.",
    "payouts.",
    "payments.",
    "catalogue.",
)


class BooksBroken(AssertionError):
    """The test left books behind that break an invariant."""


def assert_books_hold(*, committed: bool) -> None:
    """Raise BooksBroken with the rows at fault, if this test wrote where money is.

    A test that is rolled back is checked inside its own transaction; statistics of PostgreSQL
    itself tell what it wrote, whether by the ORM, by raw SQL or by COPY. A test that commits is
    checked when one of the tables holds anything.
    """
    connection = _usable_connection()
    if not connection.scalar(_anything_there() if committed else _WRITTEN):
        return
    broken = connection.execute(_everything()).all()
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


_PATTERN = f"^({'|'.join(TABLES)})"
_WRITTEN = text(
    "select exists (select from pg_stat_xact_user_tables "
    f"where n_tup_ins + n_tup_upd + n_tup_del > 0 and relname ~ '{_PATTERN}')"
)


@cache
def _anything_there() -> TextClause:
    tables = [t.name for t in Base.metadata.sorted_tables if t.name.startswith(TABLES)]
    return text("select " + " or ".join(f"exists (select from {table})" for table in tables))


@cache
def _everything() -> TextClause:
    """Return one statement of all invariants: the name of each that is broken, rows as JSON."""
    parts = (
        f"select '{invariant.name}' as name, "
        f"(select json_agg(f) from (select * from ({invariant.faults}) s limit 5) f) as faults"
        for invariant in invariants()
        if invariant.name.startswith(INVARIANTS)
    )
    # psycopg takes no percent sign and no colon of a cast for a parameter.
    union = " union all ".join(parts).replace(":", r"\:")
    return text(f"select name, faults from ({union}) every where faults is not null")

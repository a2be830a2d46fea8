"""The database: session, transaction, column types, rules that live in PostgreSQL.

`transaction()` is the only thing that commits. It stands in entrances (views, jobs, commands);
services flush at most, so they compose into one atomic step.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from select import POLLIN, poll
from time import monotonic
from typing import Any, TypeVar, cast

import orjson
import psycopg
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from psycopg import errors
from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Connection,
    Date,
    Dialect,
    Engine,
    MetaData,
    Row,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.pool import Pool
from sqlalchemy.types import TypeDecorator

Result = TypeVar("Result")

_OPEN = "groupbuy.transaction_open"
_READING = "groupbuy.reading"

LONGEST = timedelta(minutes=9)
"""What takes longer, say by waiting for a lock, is not committed: it bears the time of its begin,
and a month may be closed by then that believes to know all that was recorded up to that time."""


class Instant(TypeDecorator[datetime]):
    """A point in time: `timestamptz`, always aware, always read back in UTC."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    registry = registry(
        metadata=metadata,
        type_annotation_map={
            str: Text(),
            int: BigInteger(),
            bool: Boolean(),
            datetime: Instant(),
            date: Date(),
            dict[str, Any]: JSONB(none_as_null=True),
            list[Any]: JSONB(none_as_null=True),
        },
    )


class ReadingSession(FlaskSession):
    """A session that needs no transaction as long as it only reads (see `reading`)."""

    def get_bind(self, *arguments: Any, **options: Any) -> Engine | Connection:
        """Return the engine, or the same pool with each statement on its own."""
        bind = super().get_bind(*arguments, **options)
        return _alone(bind) if self.info.get(_READING) and isinstance(bind, Engine) else bind


@lru_cache(maxsize=16)
def _alone(bind: Engine) -> Engine:
    return bind.execution_options(isolation_level="AUTOCOMMIT")


db = SQLAlchemy(
    model_class=Base,
    session_options={"expire_on_commit": False, "class_": ReadingSession},
    # An error that is logged would else repeat what people wrote: names, addresses, reasons.
    engine_options={
        "pool_size": 10,
        "max_overflow": 10,
        "hide_parameters": True,
        "json_deserializer": orjson.loads,
    },
)


STATEMENTS_PREPARED = 300
"""How many statements a connection keeps prepared: all that the shop repeats."""


@event.listens_for(Pool, "connect")
def _keep_more_prepared(connection: Any, record: Any) -> None:
    connection.prepared_max = STATEMENTS_PREPARED


@event.listens_for(Pool, "checkout")
def _notice_the_dead(connection: Any, record: Any, proxy: Any) -> None:
    """Have a connection replaced that the server has closed; this costs no round trip.

    Nothing comes uncalled from a server that is well: whatever can be read is its farewell.
    """
    watch = poll()
    watch.register(connection.pgconn.socket, POLLIN)
    if watch.poll(0):
        raise DisconnectionError


def session() -> Session:
    """Return the session of the current request, job or command."""
    return cast(Session, db.session())


def engine() -> Engine:
    """Return the application's engine."""
    return db.engine


@contextmanager
def reading() -> Iterator[None]:
    """Read without a transaction, which saves its begin and its end: two round trips.

    Each statement sees what is committed when it starts, as it does inside a transaction too.
    A `transaction()` that begins inside is a real one, and ends the reading.
    """
    current = session()
    if current.info.get(_OPEN) or current.in_transaction():
        yield
        return
    current.info[_READING] = True
    try:
        yield
    finally:
        current.info.pop(_READING, None)


@contextmanager
def transaction(*, longest: timedelta | None = LONGEST) -> Iterator[Session]:
    """Commit what happens inside, all or nothing; inside another one, join it.

    `longest` None is for work that records nothing of which the time matters.

    Raises:
        TimeoutError: it took longer; nothing is committed.
    """
    current = session()
    if current.info.get(_OPEN):
        yield current
        return
    if current.info.pop(_READING, False):
        current.rollback()
    current.info[_OPEN] = True
    began = monotonic()
    try:
        yield current
        if longest is not None and monotonic() - began > longest.total_seconds():
            raise TimeoutError(f"a transaction took longer than {longest}: it is taken back")
        current.commit()
    except BaseException:
        current.rollback()
        raise
    finally:
        current.info.pop(_OPEN, None)


@contextmanager
def outside_transaction() -> Iterator[None]:
    """Talk to another party here: refuse an open transaction, give the connection back first."""
    current = session()
    if current.info.get(_OPEN):
        raise RuntimeError("no network call inside a transaction")
    current.commit()
    yield


def copy_in(table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows at once by COPY, in the present transaction.

    Several times faster than INSERT. Every row has the same columns; defaults of the model are
    not applied, constraints and triggers are.
    """
    if not rows:
        return
    connection = session().connection()
    columns = [table.__table__.columns[name] for name in rows[0]]
    types = [column.type.dialect_impl(connection.dialect) for column in columns]
    binds = [kind.bind_processor(connection.dialect) for kind in types]
    fields = [(column.name, bind) for column, bind in zip(columns, binds, strict=True)]
    driver = cast(psycopg.Connection, connection.connection.driver_connection)
    target = f"copy {table.__tablename__} ({', '.join(rows[0])}) from stdin"
    try:
        with driver.cursor() as cursor, cursor.copy(target.encode()) as copy:
            for row in rows:
                copy.write_row([bind(row[name]) if bind else row[name] for name, bind in fields])
    except psycopg.Error as error:
        # As from any other statement: who waits for a deadlock or a broken rule waits for these.
        raise DBAPIError.instance(
            target, None, error, psycopg.Error, dialect=connection.dialect
        ) from error


def insert_missing(
    table: type[Base], rows: Sequence[Mapping[str, Any]], *, returning: Sequence[str]
) -> Sequence[Row[Any]]:
    """Insert many rows in one statement and return columns of those that were not there yet.

    Rows go in, and take their locks, in the order given. Every row has the same columns;
    defaults of the model are not applied, constraints and triggers are.
    """
    if not rows:
        return []
    dialect = session().connection().dialect
    columns = [table.__table__.columns[name] for name in rows[0]]
    kinds = [column.type.dialect_impl(dialect) for column in columns]
    binds = [kind.bind_processor(dialect) for kind in kinds]
    given = {
        column.name: [bind(row[column.name]) if bind else row[column.name] for row in rows]
        for column, bind in zip(columns, binds, strict=True)
    }
    arrays = (f"cast(:{c.name} as {c.type.compile(dialect=dialect)}[])" for c in columns)
    names = ", ".join(given)
    statement = (
        f"insert into {table.__tablename__} ({names}) "
        f"select {names} from unnest({', '.join(arrays)}) with ordinality "
        f"as given ({names}, place) order by place "
        f"on conflict do nothing returning {', '.join(returning)}"
    )
    wanted = [table.__table__.columns[name] for name in returning]
    return session().execute(text(statement).columns(*wanted), given).all()


def in_steps(
    first: Callable[[], Result], then: Callable[[Result], Result], over: Callable[[Result], bool]
) -> Iterator[Result]:
    """Do long work step by step, each in a transaction of its own, and yield how far it has come.

    `first` starts it, or finds it under way; `then` takes the next step; `over` tells the end.
    """

    def step(work: Callable[[], Result]) -> Result:
        with transaction(longest=None):
            return work()

    progress = retrying(partial(step, first))
    while not over(progress):
        progress = retrying(partial(step, partial(then, progress)))
        yield progress


@contextmanager
def snapshot() -> Iterator[Session]:
    """Read the database as it is at one moment, in UTC; nothing can be written."""
    with transaction(longest=None) as current:
        current.execute(text("set transaction isolation level repeatable read, read only"))
        current.execute(text("set local timezone = 'UTC'"))
        yield current


def copy_out(query: str, parameters: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield what `copy (…) to stdout` says, row by row in PostgreSQL's text format.

    In UTC, as the connection is set; the rows end with a line feed.
    """
    driver = cast(psycopg.Connection, session().connection().connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(query.encode(), parameters) as copy:
        yield from map(bytes, copy)


def copy_rows(table: type[Base], columns: Sequence[str], rows: bytes) -> None:
    """Insert rows that are already written in PostgreSQL's text format, by COPY."""
    driver = cast(psycopg.Connection, session().connection().connection.driver_connection)
    target = f"copy {table.__tablename__} ({', '.join(columns)}) from stdin"
    with driver.cursor() as cursor, cursor.copy(target.encode()) as copy:
        copy.write(rows)


RETRYABLE = (errors.DeadlockDetected, errors.SerializationFailure)
ATTEMPTS = 4


def retrying(work: Callable[[], Result]) -> Result:
    """Run a whole unit of work again, a bounded number of times, after a deadlock."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except DBAPIError as error:
            if not isinstance(error.orig, RETRYABLE):
                raise
            session().rollback()
    return work()


def one_of(column: str, choices: type[StrEnum]) -> CheckConstraint:
    """Constrain a text column to the values of an enumeration."""
    values = ", ".join(f"'{choice.value}'" for choice in choices)
    return CheckConstraint(f"{column} in ({values})", name=f"{column}_known")


@dataclass(frozen=True, slots=True)
class DatabaseRule:
    """A trigger with its function: a promise that PostgreSQL itself keeps.

    `referencing` names the rows of a whole statement, such as `new table as fresh`. Declared
    beside the model, created by a migration; a test holds both against each other.
    """

    table: str
    name: str
    timing: str
    body: str
    deferred: bool = False
    level: str = "row"
    referencing: str = ""

    def create(self) -> Sequence[str]:
        """Return the statements that create it."""
        kind = "constraint trigger" if self.deferred else "trigger"
        defer = " deferrable initially deferred" if self.deferred else ""
        rows = f" referencing {self.referencing}" if self.referencing else ""
        return (
            f"create or replace function {self.name}() returns trigger language plpgsql as $body$\n"
            f"begin\n{self.body}\nend $body$",
            f"create {kind} {self.name} {self.timing} on {self.table}{defer}{rows} "
            f"for each {self.level} execute function {self.name}()",
        )


DATABASE_RULES: list[DatabaseRule] = []


def declare_rule(rule: DatabaseRule) -> None:
    """Register a rule; its table's domain calls this in models.py."""
    if rule not in DATABASE_RULES:
        DATABASE_RULES.append(rule)


def append_only(table: str) -> None:
    """Declare that rows of a table are never changed, deleted or truncated."""
    refusal = f"    raise exception '{table} is append-only' using errcode = 'restrict_violation';"
    declare_rule(DatabaseRule(table, f"{table}_append_only", "before update or delete", refusal))
    never_truncated(table)


def never_truncated(table: str) -> None:
    """Declare that a table is never truncated."""
    refusal = f"    raise exception '{table} is append-only' using errcode = 'restrict_violation';"
    declare_rule(
        DatabaseRule(table, f"{table}_no_truncate", "before truncate", refusal, level="statement")
    )

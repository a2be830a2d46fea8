"""How far a replay has come, in tables of its own, written in the transaction of each event.

So an event and the knowledge that it happened are one atom: killed at any moment, the replay goes
on with the first event that did not happen.
"""

import json
from typing import Any

import psycopg
from sqlalchemy import text

from groupbuy.kernel.db import session, transaction
from scripts.dev.database import sibling

_TABLES = (
    "create table replay_progress (only_row boolean primary key default true check (only_row), "
    "parameters jsonb not null, done bigint not null default 0, "
    "seconds double precision not null default 0, result jsonb)",
    "create table replay_names (kind text not null, key text not null, id text not null, "
    "primary key (kind, key))",
)


def stored_parameters(server_url: str, name: str) -> dict[str, Any] | None:
    """Return what the replay in a database was asked for, None if there is none."""
    with psycopg.connect(server_url) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [name])
        if known.fetchone() is None:
            return None
    with psycopg.connect(sibling(server_url, name)) as connection:
        known = connection.execute("select to_regclass('replay_progress')")
        if known.fetchone() == (None,):
            return None
        row = connection.execute("select parameters from replay_progress").fetchone()
        return None if row is None else dict(row[0])


def prepare(parameters: dict[str, Any]) -> None:
    """Mark a migrated database as a replay's."""
    with transaction():
        for table in _TABLES:
            session().execute(text(table))
        session().execute(
            text("insert into replay_progress (parameters) values (:parameters)"),
            {"parameters": json.dumps(parameters)},
        )


class Progress:
    """The position in the timeline, and the public ids that the journey's things were given."""

    def __init__(self) -> None:
        with transaction():
            row = session().execute(text("select * from replay_progress")).one()
            names = session().execute(text("select kind, key, id from replay_names")).all()
        self.done: int = row.done
        self.seconds: float = row.seconds
        self.result: dict[str, Any] | None = row.result
        self._new: list[dict[str, str]] = []
        self._ids: dict[tuple[str, str], str] = {
            (kind, key): public_id for kind, key, public_id in names
        }

    def advance(self, seconds: float) -> None:
        """Note, in the present transaction, that one more event happened, and how long it took."""
        self.done += 1
        self.seconds += seconds
        session().execute(
            text("update replay_progress set done = :done, seconds = :seconds"),
            {"done": self.done, "seconds": self.seconds},
        )
        if self._new:
            session().execute(text("insert into replay_names values (:kind, :key, :id)"), self._new)
            self._new = []

    def name(self, kind: str, key: object, public_id: str) -> str:
        """Remember what a thing of the journey became; `advance` writes it down."""
        self._new.append({"kind": kind, "key": str(key), "id": public_id})
        self._ids[kind, str(key)] = public_id
        return public_id

    def id_of(self, kind: str, key: object) -> str:
        """Return the public id of a thing of the journey."""
        return self._ids[kind, str(key)]

    def knows(self, kind: str, key: object) -> bool:
        """Tell whether a thing of the journey exists already."""
        return (kind, str(key)) in self._ids

    def finish(self, result: dict[str, Any]) -> None:
        """Keep the result."""
        session().execute(
            text("update replay_progress set result = :result"), {"result": json.dumps(result)}
        )
        self.result = result

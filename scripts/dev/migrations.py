"""`make migrations`: the migrations have one head and make exactly the tables of the models.

To compare, two scratch databases are made, one by the migrations and one from the models, and
PostgreSQL's catalogues of both are laid side by side: columns, constraints, indexes, triggers and
functions. `make migration name=…` writes the draft of the next one. Everything happens on a
PostgreSQL that is started for it, never in the database that `make run` uses.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import psycopg
from alembic.script import ScriptDirectory

from groupbuy.app.registry import MIGRATIONS
from scripts.dev import database
from scripts.dev.services import Postgres

UNUSED_REDIS = "redis://127.0.0.1:6379/0"

FACTS = """
select 'column ' || attrelid::regclass || '.' || attname || ' '
       || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end
       || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
       || case when attgenerated <> '' then ' generated' else '' end
from pg_attribute join pg_class c on c.oid = attrelid
left join pg_attrdef on adrelid = attrelid and adnum = attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
  and attnum > 0 and not attisdropped
union all
select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
from pg_constraint
where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
union all
select 'index ' || indexdef from pg_indexes where schemaname = 'public'
union all
select 'trigger ' || pg_get_triggerdef(t.oid)
from pg_trigger t join pg_class c on c.oid = tgrelid
where not tgisinternal and c.relnamespace = 'public'::regnamespace
union all
select 'function ' || pg_get_functiondef(oid)
from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')
union all
select 'sequence ' || sequencename from pg_sequences where schemaname = 'public'
"""


def heads() -> list[str]:
    """Return the heads of the migrations; there should be one."""
    return list(ScriptDirectory(str(MIGRATIONS)).get_heads())


def facts(database_url: str) -> set[str]:
    """Return what PostgreSQL's catalogues say about a database, a line for each fact."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(FACTS.encode()).fetchall()
    return {row[0] for row in rows if not _of_alembic(row[0])}


def differences(server_url: str) -> list[str]:
    """Return what differs between the migrations and the models, on a server for scratch use."""
    found = {}
    for name, make in (
        ("groupbuy_migrated", database.migrate),
        ("groupbuy_modelled", database.create_all),
    ):
        url = database.sibling(server_url, name)
        database.create(server_url, name, replace=True)
        make(url, UNUSED_REDIS)
        found[name] = facts(url)
    migrated, modelled = found.values()
    return [
        *_lines("only in the models", modelled - migrated),
        *_lines("only in the migrations", migrated - modelled),
    ]


def draft(server_url: str, name: str) -> None:
    """Write a migration from what the models have and the migrations lack; triggers are yours."""
    url = database.sibling(server_url, "groupbuy_draft")
    database.create(server_url, "groupbuy_draft", replace=True)
    with database.application(url, UNUSED_REDIS):
        flask_migrate.upgrade()
        flask_migrate.migrate(message=name)


@contextmanager
def scratch_server() -> Iterator[str]:
    """Start a PostgreSQL for a moment and give the URL of its first database."""
    folder = Path(tempfile.mkdtemp(prefix="groupbuy-migrations-"))
    folder.chmod(0o755)
    try:
        postgres = Postgres(folder, durable=False)
        try:
            yield postgres.url("postgres")
        finally:
            postgres.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lines(heading: str, lines: Iterable[str]) -> list[str]:
    return [f"{heading}: {line}" for line in sorted(lines)]


def _of_alembic(line: str) -> bool:
    return "alembic_version" in line


def main(arguments: Sequence[str]) -> int:
    """Check, or with --draft NAME write; print what is wrong, and return the exit code."""
    parser = argparse.ArgumentParser(prog="migrations")
    parser.add_argument("--draft", metavar="NAME", help="<domain>_<verb> of the next migration")
    name = parser.parse_args(arguments).draft
    with scratch_server() as url:
        return _draft(url, name) if name is not None else _check(url)


def _draft(url: str, name: str) -> int:
    if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name):
        print("Say what it does: make migration name=<domain>_<verb>")
        return 1
    draft(url, name)
    return 0


def _check(url: str) -> int:
    found = heads()
    if len(found) != 1:
        print(f"The migrations must have one head, not {len(found)}: {', '.join(found)}")
        return 1
    faults = differences(url)
    for fault in faults:
        print(fault)
    if faults:
        print("The migrations differ from the models; make migration name=… drafts the rest.")
        return 1
    print(f"The migrations have one head ({found[0]}) and equal the models.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

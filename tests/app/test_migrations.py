"""The newest migration on a filled database: up, down one, up again, and nothing is lost.

What the newest migration itself adds is empty after it comes back; everything that was there
before it is the same, row by row.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from flask_migrate import downgrade, upgrade
from psycopg import sql

from groupbuy.kernel.limits import limiter
from groupbuy.kernel.settings import Settings
from scripts.dev import database
from scripts.dev.seed import seed_if_empty
from scripts.dev.services import ROOT

FILLED = "groupbuy_filled"
REPLAYED = "groupbuy_replay"
PROBE = "groupbuy_probe"
OF_ALEMBIC = "alembic_version"

Columns = dict[str, list[str]]
Fingerprints = dict[str, tuple[int, str]]


@pytest.fixture
def url_of(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Return a maker of URLs on the tests' server; the limiter is as before afterwards."""
    for name, value in vars(limiter).items():
        monkeypatch.setattr(limiter, name, value)
    made: list[str] = []

    def url(name: str) -> str:
        made.append(name)
        return database.sibling(settings.database_url, name)

    yield url
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        for name in made:
            statement = sql.SQL("drop database if exists {} with (force)")
            connection.execute(statement.format(sql.Identifier(name)))


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def columns(url: str) -> Columns:
    """Return the columns of every table."""
    query = (
        "select table_name, array_agg(column_name::text order by column_name) "
        "from information_schema.columns natural join information_schema.tables "
        "where table_schema = 'public' and table_type = 'BASE TABLE' group by 1"
    )
    with psycopg.connect(url) as connection:
        found = {str(name): list(names) for name, names in connection.execute(query)}
    found.pop(OF_ALEMBIC)
    return found


def fingerprints(url: str, of: Columns) -> Fingerprints:
    """Return the number of rows and a checksum of each table, over these columns."""
    found = {}
    with psycopg.connect(url) as connection:
        connection.execute("set timezone = 'UTC'")
        for table, names in sorted(of.items()):
            row = sql.SQL("md5(row({})::text)").format(
                sql.SQL(", ").join(map(sql.Identifier, names))
            )
            query = sql.SQL(
                "select count(*), coalesce(md5(string_agg({row}, '' order by {row})), '') from {t}"
            ).format(row=row, t=sql.Identifier(table))
            [(count, checksum)] = connection.execute(query).fetchall()
            found[table] = (int(count), str(checksum))
    return found


def common(left: Columns, right: Columns) -> Columns:
    return {
        table: [name for name in left[table] if name in right[table]]
        for table in left.keys() & right.keys()
    }


@contextmanager
def migrating(url: str, settings: Settings) -> Iterator[None]:
    with database.application(url, settings.redis_url):
        yield


def hold_against(url: str, settings: Settings, probe: str) -> None:
    """Go down one migration and up again, and compare what both know.

    What that is, a copy (`probe`) tells that goes down first.
    """
    database.create(settings.database_url, name_of(probe), template=name_of(url), replace=True)
    with migrating(probe, settings):
        downgrade(revision="-1")
    whole = columns(url)
    kept = common(whole, columns(probe))
    before = fingerprints(url, kept)
    assert sum(rows for rows, _ in before.values()) > 1_000
    with migrating(url, settings):
        downgrade(revision="-1")
    assert fingerprints(url, kept) == before
    with migrating(url, settings):
        upgrade()
    assert columns(url) == whole
    assert fingerprints(url, kept) == before


def test_it_keeps_the_demos_rows_down_one_and_up_again(
    settings: Settings, url_of: Callable[[str], str]
) -> None:
    url = url_of(FILLED)
    database.create(settings.database_url, FILLED, replace=True)
    with migrating(url, settings):
        upgrade()
        seed_if_empty()
    hold_against(url, settings, url_of(PROBE))


@pytest.mark.long
def test_it_keeps_a_replayed_month_down_one_and_up_again(
    settings: Settings, url_of: Callable[[str], str]
) -> None:
    url = url_of(REPLAYED)
    subprocess.run(
        [sys.executable, "scripts/replay.py", "--stores", "1", "--months", "2017-01"],
        env=os.environ | {"DATABASE_URL": settings.database_url, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=True,
    )
    hold_against(url, settings, url_of(PROBE))

"""The ground every test stands on: a real PostgreSQL and a real Valkey, one database per worker.

A test runs inside one outer transaction that is rolled back (`transaction()` releases savepoints).
A test marked `committed` commits for real; every table is emptied after it. After each test that
wrote money or the school, the books must hold (tests/money.py), unless it is marked `breaks_books`.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.kernel.clock import EXTENSION as CLOCK
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import Base, db
from groupbuy.kernel.limits import limiter
from groupbuy.kernel.settings import Settings
from groupbuy.kernel.variables import Mode
from scripts.dev import database
from scripts.dev.services import Postgres, Valkey, free_port
from tests import money
from tests.client import Api

# Speed is measured in benchmarks: how long an example takes on a busy machine proves nothing.
hypothesis.settings.register_profile(
    "groupbuy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("groupbuy")

SERVERS = "GROUPBUY_TEST_SERVERS"
TEMPLATE = "groupbuy_template"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Every test begins on Monday 2026-03-02, 09:00 in Shanghai."""


class Servers:
    """The servers of this test run, started by the process that pytest was called in."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupbuy-tests-"))
        self.folder.chmod(0o755)
        given = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        self.postgres = None if given[0] else Postgres(self.folder / "pg", durable=False)
        self.valkey = None if given[1] else Valkey(self.folder / "valkey", free_port())
        self.database_url = given[0] or (self.postgres.url("postgres") if self.postgres else "")
        self.redis_url = given[1] or (self.valkey.url if self.valkey else "")

    def stop(self) -> None:
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


_servers: Servers | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the controller, and fill the template database."""
    global _servers
    if hasattr(config, "workerinput"):
        return
    _servers = Servers()
    os.environ[SERVERS] = f"{_servers.database_url} {_servers.redis_url}"
    database.create(_servers.database_url, TEMPLATE, replace=True)
    database.migrate(database.sibling(_servers.database_url, TEMPLATE), _servers.redis_url)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    if _servers is not None:
        _servers.stop()


@pytest.fixture(scope="session")
def settings(worker_id: str) -> Settings:
    """The settings of this worker: demo mode, its own database."""
    server_url, redis_url = os.environ[SERVERS].split(" ")
    name = f"groupbuy_test_{worker_id}"
    database.create(server_url, name, template=TEMPLATE, replace=True)
    return Settings(
        mode=Mode.DEMO,
        database_url=database.sibling(server_url, name),
        redis_url=redis_url,
        payment_provider="demo",
        log_level="WARNING",
        # A test sees at once what it changed; tests/kernel/test_cache.py turns it on.
        public_cache_milliseconds=0,
    )


@pytest.fixture(scope="session")
def _app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings, ticking=ManualClock(START))
    app.config["RATELIMIT_ENABLED"] = False
    limiter.enabled = False
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def clock(_app: Flask) -> ManualClock:
    """The application's clock, back at START."""
    ticking: ManualClock = _app.extensions[CLOCK]
    ticking.at = START
    return ticking


@pytest.fixture
def app(
    _app: Flask, clock: ManualClock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """The application inside a context, its database as it was before once the test ends."""
    if request.node.get_closest_marker("committed"):
        with _app.app_context():
            yield _app
            db.session.remove()
            _empty_every_table()
        return
    with _app.app_context():
        connection = db.engine.connect()
        outer = connection.begin()
        engines = db._app_engines[_app]
        monkeypatch.setitem(engines, None, connection)
        db.session.configure(join_transaction_mode="create_savepoint")
        yield _app
        db.session.remove()
        outer.rollback()
        connection.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """After a test that wrote what the books watch, hold them against the invariants."""
    yield
    if "app" in getattr(item, "funcargs", {}) and not item.get_closest_marker("breaks_books"):
        money.assert_books_hold(committed=item.get_closest_marker("committed") is not None)


@pytest.fixture
def api(app: Flask, clock: ManualClock) -> Api:
    """HTTP as the people of the cast: `api.shopper("bo").get(...)`, `api.staff("finance")`."""
    return Api(app, clock)


@pytest.fixture
def count_statements(app: Flask) -> Callable[[], Any]:
    """Count SQL statements: `with count_statements() as statements: …; len(statements)`."""
    from tests.statements import counting

    return lambda: counting(db.session.connection().engine)


def _empty_every_table() -> None:
    names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(False)) as c:
        c.execute("set session_replication_role = replica")
        c.execute(f"truncate {names}, procrastinate_jobs cascade".encode())


_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> Any:
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"a test tried to reach {address[0]}; only loopback is allowed")
    return _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _stay_on_this_machine() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _loopback_only)
    yield
    patch.undo()

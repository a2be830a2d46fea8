"""The ground of the races: servers of their own, the application in production mode, doubles.

PostgreSQL and Valkey from their wheels in a private folder, gunicorn and the job worker started
and kept alive as `make run` does, Stripe and WeChat as the tests' doubles, all over real sockets.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
import redis
from flask import Flask
from psycopg.rows import dict_row

from groupbuy.app.factory import create_app
from groupbuy.kernel.db import db
from groupbuy.kernel.sealing import DEMO_KEYS
from groupbuy.kernel.settings import from_environment
from groupbuy.kernel.variables import DEMO_SECRET
from scripts.dev import database
from scripts.dev.services import ROOT, Postgres, Valkey, free_port
from scripts.dev.supervisor import Child, GaveUp
from tests.doubles import stripe as stripe_double
from tests.doubles import wechat as wechat_double
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat import WeChatDouble

DATABASE = "races"
TEND_SECONDS = 0.1
READY_SECONDS = 60.0
QUIET_SECONDS = 240.0
PUBLIC_ID = re.compile("[a-z]{3}_[0-9a-f]{32}")

BUSY = {
    "jobs": "select count(*) from procrastinate_jobs"
    " where status in ('todo', 'doing') and not args ? 'timestamp'",
    "events": "select count(*) from provider_events where state in ('received', 'waiting')",
    "refunds": "select count(*) from payment_refunds where state in ('requested', 'submitted')",
}
"""What is not finished yet, beside the ticks of the clock."""


class NotQuiet(Exception):
    """Something was left unfinished; the message says what."""


class Ground:
    """Everything that runs, and how it is hurt."""

    def __init__(self, logs: Path, running: ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupbuy-races-"))
        running.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.postgres = Postgres(self.folder / "pg")
        running.callback(self.postgres.stop)
        self._cache_port = free_port()
        self.start_cache()
        running.callback(lambda: self.valkey.stop())
        self.stripe = running.enter_context(StripeDouble())
        self.wechat = running.enter_context(WeChatDouble())
        self.database_url = self.postgres.ensure_database(DATABASE)
        self.port = free_port()
        self.environment = os.environ | {
            "GROUPBUY_MODE": "production",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url,
            "WECHAT_APP_ID": wechat_double.APP_ID,
            "WECHAT_SECRET": wechat_double.SECRET,
            "WECHAT_API_URL": self.wechat.url,
            "STRIPE_API_KEY": stripe_double.API_KEY,
            "STRIPE_WEBHOOK_SECRET": stripe_double.WEBHOOK_SECRET,
            "STRIPE_API_URL": self.stripe.url,
            "PAYMENT_PROVIDER": "stripe",
            "PAYOUT_ACCOUNT_KEYS": DEMO_KEYS,
            "TRAINING_SECRET": DEMO_SECRET,
            "PICTURES_URL": f"file://{self.folder / 'pictures'}",
            "TRUSTED_PROXIES": "1",
            "LOG_LEVEL": "WARNING",
        }
        from_environment(self.environment)
        database.migrate(self.database_url, self.valkey.url)
        self._pids: dict[str, int] = {}
        self.gave_up: list[str] = []
        self._children = [self._child(name, logs, running) for name in ("worker", "web")]
        self._over = threading.Event()
        tending = threading.Thread(target=self._tend, daemon=True)
        tending.start()
        running.callback(tending.join)
        running.callback(self._over.set)
        self.wait_until_ready()

    def _child(self, name: str, logs: Path, running: ExitStack) -> Child:
        programs = {
            "worker": "flask --app wsgi jobs work",
            "web": f"gunicorn --bind 127.0.0.1:{self.port} --no-control-socket wsgi:app",
        }
        child = Child(
            name,
            [sys.executable, "-m", *programs[name].split()],
            environment=self.environment,
            folder=ROOT,
            log=logs / f"{name}.log",
            started=self._pids.__setitem__,
        )
        running.callback(child.stop)
        return child

    def _tend(self) -> None:
        while not self._over.wait(TEND_SECONDS):
            for child in self._children:
                try:
                    child.tend()
                except GaveUp as fault:
                    self.gave_up.append(str(fault))
                    return

    @contextmanager
    def application(self) -> Iterator[Flask]:
        """Be inside an application of our own on the same database, for what comes before."""
        app = create_app(from_environment(self.environment))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Ask the database, on a connection of its own."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), _stored(parameters)).fetchall()

    def number(self, query: str, **parameters: Any) -> int:
        """Ask the database for one number."""
        [row] = self.rows(query, **parameters)
        [value] = row.values()
        return int(value or 0)

    def change(self, statement: str, **parameters: Any) -> None:
        """Change the database behind the application's back, as time would."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement.encode(), _stored(parameters))

    def wait_until_ready(self) -> None:
        """Wait until web, worker, database and cache say that they are ready."""
        import urllib.request

        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                with direct.open(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except OSError:
                if self.gave_up or time.monotonic() > give_up:
                    raise NotQuiet(f"not ready after {READY_SECONDS:g} s {self.gave_up}") from None
                time.sleep(0.2)

    def wait_until_quiet(self) -> None:
        """Wait until every job, event and refund has come to an end.

        Raises:
            NotQuiet: it did not, after minutes.
        """
        give_up = time.monotonic() + QUIET_SECONDS
        while True:
            busy = {name: number for name, q in BUSY.items() if (number := self.number(q))}
            if not busy:
                return
            if self.gave_up or time.monotonic() > give_up:
                raise NotQuiet(f"unfinished: {busy} {self.gave_up}")
            time.sleep(0.25)

    async def until(self, query: str, **parameters: Any) -> None:
        """Wait until the database answers a question with yes.

        Raises:
            NotQuiet: it did not, after minutes.
        """
        give_up = time.monotonic() + QUIET_SECONDS
        while not self.number(query, **parameters):
            if time.monotonic() > give_up:
                raise NotQuiet(f"never came true: {query}")
            await asyncio.sleep(0.25)

    def books(self) -> str:
        """Run `flask books check`; return the invariants that do not hold, '' if all do."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "books", "check"],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return ""
        broken = [line for line in done.stdout.splitlines() if line.startswith("BROKEN")]
        return "; ".join(broken) or done.stderr[-500:]

    def kill_web(self) -> None:
        """Kill the web server with all its processes."""
        self._kill("web")

    def kill_web_process(self, which: int) -> None:
        """Kill one of gunicorn's processes; gunicorn itself replaces it."""
        processes = psutil.Process(self._pids["web"]).children()
        if processes:
            processes[which % len(processes)].kill()

    def kill_worker(self) -> None:
        """Kill the job worker."""
        self._kill("worker")

    def _kill(self, name: str) -> None:
        try:
            os.killpg(self._pids[name], signal.SIGKILL)
        except ProcessLookupError:
            return

    def crash_postgres(self) -> None:
        """Stop PostgreSQL without a goodbye, and start it again: it recovers from its log."""
        self.postgres.stop("immediate")
        self.postgres.start()

    @property
    def cache(self) -> "redis.Redis":
        """Return a client of the cache, for the one who fills and empties it."""
        return redis.Redis.from_url(self.valkey.url, socket_timeout=5)

    def start_cache(self) -> None:
        """Start the cache, where it was if it ran before."""
        self.valkey = Valkey(self.folder / "valkey", self._cache_port)

    def freeze_cache(self, frozen: bool) -> None:
        """Let the cache hang: its socket is open, and nobody answers."""
        os.kill(self.valkey.pid, signal.SIGSTOP if frozen else signal.SIGCONT)


def _stored(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Turn public ids into what is stored: of orders, SKUs, whatever they are of."""
    return {
        name: [_uuid(one) for one in value] if isinstance(value, list) else _uuid(value)
        for name, value in parameters.items()
    }


def _uuid(value: Any) -> Any:
    known = isinstance(value, str) and PUBLIC_ID.fullmatch(value)
    return UUID(hex=value[4:]) if known else value


@contextmanager
def ground(logs: Path) -> Iterator[Ground]:
    """Start everything, and stop it in order."""
    with ExitStack() as running:
        yield Ground(logs, running)

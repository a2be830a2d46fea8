"""`make run`: PostgreSQL, Valkey, the job worker and the web server on one machine.

Everything lives in `.data/`. It runs until Ctrl-C or SIGTERM and then stops in order: web server,
worker, Valkey, PostgreSQL. With DATABASE_URL or REDIS_URL set, that server is used and none is
started. After a crash the next start ends what was left over and finds its data.
"""

import fcntl
import json
import os
import shlex
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.exc import OperationalError

from groupbuy.app.factory import create_app
from groupbuy.kernel.db import db
from groupbuy.kernel.settings import ConfigurationError, Settings, from_environment
from groupbuy.kernel.variables import Mode
from scripts.dev import database, leftovers
from scripts.dev.seed import Demo, seed_if_empty
from scripts.dev.services import (
    ROOT,
    PortTaken,
    Postgres,
    Unusable,
    Valkey,
    require_free_port,
    require_usable,
)
from scripts.dev.supervisor import Child, GaveUp

DATABASE = "groupbuy"
READY_SECONDS = 120
PLACEHOLDERS = {
    "DATABASE_URL": "postgresql://embedded/groupbuy",
    "REDIS_URL": "redis://embedded/0",
}

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks this machine itself, also where a proxy is set."""


class CannotServe(Exception):
    """It cannot start or go on; the message says why."""


class Interrupted(Exception):
    """It was asked to stop in the middle of starting."""


def main() -> int:
    """Serve until asked to stop, and return the exit code."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())
    data = Path(os.environ.get("GROUPBUY_DATA") or ROOT / ".data").resolve()
    try:
        with _only_one(data), ExitStack() as running:
            with suppress(Interrupted):
                _serve(data, stop, running)
            say("正在停止… / Stopping …")
    except (CannotServe, ConfigurationError, GaveUp, PortTaken, Unusable) as fault:
        print(fault, file=sys.stderr)
        return 1
    except (OperationalError, psycopg.OperationalError) as fault:
        print(f"The database does not answer: {fault}", file=sys.stderr)
        return 1
    say("已停止。 / Stopped.")
    return 0


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def _serve(data: Path, stop: threading.Event, running: ExitStack) -> None:
    environment = {"GROUPBUY_MODE": "demo", **os.environ}
    from_environment(PLACEHOLDERS | environment)
    for name in leftovers.end_leftovers(data):
        say(f"Stopped {name}, which an earlier run left behind.")
    leftovers.remember(data, "make run", os.getpid())
    port = _port("GROUPBUY_PORT", 8000)
    require_free_port(port, "GROUPBUY_PORT", "web")
    _start_servers(data, environment, running)
    environment.setdefault("PICTURES_URL", (data / "pictures").as_uri())
    settings = from_environment(environment)
    _note_environment(data, environment)
    say("正在迁移数据库… / Migrating the database …")
    database.migrate(settings.database_url, settings.redis_url)
    demo = _seed(settings, stop)
    if not stop.is_set():
        children = _start_children(data, environment, port, running)
        _watch(children, port, stop, demo)


def _start_servers(data: Path, environment: dict[str, str], running: ExitStack) -> None:
    """Start what the environment does not name, and name it there."""
    if not environment.get("DATABASE_URL"):
        require_usable(data / "pg" / "data")
        say("正在启动 PostgreSQL… / Starting PostgreSQL …")
        postgres = Postgres(data / "pg")
        running.callback(postgres.stop)
        environment["DATABASE_URL"] = postgres.ensure_database(DATABASE)
    if not environment.get("REDIS_URL"):
        port = _port("GROUPBUY_VALKEY_PORT", 6380)
        require_free_port(port, "GROUPBUY_VALKEY_PORT", "Valkey")
        say("正在启动 Valkey… / Starting Valkey …")
        valkey = Valkey(data / "valkey", port)
        running.callback(valkey.stop)
        leftovers.remember(data, "Valkey", valkey.pid)
        environment["REDIS_URL"] = valkey.url


def _note_environment(data: Path, environment: dict[str, str]) -> None:
    """Write down what an operator's command needs to reach the same servers."""
    names = ("GROUPBUY_MODE", "DATABASE_URL", "REDIS_URL", "PICTURES_URL")
    lines = [f"export {name}={shlex.quote(environment[name])}\n" for name in names]
    note = data / "environment"
    note.touch(mode=0o600)
    note.write_text("".join(lines))


def _seed(settings: Settings, stop: threading.Event) -> Demo:
    """Fill an empty demo database; a production database is never filled."""
    if settings.mode is not Mode.DEMO:
        return Demo()

    def progress(chapter: str) -> None:
        if stop.is_set():
            raise Interrupted
        say(f"  {chapter}")

    app = create_app(replace(settings, log_level="WARNING"))
    with app.app_context():
        try:
            return seed_if_empty(progress)
        finally:
            db.session.remove()
            db.engine.dispose()


def _start_children(
    data: Path, environment: dict[str, str], port: int, running: ExitStack
) -> list[Child]:
    web = environment | {"PROMETHEUS_MULTIPROC_DIR": str(data / "metrics")}
    programs = (
        ("worker", "flask --app wsgi jobs work", environment),
        ("web", f"gunicorn --bind 127.0.0.1:{port} --no-control-socket wsgi:app", web),
    )
    children = []
    for name, program, variables in programs:
        child = Child(
            name,
            [sys.executable, "-m", *program.split()],
            environment=variables,
            folder=ROOT,
            log=data / "logs" / f"{name}.log",
            started=lambda name, pid: leftovers.remember(data, name, pid),
        )
        running.callback(child.stop)
        children.append(child)
    return children


def _watch(children: Sequence[Child], port: int, stop: threading.Event, demo: Demo) -> None:
    """Tend the children until asked to stop; introduce everything once it is ready."""
    address = f"http://127.0.0.1:{port}"
    announced, give_up = False, time.monotonic() + READY_SECONDS
    while not stop.wait(0.3):
        for news in filter(None, (child.tend() for child in children)):
            say(news)
        if announced:
            continue
        fault = _not_ready(address)
        if fault is None:
            announced = True
            _announce(address, children, demo)
        elif time.monotonic() > give_up:
            raise CannotServe(f"Not ready after {READY_SECONDS} s: {fault}")


def _not_ready(address: str) -> str | None:
    """Return what is missing until it is ready, None when it is."""
    try:
        with _direct.open(f"{address}/readyz", timeout=5) as answer:
            answer.read()
        return None
    except urllib.error.HTTPError as refusal:
        checks: dict[str, Any] = json.loads(refusal.read()).get("checks", {})
        return "; ".join(f"{n}: {c.get('fault')}" for n, c in checks.items() if not c["ok"])
    except (OSError, ValueError) as error:
        return f"the web server does not answer ({type(error).__name__})"


def _announce(address: str, children: Sequence[Child], demo: Demo) -> None:
    say()
    say(f"groupbuy 已就绪 / is ready    {address}")
    say(f"接口文档 / API documentation  {address}/docs")
    say(f"日志 / Logs                   {' '.join(str(child.log) for child in children)}")
    say("命令 / Commands               . .data/environment; .venv/bin/flask --app wsgi books check")
    if demo.people:
        say()
        say("演示人物 / The demo's people（登录 / log in: email / password, code）")
        for person in demo.people:
            say(f"  {person.name:<6} {person.login:<46} {person.part.zh} / {person.part.en}")
        say()
        say("看什么 / Where to look（/api/v1 之下，以谁的身份 / below /api/v1, as whom）")
        for sight in demo.sights:
            say(f"  {sight.who:<6} {sight.where:<46} {sight.what.zh} / {sight.what.en}")
    say()
    say("按 Ctrl-C 停止 / Ctrl-C stops everything")


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    if text and not (text.isdecimal() and 0 < int(text) < 65_536):
        raise CannotServe(f"{variable} must be a port number between 1 and 65535, not {text!r}")
    return int(text) if text else default


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotServe(f"groupbuy already runs on {data}; stop that one first.") from None
        yield
        (data / "processes.json").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())

"""Running the timeline: the database, the clock, one transaction per event, the progress bar."""

import fcntl
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from flask import Flask
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from groupbuy.app import registry
from groupbuy.app.factory import create_app
from groupbuy.kernel.books import Finding, check
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import db, transaction
from groupbuy.kernel.money import BPS
from groupbuy.kernel.settings import Settings
from groupbuy.kernel.variables import Mode
from scripts.dev import database
from scripts.dev.services import ROOT, Postgres
from scripts.replay_data import load
from scripts.replay_progress import Progress, prepare, stored_parameters
from scripts.replay_timeline import Action, timeline
from scripts.replay_world import World

DATABASE = "groupbuy_replay"
FOLDER = ROOT / ".replay"


class Interrupted(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM; the message says how far it had come."""


class Refused(Exception):
    """The replay cannot run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What makes a replay another one: what is asked, and the schema it runs on."""

    stores: int
    months: tuple[str, ...]
    plan: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return them as they are stored."""
        migrations = sorted(path.name for path in registry.MIGRATIONS.glob("versions/*.py"))
        return {**asdict(self), "months": list(self.months), "schema": migrations[-1:]}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay gave, what the check of the books found, where the time of this run went."""

    result: dict[str, Any]
    findings: list[Finding]
    seconds_by_action: dict[str, float]


def replay(parameters: Parameters, console: Console, *, fresh: bool = False) -> Outcome:
    """Run the replay, or go on with it, and check the books; a finished one is told again.

    Raises:
        Refused: another one is running, or the database is not the replay's to make.
        Interrupted: run it again to go on.
    """
    with ExitStack() as stack:
        server_url = stack.enter_context(_server())
        new = _make_room(server_url, parameters, console, fresh=fresh)
        app = _application(database.sibling(server_url, DATABASE))
        stack.enter_context(app.app_context())
        stack.callback(lambda: db.engine.dispose())
        if new:
            prepare(parameters.as_json())
        progress, spent = Progress(), dict[str, float]()
        if progress.result is None:
            spent = _run(app, parameters, progress, console)
        else:
            console.print("This replay was finished earlier; --fresh begins anew.")
        with transaction():
            findings = list(check(registry.invariants()))
        db.session.remove()
        return Outcome(progress.result or {}, findings, spent)


def _run(
    app: Flask, parameters: Parameters, progress: Progress, console: Console
) -> dict[str, float]:
    clock: ManualClock = app.extensions["groupbuy.clock"]
    settings: Settings = app.extensions["groupbuy.settings"]
    calendar = settings.calendar
    journey = load(parameters.stores, parameters.months, calendar)
    events = timeline(journey, calendar, hold_days=settings.hold_days)
    world = World(journey, parameters.plan, progress, settings)
    if progress.done:
        console.print(f"Going on at event {progress.done + 1:,} of {len(events):,}.")
    spent: dict[str, float] = defaultdict(float)
    placed = sum(event.action is Action.PLACE for event in events[: progress.done])
    with _bar(console) as bar, _interruptible(progress, len(events)):
        task = bar.add_task("", total=len(events), completed=progress.done, rate="")
        began = time.perf_counter()
        for event in events[progress.done :]:
            clock.at = event.at
            with transaction():
                world.perform(event)
                ended = time.perf_counter()
                progress.advance(ended - began)
            db.session.remove()
            spent[event.action.name] += ended - began
            began = ended
            placed += event.action is Action.PLACE
            local = event.at.astimezone(calendar.zone)
            bar.update(
                task,
                advance=1,
                description=f"{local:%Y-%m-%d %H:%M}",
                rate=f"{placed / progress.seconds:.1f} orders/s",
            )
    with transaction():
        progress.finish({**world.result(), "seconds": round(progress.seconds, 1)})
    return spent


def _bar(console: Console) -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
        console=console,
    )


def _make_room(server_url: str, parameters: Parameters, console: Console, *, fresh: bool) -> bool:
    """Make the database anew unless it holds this very replay; tell whether it was."""
    stored = stored_parameters(server_url, DATABASE)
    if stored == parameters.as_json() and not fresh:
        return False
    if stored is not None:
        console.print("Beginning anew: the last replay is thrown away.")
    database.create(server_url, DATABASE, replace=True)
    with psycopg.connect(server_url, autocommit=True) as connection:
        # After a crash of the machine a replay may lose its last events, not its consistency.
        connection.execute(f'alter database "{DATABASE}" set synchronous_commit = off'.encode())
    database.migrate(database.sibling(server_url, DATABASE), _redis_url())
    return True


def _application(database_url: str) -> Flask:
    settings = Settings(
        mode=Mode.DEMO,
        database_url=database_url,
        redis_url=_redis_url(),
        payment_provider="demo",
        log_level="WARNING",
        max_total_bps=BPS,
    )
    return create_app(settings, ticking=ManualClock(datetime.fromtimestamp(0, tz=UTC)))


def _redis_url() -> str:
    # Only HTTP would use it, and the replay speaks no HTTP.
    return os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


@contextmanager
def _server() -> Iterator[str]:
    """Yield the URL of a server that no other replay uses: DATABASE_URL's, or one in .replay/."""
    given = os.environ.get("DATABASE_URL")
    if given:
        if urlsplit(given).path == f"/{DATABASE}":
            raise Refused(f"DATABASE_URL must name another database than {DATABASE}")
        with psycopg.connect(given, autocommit=True) as connection:
            free = connection.execute("select pg_try_advisory_lock(hashtext(%s))", [DATABASE])
            if free.fetchone() != (True,):
                raise Refused("another replay is running on this server")
            yield given
        return
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another replay is running here") from None
        postgres = Postgres(FOLDER)
        try:
            yield postgres.url("postgres")
        finally:
            postgres.stop()


@contextmanager
def _interruptible(progress: Progress, events: int) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        db.session.remove()
        raise Interrupted(f"event {progress.done:,} of {events:,}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

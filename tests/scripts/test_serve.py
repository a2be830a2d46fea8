"""`make run`: starts everything, keeps its data, and leaves nothing behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from groupbuy.kernel.settings import Settings
from scripts.dev import database
from scripts.dev.services import ROOT, Unusable, free_port, postmaster, require_usable

PATIENCE_SECONDS = 90
Start = Callable[..., "Run"]


class Run:
    """One `make run` on a data folder."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = environment["GROUPBUY_PORT"]
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.dev.serve"],
            cwd=ROOT,
            env={**kept, "GROUPBUY_DATA": str(data), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def until(self, pattern: str) -> str:
        """Read on until a line matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it never said {pattern!r} but:\n{self.said}")

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(how)
        return self.status()

    def status(self) -> int:
        """Hear it out and return the exit code."""
        self.said += self.process.communicate(timeout=PATIENCE_SECONDS)[0]
        return self.process.returncode

    def log_in(self) -> str:
        """Log Bo in and return his id."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/auth/wechat-sessions",
            data=b'{"code": "demo:bo"}',
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: dict[str, Any] = orjson.loads(answer.read())
        return str(body["shopper"]["id"])

    def children(self) -> dict[str, int]:
        """Return the process ids that it wrote down."""
        known = orjson.loads((self.data / "processes.json").read_bytes())
        return {name: entry["pid"] for name, entry in known.items()}


def running_on(data: Path) -> list[str]:
    """Return the command lines of every process that has to do with a data folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        about = " ".join(process.info["cmdline"] or [])
        about += str((process.info["environ"] or {}).get("GROUPBUY_DATA"))
        if str(data) in about and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(about)
    return found


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="groupbuy-serve-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    ports = {"GROUPBUY_PORT": str(free_port()), "GROUPBUY_VALKEY_PORT": str(free_port())}
    runs: list[Run] = []

    def begin(**environment: str) -> Run:
        runs.append(Run(data, **{**ports, **environment}))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)
    subprocess.run([sys.executable, "-m", "scripts.dev.leftovers", data], cwd=ROOT, check=True)


def test_it_serves_stops_cleanly_and_finds_its_data_again(start: Start, data: Path) -> None:
    first = start()
    first.until("Ctrl-C")
    assert f"http://127.0.0.1:{first.port}/docs" in first.said
    assert "hua@groupbuy.example" in first.said
    assert "demo:mei" in first.said
    bo = first.log_in()
    second = start()
    second.until("already runs")
    assert second.status() == 1
    os.kill(first.children()["web"], signal.SIGKILL)
    first.until(r"web died \(SIGKILL\); starting it again")
    assert first.end(signal.SIGINT) == 0
    assert running_on(data) == []
    again = start()
    again.until("Ctrl-C")
    assert again.log_in() == bo
    assert again.end(signal.SIGTERM) == 0
    assert running_on(data) == []


def test_it_recovers_after_everything_was_killed(start: Start, data: Path) -> None:
    first = start()
    first.until("Ctrl-C")
    bo = first.log_in()
    first.end(signal.SIGKILL)
    assert len(running_on(data)) > 3
    server = postmaster(data / "pg" / "data")
    assert server is not None
    server.kill()
    server.wait(PATIENCE_SECONDS)
    (data / "pg" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\nsomebody else\n")
    again = start()
    again.until("Ctrl-C")
    assert "Stopped web" in again.said
    assert again.log_in() == bo
    assert again.end(signal.SIGTERM) == 0
    assert running_on(data) == []


@pytest.mark.parametrize("variable", ["GROUPBUY_PORT", "GROUPBUY_VALKEY_PORT"])
def test_it_names_the_port_that_is_taken_and_how_to_choose_another(
    start: Start, data: Path, variable: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = start(**{variable: str(port)})
        run.until(f"Port {port} .* is taken.*{variable}=")
        assert run.status() == 1
    assert running_on(data) == []


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"GROUPBUY_MODE": "production"}, "STRIPE_API_KEY is missing"),
        ({"GROUPBUY_MODE": "Demo"}, "GROUPBUY_MODE"),
        ({"GROUPBUY_PORT": "eighty"}, "GROUPBUY_PORT must be a port number"),
        ({"DATABASE_URL": "sqlite:///x"}, "no other database"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "database does not answer"),
    ],
)
def test_it_says_what_is_wrong_and_starts_nothing(
    start: Start, data: Path, environment: dict[str, str], message: str
) -> None:
    run = start(**environment)
    run.until(message)
    assert run.status() == 1
    assert "Traceback" not in run.said
    assert running_on(data) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [(Path("/home/my shop/.data"), "space"), (Path("/" + "long/" * 25), "too long")],
)
def test_it_says_where_postgresql_cannot_run(data: Path, message: str) -> None:
    with pytest.raises(Unusable, match=message):
        require_usable(data)


def test_it_uses_the_servers_it_is_given_and_starts_none(
    start: Start, data: Path, settings: Settings
) -> None:
    url = database.sibling(settings.database_url, f"serve_{os.getpid()}")
    database.create(settings.database_url, f"serve_{os.getpid()}", replace=True)
    run = start(DATABASE_URL=url, REDIS_URL=settings.redis_url)
    run.until("Ctrl-C")
    assert run.children().keys() == {"make run", "worker", "web"}
    assert not (data / "pg").exists()
    assert run.end(signal.SIGTERM) == 0
    assert running_on(data) == []

"""Keeps child processes alive, and ends them in order.

Each child is the leader of its own session, so the terminal's Ctrl-C reaches only us and we stop
it once, and a child that does not stop is killed together with its own children.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

QUICK_SECONDS = 10.0
"""A child that dies sooner than this has died quickly."""

QUICK_DEATHS = 5
LOG_LINES = 20


class GaveUp(Exception):
    """A child died too often; the message says which and shows the end of its log."""


class Child:
    """A program that is started again when it dies."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        patience_seconds: float = 20,
        started: Callable[[str, int], None] = lambda name, pid: None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._folder = folder
        self._patience = patience_seconds
        self._tell = started
        self._quick_deaths = 0
        self._not_before = 0.0
        log.parent.mkdir(parents=True, exist_ok=True)
        self._start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._begun = time.monotonic()
        self._dead = False
        self._tell(self.name, self._process.pid)

    def tend(self) -> str | None:
        """Start it again if it died, after a pause that doubles; return news for the terminal.

        Raises:
            GaveUp: it died quickly five times in a row.
        """
        now = time.monotonic()
        if self._dead:
            if now >= self._not_before:
                self._start()
            return None
        status = self._process.poll()
        if status is None:
            return None
        self._dead = True
        self._quick_deaths = self._quick_deaths + 1 if now - self._begun < QUICK_SECONDS else 0
        if self._quick_deaths >= QUICK_DEATHS:
            raise GaveUp(f"{self.name} died {QUICK_DEATHS} times in a row:\n{self.last_words()}")
        pause = 0.5 * 2**self._quick_deaths
        self._not_before = now + pause
        return f"{self.name} died ({_cause(status)}); starting it again in {pause:g} s"

    def last_words(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines)

    def stop(self) -> None:
        """Ask it to stop, wait, and kill its session if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _kill_session(self._process.pid)
            self._process.wait()


def _kill_session(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _cause(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit code {status}"

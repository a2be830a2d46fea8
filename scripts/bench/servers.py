"""What a benchmark runs against and with: gunicorn as `make run` starts it, pgbench, the load."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import psutil

from scripts.bench.load import Order, Result
from scripts.dev.services import ROOT, free_port
from scripts.dev.supervisor import Child

READY_SECONDS = 60
MEBIBYTE = 1024 * 1024

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Gunicorn:
    """Two workers of an application under our gunicorn.conf.py."""

    def __init__(
        self, name: str, module: str, *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.port = free_port()
        numbers = {"PROMETHEUS_MULTIPROC_DIR": str(folder / f"metrics-{name}")}
        program = f"gunicorn --bind 127.0.0.1:{self.port} --no-control-socket {module}"
        self._child = Child(
            name,
            [sys.executable, "-m", *program.split()],
            environment={**environment, **numbers},
            folder=ROOT,
            log=folder / "logs" / f"{name}.log",
            started=self._started,
        )
        self._wait()

    def _started(self, name: str, pid: int) -> None:
        self._process = psutil.Process(pid)

    def _wait(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.get("/healthz")
                return
            except OSError:
                if time.monotonic() > give_up or not self._process.is_running():
                    raise RuntimeError(self._child.last_words()) from None
                time.sleep(0.1)

    def get(self, path: str) -> bytes:
        """Return the body of a page."""
        with _direct.open(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def memory_mib(self) -> tuple[float, float]:
        """Return all processes' memory together: their proportional share, and the resident set.

        Their master's too: it holds its share of what they have in common.
        """
        processes = [self._process, *self._process.children()]
        whole = [process.memory_full_info() for process in processes]
        return (
            round(sum(memory.pss for memory in whole) / MEBIBYTE, 1),
            round(sum(memory.rss for memory in whole) / MEBIBYTE, 1),
        )

    def cpu_seconds(self) -> float:
        """Return the processor time that the workers have used: it does not mind other load."""
        times = [worker.cpu_times() for worker in self._process.children()]
        return float(sum(spent.user + spent.system for spent in times))

    def stop(self) -> None:
        """Stop it."""
        self._child.stop()


def load(order: Order) -> Result:
    """Let a process of its own do the order."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench.load"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the load failed: {done.stderr[-2000:]}")
    return Result(**json.loads(done.stdout))


def pgbench(program: Path, url: str, script: Path, *, clients: int, seconds: float) -> float:
    """Return the transactions per second of a script with prepared statements."""
    done = subprocess.run(
        [
            str(program),
            *("--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1"),
            *(f"--time={max(1, round(seconds))}", f"--file={script}", url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or rate is None:
        raise RuntimeError(f"pgbench failed: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return float(rate.group(1))

"""The supervisor: a child that dies comes back, one that keeps dying is given up."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from scripts.dev import leftovers
from scripts.dev.supervisor import Child, GaveUp

Make = Callable[..., Child]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make_child(code: str, patience_seconds: float = 5) -> Child:
        return Child(
            "child",
            [sys.executable, "-c", code],
            environment=os.environ,
            folder=tmp_path,
            log=tmp_path / "logs" / "child.log",
            patience_seconds=patience_seconds,
            started=lambda name, pid: leftovers.remember(tmp_path, name, pid),
        )

    return make_child


def tend(child: Child, seconds: float = 30) -> str:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        news = child.tend()
        if news:
            return news
        time.sleep(0.02)
    raise AssertionError("no news")


def test_it_starts_a_dead_child_again_after_a_pause(make: Make, tmp_path: Path) -> None:
    counting = (
        "import pathlib, time; runs = pathlib.Path('runs');"
        "first = not runs.exists(); runs.open('a').write('x'); time.sleep(0 if first else 60)"
    )
    child = make(counting)
    assert tend(child) == "child died (exit code 0); starting it again in 1 s"
    give_up = time.monotonic() + 30
    while (tmp_path / "runs").read_text() != "xx" and time.monotonic() < give_up:
        assert child.tend() is None
        time.sleep(0.02)
    assert (tmp_path / "runs").read_text() == "xx"
    child.stop()


def test_it_gives_up_after_five_quick_deaths_and_shows_why(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make("raise SystemExit('no such table')")
    skipped = [0.0]
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + skipped[0])
    pauses = []

    def live() -> None:
        while True:
            news = child.tend()
            if news:
                pauses.append(float(news.split()[-2]))
                skipped[0] += pauses[-1]
            time.sleep(0.01)

    with pytest.raises(GaveUp, match="no such table"):
        live()
    assert pauses == [1, 2, 4, 8]


def test_it_kills_a_child_that_does_not_stop_with_all_its_own(make: Make, tmp_path: Path) -> None:
    stubborn = (
        "import signal, subprocess, sys, time;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p = subprocess.Popen(['sleep', '60']);"
        "open('pids', 'w').write(str(p.pid) + '\\n');"
        "time.sleep(60)"
    )
    child = make(stubborn, patience_seconds=0.2)
    pids = tmp_path / "pids"
    give_up = time.monotonic() + 30
    while not (pids.exists() and pids.read_text().endswith("\n")):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    child.stop()
    while _alive(int(pids.read_text())):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_it_ends_only_what_it_wrote_down(make: Make, tmp_path: Path) -> None:
    child = make("import time; time.sleep(60)")
    assert leftovers.end_leftovers(tmp_path) == ["child"]
    assert leftovers.end_leftovers(tmp_path) == []
    child.stop()


def test_it_leaves_a_process_alone_that_got_the_number_of_a_dead_one(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text(
        f'{{"web": {{"pid": {os.getpid()}, "born": 12345.0}}}}'
    )
    assert leftovers.end_leftovers(tmp_path) == []

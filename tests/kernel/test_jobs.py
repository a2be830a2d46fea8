"""Jobs: promised in the transaction, kept by a worker, also after a crash."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel import jobs
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import db, session, transaction
from groupbuy.kernel.settings import Settings
from scripts.dev.services import ROOT
from tests.conftest import START
from tests.kernel import work

Worker = subprocess.Popen[bytes]
PATIENCE_SECONDS = 40


def waiting() -> int:
    return int(session().scalar(text("select count(*) from procrastinate_jobs")) or 0)


def notes() -> list[str]:
    """Return what is noted at this moment, but for the ticks."""
    db.session.rollback()
    entries = session().query(AuditEntry).order_by(AuditEntry.id)
    return [entry.subject for entry in entries if entry.subject != "tick"]


def ticks() -> int:
    db.session.rollback()
    return session().query(AuditEntry).filter_by(subject="tick").count()


def enqueue_then_fail() -> None:
    with transaction():
        jobs.enqueue(work.note, subject="never")
        assert waiting() == 1
        raise RuntimeError("no")


def test_it_takes_a_job_back_with_its_transaction(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="no"):
        enqueue_then_fail()
    assert waiting() == 0


def test_it_runs_pending_jobs_by_the_clock_that_is_set_by_hand(
    app: Flask, clock: ManualClock
) -> None:
    with transaction():
        jobs.enqueue(work.note, subject="now")
        jobs.enqueue(work.note, at=START + timedelta(hours=1), subject="later")
        jobs.enqueue("tests.note_twice", subject="chain")
    assert jobs.run_pending() == 3
    clock.advance(minutes=59)
    assert jobs.run_pending() == 0
    clock.advance(minutes=1)
    assert jobs.run_pending() == 1
    subjects = [e.subject for e in session().query(AuditEntry).order_by(AuditEntry.id)]
    assert subjects == ["now", "chain", "chain again", "later"]
    assert waiting() == 0


def test_it_refuses_a_job_that_nobody_registered(app: Flask) -> None:
    with pytest.raises(LookupError, match="no job"):
        jobs.enqueue("tests.unheard")


@pytest.fixture
def start_worker(app: Flask, settings: Settings) -> Iterator[Callable[[], Worker]]:
    """Start real workers; whatever still runs at the end is killed."""
    environment = {
        **os.environ,
        "GROUPBUY_MODE": "demo",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "flask", "--app", "tests.kernel.work:worker", "jobs", "work"]
    started: list[Worker] = []

    def start() -> Worker:
        started.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain: {what}"
        time.sleep(0.1)


@pytest.mark.committed
def test_it_runs_jobs_and_ticks_in_a_real_worker_that_stops_when_asked(
    start_worker: Callable[[], Worker], tmp_path: Path
) -> None:
    worker = start_worker()
    with transaction():
        jobs.enqueue(work.note_and_pass_on, subject="hello")
        jobs.enqueue(work.fail_once, marker=str(tmp_path / "failed"))
    until(lambda: len(notes()) == 3 and ticks() > 0, "three notes and a tick")
    assert sorted(notes()) == ["hello", "hello again", "second try"]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE_SECONDS) == 0


@pytest.mark.committed
def test_it_runs_the_job_of_a_killed_worker_after_a_restart(
    start_worker: Callable[[], Worker], tmp_path: Path
) -> None:
    marker = tmp_path / "died"
    worker = start_worker()
    with transaction():
        jobs.enqueue(work.die_once, marker=str(marker))
    until(marker.exists, "the job's first run")
    worker.kill()
    worker.wait()
    assert notes() == []
    with transaction():
        session().execute(
            text("update procrastinate_workers set last_heartbeat = now() - interval '1 minute'")
        )
    start_worker()
    until(lambda: notes() == ["after the crash"], "the job's second run")

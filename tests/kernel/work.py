"""Jobs that only the kernel's tests have, and a worker for them: flask --app tests.kernel.work."""

import time
from pathlib import Path

from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.kernel import audit, clock, jobs
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction


@jobs.job("tests.note")
def note(subject: str) -> None:
    """Take a note."""
    with transaction():
        audit.record(actor=SYSTEM, action="note", subject=subject, now=clock.now())


@jobs.job("tests.note_twice")
def note_and_pass_on(subject: str) -> None:
    """Take a note, and enqueue the next one in the same transaction."""
    with transaction():
        audit.record(actor=SYSTEM, action="note", subject=subject, now=clock.now())
        jobs.enqueue(note, subject=f"{subject} again")


@jobs.job("tests.fail_once")
def fail_once(marker: str) -> None:
    """Write, fail at the first run and leave nothing; succeed at the second."""
    with transaction():
        audit.record(actor=SYSTEM, action="note", subject="second try", now=clock.now())
        _first_time(marker, _fail)


@jobs.job("tests.die_once")
def die_once(marker: str) -> None:
    """Write and then hang at the first run, to be killed there; succeed at the second."""
    with transaction():
        audit.record(actor=SYSTEM, action="note", subject="after the crash", now=clock.now())
        _first_time(marker, _hang)


def _first_time(marker: str, act: object) -> None:
    if not Path(marker).exists():
        Path(marker).touch()
        assert callable(act)
        act()


def _fail() -> None:
    raise RuntimeError("not yet")


def _hang() -> None:
    time.sleep(120)


def worker() -> Flask:
    """Build the worker's application; it also ticks every second."""

    @jobs.every("* * * * * *", "tests.tick")
    def tick() -> None:
        note(subject="tick")

    return create_app()

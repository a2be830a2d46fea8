"""Forcing two or more transactions of the same application into each other's way."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from threading import Barrier, Event
from typing import Any

from flask import Flask
from sqlalchemy import text

from groupbuy.kernel.db import engine, transaction
from groupbuy.kernel.problems import Problem

Work = Callable[[], Any]
PATIENCE = 10.0
"""Seconds after which a test that waits for a rival gives up."""


def at_once(app: Flask, works: Sequence[Work], *, in_one: bool = True) -> list[Any]:
    """Run works at the same time, all starting together; a Problem is a result.

    Each in a transaction of its own; or, unless `in_one`, in as many as it opens itself.
    """
    barrier = Barrier(len(works))

    def run(work: Work) -> Any:
        with app.app_context():
            barrier.wait(PATIENCE)
            return _outcome(work, in_one=in_one)

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def second_waits_for_first(app: Flask, first: Work, second: Work) -> tuple[Any, Any]:
    """Do the first, keep its transaction open until the second waits for its locks, commit."""
    done, go_on = Event(), Event()

    def held() -> Any:
        result = first()
        done.set()
        go_on.wait(PATIENCE)
        return result

    def run(work: Work) -> Any:
        with app.app_context():
            return _outcome(work)

    with ThreadPoolExecutor(2) as pool:
        leading: Future[Any] = pool.submit(run, held)
        assert done.wait(PATIENCE), "the first never got there"
        following = pool.submit(run, second)
        try:
            _until_somebody_waits()
        finally:
            go_on.set()
        return leading.result(PATIENCE), following.result(PATIENCE)


def _outcome(work: Work, *, in_one: bool = True) -> Any:
    try:
        with transaction() if in_one else nullcontext():
            return work()
    except Problem as problem:
        return problem


def _until_somebody_waits() -> None:
    waiting = text(
        "select count(*) from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with engine().connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.01)
    raise AssertionError("the second never waited for the first")

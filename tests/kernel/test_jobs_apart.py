"""Jobs of one worker keep to themselves."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier

import pytest
from flask import Flask

from groupbuy.kernel import jobs
from groupbuy.kernel.db import session


def test_it_gives_jobs_that_run_at_the_same_time_a_session_each(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As `flask jobs work` does it: the command's context is copied into every thread.
    monkeypatch.setattr(jobs, "_application", app)
    together = Barrier(2)
    sessions: list[int] = []

    def work() -> None:
        mine = session()
        together.wait(10)
        sessions.append(id(mine))
        together.wait(10)

    with ThreadPoolExecutor(2) as threads:
        run = jobs._in_application(work)
        for outcome in [threads.submit(copy_context().run, run) for _ in range(2)]:
            outcome.result(20)
    assert len(set(sessions)) == 2
    assert id(session()) not in sessions

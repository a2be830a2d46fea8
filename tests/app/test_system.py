"""What machines ask: /healthz, /readyz, /metrics."""

from dataclasses import replace
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from groupbuy.app import system
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import EXTENSION


@pytest.fixture
def worker(app: Flask) -> None:
    """A worker that has just reported, and no other."""
    session().execute(text("delete from procrastinate_workers"))
    session().execute(text("insert into procrastinate_workers (last_heartbeat) values (now())"))


def ready(app: Flask) -> tuple[int, dict[str, Any]]:
    answer = app.test_client().get("/readyz")
    body = answer.json
    assert body is not None
    assert body["ready"] is (answer.status_code == 200)
    return answer.status_code, body["checks"]


def test_it_is_alive_as_long_as_it_can_answer(app: Flask) -> None:
    assert app.test_client().get("/healthz").json == {"status": "ok"}


@pytest.mark.usefixtures("worker")
def test_it_is_ready_when_everything_is_there(app: Flask) -> None:
    status, checks = ready(app)
    assert (status, checks) == (
        200,
        {name: {"ok": True} for name in ("database", "cache", "migrations", "worker")},
    )


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    "change",
    [
        "delete from procrastinate_workers",
        "update procrastinate_workers set last_heartbeat = now() - interval '61 seconds'",
    ],
)
def test_it_is_not_ready_without_a_worker_that_reports(app: Flask, change: str) -> None:
    session().execute(text(change))
    status, checks = ready(app)
    assert status == 503
    assert "flask jobs work" in checks["worker"]["fault"]
    assert checks["database"] == {"ok": True}


@pytest.mark.usefixtures("worker")
def test_it_is_not_ready_without_the_cache(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    away = replace(app.extensions[EXTENSION], redis_url="redis://127.0.0.1:1/0")
    monkeypatch.setitem(app.extensions, EXTENSION, away)
    status, checks = ready(app)
    assert (status, checks["cache"]) == (503, {"ok": False, "fault": "ConnectionError"})


@pytest.mark.usefixtures("worker")
def test_it_is_not_ready_while_migrations_are_due(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptDirectory, "get_heads", lambda self: ["from-the-future"])
    status, checks = ready(app)
    assert status == 503
    assert "from-the-future" in checks["migrations"]["fault"]


def test_it_reports_a_database_that_is_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise ConnectionRefusedError("postgresql://user:secret@host")

    monkeypatch.setattr(system, "_database", away)
    status, checks = ready(app)
    assert (status, checks["database"]["fault"]) == (503, "ConnectionRefusedError")

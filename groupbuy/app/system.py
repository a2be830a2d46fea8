"""What machines ask: is the process alive, is it ready, what are its numbers."""

import os
from typing import Any

import redis
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, Response, jsonify
from sqlalchemy import text

from groupbuy.app.registry import MIGRATIONS
from groupbuy.kernel.db import session
from groupbuy.kernel.limits import limiter
from groupbuy.kernel.observability import metrics_page
from groupbuy.kernel.settings import settings

WORKER_SILENCE_SECONDS = 60


def register(app: Flask) -> None:
    """Add /healthz, /readyz and /metrics; none of them counts against a rate limit."""

    @app.get("/healthz")
    def healthz() -> Response:
        """Answer as long as the process can."""
        return jsonify({"status": "ok"})

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Tell whether database, cache, migrations and worker are as they should be."""
        checks = readiness()
        ready = all(check["ok"] for check in checks.values())
        return jsonify({"ready": ready, "checks": checks}), 200 if ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        """Answer Prometheus."""
        return metrics_page(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))

    for view in (healthz, readyz, metrics):
        limiter.exempt(view)


def readiness() -> dict[str, dict[str, Any]]:
    """Return one entry per part: ok, and what is wrong otherwise."""
    probes = {
        "database": _database,
        "cache": _cache,
        "migrations": _migrations,
        "worker": _worker,
    }
    checks: dict[str, dict[str, Any]] = {}
    for name, probe in probes.items():
        try:
            fault = probe()
        except Exception as error:  # a probe reports whatever broke
            session().rollback()
            fault = type(error).__name__
        checks[name] = {"ok": fault is None} | ({"fault": fault} if fault else {})
    return checks


def _database() -> str | None:
    session().execute(text("select 1"))
    return None


def _cache() -> str | None:
    with redis.Redis.from_url(settings().redis_url, socket_timeout=2) as client:
        client.ping()
    return None


def _migrations() -> str | None:
    heads = set(ScriptDirectory(str(MIGRATIONS)).get_heads())
    current = set(MigrationContext.configure(session().connection()).get_current_heads())
    return None if current == heads else f"at {sorted(current)}, not at {sorted(heads)}"


def _worker() -> str | None:
    silence = session().scalar(
        text("select extract(epoch from now() - max(last_heartbeat)) from procrastinate_workers")
    )
    if silence is None or silence > WORKER_SILENCE_SECONDS:
        return "no job worker has reported lately; start one with: flask jobs work"
    return None

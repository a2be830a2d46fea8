"""Rate limits in Redis; when Redis is away they are counted in the process instead."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

PATIENCE_SECONDS = 0.25
"""How long a Redis that hangs may hold a request up before it counts as away."""

limiter = Limiter(
    get_remote_address,
    strategy="fixed-window",
    key_prefix="groupbuy",
    headers_enabled=False,
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)


def init_app(app: Flask, redis_url: str) -> None:
    """Connect the limiter; a set `RATELIMIT_ENABLED` is kept."""
    app.config["RATELIMIT_STORAGE_URI"] = redis_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": PATIENCE_SECONDS,
        "socket_timeout": PATIENCE_SECONDS,
    }
    limiter.init_app(app)


def limited(
    limits: Sequence[str], key: Callable[[], str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Limit a view per address and, with a key function, per account as well."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        for limit in limits:
            view = limiter.limit(limit)(view)
            if key is not None:
                view = limiter.limit(limit, key_func=key)(view)
        return view

    return decorate

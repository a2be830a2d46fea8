"""Logs without secrets, and the numbers that Prometheus collects."""

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from groupbuy.kernel.clock import SystemClock
from groupbuy.kernel.ids import new_uuid

REQUESTS = Counter("groupbuy_requests", "Requests answered", ["method", "endpoint", "status"])
SECONDS = Histogram("groupbuy_request_seconds", "Seconds per request", ["method", "endpoint"])

_SECRET_KEYS = re.compile(
    r"token|secret|password|authorization|code$|js_code|openid|unionid|phone|session_key|api_key"
)
_SECRET_VALUES = (
    (re.compile(r"(?i)bearer\s+\S+"), "Bearer [hidden]"),
    (re.compile(r"\b(?:sk|rk|whsec|pk)_[A-Za-z0-9_]{6,}"), "[hidden key]"),
    (
        re.compile(
            r"((?:secret|js_code|token|openid|password|phone)['\"]?\s*[=:]\s*['\"]?)[^&\s'\",}]+"
        ),
        r"\1[hidden]",
    ),
    (re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), "[hidden phone]"),
    (re.compile(r"\bo[A-Za-z0-9_-]{27}\b"), "[hidden openid]"),
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_OPEN_KEYS = frozenset({"status_code", "error_code", "exit_code", "share_code"})

Event = MutableMapping[str, Any]


def hide_secrets(logger: Any, name: str, event: Event) -> Event:
    """Take tokens, codes, secrets, phone numbers and openids out of a log line."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _hidden(key, value)
    return event


def _hidden(key: str, value: Any) -> Any:
    if key not in _OPEN_KEYS and _SECRET_KEYS.search(key.lower()):
        return "[hidden]"
    if isinstance(value, Mapping):
        return {inner: _hidden(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", part) for part in value]
    if value is None or isinstance(value, int | float):
        return value
    return scrub(value if isinstance(value, str) else repr(value))


def scrub(text: str) -> str:
    """Hide what looks like a secret inside free text."""
    for pattern, replacement in _SECRET_VALUES:
        text = pattern.sub(replacement, text)
    return text


@dataclass(frozen=True, slots=True)
class ReadyLine:
    """A log line that is written already, of parts that cannot hold a secret."""

    text: str

    def __str__(self) -> str:
        return self.text


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats every line but those that are ready."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as it goes out."""
        return record.msg.text if isinstance(record.msg, ReadyLine) else super().format(record)


def configure_logging(level: str) -> None:
    """Send every log line, ours and the libraries', to standard error as JSON."""
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        LineFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                hide_secrets,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("urllib3", "stripe", "procrastinate", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


_requests = logging.getLogger("groupbuy.requests")
_clock = SystemClock()


def note_request(
    *,
    method: str,
    endpoint: str,
    status_code: int,
    seconds: float,
    request_id: str,
    **more: Any,
) -> None:
    """Count a request that was answered, and write its log line.

    Every request pays for this, so the line does not go through structlog: it has our own words
    only, and an id that `request_id_of` has looked at.
    """
    REQUESTS.labels(method, endpoint, status_code).inc()
    SECONDS.labels(method, endpoint).observe(seconds)
    if _requests.isEnabledFor(logging.INFO):
        line = {
            "method": method,
            "endpoint": endpoint,
            "status_code": status_code,
            "milliseconds": round(seconds * 1000, 1),
            "event": "request",
            "request_id": request_id,
            **more,
            "level": "info",
            "logger": _requests.name,
            "timestamp": _clock.now().isoformat().replace("+00:00", "Z"),
        }
        _requests.info(ReadyLine(orjson.dumps(line).decode()))


def request_id_of(given: str) -> str:
    """Return the id that a caller gave to a request if it is well-formed, else a new one."""
    if given and _REQUEST_ID.fullmatch(given) and scrub(given) == given:
        return given
    return new_uuid().hex


def observe_requests(app: Flask) -> None:
    """Give each request an id, one log line and its place in the metrics."""

    @app.before_request
    def begin() -> None:
        g.request_id = request_id_of(request.headers.get("X-Request-Id", ""))
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        request_id = g.get("request_id", "")
        note_request(
            method=request.method,
            endpoint=request.endpoint or "unknown",
            status_code=response.status_code,
            seconds=time.perf_counter() - g.get("started", time.perf_counter()),
            request_id=request_id,
        )
        response.headers["X-Request-Id"] = request_id
        return response


def metrics_page(multiprocess_dir: str | None) -> Response:
    """Return the metrics of this process, or of all workers under gunicorn."""
    if multiprocess_dir:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), mimetype=CONTENT_TYPE_LATEST)
    return Response(generate_latest(), mimetype=CONTENT_TYPE_LATEST)

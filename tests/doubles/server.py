"""What every double is: a small stateful server on a loopback socket, with a script of faults."""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit


class Kind(StrEnum):
    """What goes wrong with one request."""

    DELAY = "delay"
    DROP_BEFORE_EFFECT = "drop before effect"
    DROP_AFTER_EFFECT = "drop after effect"
    ERROR_BEFORE_EFFECT = "500 before effect"
    ERROR_AFTER_EFFECT = "500 after effect"
    TOO_MANY = "429"
    IN_PROGRESS = "409 while another request has the key"
    FORGED = "effect, and an answer with another's signature"
    STALE = "effect, and an answer signed ten minutes ago"


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the script; each request takes one."""

    kind: Kind
    seconds: float = 0.0


def delay(seconds: float) -> Fault:
    """Have the effect, and answer too late."""
    return Fault(Kind.DELAY, seconds)


DROP_BEFORE_EFFECT = Fault(Kind.DROP_BEFORE_EFFECT)
DROP_AFTER_EFFECT = Fault(Kind.DROP_AFTER_EFFECT)
ERROR_BEFORE_EFFECT = Fault(Kind.ERROR_BEFORE_EFFECT)
ERROR_AFTER_EFFECT = Fault(Kind.ERROR_AFTER_EFFECT)
TOO_MANY = Fault(Kind.TOO_MANY)
IN_PROGRESS = Fault(Kind.IN_PROGRESS)
FORGED = Fault(Kind.FORGED)
STALE = Fault(Kind.STALE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    raw_query: str
    query: dict[str, str]
    form: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def as_json(status: int, body: Any, **headers: str) -> Answer:
    """Return an answer with a JSON body."""
    kept = {"Content-Type": "application/json", **headers}
    return Answer(status, json.dumps(body).encode(), kept)


class Double(ABC):
    """A server in a thread: `with StripeDouble() as stripe: … stripe.url …`."""

    broken: ClassVar[Answer] = as_json(500, {"error": {"type": "api_error", "message": "oops"}})
    too_many: ClassVar[Answer] = as_json(429, {"error": {"type": "rate_limit", "message": "slow"}})

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._faults: deque[Fault | None] = deque()
        self._state = threading.RLock()
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                double._serve(self)

            def do_POST(self) -> None:
                double._serve(self)

            def do_PUT(self) -> None:
                double._serve(self)

            def do_DELETE(self) -> None:
                double._serve(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def script(self, *faults: Fault | None) -> None:
        """Say what the next requests meet, one entry each; None means nothing goes wrong."""
        self._faults.extend(faults)

    def perform(self, request: Seen, fault: Fault | None) -> Answer:
        """Have the effect and return the answer; called under the lock."""
        if fault == ERROR_BEFORE_EFFECT:
            return self.broken
        answer = self.effect(request)
        return self.broken if fault == ERROR_AFTER_EFFECT else answer

    @abstractmethod
    def effect(self, request: Seen) -> Answer:
        """Do what is asked: each double's own."""

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        request = _read(handler)
        with self._state:
            self.seen.append(request)
            fault = self._faults.popleft() if self._faults else None
            answer = None
            if fault == TOO_MANY:
                answer = self.too_many
            elif fault != DROP_BEFORE_EFFECT:
                answer = self.perform(request, fault)
        if fault is not None and fault.kind is Kind.DELAY:
            time.sleep(fault.seconds)
        if answer is None or fault == DROP_AFTER_EFFECT:
            handler.close_connection = True
            return
        _write(handler, answer)


def _read(handler: BaseHTTPRequestHandler) -> Seen:
    parts = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    body = handler.rfile.read(length)
    form = handler.headers.get_content_type() == "application/x-www-form-urlencoded"
    return Seen(
        method=handler.command,
        path=parts.path,
        raw_query=parts.query,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        form=dict(parse_qsl(body.decode(), keep_blank_values=True)) if form else {},
        headers=dict(handler.headers.items()),
        body=body,
    )


def _write(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    try:
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)
    except (BrokenPipeError, ConnectionResetError):
        # The client had stopped waiting, which is what a delay is for.
        handler.close_connection = True

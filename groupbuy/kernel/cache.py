"""Public reads as ready bytes from Redis, before Flask does anything.

An endpoint that is declared `cached=True` gives everybody the same answer. Its pages are kept
under their path, query and language for less than a second, counted from before their making
began. That is the whole rule: whatever changed, and however (an edit, an order, a campaign that
opens at its instant, a statement by hand), is seen within a second by everybody, and nobody has
to tell the cache. A page that is asked for is made once per process and lifetime; the others who
ask meanwhile wait for it.

Redis may be away, slow or full: pages are then made from the database. Who cannot reach it leaves
it alone for a second, so that its time-out is not paid by every request.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

import redis
from flask import Flask
from redis.backoff import NoBackoff
from redis.retry import Retry

from groupbuy.kernel.observability import note_request, request_id_of
from groupbuy.kernel.texts import language_of

PUBLIC = "groupbuy.public_endpoint"
"""Set in a request's environ by an endpoint whose answer is the same for everybody."""

REDIS_SECONDS = 0.05
PAUSE_SECONDS = 1.0
LONGEST_QUERY = 500

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A page as it goes out: whose it is, its entity tag, its bytes."""

    endpoint: str
    tag: str
    body: bytes

    def packed(self) -> bytes:
        """Return it as it lies in Redis."""
        return b"\n".join((self.endpoint.encode(), self.tag.encode(), self.body))

    @classmethod
    def unpacked(cls, stored: bytes) -> "Ready":
        """Read what lies in Redis."""
        endpoint, tag, body = stored.split(b"\n", 2)
        return cls(endpoint.decode(), tag.decode(), body)

    def headers(self) -> list[tuple[str, str]]:
        """Return what tells a client to keep it, and to ask each time whether it still holds."""
        return [
            ("ETag", self.tag),
            ("Cache-Control", "public, no-cache"),
            ("Vary", "Accept-Language"),
        ]


class Shelf:
    """Redis, as long as it answers; nothing in it may be missed."""

    def __init__(self, redis_url: str) -> None:
        self._client = redis.Redis.from_url(
            redis_url,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._away_until = 0.0

    def get(self, key: str) -> Ready | None:
        """Return a page if it is there."""
        stored = self._ask(self._client.get, key)
        return None if stored is None else Ready.unpacked(stored)

    def put(self, key: str, page: Ready, *, milliseconds: int) -> None:
        """Keep a page for so long."""
        self._ask(self._client.set, key, page.packed(), px=milliseconds)

    def _ask(self, command: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if self._away_until:
            if time.monotonic() < self._away_until:
                return None
            # This one looks whether it is back; the others go on without it.
            self._pause()
        try:
            answer = command(*arguments, **options)
        except redis.ResponseError:
            # It answers, but refuses: it is full, or only to be read.
            answer = None
        except (redis.RedisError, OSError):
            self._pause()
            return None
        self._away_until = 0.0
        return answer

    def _pause(self) -> None:
        self._away_until = time.monotonic() + PAUSE_SECONDS


@dataclass(slots=True, eq=False)
class Making:
    """A page that one thread makes while others wait for it."""

    began: float
    done: threading.Event = field(default_factory=threading.Event)
    page: Ready | None = None


class PublicCache:
    """The WSGI application around Flask's that answers public reads by itself if it can."""

    def __init__(
        self, inner: Wsgi, *, paths: re.Pattern[str], shelf: Shelf, milliseconds: int
    ) -> None:
        self._inner = inner
        self._paths = paths
        self._shelf = shelf
        self._seconds = milliseconds / 1000
        self._lock = threading.Lock()
        self._makings: dict[str, Making] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the shelf, from a page that is being made, or by making it."""
        began = time.perf_counter()
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        public = environ["REQUEST_METHOD"] == "GET" and self._paths.fullmatch(path)
        if not public or len(query) > LONGEST_QUERY:
            return self._inner(environ, start_response)
        if not self._seconds:
            return self._make(environ, start_response)[0]
        language = language_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        key = f"groupbuy:page:{language}:{path}?{normalised(query)}"
        page = self._shelf.get(key)
        if page is None:
            making, leads = self._join(key)
            if leads:
                return self._lead(making, key, environ, start_response)
            page = self._awaited(making)
        if page is None:
            return self._make(environ, start_response)[0]
        return _answered(page, environ, start_response, began)

    def _join(self, key: str) -> tuple[Making, bool]:
        """Return the making of a page that is under way, or a new one and that we lead it."""
        with self._lock:
            making = self._makings.get(key)
            if making is not None:
                return making, False
            making = self._makings[key] = Making(time.monotonic())
            return making, True

    def _awaited(self, making: Making) -> Ready | None:
        """Wait for a page that another thread makes; None if it fails, or takes too long."""
        making.done.wait(self._seconds)
        fresh = time.monotonic() - making.began < self._seconds
        return making.page if fresh else None

    def _lead(
        self, making: Making, key: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Make the page, for everybody who asks for it meanwhile too, and keep it."""
        try:
            body, making.page = self._make(environ, start_response)
        finally:
            with self._lock:
                del self._makings[key]
            making.done.set()
        left = self._seconds - (time.monotonic() - making.began)
        if making.page is not None and left > 0:
            self._shelf.put(key, making.page, milliseconds=max(1, int(left * 1000)))
        return body

    def _make(
        self, environ: Environ, start_response: StartResponse
    ) -> tuple[Iterable[bytes], Ready | None]:
        """Let Flask answer; return the answer, and the page if it is one for everybody."""
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *info: Any) -> Callable[..., Any]:
            started[:] = [status, headers, *info]
            return started.append

        answer = self._inner(environ, start)
        endpoint = environ.get(PUBLIC)
        if endpoint is None or not started[0].startswith("200 "):
            start_response(*started)
            return answer, None
        try:
            body = b"".join(answer)
        finally:
            cast(Any, getattr(answer, "close", lambda: None))()
        page = Ready(endpoint, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"', body)
        return _conditional(page, started[1], environ, start_response), page


def install(app: Flask, *, redis_url: str, milliseconds: int) -> None:
    """Put the cache before an application whose endpoints are all registered."""
    rules = [
        "[^/]+".join(map(re.escape, re.split(r"<[^>]+>", rule.rule)))
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "cached", False)
    ]
    app.wsgi_app = PublicCache(  # type: ignore[method-assign]
        app.wsgi_app,
        paths=re.compile("|".join(rules) or r"(?!)"),
        shelf=Shelf(redis_url),
        milliseconds=milliseconds,
    )


@lru_cache(maxsize=1024)
def normalised(query: str) -> str:
    """Return a query string with its parameters in one order; the same name keeps its own."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(sorted(pairs, key=lambda pair: pair[0]))


def _answered(
    page: Ready, environ: Mapping[str, Any], start_response: StartResponse, began: float
) -> Iterable[bytes]:
    """Answer with a page that Flask did not see; it is counted and logged all the same."""
    request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
    length = str(len(page.body))
    headers = [("Content-Type", "application/json"), ("Content-Length", length)]
    body = _conditional(page, [*headers, ("X-Request-Id", request_id)], environ, start_response)
    note_request(
        method="GET",
        endpoint=page.endpoint,
        status_code=200 if body else 304,
        seconds=time.perf_counter() - began,
        request_id=request_id,
        cached=True,
    )
    return body


def _conditional(
    page: Ready,
    headers: list[tuple[str, str]],
    environ: Mapping[str, Any],
    start_response: StartResponse,
) -> list[bytes]:
    """Start the answer: the page, or 304 for who has it."""
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    if known and (page.tag in known or known.strip() == "*"):
        kept = [(n, v) for n, v in headers if n not in ("Content-Type", "Content-Length")]
        start_response("304 NOT MODIFIED", kept + page.headers())
        return []
    start_response("200 OK", headers + page.headers())
    return [page.body]

"""Public reads from Redis: the same for everybody, never old, and never missed."""

import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.catalogue import queries
from groupbuy.identity.rules import PERMISSIONS, Role
from groupbuy.kernel import cache
from groupbuy.kernel.cache import PublicCache, Shelf, normalised
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import db
from groupbuy.kernel.http import Api as Blueprint
from groupbuy.kernel.http import Schema
from groupbuy.kernel.pagination import Page
from groupbuy.kernel.settings import ConfigurationError, Settings, from_environment
from scripts.dev.services import Valkey, free_port
from tests.client import Answer, Caller
from tests.factories import catalogue as make
from tests.statements import counting

pytestmark = pytest.mark.committed

LIFETIME = 700
TAG = re.compile(r'"[0-9a-f]{32}"')


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey of the test's own, which it may stop, fill and flush."""
    server = Valkey(tmp_path / "valkey", free_port())
    yield server
    server.stop()


@pytest.fixture
def worker(settings: Settings, valkey: Valkey, clock: ManualClock) -> Iterator[Callable[[], Flask]]:
    """Start a worker with the cache on; each has its own engine and its own cache."""
    apps: list[Flask] = []
    changed = replace(settings, redis_url=valkey.url, public_cache_milliseconds=LIFETIME)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def start(**settings: Any) -> Flask:
        apps.append(create_app(replace(changed, **settings), ticking=clock))
        return apps[-1]

    yield start
    root.handlers[:] = handlers
    root.setLevel(level)
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def product(title: str) -> str:
    made = make.product(title)
    make.sku(made)
    return made.id


def read(app: Flask, path: str = "/products", **options: Any) -> Answer:
    return Caller(app, options.pop("token", None)).get(path, **options)


def titles(answer: Answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json["items"]]


def statements_of(app: Flask, path: str, **options: Any) -> int:
    with app.app_context():
        engine = db.engine
    with counting(engine) as seen:
        assert read(app, path, **options).status_code == 200
    return len(seen)


LONG = 600_000
"""Milliseconds: longer than a test takes on whatever machine."""


def shelf_of(app: Flask) -> Shelf:
    front = app.wsgi_app
    assert isinstance(front, PublicCache)
    return front._shelf


@pytest.mark.usefixtures("app")
class TestAPage:
    def test_it_is_read_from_the_database_once(self, worker: Callable[..., Flask]) -> None:
        kiwis = product("Kiwis")
        app = worker(public_cache_milliseconds=LONG)
        costs = {"/products": 2, f"/products/{kiwis}": 2, "/categories": 2, "/group-buys": 6}
        for path, cost in costs.items():
            assert statements_of(app, path) == cost
            assert statements_of(app, path) == 0

    def test_it_is_the_same_bytes_as_without_the_cache(self, worker: Callable[..., Flask]) -> None:
        product("Kiwis")
        app = worker()
        made, kept, plain = read(app), read(app), read(worker(public_cache_milliseconds=0))
        assert made.data == kept.data == plain.data
        named = ("Content-Type", "ETag", "Cache-Control", "Vary", "Content-Length")
        for name in named:
            assert made.headers[name] == kept.headers[name] == plain.headers[name]
        assert TAG.fullmatch(kept.headers["ETag"])
        assert kept.headers["Cache-Control"] == "public, no-cache"
        assert made.headers["X-Request-Id"] != kept.headers["X-Request-Id"]

    def test_it_is_not_sent_again_to_who_has_it(self, worker: Callable[..., Flask]) -> None:
        for app in (worker(), worker(public_cache_milliseconds=0)):
            client = app.test_client()
            tag = client.get("/api/v1/products").headers["ETag"]
            for known in (tag, f'"another", W/{tag}', "*"):
                answer = client.get("/api/v1/products", headers={"If-None-Match": known})
                assert (answer.status_code, answer.data) == (304, b"")
                assert answer.headers["ETag"] == tag
            other = client.get("/api/v1/products", headers={"If-None-Match": '"another"'})
            assert other.status_code == 200

    def test_it_is_kept_by_path_query_and_language(self, worker: Callable[..., Flask]) -> None:
        product("Kiwis")
        app = worker(public_cache_milliseconds=LONG)
        assert titles(read(app, limit=1, q="Kiwis")) == ["Kiwis"]
        assert titles(read(app, limit=1, q="Pears")) == []
        assert statements_of(app, "/products", q="Kiwis", limit=1) == 0
        assert statements_of(app, "/products", q="Kiwis", limit=1, language="zh-CN") == 2

    def test_it_is_the_same_whoever_asks(self, worker: Callable[..., Flask]) -> None:
        product("Kiwis")
        app = worker()
        public = read(app)
        assert statements_of(app, "/products", token="a-token-of-nobody") == 0
        plain = read(worker(public_cache_milliseconds=0), token="a-token-of-nobody")
        assert plain.data == public.data

    def test_it_is_kept_only_if_it_is_one(self, worker: Callable[..., Flask]) -> None:
        hidden = make.product("Kiwis")
        app = worker()
        assert read(app, f"/products/{hidden.id}").status_code == 404
        make.sku(hidden)
        assert read(app, f"/products/{hidden.id}").status_code == 200
        assert read(app, colour="green").status_code == 422
        assert read(app, q="x" * 600).status_code == 422
        assert read(app, "/me").status_code == 401

    def test_it_shows_a_change_within_a_second_on_every_worker(
        self, worker: Callable[..., Flask]
    ) -> None:
        product("Kiwis")
        one, other = worker(), worker()
        assert titles(read(one)) == titles(read(other)) == ["Kiwis"]
        assert statements_of(other, "/products") == 0
        product("Pears")
        changed = time.monotonic()
        while titles(read(other)) == ["Kiwis"]:
            assert time.monotonic() - changed < 1
            time.sleep(0.01)
        assert titles(read(one)) == titles(read(other)) == ["Pears", "Kiwis"]

    def test_it_is_counted_and_logged_like_any_other(self, worker: Callable[..., Flask]) -> None:
        client, out = worker(log_level="INFO").test_client(), io.StringIO()
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(out)
        answers = [client.get("/api/v1/categories") for _ in range(2)]
        made, kept = map(json.loads, out.getvalue().splitlines())
        assert made.keys() | {"cached"} == kept.keys()
        assert kept["endpoint"] == made["endpoint"] == "catalogue.show_category_tree"
        assert kept["request_id"] == answers[1].headers["X-Request-Id"]
        count = re.search(
            r'requests_total\{endpoint="catalogue.show_category_tree".*status="200"\} (\d+)',
            client.get("/metrics").text,
        )
        assert count is not None
        assert int(count.group(1)) >= 2


@pytest.mark.usefixtures("app")
class TestWithoutRedis:
    def test_it_answers_while_redis_is_stopped(
        self, worker: Callable[..., Flask], valkey: Valkey
    ) -> None:
        product("Kiwis")
        app = worker()
        read(app)
        valkey.stop()
        assert [titles(read(app)) for _ in range(3)] == [["Kiwis"]] * 3

    def test_it_asks_a_silent_redis_once_a_second(
        self, worker: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = worker()
        shelf = shelf_of(app)
        shelf._client.client_pause(600)
        asked: list[str] = []
        client: Any = shelf._client
        original = client.execute_command

        def counted(*command: Any, **options: Any) -> Any:
            asked.append(command[0])
            return original(*command, **options)

        monkeypatch.setattr(client, "execute_command", counted)
        for _ in range(5):
            assert titles(read(app)) == []
        assert asked == ["GET"]
        shelf._away_until = time.monotonic() - 1
        assert titles(read(app)) == []
        assert asked == ["GET", "GET"]

    def test_it_uses_redis_again_when_it_is_back(self, worker: Callable[..., Flask]) -> None:
        app = worker()
        shelf = shelf_of(app)
        shelf._pause()
        assert (statements_of(app, "/products"), statements_of(app, "/products")) == (2, 2)
        shelf._away_until = time.monotonic() - 1
        assert (statements_of(app, "/products"), statements_of(app, "/products")) == (2, 0)

    def test_it_makes_a_page_again_that_was_flushed(self, worker: Callable[..., Flask]) -> None:
        app = worker()
        assert statements_of(app, "/products") == 2
        shelf_of(app)._client.flushall()
        assert (statements_of(app, "/products"), statements_of(app, "/products")) == (2, 0)

    def test_it_answers_while_redis_is_full(self, worker: Callable[..., Flask]) -> None:
        app = worker()
        shelf = shelf_of(app)
        shelf._client.config_set("maxmemory", "1")
        assert (statements_of(app, "/products"), statements_of(app, "/products")) == (2, 2)
        assert not shelf._away_until
        shelf._client.config_set("maxmemory", "0")
        assert (statements_of(app, "/products"), statements_of(app, "/products")) == (2, 0)


@pytest.mark.usefixtures("app")
class TestMaking:
    def test_it_is_made_once_for_all_who_ask_meanwhile(
        self, worker: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = worker()
        made, go_on = Counted(), Event()
        monkeypatch.setattr(queries, "products_on_sale", lambda **query: made(go_on))
        with ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(read, app) for _ in range(6)]
            made.begun.wait(5)
            time.sleep(0.1)
            go_on.set()
            assert {titles(answer.result(5)) == [] for answer in answers} == {True}
        assert made.times == 1

    def test_it_is_made_by_everyone_if_the_first_fails(
        self, worker: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = worker()
        made, go_on = Counted(failing=1), Event()
        monkeypatch.setattr(queries, "products_on_sale", lambda **query: made(go_on))
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(read, app)
            made.begun.wait(5)
            second = pool.submit(read, app)
            time.sleep(0.1)
            go_on.set()
            assert first.result(5).status_code == 500
            assert second.result(5).status_code == 200

    def test_it_waits_no_longer_than_a_page_lives(
        self, worker: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = worker(public_cache_milliseconds=50)
        made, go_on = Counted(slow=1), Event()
        monkeypatch.setattr(queries, "products_on_sale", lambda **query: made(go_on))
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(read, app)
            made.begun.wait(5)
            assert titles(read(app)) == []
            go_on.set()
            assert titles(first.result(5)) == []
        assert made.times == 2


class Counted:
    """A reading of nothing that counts itself, and waits, fails or is slow as often as asked."""

    def __init__(self, *, failing: int = 0, slow: int = 0) -> None:
        self.times = 0
        self.begun = Event()
        self._failing = failing
        self._slow = slow

    def __call__(self, go_on: Event) -> Page[Any]:
        self.times += 1
        self.begun.set()
        if not self._slow or self.times <= self._slow:
            go_on.wait(5)
        if self.times <= self._failing:
            raise RuntimeError("on purpose")
        return Page([], None)


def test_it_knows_a_query_in_whatever_order() -> None:
    assert normalised("b=2&a=1&b=1") == normalised("a=1&b=2&b=1") == "a=1&b=2&b=1"
    assert normalised("b=1&b=2") != normalised("b=2&b=1")
    assert normalised("q=%E7%94%B2") == normalised("q=甲")


def test_it_caches_only_what_anybody_may_read(app: Flask) -> None:
    cached = {
        endpoint: getattr(view, "allow", "")
        for endpoint, view in app.view_functions.items()
        if getattr(view, "cached", False)
    }
    assert "catalogue.list_products_on_sale" in cached
    assert all(Role.ANONYMOUS in PERMISSIONS[allow] for allow in cached.values())


def test_it_refuses_to_cache_what_is_no_public_read() -> None:
    api = Blueprint("uncacheable", __name__)
    with pytest.raises(TypeError, match="cannot be cached"):
        api.post("/things", allow="catalogue.shop", returns=Schema, cached=True)
    with pytest.raises(TypeError, match="cannot be cached"):
        api.get("/things", allow="catalogue.shop", returns=Schema, cached=True, limits=["1/day"])


def test_it_refuses_a_lifetime_that_breaks_the_promise() -> None:
    with pytest.raises(ConfigurationError, match="must be at most 900"):
        from_environment({"GROUPBUY_MODE": "demo", "PUBLIC_CACHE_MILLISECONDS": "901"})
    assert cache.PAUSE_SECONDS >= 20 * cache.REDIS_SECONDS

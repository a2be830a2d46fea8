"""Rate limits: per address and per account, also while Redis is away."""

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.kernel.db import db
from groupbuy.kernel.limits import limiter
from groupbuy.kernel.settings import Settings

PATH = "/api/v1/auth/staff-sessions"
_numbers = itertools.count(1)
Build = Callable[[str], Flask]


@pytest.fixture
def build(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Return a maker of applications that count; the limiter is as before afterwards."""
    for name, value in vars(limiter).items():
        monkeypatch.setattr(limiter, name, value)
    monkeypatch.setattr(limiter, "enabled", True)
    built: list[Flask] = []

    def make(redis_url: str) -> Flask:
        built.append(create_app(replace(settings, redis_url=redis_url)))
        return built[-1]

    yield make
    for each in built:
        with each.app_context():
            db.engine.dispose()


def attempt(app: Flask, address: str, email: str) -> Any:
    return app.test_client().post(
        PATH,
        json={"email": email, "password": "wrong"},
        environ_base={"REMOTE_ADDR": address},
        headers={"Accept-Language": "en"},
    )


def someone() -> str:
    return f"someone{next(_numbers)}@groupbuy.example"


def statuses(app: Flask, addresses: list[str], emails: list[str]) -> list[int]:
    return [attempt(app, a, e).status_code for a, e in zip(addresses, emails, strict=True)]


def test_it_answers_429_with_retry_after_per_address(build: Build, settings: Settings) -> None:
    app = build(settings.redis_url)
    assert attempt(app, "10.0.0.3", someone()).json["code"] == "wrong-credentials"
    found = statuses(app, ["10.0.0.1"] * 21, [someone() for _ in range(21)])
    assert found[:10] == [401] * 10
    assert found[-1] == 429
    answer = attempt(app, "10.0.0.1", someone())
    assert (answer.status_code, answer.json["code"]) == (429, "too-many-requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json["retry_after_seconds"] == int(answer.headers["Retry-After"])
    assert attempt(app, "10.0.0.2", someone()).status_code == 401


def test_it_counts_per_account_whatever_the_address(build: Build, settings: Settings) -> None:
    app, email = build(settings.redis_url), someone()
    addresses = [f"10.0.1.{number}" for number in range(21)]
    found = statuses(app, addresses, [email.upper(), *[email] * 20])
    assert found[:10] == [401] * 10
    assert found[-1] == 429
    assert attempt(app, "10.0.1.99", someone()).status_code == 401


def test_it_still_counts_while_redis_is_away(build: Build) -> None:
    app = build("redis://127.0.0.1:1/0")
    found = statuses(app, ["10.0.2.1"] * 21, [someone() for _ in range(21)])
    assert found[:10] == [401] * 10
    assert found[-1] == 429


def test_it_waits_for_no_redis_that_hangs(build: Build) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = build(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        assert attempt(app, "10.0.3.1", someone()).status_code == 401
        assert time.monotonic() - began < 4


def test_it_does_not_count_the_questions_of_machines(build: Build, settings: Settings) -> None:
    client = build(settings.redis_url).test_client()
    assert {client.get("/healthz").status_code for _ in range(100)} == {200}


@pytest.mark.committed
def test_it_counts_per_account_however_often_somebody_logs_in(
    build: Build, settings: Settings
) -> None:
    app = build(settings.redis_url)
    name = f"demo:somebody{next(_numbers)}x"
    tokens = [token_of(app, name) for _ in range(3)]
    found = [claim(app, tokens[number % 3], f"10.0.3.{number}") for number in range(41)]
    assert found[:20] == [404] * 20
    assert found[-1] == 429


def token_of(app: Flask, code: str) -> str:
    answer = app.test_client().post("/api/v1/auth/wechat-sessions", json={"code": code})
    assert answer.json is not None
    return str(answer.json["token"])


def claim(app: Flask, token: str, address: str) -> int:
    answer = app.test_client().post(
        "/api/v1/me/coupons",
        json={"code": "NONESUCH"},
        environ_base={"REMOTE_ADDR": address},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{next(_numbers)}-12345"},
    )
    return int(answer.status_code)

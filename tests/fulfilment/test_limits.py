"""Guessing pickup codes: limited per account and per address."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.kernel.db import db
from groupbuy.kernel.limits import limiter
from groupbuy.kernel.settings import Settings

PATH = "/api/v1/leader/redemptions"
ALLOWED = 60


@pytest.fixture
def counting(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application that counts; the limiter is as before afterwards."""
    for name, value in vars(limiter).items():
        monkeypatch.setattr(limiter, name, value)
    monkeypatch.setattr(limiter, "enabled", True)
    built = create_app(replace(settings))
    yield built
    with built.app_context():
        db.engine.dispose()


def guesses(app: Flask, count: int, *, token: str, address: str = "") -> list[int]:
    client = app.test_client()
    answers: list[Any] = [
        client.post(
            PATH,
            json={},
            environ_base={"REMOTE_ADDR": address or f"10.9.{number}.1"},
            headers={"Authorization": f"Bearer {token}"},
        )
        for number in range(count)
    ]
    return [answer.status_code for answer in answers]


def test_it_counts_by_login_wherever_the_guesses_come_from(counting: Flask) -> None:
    found = guesses(counting, ALLOWED + 1, token="somebody's")
    assert (set(found[:-1]), found[-1]) == ({401}, 429)


def test_it_counts_by_address_whoever_guesses(counting: Flask) -> None:
    for number in range(ALLOWED):
        assert guesses(counting, 1, token=f"of {number}", address="10.8.0.1") == [401]
    assert guesses(counting, 1, token="another's", address="10.8.0.1") == [429]

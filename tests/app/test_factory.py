"""Putting the application together."""

from dataclasses import replace

import pytest
from flask import request

from groupbuy.app.factory import create_app
from groupbuy.kernel.settings import Settings


@pytest.mark.parametrize(("proxies", "seen"), [(0, "10.0.0.1"), (1, "203.0.113.9")])
def test_it_believes_as_many_proxies_as_it_is_told_of(
    settings: Settings, proxies: int, seen: str
) -> None:
    app = create_app(replace(settings, trusted_proxies=proxies))
    addresses: list[str | None] = []
    app.before_request(lambda: addresses.append(request.remote_addr))
    app.test_client().get(
        "/healthz",
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"},
        environ_overrides={"REMOTE_ADDR": "10.0.0.1"},
    )
    assert addresses == [seen]

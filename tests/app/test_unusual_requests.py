"""Requests that no client of ours sends: none of them is a failure of the server's."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from flask import Flask

from tests.app.routes import Route, everybody, routes
from tests.client import Api, Caller

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X")
HUGE = (2**31, 2**63, 2**64, -(2**63) - 1, 10**30)
TEXTS = ("", "\0", "\u202e", "\ud7ff", "é" * 5_000, "'; drop table orders; --", "%s%n{}", "0" * 99)
ODD: tuple[Any, ...] = (*HUGE, *TEXTS, None, True, -1, 1.5, [], {}, [[]], {"": {}})
HEADERS: tuple[dict[str, str], ...] = (
    {"Accept-Language": "*;q=2, zz-\xff"},
    {"Accept": "text/html;q=x"},
    {"Authorization": "Bearer"},
    {"Authorization": "Basic \xff\xff"},
    {"Authorization": "Bearer " + "x" * 9_000},
    {"If-Match": 'W/"99999999999999999999"'},
    {"If-Match": "*"},
    {"Idempotency-Key": "k" * 300},
    {"Idempotency-Key": "\xff"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "\xff"},
    {"Content-Encoding": "gzip"},
    {"X-Forwarded-For": "'; --"},
    {"Cookie": "session=\xff"},
    {"Range": "bytes=0-"},
    {"Expect": "100-continue"},
)


@pytest.fixture
def people(api: Api) -> dict[Any, Caller]:
    return everybody(api)


def test_it_answers_every_method_on_every_path(app: Flask, people: dict[Any, Caller]) -> None:
    client = app.test_client()
    faults = []
    for path in sorted({route.path() for route in routes(app)}):
        for method in METHODS:
            answer = client.open(path, method=method)
            problem = answer.mimetype == "application/problem+json" or answer.status_code < 400
            # A provider's webhook may have to answer in that provider's own words.
            problem = problem or path.startswith("/webhooks/")
            # Who scanned a printed code is told by a page.
            problem = problem or (path.startswith("/verify/") and answer.mimetype == "text/html")
            if answer.status_code >= 500 or not (problem or method == "HEAD"):
                faults.append(f"{method} {path}: {answer.status_code} {answer.mimetype}")
    assert faults == []


def test_it_says_of_every_write_what_its_own_example_is_answered(
    app: Flask, people: dict[Any, Caller]
) -> None:
    """The ids of an example are nobody's: so is what it answers where nothing is found."""
    client = app.test_client()
    faults = []
    for route in routes(app):
        if route.writes and "<" not in route.rule.rule:
            login = {"Authorization": f"Bearer {people[min(route.roles)].token}"}
            headers = {**login, "Idempotency-Key": "as-its-own-example-says"}
            answer = client.open(
                route.path(), method=route.method, json=route.example, headers=headers
            )
            if str(answer.status_code) not in route.described["responses"]:
                faults.append(f"{route.name}: {answer.status_code} {answer.text[:200]}")
    assert faults == []


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_it_answers_every_header(
    app: Flask, people: dict[Any, Caller], headers: dict[str, str]
) -> None:
    client = app.test_client()
    some = [route for route in routes(app) if route.rule.rule.endswith(("orders", "products", ">"))]
    faults = []
    for route in some:
        login = {"Authorization": f"Bearer {people[min(route.roles)].token}"}
        body = route.example if route.writes else None
        answer = client.open(
            route.path(), method=route.method, json=body, headers={**login, **headers}
        )
        if answer.status_code >= 500:
            faults.append(f"{route.name}: {answer.status_code} {answer.text[:200]}")
    assert faults == []


def changed(value: Any, odd: Any) -> Iterator[Any]:
    """Yield a JSON value with one part after the other replaced."""
    yield odd
    if isinstance(value, dict):
        for name, part in value.items():
            yield from ({**value, name: other} for other in changed(part, odd))
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from (
                [*value[:place], other, *value[place + 1 :]] for other in changed(part, odd)
            )


def bodies(route: Route) -> list[dict[str, Any]]:
    """Return the route's example with every part replaced by every odd value, as requests."""
    if not route.example:
        return []
    # Not by orjson: it writes no number that it would not read.
    odd = (body for value in ODD for body in changed(route.example, value))
    return [{"data": json.dumps(body), "content_type": "application/json"} for body in odd]


def queries(route: Route) -> list[dict[str, Any]]:
    """Return every query parameter with every odd value, as requests."""
    names = [p["name"] for p in route.described.get("parameters", []) if p["in"] == "query"]
    odd = (*HUGE, *TEXTS, -1, 1.5)
    return [{"query_string": {name: value}} for name in names for value in odd]


def failures(app: Flask, people: dict[Any, Caller], share: int) -> list[str]:
    """Send one odd request of so many, always the same; return the failures of the server's."""
    dice, client, found = Random(share), app.test_client(), []
    for route in routes(app):
        headers = {
            "Authorization": f"Bearer {people[min(route.roles)].token}",
            "If-Match": '"1"',
        }
        for request in (*bodies(route), *queries(route)):
            if dice.randrange(share) == 0:
                key = {"Idempotency-Key": f"odd-{dice.getrandbits(64)}"}
                answer = client.open(
                    route.path(), method=route.method, headers={**headers, **key}, **request
                )
                if answer.status_code >= 500:
                    found.append(f"{route.name} {str(request)[:300]}: {answer.status_code}")
    return found


def test_it_answers_odd_values_in_bodies_and_queries(app: Flask, people: dict[Any, Caller]) -> None:
    assert failures(app, people, 20) == []


@pytest.mark.long
def test_it_answers_every_odd_value_in_bodies_and_queries(
    app: Flask, people: dict[Any, Caller]
) -> None:
    assert failures(app, people, 1) == []

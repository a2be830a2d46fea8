"""What holds for every route there is: found in the URL map, so none can be forgotten."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Flask
from marshmallow.fields import List, Nested

from groupbuy.identity.rules import Role, permits
from groupbuy.kernel.fields import Schema
from tests.app.routes import Route, everybody, routes
from tests.client import Answer, Api, Caller

SURPRISE = {"surprise": "1"}
RAW = "public.webhook"
"""Whose view reads and verifies the body itself."""


def pointers(answer: Answer) -> list[str]:
    if answer.status_code != 422:
        return [f"{answer.status_code} {answer.text[:100]}"]
    return [fault["pointer"] for fault in answer.json["errors"]]


def somebody(people: dict[Role, Caller], route: Route) -> Caller:
    """Return somebody whom the table lets pass."""
    return people[min(route.roles)]


def test_it_finds_every_route_and_somebody_who_may(app: Flask, api: Api) -> None:
    found = list(routes(app))
    assert len(found) > 200
    assert [route.name for route in found if not route.roles] == []


def test_it_refuses_unknown_fields_in_every_write(app: Flask, api: Api) -> None:
    people = everybody(api)
    faults = []
    for route in routes(app):
        if route.writes and route.permission != RAW:
            answer = route.ask(somebody(people, route), {**route.example, **SURPRISE})
            if "/surprise" not in pointers(answer):
                faults.append(f"{route.name}: {pointers(answer)}")
    assert faults == []


def test_it_refuses_unknown_fields_however_deep(app: Flask) -> None:
    lenient = [
        f"{schema.__name__}.{name}"
        for schema in every(Schema)
        for name, nested in nested_in(schema())
        if nested.unknown != ma.RAISE
    ]
    assert lenient == []


def every(parent: type[Any]) -> Iterator[type[Any]]:
    for child in parent.__subclasses__():
        yield child
        yield from every(child)


def nested_in(schema: ma.Schema) -> Iterator[tuple[str, ma.Schema]]:
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, List) else field
        if isinstance(inner, Nested):
            yield name, inner.schema


def test_it_refuses_unknown_query_parameters_everywhere(app: Flask, api: Api) -> None:
    people = everybody(api)
    faults = []
    for route in routes(app):
        answer = route.ask(somebody(people, route), route.example, query=SURPRISE)
        # A provider's webhook may have to answer in that provider's own words.
        refused = answer.status_code == 422 and route.permission == RAW
        if not refused and "/surprise" not in pointers(answer):
            faults.append(f"{route.name}: {pointers(answer)}")
    assert faults == []


def test_it_lets_in_exactly_whom_the_table_of_permissions_names(app: Flask, api: Api) -> None:
    """Who is let in is refused for the unknown parameter: so nothing happens."""
    people = everybody(api)
    assert people.keys() == set(Role)
    faults = []
    for route in routes(app):
        for role, caller in people.items():
            answer = route.ask(caller, route.example, query=SURPRISE)
            refused = (401 if role == Role.ANONYMOUS else 403), answer.json.get("code")
            expected = 422 if permits(role, route.permission) else refused[0]
            if answer.status_code != expected:
                faults.append(f"{route.name} as {role}: {answer.status_code}, not {expected}")
    assert faults == []


def test_it_asks_who_has_no_valid_login_to_log_in_where_one_is_needed(app: Flask, api: Api) -> None:
    stranger = Caller(app, "no-such-token")
    faults = [
        route.name
        for route in routes(app)
        if Role.ANONYMOUS not in route.roles
        and route.ask(stranger, route.example, query=SURPRISE).status_code != 401
    ]
    assert faults == []

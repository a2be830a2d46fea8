"""schemathesis over the whole API description: every operation, as every role, on the demo's data.

What is drawn follows from the operation and the number of examples alone, so a failure comes
again. Ids are those of real rows, where there are any; what a case changes is taken back after it.
"""

import itertools
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import hypothesis
import schemathesis
from flask import Flask
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Connection, select

from groupbuy.identity.rules import Role, permits
from groupbuy.kernel.db import Base, db, session
from groupbuy.kernel.ids import Id
from tests.client import Caller

AnyCase = schemathesis.Case[Any]
PUBLIC_ID = re.compile("([a-z]{3})_[0-9a-f]{32}")
LONGEST_NAME, LONGEST_STORY = 200, 2000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Fuzz:
    """What was sent, and what was wrong: operation and fault → how it can be seen again."""

    app: Flask
    people: Mapping[Role, Caller]
    examples: int
    give_up_at: float
    sent: int = 0
    operations: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Send every operation what fits it and what does not, as everybody."""
        schema = schemathesis.openapi.from_wsgi("/openapi.json", self.app)
        # A version that cannot be one is a stale one.
        schema.config.checks.negative_data_rejection.expected_statuses += ["412"]
        found = [cast(Ok[Any], result).ok() for result in schema.get_all_operations()]
        Random(len(found)).shuffle(found)
        ids = real_ids()
        for operation in found:
            if time.monotonic() > self.give_up_at:
                return
            self._try(operation, ids)
            self.operations += 1

    def _try(self, operation: APIOperation[Any, Any, Any, Any], ids: Mapping[str, str]) -> None:
        permission = operation.definition.raw["x-permission"]
        admitted = [caller for role, caller in self.people.items() if permits(role, permission)]
        refused = [caller for caller in self.people.values() if caller not in admitted]
        # One after the other takes part; whoever is refused needs no more than one to say so.
        turn = itertools.count(self.operations)
        for mode in GenerationMode:
            self._draw(operation, mode, ids, lambda: _in_turn(next(turn), admitted, refused))

    def _draw(
        self,
        operation: APIOperation[Any, Any, Any, Any],
        mode: GenerationMode,
        ids: Mapping[str, str],
        callers: Callable[[], list[Caller]],
    ) -> None:
        checks = CHECKS + ([negative_data_rejection] if mode.is_negative else [])

        @hypothesis.settings(
            max_examples=self.examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case: AnyCase) -> None:
            if mode.is_positive:
                _make_real(case, ids)
            for caller in callers():
                self._send(case, caller, checks)

        try:
            send()
        except hypothesis.errors.Unsatisfiable:
            # What has no parameters has nothing that could be wrong.
            return

    def _send(self, case: AnyCase, caller: Caller, checks: list[Any]) -> None:
        self.sent += 1
        headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
        with taken_back():
            response = case.call(headers=headers)
        try:
            case.validate_response(response, checks=checks)
        except FailureGroup as failure:
            for each in failure.exceptions:
                name = f"{case.operation.label}: {response.status_code} {each}"
                self.faults.setdefault(name[:LONGEST_NAME], str(failure)[:LONGEST_STORY])


def _in_turn(turn: int, *groups: list[Caller]) -> list[Caller]:
    """Return one of each group that has any, another one at each turn."""
    return [group[turn % len(group)] for group in groups if group]


def _make_real(case: AnyCase, ids: Mapping[str, str]) -> None:
    """Let a case speak of things that are there, in the version that they begin with."""
    case.path_parameters = with_ids(ids, case.path_parameters)
    case.body = with_ids(ids, case.body)
    if "If-Match" in case.headers:
        case.headers["If-Match"] = '"1"'


def with_ids(ids: Mapping[str, str], value: Any) -> Any:
    """Return a value with real ids for drawn ones."""
    if isinstance(value, dict):
        return {name: with_ids(ids, part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_ids(ids, part) for part in value]
    known = PUBLIC_ID.fullmatch(value) if isinstance(value, str) else None
    return ids.get(known[1], value) if known else value


def real_ids() -> dict[str, str]:
    """Return the newest id of every table that has public ones."""
    found = {}
    for mapper in Base.registry.mappers:
        key = mapper.primary_key[0]
        if isinstance(key.type, Id) and len(mapper.primary_key) == 1:
            newest = session().scalar(select(key).order_by(key.desc()).limit(1))
            if newest is not None:
                found[key.type.prefix] = str(newest)
    return found


class taken_back:
    """Take back what a request changes."""

    def __enter__(self) -> None:
        db.session.remove()
        self._savepoint = cast(Connection, db.engine).begin_nested()

    def __exit__(self, *error: object) -> None:
        db.session.remove()
        self._savepoint.rollback()

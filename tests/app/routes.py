"""Every route there is, from the URL map and the API's description, and how to call it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.routing.converters import NumberConverter

from groupbuy.identity.rules import PERMISSIONS, STAFF_ROLES, Role
from groupbuy.kernel.http import WRITES, IdConverter, MonthConverter
from scripts.dev.document import operations
from tests.client import PREFIX, Answer, Api, Caller
from tests.journeys.headquarters import Shop

NOBODYS = "0" * 31 + "1"
"""The digits of an id that nothing has."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: what it is called by, and what its description says."""

    method: str
    rule: Rule
    described: dict[str, Any]

    @property
    def name(self) -> str:
        """Return what a failure is called by."""
        return f"{self.method} {self.rule.rule}"

    @property
    def permission(self) -> str:
        """Return the permission that it asks for."""
        return str(self.described["x-permission"])

    @property
    def roles(self) -> frozenset[Role]:
        """Return whom the table lets pass."""
        return PERMISSIONS[self.permission]

    @property
    def writes(self) -> bool:
        """Tell whether it changes anything."""
        return self.method in WRITES

    @property
    def example(self) -> dict[str, Any]:
        """Return a body that its schema accepts, {} if it has none."""
        content = self.described.get("requestBody", {}).get("content", {})
        return dict(content.get("application/json", {}).get("example", {}))

    @property
    def prefixes(self) -> dict[str, str]:
        """Return the id prefix of each path parameter that is an id."""
        found = self.rule._converters.items()
        return {name: c.prefix for name, c in found if isinstance(c, IdConverter)}

    def path(self, **ids: str) -> str:
        """Return its path with these ids, and ids that nothing has for the rest."""
        values: dict[str, Any] = {}
        for name, converter in self.rule._converters.items():
            if isinstance(converter, IdConverter):
                values[name] = ids.get(name, f"{converter.prefix}_{NOBODYS}")
            elif isinstance(converter, MonthConverter):
                values[name] = "2026-01"
            else:
                values[name] = "1" if isinstance(converter, NumberConverter) else "2026-Q1"
        return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda m: values[m[1]], self.rule.rule)

    def ask(
        self,
        caller: Caller,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call it, with every header that it may demand."""
        path = self.path(**(ids or {})).removeprefix(PREFIX)
        options = {"if_match": 1 if self.writes else None, **(query or {})}
        if body is None and self.writes:
            body = {}
        return caller.request(self.method, path, body, **options)


def routes(app: Flask) -> Iterator[Route]:
    """Yield every described route."""
    described = {(method, path): what for method, path, what in operations(app)}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if (method, path) in described:
                yield Route(method, rule, described[method, path])


def everybody(api: Api) -> dict[Role, Caller]:
    """Return somebody of every role, the leader one who was accepted."""
    people = {role: api.staff(role) for role in STAFF_ROLES}
    Shop(api).recruit("mei")
    return people | {
        Role.ANONYMOUS: api.anonymous,
        Role.SHOPPER: api.shopper("zed"),
        Role.LEADER: api.shopper("mei"),
    }

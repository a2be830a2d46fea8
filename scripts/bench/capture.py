"""The SQL of a request, written down so that others can do the same: a psycopg loop, pgbench.

What a request made new (ids, keys) is made anew at each repetition, and what it was about
(shopper, SKUs) is chosen anew: both are found in the parameters by their hexadecimal digits.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg import Binary
from psycopg.types.json import Json, Jsonb
from sqlalchemy import Engine, event

_HEX = re.compile(r"[0-9a-f]{32}")
_PLACE = re.compile(r"%\((\w+)\)s|%%")
Swap = Mapping[str, str]


@dataclass(frozen=True)
class Slot:
    """A parameter that differs at each repetition: how it was, and the digits to exchange."""

    value: Any
    digits: tuple[str, ...]

    def filled(self, swap: Swap) -> Any:
        """Return the value with its digits exchanged."""
        if isinstance(self.value, UUID):
            return UUID(hex=swap[self.value.hex])
        if isinstance(self.value, bytes):
            return bytes.fromhex(swap[self.digits[0]])
        if isinstance(self.value, list):
            return [UUID(hex=swap.get(item.hex, item.hex)) for item in self.value]
        text = str(self.value)
        for digits in self.digits:
            text = text.replace(digits, swap[digits])
        return text


@dataclass(frozen=True)
class Statement:
    """One statement; `rows` are its parameters, several if it was sent for several rows."""

    sql: str
    rows: list[dict[str, Any]]
    many: bool

    def filled(self, swap: Swap) -> list[dict[str, Any]]:
        """Return the parameters for one repetition."""
        return [
            {n: v.filled(swap) if isinstance(v, Slot) else v for n, v in row.items()}
            for row in self.rows
        ]


Transaction = list[Statement]


@contextmanager
def recording(engine: Engine) -> Iterator[list[tuple[str, Any, bool] | None]]:
    """Collect what is sent while the block runs; None ends a transaction."""
    seen: list[tuple[str, Any, bool] | None] = []

    def sent(c: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
        # Several rows may also go as one statement with many values.
        seen.append((sql, parameters, many and not isinstance(parameters, dict)))

    def ended(connection: Any) -> None:
        seen.append(None)

    event.listen(engine, "before_cursor_execute", sent)
    event.listen(engine, "commit", ended)
    event.listen(engine, "rollback", ended)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", sent)
        event.remove(engine, "commit", ended)
        event.remove(engine, "rollback", ended)


@dataclass
class Roles:
    """Digits that stand for somebody or something, each with all it may be exchanged for."""

    shopper: list[list[str]] = field(default_factory=list)
    """Lists by the shopper's number: ids, sessions, hashes of tokens."""

    sku: list[list[str]] = field(default_factory=list)
    """Lists by the SKU's number: ids, products, items, pools."""

    lines: int = 1
    captured_shopper: int = 0

    @property
    def captured_skus(self) -> list[int]:
        """Return the numbers of the SKUs that the captured request was about."""
        return [len(self.sku[0]) // self.lines * line for line in range(self.lines)]

    def swap(self, *, shopper: int, skus: Sequence[int]) -> dict[str, str]:
        """Return what to exchange so that it is about others."""
        swap = {listed[self.captured_shopper]: listed[shopper] for listed in self.shopper}
        for before, after in zip(self.captured_skus, skus, strict=True):
            swap |= {listed[before]: listed[after] for listed in self.sku}
        return swap


@dataclass
class Recipe:
    """The transactions of some requests, ready to be repeated."""

    roles: Roles
    since: datetime
    requests: dict[str, list[Transaction]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    def add(self, name: str, seen: Sequence[tuple[str, Any, bool] | None], answer: Any) -> None:
        """Take down one request."""
        known = self.roles.swap(shopper=self.roles.captured_shopper, skus=self.roles.captured_skus)
        groups = groupby(seen, key=lambda item: item is None)
        self.requests[name] = [
            [self._statement(*item, known) for item in group if item]
            for none, group in groups
            if not none
        ]
        self.answers[name] = answer

    def _statement(self, sql: str, parameters: Any, many: bool, known: Swap) -> Statement:
        rows = parameters if many else [parameters or {}]
        slotted = [{n: self._slot(v, known) for n, v in row.items()} for row in rows]
        return Statement(sql, slotted, many)

    def _slot(self, value: Any, known: Swap) -> Any:
        value = _plain(value)
        found = [digits for digits in _digits(value) if digits in known or self._is_new(digits)]
        self.fresh |= {digits for digits in found if digits not in known}
        return Slot(value, tuple(dict.fromkeys(found))) if found else value

    def _is_new(self, digits: str) -> bool:
        """Tell whether an id was made after the capture began: version 7 says when."""
        return digits[12] == "7" and int(digits[:12], 16) >= self.since.timestamp() * 1000

    def swap(self, *, nonce: int, shopper: int, skus: Sequence[int]) -> dict[str, str]:
        """Return what to exchange for one repetition."""
        fresh = {digits: f"{int(digits, 16) ^ nonce:032x}" for digits in self.fresh}
        return fresh | self.roles.swap(shopper=shopper, skus=skus)


def _plain(value: Any) -> Any:
    """Return JSON as text, bytes as bytes, everything else as it is."""
    if isinstance(value, Binary):
        return bytes(value.obj)
    if isinstance(value, Json | Jsonb):
        return json.dumps(value.obj, ensure_ascii=False)
    return value


def _digits(value: Any) -> list[str]:
    if isinstance(value, UUID):
        return [value.hex]
    if isinstance(value, bytes):
        return [value.hex()]
    if isinstance(value, str):
        return _HEX.findall(value)
    if isinstance(value, list):
        return [item.hex for item in value if isinstance(item, UUID)]
    return []


def pgbench_script(recipe: Recipe, names: Sequence[str]) -> str:
    """Write some of the recipe's requests as a script for `pgbench -M prepared`.

    It begins with one more statement, which looks up who and what this repetition is about in the
    tables of `lookup_tables`.
    """
    roles = recipe.roles
    part = len(roles.sku[0]) // roles.lines
    columns = [f"p.d{n} as p{n}" for n in range(len(roles.shopper))]
    tables, where = ["bench_people p"], ["p.n = :person"]
    for line in range(roles.lines):
        columns += [f"s{line}.d{n} as s{line}_{n}" for n in range(len(roles.sku))]
        tables.append(f"bench_skus s{line}")
        where.append(f"s{line}.n = :first + {part * line}")
    said = [
        "\\set n random(1, 4611686018427387903)",
        f"\\set person random(0, {len(roles.shopper[0]) - 1})",
        f"\\set first random(0, {part - 1})",
        f"select {', '.join(columns)} from {', '.join(tables)} where {' and '.join(where)} \\gset",
    ]
    expression = _expressions(recipe)
    for name in names:
        for transaction in recipe.requests[name]:
            said += ["begin;", *_statements(transaction, expression), "commit;"]
    return "\n".join(said) + "\n"


def lookup_tables(roles: Roles) -> str:
    """Return the statements that make the tables from which pgbench chooses."""
    return "".join(
        f"create table {name} as select * from rows from ("
        + ", ".join(f"unnest(array{list(listed)})" for listed in lists)
        + f") with ordinality as t ({', '.join(f'd{n}' for n in range(len(lists)))}, n);"
        f"update {name} set n = n - 1; create index on {name} (n);"
        for name, lists in (("bench_people", roles.shopper), ("bench_skus", roles.sku))
    )


def _expressions(recipe: Recipe) -> dict[str, str]:
    """Return for all digits that are exchanged an SQL expression of 32 or 64 such digits."""
    roles = recipe.roles
    expression = {digits: f"md5(:n::text || '{digits}')" for digits in recipe.fresh}
    for n, listed in enumerate(roles.shopper):
        expression[listed[roles.captured_shopper]] = f":p{n}::text"
    for line, number in enumerate(roles.captured_skus):
        for n, listed in enumerate(roles.sku):
            expression[listed[number]] = f":s{line}_{n}::text"
    return expression


def _statements(transaction: Transaction, expression: Mapping[str, str]) -> Iterator[str]:
    for statement in transaction:
        for row in statement.rows:
            yield _PLACE.sub(_value_of(row, expression), statement.sql).replace("\n", " ") + ";"


def _value_of(
    row: Mapping[str, Any], expression: Mapping[str, str]
) -> Callable[[re.Match[str]], str]:
    def value(place: re.Match[str]) -> str:
        return "%" if place.group(1) is None else _sql(row[place.group(1)], expression)

    return value


def _sql(value: Any, expression: Mapping[str, str]) -> str:
    """Write a parameter as SQL; pgbench takes a colon inside a text for a variable."""
    if isinstance(value, Slot):
        return _slot_sql(value, expression)
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"decode('{value.hex()}', 'hex')"
    if isinstance(value, list):
        return f"array[{', '.join(_sql(item, expression) for item in value)}]"
    return _text(str(value))


def _slot_sql(slot: Slot, expression: Mapping[str, str]) -> str:
    if isinstance(slot.value, UUID):
        return f"({expression[slot.value.hex]})::uuid"
    if isinstance(slot.value, bytes):
        return f"decode({expression[slot.digits[0]]}, 'hex')"
    if isinstance(slot.value, list):
        items = (
            f"({expression[i.hex]})::uuid" if i.hex in slot.digits else f"'{i}'::uuid"
            for i in slot.value
        )
        return f"array[{', '.join(items)}]"
    parts = re.split(f"({'|'.join(slot.digits)})", str(slot.value))
    return f"({' || '.join(expression.get(part) or _text(part) for part in parts)})"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"

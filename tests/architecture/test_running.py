"""House rules that need the application or its database."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import BigInteger, Double, Float, Numeric, String, text

from groupbuy.app.registry import DOMAINS
from groupbuy.identity.rules import PERMISSIONS, Role
from groupbuy.kernel.db import DATABASE_RULES, Base, Instant, session
from groupbuy.kernel.problems import Problem
from groupbuy.kernel.signals import RECEIVERS
from scripts.dev.document import PAGES, operations
from tests.architecture.source import sources

A_SWITCH = 2
"""States of something that is only on or off, which needs no table of moves."""

UNDESCRIBED = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/problems/<code>"}


def rules_of_ours(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.rule not in UNDESCRIBED and not rule.rule.startswith("/docs"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def described(app: Flask) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): operation for method, path, operation in operations(app)}


def test_it_describes_every_route_with_its_permission(app: Flask) -> None:
    assert set(rules_of_ours(app)) == set(described(app))


def test_it_asks_only_for_permissions_that_are_in_the_table(app: Flask) -> None:
    asked = {operation["x-permission"] for operation in described(app).values()}
    assert asked - PERMISSIONS.keys() == set()


def test_it_uses_every_permission_of_the_table(app: Flask) -> None:
    asked = {operation["x-permission"] for operation in described(app).values()}
    assert PERMISSIONS.keys() - asked == set()


def test_it_gives_every_permission_to_somebody_and_money_never_to_the_administrator() -> None:
    assert all(PERMISSIONS.values())
    money = ("plans.", "settlement.", "ledger.", "payments.", "orders.", "stock.")
    assert [p for p in PERMISSIONS if p.startswith(money) and Role.ADMIN in PERMISSIONS[p]] == []


def test_it_describes_every_endpoint_with_a_summary_and_its_errors(app: Flask) -> None:
    faults = []
    for (method, path), operation in described(app).items():
        if not operation.get("summary"):
            faults.append(f"{method} {path} has no summary")
        if not {"401", "403"} <= operation["responses"].keys():
            faults.append(f"{method} {path} does not say who may not")
    assert faults == []


def test_it_declares_only_problems_of_the_catalogue(app: Flask) -> None:
    declared = {
        code
        for operation in described(app).values()
        for response in operation["responses"].values()
        for content in response.get("content", {}).values()
        for code, example in content.get("examples", {}).items()
        if str(example["value"].get("type", "")).startswith("/problems/")
    }
    assert declared
    assert declared - Problem.catalogue.keys() == set()


def test_it_tests_every_problem(app: Flask) -> None:
    tests = "\n".join(source.text for source in sources("tests"))
    assert [code for code in sorted(Problem.catalogue) if f'"{code}"' not in tests] == []


def test_it_explains_every_problem_in_two_languages(app: Flask) -> None:
    for code, problem in Problem.catalogue.items():
        assert problem.__doc__, code
        assert re.search(r"[\u4e00-\u9fff]", problem.title.zh), code
        assert problem.title.en.isascii(), code


def test_it_has_its_generated_pages_up_to_date(app: Flask) -> None:
    from scripts.dev.services import ROOT

    for name, (_, page) in PAGES.items():
        assert page(app) in (ROOT / "docs" / name).read_text(encoding="utf-8"), f"make docs: {name}"


def test_it_relates_tables_only_within_their_domain(app: Flask) -> None:
    faults = [
        str(relation)
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if _domain(mapper.class_) != _domain(relation.mapper.class_)
    ]
    assert faults == []


def test_it_connects_only_module_level_receivers(app: Flask) -> None:
    for signal, receivers in RECEIVERS.items():
        for path in receivers:
            module, _, name = path.rpartition(".")
            assert callable(getattr(importlib.import_module(module), name)), f"{signal}: {path}"


def test_it_has_a_database_that_keeps_every_declared_rule(app: Flask) -> None:
    rows = session().execute(
        text(
            "select tgname, c.relname, p.prosrc from pg_trigger t "
            "join pg_class c on c.oid = tgrelid join pg_proc p on p.oid = tgfoid "
            "where not tgisinternal and c.relnamespace = 'public'::regnamespace "
            "and c.relname not like 'procrastinate%'"
        )
    )
    found = {(name, table, body.strip()) for name, table, body in rows}
    declared = {
        (rule.name, rule.table, f"begin\n{rule.body}\nend".strip()) for rule in DATABASE_RULES
    }
    assert found == declared


def test_it_names_tables_in_the_plural_snake_case(app: Flask) -> None:
    singular = {"staff"}
    tables = [table.name for table in Base.metadata.sorted_tables]
    assert [
        name
        for name in tables
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name)
        or (not name.endswith("s") and name not in singular)
    ] == []


def test_it_keeps_money_in_integer_columns_and_time_in_instants(app: Flask) -> None:
    faults = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, Numeric | Float | Double):
                faults.append(f"{column} is not exact or not an integer")
            if column.name.endswith(("_fen", "_bps")) and not isinstance(kind, BigInteger):
                faults.append(f"{column} is not an integer")
            if column.name.endswith("_at") and not isinstance(kind, Instant):
                faults.append(f"{column} is not an Instant")
            if column.name == "state" and not _constrained(table, column.name):
                faults.append(f"{column} has no CHECK of its values")
            if isinstance(kind, String) and kind.length:
                faults.append(f"{column} is a varchar")
    assert faults == []


def _constrained(table: Any, column: str) -> bool:
    return any(column in str(getattr(c, "sqltext", "")) for c in table.constraints)


def test_it_has_a_table_of_allowed_moves_for_every_aggregate_with_a_life(app: Flask) -> None:
    faults = []
    for domain in DOMAINS:
        living = [
            table.name
            for table in Base.metadata.sorted_tables
            if "state" in table.columns
            and _domain_of(table.name) == domain
            and _states(table) > A_SWITCH
        ]
        moves = [
            name
            for source in sources(f"groupbuy/{domain}")
            if source.room == "rules"
            for name in re.findall(r"^(\w*MOVES|\w*TRANSITIONS)\b", source.text, re.MULTILINE)
        ]
        if len(moves) < len(living):
            faults.append(f"{domain}: {', '.join(living)}, but tables of moves: {moves}")
    assert faults == []


def _states(table: Any) -> int:
    checks = [str(getattr(c, "sqltext", "")) for c in table.constraints]
    return max(check.count("'") // 2 for check in checks if check.startswith("state in"))


def _domain_of(table: str) -> str:
    for mapper in Base.registry.mappers:
        if mapper.local_table.name == table:  # type: ignore[attr-defined]
            return _domain(mapper.class_)
    return ""


def _domain(model: type[Any]) -> str:
    return model.__module__.split(".")[1]

"""`make docs` writes the pages of docs/ that code knows best; `make pages` checks them."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from inspect import cleandoc
from typing import Any

import orjson
from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.app.registry import DOMAINS
from groupbuy.identity.rules import PERMISSIONS, Role, permits
from groupbuy.kernel.problems import Problem
from groupbuy.kernel.settings import Settings, defaults
from groupbuy.kernel.variables import VARIABLES, Mode, Variable
from scripts.dev.services import ROOT

AROUND = (
    ("`GROUPBUY_PORT`", "`make run`: the web server's port", "`8000`"),
    ("`GROUPBUY_VALKEY_PORT`", "`make run`: the embedded Valkey's port", "`6380`"),
    ("`GROUPBUY_DATA`", "`make run`: the folder of the embedded servers", "`.data`"),
    ("`WEB_CONCURRENCY`", "gunicorn: how many worker processes", "`2`"),
    ("`PROMETHEUS_MULTIPROC_DIR`", "gunicorn: a folder for the numbers of all workers", "–"),
)
"""What is read outside the application."""

WRITTEN_BY = "<!-- Written by `make docs` from {source}; do not edit. -->"


def application() -> Flask:
    """Build the application without any server: nothing here connects."""
    return create_app(
        Settings(
            mode=Mode.DEMO,
            database_url="postgresql://nowhere/groupbuy",
            redis_url="redis://nowhere/0",
            payment_provider="demo",
            log_level="WARNING",
        )
    )


def operations(app: Flask) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Yield (METHOD, path, description) of every described endpoint."""
    answer = app.test_client().get("/openapi.json")
    paths: dict[str, dict[str, Any]] = orjson.loads(answer.data)["paths"]
    for path, methods in sorted(paths.items()):
        for method, operation in sorted(methods.items()):
            if isinstance(operation, dict) and "x-permission" in operation:
                yield method.upper(), path, operation


def problems_page(app: Flask) -> str:
    """Return the catalogue of problems, by the package that raises them."""
    lines = [
        "# 错误目录 / The catalogue of problems",
        "",
        "Every error is an `application/problem+json` document (RFC 9457); its `type` is",
        "`/problems/<code>`, and can be opened on a running server.",
    ]
    for package, problems in _by_package().items():
        rows = [
            [f"`{p.code}`", str(int(p.status)), p.title.zh, p.title.en, _first_paragraph(p)]
            for p in problems
        ]
        lines += ["", f"## {package}", ""]
        lines += _table(["code", "status", "中文", "English", "meaning"], rows)
    return "\n".join(lines)


def configuration_page(app: Flask) -> str:
    """Return the table of environment variables."""
    known = defaults()
    rows = [
        [f"`{v.name}`", v.meaning, _default(v, known), ", ".join(sorted(v.needed_in)) or "–"]
        for v in VARIABLES
    ]
    return "\n".join(
        [
            "# 配置 / Configuration",
            "",
            "The application reads its configuration from the environment only. At start it",
            "refuses an incomplete one with the full list of what is missing or wrong.",
            "",
            *_table(["variable", "meaning", "default", "needed in"], rows),
            "",
            "## Around the application",
            "",
            *_table(["variable", "meaning", "default"], AROUND),
        ]
    )


def permissions_page(app: Flask) -> str:
    """Return the role x permission table, and the endpoints of each permission."""
    endpoints: dict[str, list[str]] = {}
    for method, path, operation in operations(app):
        endpoints.setdefault(operation["x-permission"], []).append(f"`{method} {path}`")
    table = [
        [f"`{name}`", *("●" if permits(role, name) else "" for role in Role)]
        for name in PERMISSIONS
    ]
    uses = [[f"`{name}`", "<br>".join(endpoints.get(name, ["–"]))] for name in PERMISSIONS]
    return "\n".join(
        [
            "# 权限 / Permissions",
            "",
            "Whatever is not in this table is denied. A leader is a shopper who was accepted.",
            "",
            *_table(["permission", *(role.value for role in Role)], table),
            "",
            "## Endpoints",
            "",
            *_table(["permission", "endpoints"], uses),
        ]
    )


PAGES: dict[str, tuple[str, Callable[[Flask], str]]] = {
    "problems.md": ("the errors.py files", problems_page),
    "configuration.md": ("groupbuy/kernel/settings.py", configuration_page),
    "permissions.md": ("groupbuy/identity/rules.py and the endpoints", permissions_page),
}


def _by_package() -> dict[str, list[type[Problem]]]:
    for domain in DOMAINS:
        if find_spec(f"groupbuy.{domain}.errors") is not None:
            import_module(f"groupbuy.{domain}.errors")
    pages: dict[str, list[type[Problem]]] = {name: [] for name in ("kernel", *DOMAINS)}
    for code in sorted(Problem.catalogue):
        problem = Problem.catalogue[code]
        root, package, *_ = problem.__module__.split(".")
        if root == "groupbuy":
            pages[package].append(problem)
    return {name: problems for name, problems in pages.items() if problems}


def _first_paragraph(problem: type[Problem]) -> str:
    return cleandoc(problem.__doc__ or "").split("\n\n")[0]


def _default(variable: Variable, known: dict[str, Any]) -> str:
    default = known[variable.field]
    return f"`{default}`" if isinstance(default, str | int) and default != "" else "–"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check compare them; return the exit code."""
    parser = argparse.ArgumentParser(prog="docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which page is out of date")
    check = parser.parse_args(arguments).check
    app = application()
    stale = []
    for name, (source, page) in PAGES.items():
        text = f"{WRITTEN_BY.format(source=source)}\n\n{page(app)}\n"
        file = ROOT / "docs" / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                file.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"Out of date: {', '.join(f'docs/{name}' for name in stale)}; run make docs")
        return 1
    print("The generated pages are up to date." if not stale else f"Wrote {', '.join(stale)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""House rules that a look at the source can hold."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import (
    ROOT,
    Function,
    Source,
    dotted,
    project_files,
    sources,
)

ENTRANCES = {"api", "jobs", "commands"}
KERNEL_ENTRANCES = {
    "groupbuy/kernel/db.py",
    "groupbuy/kernel/http.py",
    "groupbuy/kernel/jobs.py",
}
MONEY = "groupbuy/kernel/money.py"
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_VIEW = 12


def test_it_commits_only_in_the_kernel() -> None:
    faults = [
        source.place(line)
        for source in sources("groupbuy", "scripts")
        for name, line in source.calls()
        if name.endswith(".commit")
        and source.name not in ("groupbuy/kernel/db.py", "scripts/dev/database.py")
    ]
    assert faults == []


def test_it_opens_transactions_only_in_entrances() -> None:
    faults = [
        source.place(line)
        for source in sources()
        for name, line in source.calls()
        if name in ("transaction", "db.transaction")
        and not (source.domain == "cli" or source.room in ENTRANCES)
        and source.name not in KERNEL_ENTRANCES
    ]
    assert faults == []


def views(source: Source) -> Iterator[Function]:
    for function in source.functions():
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and re.fullmatch(
                r"\w*api\.(get|post|put|patch|delete)", dotted(decorator.func)
            ):
                yield function


def test_it_finds_the_views() -> None:
    assert sum(1 for source in sources() for _ in views(source)) > 5


def test_it_declares_views_without_branches_in_at_most_twelve_lines() -> None:
    faults = []
    for source in sources():
        for view in views(source):
            body = view.body[1:] if ast.get_docstring(view) else view.body
            length = body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]
            if length > LONGEST_VIEW:
                faults.append(f"{source.place(view.lineno)} {view.name}: {length} lines")
            faults += [
                f"{source.place(node.lineno)} {view.name}: branches"
                for statement in body
                for node in ast.walk(statement)
                if isinstance(node, ast.Try | ast.If | ast.IfExp | ast.Match | ast.For | ast.While)
            ]
    assert faults == []


def test_it_documents_every_view() -> None:
    faults = [
        source.place(view.lineno)
        for source in sources()
        for view in views(source)
        if not ast.get_docstring(view)
    ]
    assert faults == []


def test_it_keeps_flask_out_of_services_queries_rules_and_models() -> None:
    faults = [
        f"{source.place(line)} imports {name}"
        for source in sources()
        if source.domain != "kernel"
        and source.room in ("services", "queries", "rules", "models", "errors", "signals")
        for name, line in source.imports()
        if name.split(".")[0] in ("flask", "werkzeug", "flask_smorest")
    ]
    assert faults == []


def test_it_keeps_rules_free_of_database_clock_and_network() -> None:
    banned = (
        "sqlalchemy",
        "requests",
        "psycopg",
        "groupbuy.kernel.db",
        "groupbuy.kernel.clock.now",
    )
    faults = [
        f"{source.place(line)} imports {name}"
        for source in sources()
        if source.room == "rules"
        for name, line in source.imports()
        if name.startswith(banned) or name == "groupbuy.kernel.clock"
    ]
    assert faults == []


def test_it_takes_only_keyword_arguments_in_services() -> None:
    faults = [
        f"{source.place(function.lineno)} {function.name}"
        for source in sources()
        if source.room == "services"
        for function in source.tree.body
        if isinstance(function, ast.FunctionDef)
        and not function.name.startswith("_")
        and len(function.args.args) > 1
    ]
    assert faults == []


def test_it_rounds_and_allocates_only_in_the_money_module() -> None:
    faults = []
    for source in sources():
        if source.name == MONEY:
            continue
        faults += [
            f"{source.place(function.lineno)} defines {function.name}"
            for function in source.functions()
            if function.name in ("half_up", "allocate")
        ]
        faults += [
            f"{source.place(line)} calls {name}"
            for name, line in source.calls()
            if name in ("round", "math.floor", "math.ceil", "floor", "ceil")
            and source.name != "groupbuy/kernel/observability.py"
        ]
    assert faults == []


def test_it_has_no_float_and_no_decimal_where_money_is() -> None:
    clocks = ("groupbuy/kernel/", "groupbuy/vendors/", "groupbuy/app/")
    faults = []
    for source in sources():
        faults += [
            f"{source.place(line)} imports {name}"
            for name, line in source.imports()
            if name.split(".")[0] == "decimal" or name.endswith((".Numeric", ".Float"))
        ]
        if not source.name.startswith(clocks) or source.name == MONEY:
            faults += [
                f"{source.place(node.lineno)} float {node.value}"
                for node in ast.walk(source.tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, float)
            ]
    assert faults == []


def test_it_names_amounts_and_rates_by_their_unit() -> None:
    vague = re.compile(r"(^|_)(amount|price|total|fee|payout|balance|rate|percent)$")
    faults = [
        f"{source.place(node.lineno)} {node.target.id}"
        for source in sources()
        if source.room == "models"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and vague.search(node.target.id)
        and "int" in ast.unparse(node.annotation)
    ]
    assert faults == []


def test_it_reads_the_clock_in_one_place() -> None:
    clock = ("now", "utcnow", "today")
    faults = [
        source.place(line)
        for source in sources("groupbuy", "scripts")
        if source.name != "groupbuy/kernel/clock.py"
        for name, line in source.calls()
        if name.split(".")[-1] in clock and name.split(".")[-2:-1] in (["datetime"], ["date"])
    ]
    assert faults == []


def test_it_asks_what_time_it_is_only_in_entrances() -> None:
    faults = [
        source.place(line)
        for source in sources()
        if source.room in ("services", "queries", "rules", "models", "schemas", "receivers")
        for name, line in source.calls()
        if name == "clock.now"
    ]
    assert faults == []


def test_it_never_prints() -> None:
    faults = [
        source.place(line)
        for source in sources()
        for name, line in source.calls()
        if name in ("print", "pprint")
    ]
    assert faults == []


def test_it_leaves_nothing_to_do() -> None:
    unfinished = re.compile(r"TOD[O]|FIXM[E]|XX[X]\b|NotImplemente[d]")
    faults = [
        source.place(number)
        for source in sources("groupbuy", "scripts", "tests")
        for number, line in enumerate(source.text.splitlines(), 1)
        if unfinished.search(line)
    ]
    assert faults == []


def test_it_names_no_machine_of_ours() -> None:
    ours = re.compile(
        r"/wor[k]/|/tmp/[a-z]/|/ro[o]t/|pypi-mor[e]|/opt/pyp[i]|--(?:extra-)?inde[x]-url"
    )
    faults = []
    for path in project_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        faults += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, line in enumerate(lines, 1)
            if ours.search(line)
        ]
    assert faults == []


@pytest.mark.parametrize("folder", ["groupbuy", "scripts", "tests"])
def test_it_keeps_files_short(folder: str) -> None:
    faults = [
        f"{source.name}: {source.lines} lines"
        for source in sources(folder)
        if source.lines > LONGEST_FILE
    ]
    assert faults == []


@pytest.mark.parametrize("folder", ["groupbuy", "scripts"])
def test_it_keeps_functions_short(folder: str) -> None:
    faults = [
        f"{source.place(function.lineno)} {function.name}: {length} lines"
        for source in sources(folder)
        for function in source.functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]
    assert faults == []


def test_it_names_tests_to_complete_the_sentence() -> None:
    faults = [
        f"{source.place(function.lineno)} {function.name}"
        for source in sources("tests")
        if source.path.name.startswith("test_")
        for function in source.functions()
        if function.name.startswith("test") and not function.name.startswith("test_it_")
    ]
    assert faults == []


def test_it_skips_no_test() -> None:
    skipping = re.compile("|".join(("mark." + "skip", "mark." + "xfail", "pytest." + "skip")))
    faults = [
        source.place(number)
        for source in sources("tests")
        for number, line in enumerate(source.text.splitlines(), 1)
        if skipping.search(line)
    ]
    assert faults == []

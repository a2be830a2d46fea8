"""Calls go down: the import map, and the doors that a domain opens to the others."""

import configparser
import subprocess
import sys
from pathlib import Path

from groupbuy.app.registry import DOMAINS
from tests.architecture.source import PACKAGE, ROOT, sources

DOORS = {"services", "queries", "rules", "models", "signals", "errors"}
ROOMS = {
    "__init__",
    "errors",
    "signals",
    "models",
    "rules",
    "schemas",
    "queries",
    "services",
    "providers",
    "kinds",
    "curriculum",
    "receivers",
    "jobs",
    "commands",
    "api",
}
WITHOUT_ROOMS = {"kernel", "app", "vendors", "cli", "console", "leader_web"}


def packages() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def layers() -> list[str]:
    settings = configparser.ConfigParser()
    settings.read(ROOT / ".importlinter")
    contract = settings["importlinter:contract:map"]
    assert contract["exhaustive"] == "true"
    names = contract["layers"].replace("|", " ").replace("(", " ").replace(")", " ")
    return names.split()


def test_it_keeps_the_import_map() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_has_every_package_on_the_map() -> None:
    assert packages() <= set(layers())


def test_it_registers_every_domain_that_has_rooms() -> None:
    domains = packages() - WITHOUT_ROOMS
    assert domains == set(DOMAINS)


def test_it_imports_from_other_domains_only_through_their_doors() -> None:
    faults = [
        f"{source.place(line)} imports {name}"
        for source in sources()
        if source.domain not in ("app", "")
        for name, line in source.imports()
        if name.startswith("groupbuy.")
        for domain, room in [[*name.split("."), ""][1:3]]
        if domain not in (source.domain, "kernel", "vendors") and room not in DOORS
    ]
    assert faults == []


def test_it_has_only_rooms_with_known_names() -> None:
    faults = [
        source.name
        for source in sources()
        if source.domain not in WITHOUT_ROOMS | {""} and source.room not in ROOMS
    ]
    assert faults == []


def test_it_introduces_every_package_in_its_docstring_and_nowhere_else() -> None:
    for source in sources():
        if source.domain and source.path.name == "__init__.py" and source.room == "__init__":
            docstring = source.text
            assert all(word in docstring for word in ("Owns:", "Calls:", "Announces:")), source.name
            assert len(source.tree.body) == 1, f"{source.name} holds more than a docstring"


def test_it_speaks_no_business_word_of_another_room_in_the_kernel() -> None:
    faults = [
        f"{source.place(line)} imports {name}"
        for source in sources("groupbuy/kernel")
        for name, line in source.imports()
        if name.startswith("groupbuy.") and not name.startswith("groupbuy.kernel")
    ]
    assert faults == []

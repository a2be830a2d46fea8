"""Our own source as data: files, syntax trees, functions, imports."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "groupbuy"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Return its syntax tree."""
        return _parse(self.text)

    @property
    def domain(self) -> str:
        """Return the package below groupbuy/ that it belongs to, '' for none."""
        parts = Path(self.name).parts
        return parts[1] if parts[0] == "groupbuy" and len(parts) > 2 else ""

    @property
    def room(self) -> str:
        """Return the room of its domain: `services` for services.py and services/anything.py."""
        return Path(self.name).parts[2].removesuffix(".py") if self.domain else ""

    @property
    def lines(self) -> int:
        """Return how many lines it has."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Yield every function, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def calls(self) -> Iterator[tuple[str, int]]:
        """Yield every call as (dotted name, line)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield dotted(node.func), node.lineno

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield every imported name in full: `groupbuy.orders.models` or `groupbuy.x.y.Name`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{a.name}", node.lineno) for a in node.names)

    def place(self, line: int) -> str:
        """Return how a fault is named: file and line."""
        return f"{self.name}:{line}"


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of a name or attribute; what cannot be named is `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the Python files below folders of the project; groupbuy/ unless said."""
    found = []
    for folder in folders or ("groupbuy",):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            found.append(Source(path, name, path.read_text(encoding="utf-8")))
    return tuple(found)


@cache
def project_files() -> tuple[Path, ...]:
    """Return every text file that belongs to the project, committed or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return tuple(path for path in paths if path.is_file())

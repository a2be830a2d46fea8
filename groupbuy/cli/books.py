"""`flask books check`: hold the database against every invariant."""

from collections.abc import Sequence
from typing import Any

import click
from flask import current_app
from rich.console import Console
from rich.table import Table

from groupbuy.kernel import books
from groupbuy.kernel.books import Finding, Invariant

EXTENSION = "groupbuy.invariants"


def chosen(prefixes: Sequence[str]) -> list[Invariant]:
    """Return the invariants whose names begin with one of these; all without any.

    Raises:
        BadParameter: one of them begins no name.
    """
    known: Sequence[Invariant] = current_app.extensions[EXTENSION]
    for prefix in prefixes:
        if not any(invariant.name.startswith(prefix) for invariant in known):
            raise click.BadParameter(f"no invariant's name begins with {prefix!r}")
    return [i for i in known if not prefixes or i.name.startswith(tuple(prefixes))]


def check_all(
    console: Console, invariants: Sequence[Invariant], *, workers: int = 1, timings: bool = False
) -> int:
    """Print one line per invariant and the rows at fault; return how many do not hold."""
    findings = []
    with console.status("") as status:
        for finding in books.check_snapshot(invariants, workers=workers):
            findings.append(finding)
            console.print(_line(finding, timings), soft_wrap=True)
            status.update(f"{len(findings)} of {len(invariants)} invariants checked")
    broken = [finding for finding in findings if finding.faults]
    for finding in broken:
        console.print(_faults(finding))
    console.print(f"{len(findings) - len(broken)} of {len(findings)} invariants hold")
    return len(broken)


def _line(finding: Finding, timings: bool) -> str:
    mark = "[green]holds[/green]" if not finding.faults else "[red]BROKEN[/red]"
    took = f"{finding.seconds:8.3f} s  " if timings else ""
    return f"{took}{mark}  {finding.invariant.name}: {finding.invariant.meaning}"


def _faults(finding: Finding) -> Table:
    table = Table(title=f"{finding.invariant.name}: rows at fault (at most {books.SHOWN})")
    columns: list[Any] = list(finding.faults[0])
    for column in columns:
        table.add_column(str(column))
    for row in finding.faults:
        table.add_row(*(str(row[column]) for column in columns))
    return table


def fail_if(broken: int) -> None:
    """Leave with exit code 1 if something is broken."""
    if broken:
        raise click.exceptions.Exit(1)

"""`flask books check`: hold the database against every invariant."""

from typing import Any

import click
from flask import current_app
from rich.console import Console
from rich.table import Table

from groupbuy.kernel import books
from groupbuy.kernel.books import Finding

EXTENSION = "groupbuy.invariants"


def check_all(console: Console) -> int:
    """Print one line per invariant and the rows at fault; return how many do not hold."""
    invariants = current_app.extensions[EXTENSION]
    findings = []
    for finding in books.check(invariants):
        mark = "[green]holds[/green]" if not finding.faults else "[red]BROKEN[/red]"
        console.print(f"{mark}  {finding.invariant.name}: {finding.invariant.meaning}")
        findings.append(finding)
    broken = [finding for finding in findings if finding.faults]
    for finding in broken:
        console.print(_faults(finding))
    console.print(f"{len(findings) - len(broken)} of {len(findings)} invariants hold")
    return len(broken)


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

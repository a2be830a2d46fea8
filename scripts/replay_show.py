"""Telling what a replay gave."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scripts.replay_headquarters import FIGURES
from scripts.replay_run import Outcome


def show(console: Console, outcome: Outcome) -> bool:
    """Print statements, totals and the check of the books; return whether the books are right."""
    result = outcome.result
    console.print(_statements(result["statements"]))
    rate = result["orders"] / result["seconds"] if result["seconds"] else 0
    console.print(
        f"{result['orders']:,} orders, {result['lines']:,} lines, "
        f"GMV {result['gmv_fen']:,} fen, {result['refunds']:,} refunds "
        f"in {result['seconds']:,} s: {rate:.1f} orders/s"
    )
    if outcome.seconds_by_action:
        console.print(_shares(outcome.seconds_by_action))
    return _books(console, outcome)


def _statements(statements: list[dict[str, Any]]) -> Table:
    table = Table(title="Statements, in fen", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("month", "leader", *(figure.split("_")[0] for figure in FIGURES)):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in statements:
        table.add_row(row["month"], row["leader"], *(f"{row[figure]:,}" for figure in FIGURES))
    return table


def _shares(seconds: dict[str, float]) -> str:
    longest = sorted(seconds.items(), key=lambda item: -item[1])[:8]
    parts = (f"{name.lower()} {spent:.1f} s" for name, spent in longest)
    return "Time went to: " + ", ".join(parts)


def _books(console: Console, outcome: Outcome) -> bool:
    broken = [finding for finding in outcome.findings if finding.faults]
    for finding in broken:
        console.print(f"[red]{finding.invariant.name}[/]: {finding.invariant.meaning}")
        for fault in finding.faults:
            console.print(f"    {fault}")
    held = len(outcome.findings) - len(broken)
    console.print(f"Books: {held} of {len(outcome.findings)} invariants hold.")
    return not broken

"""Run the races: `python -m scripts.races [--scale 0.05] [--seed 1] [scenario …]`.

Every scenario runs on a database and servers of its own, and after it all books must hold.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.dev.services import ROOT
from scripts.races.figures import Figure, Figures, as_table
from scripts.races.ground import NotQuiet, ground
from scripts.races.scenarios.registry import SCENARIOS
from scripts.races.shop import Race, Shop

FOLDER = ROOT / ".races"
SHOPPERS = 200
WIDTH = 130


def run(name: str, *, asked: argparse.Namespace, progress: Progress) -> list[Figure]:
    """Run one scenario on a ground of its own; return its figures."""
    figures = Figures(name)
    bar = progress.add_task(name, total=None)
    began = time.monotonic()
    with ground(FOLDER / "logs" / name) as standing:
        race = Race(
            ground=standing,
            shop=Shop(standing, shoppers=SHOPPERS),
            random=Random(f"{asked.seed}-{name}"),
            scale=asked.scale,
            connections=asked.connections,
            advance=lambda done, total: progress.update(bar, completed=done, total=total),
        )
        try:
            asyncio.run(SCENARIOS[name](race, figures))
        except NotQuiet as fault:
            figures.none("left unfinished", [fault])
        figures.equal("books that do not hold", standing.books() or "none", "none")
        figures.none("processes that were given up", standing.gave_up)
    figures.note("seconds", f"{time.monotonic() - began:.0f}")
    progress.update(bar, completed=1, total=1)
    return figures.all


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="races", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(SCENARIOS))
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the size of the goals")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--json", type=Path, default=FOLDER / "result.json")
    asked = parser.parse_args(arguments)
    unknown = set(asked.scenarios) - SCENARIOS.keys()
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return asked


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; print and keep the figures; return the exit code."""
    asked = parsed(arguments)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f"seed {asked.seed}, scale {asked.scale:g}")
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        figures = [
            figure
            for name in (asked.scenarios or SCENARIOS)
            for figure in run(name, asked=asked, progress=progress)
        ]
    console.print(as_table(figures))
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    result = {"seed": asked.seed, "scale": asked.scale, "figures": [asdict(f) for f in figures]}
    asked.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    failed = [figure for figure in figures if not figure.held]
    console.print(f"{len(failed)} of {len(figures)} figures failed; seed {asked.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a scenario measured, beside what it had to be."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise: its name, the goal in words, what was measured, and whether it held."""

    scenario: str
    name: str
    goal: str
    measured: str
    held: bool


class Figures:
    """The figures of one scenario, in the order in which they were taken."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.all: list[Figure] = []

    def equal(self, name: str, measured: object, goal: object) -> None:
        """Promise that something is exactly so."""
        self._add(name, str(goal), str(measured), measured == goal)

    def none(self, name: str, found: Iterable[object]) -> None:
        """Promise that there is none of something; show the first few that there are."""
        found = list(found)
        shown = f"{len(found)}: {', '.join(map(str, found[:3]))}" if found else "0"
        self._add(name, "0", shown, not found)

    def at_most(self, name: str, measured: int, limit: int) -> None:
        """Promise an upper limit."""
        self._add(name, f"≤ {limit:,}", f"{measured:,}", measured <= limit)

    def at_least(self, name: str, measured: int, limit: int) -> None:
        """Promise a lower limit."""
        self._add(name, f"≥ {limit:,}", f"{measured:,}", measured >= limit)

    def note(self, name: str, measured: object) -> None:
        """Tell something without a goal."""
        self._add(name, "–", str(measured), True)

    def _add(self, name: str, goal: str, measured: str, held: bool) -> None:
        self.all.append(Figure(self.scenario, name, goal, measured, held))


def as_table(figures: Iterable[Figure]) -> Table:
    """Return all figures as one table."""
    table = Table("scenario", "figure", "goal", "measured", "")
    last = ""
    for figure in figures:
        name = "" if figure.scenario == last else figure.scenario
        last = figure.scenario
        mark = "[green]pass[/green]" if figure.held else "[bold red]FAIL[/bold red]"
        if figure.goal == "–":
            mark = ""
        table.add_row(name, figure.name, figure.goal, figure.measured, mark)
    return table

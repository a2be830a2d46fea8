"""Long work in a terminal: a bar that moves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from groupbuy.cli.tables import console
from groupbuy.settlement.services import Progress


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[Progress], None]]:
    """Show how many leaders of a month are done; the block calls what it is given."""
    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bar(*columns, console=console(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda progress: bar.update(
            task, completed=progress.leaders_done, total=progress.leaders_total
        )

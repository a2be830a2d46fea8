"""`flask holds scan`: let the rules look again at what happened since an instant."""

from datetime import datetime

from rich.console import Console
from rich.progress import Progress

from groupbuy.holds import services
from groupbuy.holds.queries import Place, how_many
from groupbuy.holds.rules import Stream
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings


def scan_all(console: Console, since: datetime) -> int:
    """Scan both streams batch by batch with a bar each; return how many holds were placed."""
    with Progress(console=console) as progress:
        return sum(_scan(progress, stream, since) for stream in Stream)


def _scan(progress: Progress, stream: Stream, since: datetime) -> int:
    now, zone = clock.now(), settings().calendar.zone.key
    bar = progress.add_task(stream.value, total=how_many(stream, since=since, until=now))
    behind: Place | None = None
    placed = 0
    while True:
        with transaction():
            batch, held = services.scan_from(
                stream=stream, since=since, behind=behind, zone=zone, now=now
            )
        if not batch:
            return placed
        behind, placed = batch[-1], placed + held
        progress.advance(bar, len(batch))

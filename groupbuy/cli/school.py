"""`flask school recount`: count all enrolments anew, with a bar."""

from rich.console import Console
from rich.progress import Progress

from groupbuy.kernel import clock
from groupbuy.kernel.db import in_steps
from groupbuy.training.services.recounting import Counted, advance_recount, begin_recount


def recount_all(console: Console) -> Counted:
    """Count everything, or go on with the count that was stopped; return what it came to."""
    steps = in_steps(
        lambda: begin_recount(now=clock.now()),
        lambda run: advance_recount(recount_id=run.recount_id, now=clock.now()),
        lambda run: run.finished,
    )
    with Progress(console=console) as progress:
        bar = progress.add_task("enrolments", total=None)
        for step in steps:
            progress.update(bar, completed=step.counted, total=step.total)
    return step

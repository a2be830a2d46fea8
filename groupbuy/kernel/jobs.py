"""Jobs: work that must happen, stored in PostgreSQL beside what caused it (Procrastinate).

`enqueue` writes the job's row in the present transaction: a rollback takes it back, a crash
cannot lose it. A job runs at least once, so its effect carries a key.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial, wraps
from typing import Any

import procrastinate
import structlog
from flask import Flask
from procrastinate import JobContext, RetryStrategy
from sqlalchemy import text

from groupbuy.kernel import clock
from groupbuy.kernel.db import db, retrying, session, transaction

log = structlog.get_logger(__name__)

Work = Callable[..., None]

tasks = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_outbox = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
"""Writes jobs on our own connection, also inside a worker, whose `tasks` are asynchronous."""

RETRY = RetryStrategy(max_attempts=12, exponential_wait=2)
JOBS: dict[str, Work] = {}
SCHEDULES: dict[str, str] = {}

_application: Flask | None = None


def job(name: str) -> Callable[[Work], Work]:
    """Register a job under a lasting name; it is retried with growing pauses when it raises."""

    def register(work: Work) -> Work:
        JOBS[name] = work
        tasks.task(name=name, retry=RETRY)(_in_application(work))
        return work

    return register


def every(cron: str, name: str) -> Callable[[Work], Work]:
    """Register a job that runs by the clock; the sixth and last field of `cron` is seconds.

    `* * * * * */10` is every ten seconds.
    """

    def register(work: Work) -> Work:
        JOBS[name] = work

        @wraps(work)
        def tick(timestamp: int) -> None:
            _in_application(work)()

        SCHEDULES[name] = cron
        tasks.periodic(cron=cron)(tasks.task(name=name, queueing_lock=name)(tick))
        return work

    return register


def one_by_one(keys: Iterable[str], work: Callable[[str], object]) -> None:
    """Do the work for each key in a transaction of its own; one that fails stops no other.

    One that a deadlock took back is done again.

    Raises:
        ExceptionGroup: at the end, with what went wrong, so that the job counts as failed.
    """
    faults: list[Exception] = []
    for key in keys:
        try:
            retrying(partial(_alone, work, key))
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("some of the work failed", faults)


def _alone(work: Callable[[str], object], key: str) -> None:
    with transaction():
        work(key)


def enqueue(work: Work | str, *, at: datetime | None = None, **arguments: Any) -> None:
    """Add a job to the present transaction; arguments are plain JSON.

    `work` is the job, or its lasting name where importing it would go round in a circle.
    """
    enqueue_many(work, [arguments], at=at)


def enqueue_many(
    work: Work | str, calls: Sequence[dict[str, Any]], *, at: datetime | None = None
) -> None:
    """Add a job for each call's arguments to the present transaction, in one statement."""
    name = work if isinstance(work, str) else next(n for n, known in JOBS.items() if known is work)
    if name not in JOBS:
        raise LookupError(f"there is no job {name!r}")
    if not calls:
        return
    connection = session().connection().connection.driver_connection
    row = _outbox.configure_task(name, allow_unknown=True, connection=connection, schedule_at=at)
    row.batch_defer(*calls)


def run_pending() -> int:
    """Run here and now every job that is due by the application's clock; return how many ran.

    For tests and the replay, whose clocks are set by hand; servers run `flask jobs work`.
    """
    done = 0
    while (row := _next_due(clock.now())) is not None:
        JOBS[row.task_name](**row.args)
        _finish(row.id)
        done += 1
    return done


def _next_due(now: datetime) -> Any:
    due = text(
        "select id, task_name, args from procrastinate_jobs where status = 'todo' "
        "and (scheduled_at is null or scheduled_at <= :now) order by id limit 1"
    )
    return session().execute(due, {"now": now}).one_or_none()


def _finish(job_id: int) -> None:
    with transaction():
        session().execute(
            text("delete from procrastinate_events where job_id = :id"), {"id": job_id}
        )
        session().execute(text("delete from procrastinate_jobs where id = :id"), {"id": job_id})


def work_off(app: Flask, *, concurrency: int = 4) -> None:
    """Run the worker in the foreground until SIGINT or SIGTERM."""
    global _application
    _application = app
    with app.app_context():
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4)
    with tasks.replace_connector(connector):
        tasks.run_worker(
            concurrency=concurrency, delete_jobs="successful", fetch_job_polling_interval=2.0
        )


def _in_application(work: Work) -> Work:
    """Wrap a job for the worker: each run has a context, and so a session, of its own.

    Also when there is one already: the command's context reaches every thread of the worker, and
    jobs that shared its session would be in each other's transactions.
    """

    @wraps(work)
    def run(**arguments: Any) -> None:
        if _application is None:
            raise RuntimeError("jobs run in a worker: flask jobs work")
        with _application.app_context():
            started = time.perf_counter()
            work(**arguments)
            milliseconds = int((time.perf_counter() - started) * 1000)
            # A tick that found nothing to do is not worth a line.
            note = log.info if arguments else log.debug
            note("job", job=work.__name__, milliseconds=milliseconds, **arguments)

    return run


@tasks.periodic(cron="* * * * * */15")
@tasks.task(name="kernel.retry_stalled", queueing_lock="kernel.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Give the jobs of a worker that died back to the living."""
    manager = context.app.job_manager
    for stalled in await manager.get_stalled_jobs():
        await manager.retry_job(stalled)

"""`make bench-settlement`: settle a month of a million lines, beside the same sum in plain SQL.

It starts a PostgreSQL of its own, builds the month (see settlement_data.py), and prints seconds
and peak memory of each step, as a table and as JSON.
"""

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, text

from groupbuy.app.registry import invariants
from groupbuy.kernel.books import check_snapshot
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import db, session, snapshot, transaction
from groupbuy.kernel.settings import settings
from groupbuy.payouts import queries as payouts
from groupbuy.settlement import jobs, queries, services
from groupbuy.settlement.rules.periods import CLOSING_DELAY
from scripts.bench.settlement_data import AUTHOR, MONTH, PUBLISHER, VERSIONS, build
from scripts.dev import database
from scripts.dev.services import Postgres

UNUSED_REDIS = "redis://127.0.0.1:6379/0"
PAGE = 200
WORKERS = 2
GROWING = ("calculation", "approval", "recomputation", "check of the books")
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Measured:
    """One step: its seconds, and the most memory of ours and of any PostgreSQL process."""

    step: str
    seconds: float
    own_mib: float
    postgres_mib: float


class Memory:
    """The peak of what this process and PostgreSQL's use for themselves, sampled."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._stop = threading.Event()
        self.own = self.postgres = 0.0

    def _sample(self) -> None:
        self.own = max(self.own, self._own.memory_info().rss / MEBIBYTE)
        for process in psutil.process_iter(["name"]):
            if "postgres" in (process.info["name"] or ""):
                try:
                    self.postgres = max(self.postgres, process.memory_full_info().uss / MEBIBYTE)
                except psutil.Error:
                    continue

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._sample()

    @contextmanager
    def watching(self) -> Iterator["Memory"]:
        """Sample until the block ends."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()
            self._sample()


def measure(step: str, work: Callable[[], Any]) -> Measured:
    """Run a step and tell what it took."""
    with Memory().watching() as memory:
        begun = time.perf_counter()
        work()
        seconds = time.perf_counter() - begun
    return Measured(step, round(seconds, 2), round(memory.own), round(memory.postgres))


def floor_sql(calendar: Calendar) -> str:
    """Return the month's aggregation as one statement, written by hand: no lines, no words."""
    starts_at = calendar.month_start(MONTH)
    tiers = ", ".join(
        f"(timestamptz '{(starts_at + timedelta(days=days)).isoformat()}', {low}, "
        f"{pieces[n + 1][0] if n + 1 < len(pieces) else 10**15}, {rate})"
        for days, pieces in VERSIONS
        for n, (low, rate) in enumerate(pieces)
    )
    cutoff = calendar.cutoff(MONTH, 7).isoformat()
    ends_at = calendar.month_end(MONTH).isoformat()
    return f"""
    with net as (
        select l.leader_id, l.plan_version_id, l.multiplier_bps,
            l.base_fen - coalesce(r.fen, 0) as base_fen,
            sum(l.base_fen - coalesce(r.fen, 0)) over (
                partition by l.leader_id order by l.completed_at, l.order_line_id
            ) as until_fen
        from commission_lines l
        left join (
            select commission_line_id, sum(amount_fen) as fen from commission_refunds
            where recorded_at < '{cutoff}' group by 1
        ) r on r.commission_line_id = l.id
        where l.completed_at >= '{starts_at.isoformat()}' and l.completed_at < '{ends_at}'
    ), tiers as (
        select v.id, t.low, t.high, t.rate
        from (values {tiers}) t (begins, low, high, rate)
        join commission_plan_versions v on v.effective_from = t.begins
    )
    select leader_id, round(sum(
        greatest(0, least(until_fen, high) - greatest(until_fen - base_fen, low))
            * rate * multiplier_bps
    ) / 100000000)
    from net join tiers on tiers.id = net.plan_version_id
    group by leader_id
    """


def run(*, lines: int, leaders: int, console: Console) -> list[Measured]:
    """Build the month, settle it and return what each step took."""
    calendar = settings().calendar
    with transaction():
        build(lines=lines, leaders=leaders, calendar=calendar, show=console.print)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    measured = []
    for attempt in range(3):
        measured.append(measure(f"the floor, run {attempt + 1}", lambda: _floor(calendar)))
    measured.append(measure("calculation", lambda: _calculate(calendar, console)))
    measured.append(measure("approval", lambda: _approve(calendar)))
    measured.append(measure("a statement read to its end (5,000 lines)", _read))
    console.print(_earnings(calendar))
    measured.append(measure("recomputation", _recompute))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    measured.append(measure("check of the books", lambda: _check(console)))
    return measured


def _floor(calendar: Calendar) -> None:
    with transaction():
        session().execute(text(floor_sql(calendar))).all()


def _calculate(calendar: Calendar, console: Console) -> None:
    with transaction():
        services.start_closing(
            month=MONTH,
            calendar=calendar,
            hold_days=7,
            min_payout_fen=10_000,
            actor=AUTHOR,
            now=calendar.cutoff(MONTH, 7) + CLOSING_DELAY,
        )
    jobs.calculate_month(month=MONTH, actor=AUTHOR)


def _approve(calendar: Calendar) -> None:
    now = calendar.cutoff(MONTH, 7) + CLOSING_DELAY
    with transaction():
        services.submit(month=MONTH, actor=AUTHOR, now=now)
    with transaction():
        period = queries.period(MONTH)
        assert period is not None, "it was calculated"
        services.approve(month=MONTH, digest=str(period.digest), actor=PUBLISHER, now=now)


def _read() -> None:
    longest = text(
        "select 'sts_' || replace(statement_id::text, '-', '') from settlement_lines"
        " group by 1 order by count(*) desc limit 1"
    )
    with transaction():
        statement = queries.statement(session().scalar(longest))
        cursor: str | None = None
        while True:
            page = queries.line_list(statement=statement, limit=PAGE, cursor=cursor)
            for line in page.items:
                line.explanation.to("en")
            cursor = page.next_cursor
            if cursor is None:
                return


def _recompute() -> None:
    with snapshot():
        told = services.recompute(period=queries.calculated_period(MONTH))
    assert told.same, told


def _check(console: Console) -> None:
    for finding in check_snapshot(list(invariants()), workers=WORKERS):
        if finding.faults:
            console.print(f"[red]{finding.invariant.name}[/red] {finding.faults[:1]}")


def _earnings(calendar: Calendar) -> str:
    """Ask for the busiest leader's month; say how many statements, and PostgreSQL's time."""
    busiest = text(
        "select 'ldr_' || replace(leader_id::text, '-', '') from commission_lines"
        " group by leader_id order by count(*) desc limit 1"
    )
    now = calendar.cutoff(MONTH, 7) + CLOSING_DELAY
    sent: list[tuple[str, Any]] = []

    def collect(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        sent.append((statement, parameters))

    with transaction():
        leader_id = str(session().scalar(busiest))
        event.listen(db.engine, "before_cursor_execute", collect)
        payouts.earnings(leader_id=leader_id, month=MONTH, calendar=calendar, now=now)
        event.remove(db.engine, "before_cursor_execute", collect)
        spent = [_explained(statement, parameters) for statement, parameters in sent]
    return f"a leader's earnings: {len(spent)} statements, {sum(spent):.1f} ms in PostgreSQL"


def _explained(statement: str, parameters: Any) -> float:
    """Return how long PostgreSQL itself takes for a statement, in milliseconds."""
    explain = f"explain (analyze, timing off, format json) {statement}"
    plan: Any = session().connection().exec_driver_sql(explain, parameters).scalar()
    return float(plan[0]["Execution Time"])


def _told(measured: list[Measured], console: Console) -> None:
    floor = sorted(m.seconds for m in measured if m.step.startswith("the floor"))[1]
    table = Table("step", "seconds", "x floor", "our MiB", "PostgreSQL MiB")
    for m in measured:
        ratio = f"{m.seconds / floor:.1f}"
        table.add_row(m.step, f"{m.seconds:.2f}", ratio, f"{m.own_mib}", f"{m.postgres_mib}")
    console.print(table)


def bench(*, lines: int, leaders: int, console: Console) -> list[Measured]:
    """Measure one size on a PostgreSQL of its own."""
    folder = Path(tempfile.mkdtemp(prefix="groupbuy-bench-"))
    folder.chmod(0o755)
    postgres = Postgres(folder / "pg", durable=False)
    try:
        url = database.sibling(postgres.url("postgres"), "bench")
        database.create(postgres.url("postgres"), "bench")
        database.migrate(url, UNUSED_REDIS)
        with database.application(url, UNUSED_REDIS):
            return run(lines=lines, leaders=leaders, console=console)
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--leaders", type=int, default=10_000)
    parser.add_argument("--half", action="store_true", help="measure half of it first, to compare")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    console = Console()
    half = []
    if asked.half:
        half = bench(lines=asked.lines // 2, leaders=asked.leaders, console=console)
        _told(half, console)
    whole = bench(lines=asked.lines, leaders=asked.leaders, console=console)
    _told(whole, console)
    for small, large in zip(half, whole, strict=False):
        if small.step in GROWING:
            ratio = large.seconds / small.seconds
            console.print(f"{small.step}: twice the lines took {ratio:.2f} times as long")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(m) for m in whole], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: how fast the shop is, beside the physical floor measured in the same run.

It starts a PostgreSQL, a Valkey and gunicorns of its own: ours, configured as `make run` does; ours
with the public cache off; and the smallest Flask views that do the same (see floor.py). Each work
is measured by a closed loop with keep-alive from another process, between two measurements of its
floor, and beside the same SQL by pgbench. It ends with the goals, each passed or not, and its exit
code says whether all were.
"""

import argparse
import json
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from groupbuy.kernel.clock import SystemClock
from scripts.bench.capture import lookup_tables, pgbench_script
from scripts.bench.load import Order, Result
from scripts.bench.servers import Gunicorn, load, pgbench
from scripts.bench.shop_works import Work, buying, reads, recipes
from scripts.bench.shop_world import PRICE_FEN, SHOWN, World, build
from scripts.dev import database
from scripts.dev.services import Postgres, Valkey, free_port

CLIENTS = (1, 16, 64)
SCARCE = 200
MOST_MEMORY_MIB = 300
WIDTH = 140
FLAT = 1.05
"""Memory may be this many times what it was, and still counts as flat."""

QUIET_BYTES = 16.0
"""A sold-out answer may stand for so many bytes of write-ahead log: PostgreSQL's own notes."""


@dataclass(frozen=True)
class Row:
    """One work at one number of clients, and its references before and after."""

    work: str
    clients: int
    ours: Result
    before: float
    after: float
    pgbench: float | None
    cpu_ms: float
    floor_cpu_ms: float

    @property
    def floor(self) -> float:
        """Return the reference's rate: the mean of before and after."""
        return (self.before + self.after) / 2


@dataclass
class Report:
    """Everything that was measured."""

    rows: list[Row] = field(default_factory=list)
    goals: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def judge(self, goal: str, measured: str, passed: bool) -> None:
        """Note whether a goal was reached."""
        self.goals.append({"goal": goal, "measured": measured, "passed": passed})


@dataclass(frozen=True)
class Bench:
    """The servers, the world in them, and how long to measure."""

    postgres: Postgres
    url: str
    servers: dict[str, Gunicorn]
    world: World
    scripts: dict[str, Path]
    seconds: float
    report: Report

    def run(self, server: str, flow: str, arguments: dict[str, Any], **how: Any) -> Result:
        """Load one of the servers."""
        order = Order(self.servers[server].port, flow, arguments=arguments, **how)
        return load(order)

    def measure(self, work: Work, clients: int) -> Row:
        """Measure a work between two measurements of its floor, and beside pgbench."""
        where = "floor" if work.floor_flow != work.flow or work.flow == "get" else work.server
        floor = (where, work.floor_flow, work.floor_arguments)
        ours = (work.server, work.flow, work.arguments)
        for warmed in (floor, ours):
            self.run(*warmed, clients=clients, seconds=min(1, self.seconds / 2))
        how: dict[str, Any] = {"clients": clients, "seconds": self.seconds}
        before, floor_cpu = self.spending(*floor, **how)
        result, cpu = self.spending(*ours, **how)
        after = self.run(*floor, **how)
        rate = None
        if work.name in self.scripts:
            sql, program = self.scripts[work.name], self.postgres.program("pgbench")
            rate = pgbench(program, self.url, sql, **how)
        rates = before.per_second, after.per_second
        return Row(work.name, clients, result, *rates, rate, cpu, floor_cpu)

    def spending(
        self, server: str, flow: str, arguments: dict[str, Any], **how: Any
    ) -> tuple[Result, float]:
        """Load one of the servers; tell also its workers' milliseconds of processor per flow."""
        spent = -self.servers[server].cpu_seconds()
        result = self.run(server, flow, arguments, **how)
        spent += self.servers[server].cpu_seconds()
        return result, round(spent / max(1, result.flows) * 1000, 3)


def start(running: ExitStack, folder: Path, seconds: float, console: Console) -> Bench:
    """Start the servers, build the world and write the plan of the smallest views."""
    postgres = Postgres(folder / "pg")
    running.callback(postgres.stop)
    valkey = Valkey(folder / "valkey", free_port())
    running.callback(valkey.stop)
    url = postgres.ensure_database("bench")
    console.print("Building a shop with 1,000 SKUs …")
    database.migrate(url, valkey.url)
    with database.application(url, valkey.url):
        now = SystemClock().now()
        world = build(now, scarce_units=SCARCE)
        written = recipes(world, SystemClock().now())
    postgres.execute("bench", lookup_tables(written["place"].roles))
    postgres.execute("bench", "vacuum analyze")
    plan = folder / "plan"
    plan.write_bytes(pickle.dumps(written))
    environment = {
        **{n: v for n, v in os.environ.items() if n in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")},
        "GROUPBUY_MODE": "demo",
        "DATABASE_URL": url,
        "REDIS_URL": valkey.url,
        "BENCH_PLAN": str(plan),
    }
    off = {**environment, "PUBLIC_CACHE_MILLISECONDS": "0"}
    kinds = (
        ("cached", "wsgi:app", environment),
        ("uncached", "wsgi:app", off),
        ("floor", "scripts.bench.floor:app", environment),
    )
    servers = {}
    for name, module, variables in kinds:
        servers[name] = Gunicorn(name, module, folder=folder, environment=variables)
        running.callback(servers[name].stop)
    works = [*reads(world), *buying(world)]
    with redis.Redis.from_url(valkey.url) as client:
        for work in works:
            for name, path in work.pages.items():
                client.set(f"bench:{name}", servers["uncached"].get(path))
    scripts = {}
    for number, work in enumerate(work for work in works if work.recipe):
        scripts[work.name] = folder / f"{number}.sql"
        scripts[work.name].write_text(pgbench_script(written[work.recipe], work.names))
    return Bench(postgres, url, servers, world, scripts, seconds, Report())


def measure_all(bench: Bench, clients: Sequence[int], only: str, console: Console) -> None:
    """Measure every work at every number of clients, and judge its goals."""
    works = [w for w in (*reads(bench.world), *buying(bench.world)) if only in w.name]
    planned = [(w, n) for w in works for n in clients if not w.only or n in w.only]
    with Progress(console=console) as progress:
        task = progress.add_task("", total=len(planned))
        for work, number in planned:
            progress.update(task, description=f"{work.name}, {number} clients")
            bench.report.rows.append(bench.measure(work, number))
            progress.advance(task)
    for work in works:
        judge(work, bench.report)


def judge(work: Work, report: Report) -> None:
    """Hold a work's rows against its goals: the weakest one counts."""
    rows = [row for row in report.rows if row.work == work.name]
    for goal in work.goals:
        ratios = [
            row.ours.per_second / reference
            for row in rows
            if (reference := row.pgbench if goal.reference == "pgbench" else row.floor)
        ]
        if ratios:
            told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            name = f"{work.name}: at least {goal.share} x {goal.reference}"
            report.judge(name, told, min(ratios) >= goal.share)
    faults = sum(row.ours.errors for row in rows)
    if rows:
        report.judge(f"{work.name}: no errors", str(faults), faults == 0)


def judge_flash(bench: Bench) -> None:
    """Judge the flash sale: the spread of its answers' times, and its stock to the unit."""
    for row in bench.report.rows:
        if row.work.startswith("flash"):
            spread = row.ours.p99_ms / row.ours.p50_ms
            bench.report.judge(
                "flash sale of one SKU: p99 at most 5 x p50", f"{spread:.1f}", spread <= 5
            )


def sell_out(bench: Bench) -> None:
    """Sell a scarce SKU to 64 clients until nothing is left, then go on asking."""
    report, world = bench.report, bench.world
    rush: dict[str, Any] = {
        "group_buy_id": world.scarce,
        "sku_ids": world.skus[1:2],
        "tokens": world.tokens,
        "lines": 1,
        "sure": str(PRICE_FEN),
    }
    first = bench.run("cached", "checkout", rush, clients=64, flows=5 * SCARCE)
    sold = first.statuses.get("201", 0)
    before = _written(bench.url)
    rest = bench.run("cached", "checkout", rush, clients=64, seconds=bench.seconds)
    after = _written(bench.url)
    per_answer = [(now - then) / rest.flows for then, now in zip(before, after, strict=True)]
    with psycopg.connect(bench.url) as connection:
        held = connection.execute(
            "select reserved from stock_pools where id = %s", [world.scarce_pool.split("_")[1]]
        ).fetchone()
    assert held is not None, "the pool is there"
    exact = sold == held[0] == SCARCE and set(first.statuses) | set(rest.statuses) == {"201", "409"}
    report.judge("flash sale: stock exact", f"{sold} sold, {held[0]} held of {SCARCE}", exact)
    report.judge(
        "a sold-out answer costs no database write",
        f"{per_answer[0]:.3f} transactions that write, {per_answer[1]:.1f} bytes of log each",
        per_answer[0] < 0.01 and per_answer[1] < QUIET_BYTES,
    )
    report.facts["sold_out"] = asdict(rest)


def _written(url: str) -> tuple[int, int]:
    """Return how many transactions have written, and how many bytes of write-ahead log."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
            " (pg_current_wal_insert_lsn() - '0/0')::bigint"
        ).fetchone()
    assert row is not None, "a select of constants has a row"
    return int(row[0]), int(row[1])


def judge_memory(bench: Bench, requests: int) -> None:
    """Hold the memory of two workers against the goal, and look whether it stays."""
    server, report, world = bench.servers["cached"], bench.report, bench.world
    after_run = server.memory_mib()
    paths = [f"/api/v1/products?limit={SHOWN}"]
    paths += [f"/api/v1/products/{product_id}" for product_id in world.products]
    bench.run("cached", "get", {"paths": paths}, clients=16, flows=requests)
    at_end = server.memory_mib()
    report.facts["memory_mib"] = {"after_run": after_run, "at_end": at_end}
    told = f"{after_run[0]} MiB (resident {after_run[1]})"
    enough = after_run[0] <= MOST_MEMORY_MIB
    report.judge(f"two workers, their master: at most {MOST_MEMORY_MIB} MiB", told, enough)
    report.judge(
        f"memory flat over {requests:,} more requests",
        f"{after_run[0]} → {at_end[0]} MiB",
        at_end[0] <= after_run[0] * FLAT,
    )


def tables(report: Report) -> Iterator[Table]:
    """Return the measured rows and the goals as tables."""
    columns = ("work", "clients", "ours/s", "p50 ms", "p99 ms", "errors", "floor/s", "x floor")
    beside = ("drift", "CPU ms", "x floor", "pgbench/s", "x pgbench")
    measured = Table(*columns, *beside, title="Measured")
    measured.columns[0].no_wrap = True
    for row in report.rows:
        rate, sql = row.ours.per_second, row.pgbench
        measured.add_row(
            row.work,
            str(row.clients),
            f"{rate:,.0f}",
            f"{row.ours.p50_ms:.1f}",
            f"{row.ours.p99_ms:.1f}",
            str(row.ours.errors),
            f"{row.floor:,.0f}",
            f"{rate / row.floor:.2f}",
            f"{row.after / row.before - 1:+.0%}",
            f"{row.cpu_ms:.2f}",
            f"{row.cpu_ms / (row.floor_cpu_ms or 1):.1f}",
            f"{sql:,.0f}" if sql else "",
            f"{rate / sql:.2f}" if sql else "",
        )
    yield measured
    goals = Table("goal", "measured", "", title="Goals")
    for goal in report.goals:
        word = "[green]passed[/green]" if goal["passed"] else "[red]missed[/red]"
        goals.add_row(goal["goal"], goal["measured"], word)
    yield goals


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="per measurement")
    parser.add_argument("--clients", default="1,16,64", help="numbers of clients, by commas")
    parser.add_argument("--only", default="", help="works whose name holds this")
    parser.add_argument("--requests", type=int, default=100_000, help="for the memory's sake")
    parser.add_argument("--json", type=Path, default=Path(".bench/shop.json"))
    return parser.parse_args()


def main() -> int:
    """Run the benchmark; return the exit code: 0 if every goal was reached."""
    # Asked to stop, it stops its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    asked = parsed()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    clients = [int(number) for number in asked.clients.split(",")]
    folder = Path(tempfile.mkdtemp(prefix="groupbuy-bench-"))
    folder.chmod(0o755)
    began = time.monotonic()
    try:
        with ExitStack() as running:
            bench = start(running, folder, asked.seconds, console)
            measure_all(bench, clients, asked.only, console)
            judge_flash(bench)
            if not asked.only:
                sell_out(bench)
                judge_memory(bench, asked.requests)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report = bench.report
    report.facts["minutes"] = round((time.monotonic() - began) / 60, 1)
    for table in tables(report):
        console.print(table)
    console.print("An order is three requests: quote, place, pay. The floor of the flash sale is")
    console.print("placing over 1,000 SKUs; drift is that of the floor between before and after;")
    console.print("CPU is the two workers' processor time, which other load hardly changes.")
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(asdict(report), indent=1))
    return 0 if all(goal["passed"] for goal in report.goals) else 1


if __name__ == "__main__":
    sys.exit(main())

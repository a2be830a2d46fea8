"""`make bench-school`: what headquarters' pages and the nightly count of a large school cost.

It starts a PostgreSQL of its own and builds the school (see school_data.py). Of each page it tells
the statements and PostgreSQL's own time for them; of the count, the seconds; of recording what a
leader watched, the statements and the events per second of one process. Exit code 1 if a goal is
missed.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, select, text

from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import db, in_steps, session, transaction
from groupbuy.kernel.pagination import encode_cursor
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Assessment, Cohort, Enrollment, LessonRecord, Program
from groupbuy.training.queries.attendance import streaks_of, weeks_of
from groupbuy.training.queries.funnel import funnel, standing_list
from groupbuy.training.queries.glance import cohort_glance
from groupbuy.training.queries.item_analysis import item_analysis
from groupbuy.training.queries.leaderboard import board_page, board_with_own
from groupbuy.training.queries.progress import PERCENT, progress_list
from groupbuy.training.rules.segments import DEFAULT_TERMS
from groupbuy.training.rules.weeks import WEEK, monday
from groupbuy.training.services.progress import record_progress
from groupbuy.training.services.recounting import Counted, advance_recount, begin_recount
from groupbuy.training.services.segmenting import divide
from groupbuy.training.services.weekly_rewards import (
    PORTION,
    next_learners,
    reward_week,
    week_to_reward,
)
from scripts.bench.school_data import build
from scripts.dev import database
from scripts.dev.services import Postgres

UNUSED_REDIS = "redis://127.0.0.1:6379/0"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAGE = 20
PAGE_GOAL_MS = 200
MANY_GOAL_MS = 3_000
WORK_GOAL_S = 10
MONTH_LOCKED = "2026-01"
COUNT_GOAL_S = 60
EVENT_GOAL = 1
EVENTS = 400
REPEATED = 5
"""A page is asked for so often; the middle one is told."""


@dataclass(frozen=True)
class Measured:
    """One thing that was measured: a number, what it may be at most, and how many statements."""

    what: str
    value: float
    unit: str
    goal: float | None
    statements: int | None

    @property
    def missed(self) -> bool:
        """Tell whether it is worse than its goal."""
        return self.goal is not None and self.value > self.goal


@contextmanager
def collected() -> Iterator[list[tuple[str, Any]]]:
    """Collect what is sent to PostgreSQL."""
    sent: list[tuple[str, Any]] = []

    def collect(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", collect)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", collect)


def page(what: str, read: Callable[[], Any], goal: float = PAGE_GOAL_MS) -> Measured:
    """Ask for a page, and tell how long PostgreSQL itself takes for its statements."""
    spent = []
    for _ in range(REPEATED):
        with transaction():
            with collected() as sent:
                read()
            spent.append(sum(_explained(statement, given) for statement, given in sent))
            session().expunge_all()
    return Measured(what, sorted(spent)[REPEATED // 2], "ms", goal, len(sent))


def _explained(statement: str, parameters: Any) -> float:
    """Return how long PostgreSQL itself takes for a statement, planned and done, in ms."""
    explain = f"explain (analyze, timing off, format json) {statement}"
    plan: Any = session().connection().exec_driver_sql(explain, parameters).scalar()
    return float(plan[0]["Planning Time"]) + float(plan[0]["Execution Time"])


def _pages() -> list[Measured]:
    with transaction():
        program_id = session().scalars(select(Program.id)).one()
        total = session().scalar(select(text("count(*)")).select_from(Enrollment)) or 0
        ranked = select(Enrollment, PERCENT.label("percent")).order_by(PERCENT, Enrollment.id)
        by_time = select(Enrollment).order_by(Enrollment.active_at, Enrollment.id)
        idle = session().scalars(by_time.offset(total // 2).limit(1)).one()
        half, share = session().execute(ranked.offset(total // 2).limit(1)).one()
        busiest = text(
            "select 'lsn_' || replace(lesson_id::text, '-', '') from learning_places"
            " group by lesson_id order by count(*) desc limit 1"
        )
        lesson_id = str(session().scalar(busiest))
        cohort_id = session().scalars(select(Cohort.id).limit(1)).one()
    of: dict[str, Any] = {"program_id": program_id, "limit": PAGE, "now": NOW}
    middle = encode_cursor([idle.active_at, idle.id])
    behind = encode_cursor([-share, half.id])
    asked: list[tuple[str, Callable[[], Any]]] = [
        ("progress, first page", lambda: progress_list(**of, cursor=None)),
        ("progress, a page in the middle", lambda: progress_list(**of, cursor=middle)),
        (
            "progress, stuck for 14 days, 100 rows",
            lambda: progress_list(**of | {"limit": 100}, cursor=None, stuck_days=14),
        ),
        (
            "progress by percentage, first page",
            lambda: progress_list(**of, cursor=None, sort="percent"),
        ),
        (
            "progress by percentage, in the middle",
            lambda: progress_list(**of, cursor=behind, sort="percent"),
        ),
        ("funnel", lambda: funnel(program_id=program_id, stuck_days=14, now=NOW)),
        (
            "who stands at a lesson",
            lambda: standing_list(**of, lesson_id=lesson_id, stuck_days=14, cursor=None),
        ),
        (
            "a cohort of 30 at a glance, 4 weeks",
            lambda: cohort_glance(cohort_id, limit=100, cursor=None, weeks=4, now=NOW),
        ),
        (
            "progress of a cohort",
            lambda: progress_list(**of | {"limit": 100}, cursor=None, cohort_id=cohort_id),
        ),
    ]
    return [page(what, read) for what, read in asked]


def _everybody() -> list[Measured]:
    """Look at what is reckoned over all leaders at once."""
    calendar = settings().calendar
    today = calendar.day_of(NOW)
    first = monday(today) - 8 * WEEK
    with transaction():
        leader_ids = session().scalars(select(Leader.id).order_by(Leader.id)).all()
        assessment_id = session().scalars(select(Assessment.id)).one()
    asked: list[tuple[str, Callable[[], Any], float]] = [
        (
            "8 weeks of everybody",
            lambda: weeks_of(leader_ids, since=first, until=first + 8 * WEEK, now=NOW),
            MANY_GOAL_MS,
        ),
        ("streaks of everybody", lambda: streaks_of(leader_ids, now=NOW), MANY_GOAL_MS),
        (
            "leaderboard of a week",
            lambda: board_page(
                limit=PAGE, cursor=None, span="week", day=today - WEEK, calendar=calendar
            ),
            PAGE_GOAL_MS,
        ),
        (
            "leaderboard of a month, with an own place",
            lambda: board_with_own(
                leader_ids[0],
                limit=PAGE,
                cursor=None,
                span="month",
                day=today - WEEK,
                calendar=calendar,
            ),
            PAGE_GOAL_MS,
        ),
        (
            "item analysis, an attempt of everybody",
            lambda: item_analysis(assessment_id=assessment_id),
            MANY_GOAL_MS,
        ),
    ]
    return [page(what, read, goal) for what, read, goal in asked]


def _taken(what: str, work: Callable[[], object]) -> Measured:
    """Do something once, tell how long it takes, and take it back."""
    with transaction():
        begun = time.perf_counter()
        with collected() as sent:
            work()
        seconds = time.perf_counter() - begun
        session().rollback()
    return Measured(what, seconds, "s", WORK_GOAL_S, len(sent))


def _worked() -> list[Measured]:
    """Do what jobs do for many leaders in one transaction."""
    calendar = settings().calendar
    week = week_to_reward(today=calendar.day_of(NOW))

    def reward() -> None:
        learners = next_learners(week=week, calendar=calendar, after=None)
        reward_week(leader_ids=learners, week=week, now=NOW)

    return [
        _taken(
            "dividing everybody into segments",
            lambda: divide(month=MONTH_LOCKED, terms=DEFAULT_TERMS, actor=SYSTEM, now=NOW),
        ),
        _taken(f"rewarding the week of {PORTION} leaders", reward),
    ]


def _processor() -> float:
    """Return the processor time of this process and of its PostgreSQL backend, in seconds."""
    with transaction():
        backend = session().scalar(text("select pg_backend_pid()")) or 0
    spent = (psutil.Process().cpu_times(), psutil.Process(backend).cpu_times())
    return float(sum(each.user + each.system for each in spent))


def _counted(what: str) -> list[Measured]:
    """Count everything, as the nightly job does."""
    begun, before = time.perf_counter(), _processor()
    steps = in_steps(
        lambda: begin_recount(now=NOW),
        lambda run: advance_recount(recount_id=run.recount_id, now=NOW),
        lambda run: run.finished,
    )
    last: Counted | None = None
    for step in steps:
        last = step
    seconds = time.perf_counter() - begun
    told = "" if last is None else f": {last.changed} changed, {last.completed} completed"
    return [
        Measured(what + told, seconds, "s", COUNT_GOAL_S, None),
        Measured(f"{what}, processor time", _processor() - before, "s", None, None),
    ]


def _recorded() -> list[Measured]:
    """Record that leaders watched something of a lesson that they have begun."""
    with transaction():
        query = select(LessonRecord.leader_id, LessonRecord.lesson_id)
        rows = session().execute(query.where(~LessonRecord.satisfied).limit(EVENTS)).all()
        session().rollback()
    begun = time.perf_counter()
    with collected() as sent:
        for row in rows:
            with transaction():
                record_progress(
                    leader_id=row.leader_id, lesson_id=row.lesson_id, watched=[(90, 100)], now=NOW
                )
            session().expunge_all()
    seconds = time.perf_counter() - begun
    each = len(sent) / len(rows)
    return [
        Measured("recording progress: statements", each, "per event", EVENT_GOAL, None),
        Measured("recording progress, one process", len(rows) / seconds, "events/s", None, None),
    ]


def run(*, leaders: int, lessons: int, console: Console) -> list[Measured]:
    """Build the school, look at it, and return what was measured."""
    begun = time.perf_counter()
    with transaction(longest=None):
        build(leaders=leaders, lessons=lessons, now=NOW, show=console.print)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    console.print(f"built in {time.perf_counter() - begun:.0f} s")
    return [
        *_counted("first count"),
        *_counted("nightly count"),
        *_pages(),
        *_everybody(),
        *_worked(),
        *_recorded(),
    ]


def shown(measured: list[Measured], console: Console) -> None:
    """Print what was measured as a table."""
    table = Table("what", "statements", "value", "goal", "")
    for m in measured:
        goal = "" if m.goal is None else f"<= {m.goal:g} {m.unit}"
        verdict = "" if m.goal is None else ("[red]missed[/red]" if m.missed else "reached")
        counted = "" if m.statements is None else f"{m.statements}"
        table.add_row(m.what, counted, f"{m.value:,.1f} {m.unit}", goal, verdict)
    console.print(table)


def bench(*, leaders: int, lessons: int, console: Console) -> list[Measured]:
    """Measure on a PostgreSQL of its own."""
    folder = Path(tempfile.mkdtemp(prefix="groupbuy-bench-"))
    folder.chmod(0o755)
    postgres = Postgres(folder / "pg", durable=False)
    try:
        url = database.sibling(postgres.url("postgres"), "bench")
        database.create(postgres.url("postgres"), "bench")
        database.migrate(url, UNUSED_REDIS)
        with database.application(url, UNUSED_REDIS):
            return run(leaders=leaders, lessons=lessons, console=console)
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaders", type=int, default=10_000)
    parser.add_argument("--lessons", type=int, default=100)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    console = Console(width=110)
    before = os.getloadavg()[0]
    measured = bench(leaders=asked.leaders, lessons=asked.lessons, console=console)
    shown(measured, console)
    load = f"load before {before:.1f}, after {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
    console.print(f"{asked.leaders} leaders x {asked.lessons} lessons; {load}")
    if asked.json:
        asked.json.parent.mkdir(exist_ok=True)
        told = {"load": load, "measured": [asdict(m) for m in measured]}
        asked.json.write_text(json.dumps(told, indent=1))
    return int(any(m.missed for m in measured))


if __name__ == "__main__":
    sys.exit(main())

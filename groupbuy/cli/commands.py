"""The commands for operators; the registry finds every group in this module."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from groupbuy.cli.audit import link_all, verify_chain
from groupbuy.cli.books import check_all, chosen, fail_if
from groupbuy.cli.catalogue import reindex_all
from groupbuy.cli.holds import scan_all
from groupbuy.cli.people import acting
from groupbuy.cli.progress import progress_bar
from groupbuy.cli.school import recount_all
from groupbuy.cli.tables import (
    console,
    lines_table,
    periods_table,
    statement_heading,
    statements_table,
)
from groupbuy.identity import services as identity
from groupbuy.identity.rules import STAFF_ROLES
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.audit import Head
from groupbuy.kernel.db import in_steps, snapshot, transaction
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.jobs import work_off
from groupbuy.kernel.pagination import Page
from groupbuy.kernel.problems import Problem
from groupbuy.kernel.settings import settings
from groupbuy.payouts import services as payout_services
from groupbuy.settlement import queries as settlement_queries
from groupbuy.settlement import services as settlement
from groupbuy.settlement.models import Statement
from groupbuy.training.services.starting import install_curriculum


class PlainProblems(AppGroup):
    """A group whose commands tell a Problem in words and end with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Problem as problem:
            document = problem.document("en")
            members = {k: v for k, v in document.items() if k not in ("type", "title", "status")}
            raise click.ClickException(
                f"{document['title']}\n{json.dumps(members, ensure_ascii=False, indent=1)}"
            ) from problem


catalogue = PlainProblems("catalogue", help="What is sold.")
jobs = PlainProblems("jobs", help="The job worker.")
staff = PlainProblems("staff", help="Members of headquarters' staff.")
month = PlainProblems("settlement", help="Settling a month.")
payouts = PlainProblems("payouts", help="Paying leaders.")
books = PlainProblems("books", help="The books.")
holds = PlainProblems("holds", help="Suspicious orders.")
school = PlainProblems("school", help="The leader business school.")
log = PlainProblems("audit", help="The audit log.")

EVERYTHING = 1_000_000
A_PAGE = 1_000

BY = click.option("--by", required=True, metavar="EMAIL", help="the member of staff who acts")
MONTH = click.argument("which", metavar="MONTH")


@jobs.command("work")
@click.option("--concurrency", default=4, show_default=True, help="jobs at a time")
def work(concurrency: int) -> None:
    """Run jobs in the foreground until stopped."""
    application = cast(Any, current_app)._get_current_object()
    work_off(cast(Flask, application), concurrency=concurrency)


@staff.command("create")
@click.argument("email")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in STAFF_ROLES]))
@click.password_option(help="asked for when left out; at least 10 characters")
def create_staff(email: str, name: str, role: str, password: str) -> None:
    """Add a member of staff."""
    if len(password) < 10 or "@" not in email:
        raise click.ClickException("An email address and a password of 10 characters are needed.")
    with transaction():
        made = identity.create_staff(
            email=email, name=name, role=role, password=password, actor=SYSTEM, now=clock.now()
        )
    click.echo(f"{made.id} {made.email} {made.role}")


@month.command("close")
@MONTH
@BY
def close_month(which: str, by: str) -> None:
    """Close a month's books and calculate its statements."""
    with transaction():
        actor = acting(by, "settlement.prepare")
        settlement.start_closing(
            month=_month(which),
            calendar=settings().calendar,
            hold_days=settings().hold_days,
            min_payout_fen=settings().min_payout_fen,
            actor=actor,
            now=clock.now(),
        )
    _calculate(which, actor)


@month.command("calculate")
@MONTH
@BY
def calculate_month(which: str, by: str) -> None:
    """Calculate a closed month again, until it is approved; go on with it if it was stopped."""
    with transaction():
        actor = acting(by, "settlement.prepare")
    _calculate(_month(which), actor)


@month.command("recompute")
@MONTH
def recompute_month(which: str) -> None:
    """Tell a calculated month again from its events; exit code 1 unless every byte is the same."""
    with progress_bar(f"recomputing {which}") as show, snapshot():
        period = settlement_queries.calculated_period(_month(which))
        told = settlement.recompute(period=period, show=show)
    if not told.comparable:
        raise click.ClickException(
            f"{which} was calculated by revision {told.calc_rev} of the code: an older one."
        )
    click.echo(f"{told.statements} statements, digest {told.digest}")
    if not told.same:
        named = "".join(f"\n  {statement}" for statement in told.differing)
        raise click.ClickException(f"{which} differs from what is stored:{named}")
    click.echo("identical to what is stored, byte for byte")


@month.command("show")
@MONTH
@click.option("--leader", help="one leader's statement, line by line: ldr_…")
def show_month(which: str, leader: str | None) -> None:
    """Show a month's statements, or one statement with its lines, as a table."""
    out = console()
    found = settlement_queries.statement_list(
        month=_month(which), leader=_leader(leader), limit=EVERYTHING, cursor=None
    ).items
    if not found:
        raise click.ClickException(f"There is no such statement of {which}.")
    if leader is None:
        out.print(statements_table(which, found))
        return
    out.print(statement_heading(found[0]))
    out.print(
        lines_table(
            _whole(settlement_queries.line_list, found[0]),
            _whole(settlement_queries.correction_list, found[0]),
            _whole(settlement_queries.component_list, found[0]),
        )
    )


def _whole(read: Callable[..., Page[Any]], statement: Statement) -> list[Any]:
    """Return all of a statement's rows, read page by page."""
    page = read(statement=statement, limit=A_PAGE, cursor=None)
    rows = [*page.items]
    while page.next_cursor is not None:
        page = read(statement=statement, limit=A_PAGE, cursor=page.next_cursor)
        rows += page.items
    return rows


@month.command("list")
def list_months() -> None:
    """Show the months whose closing has begun."""
    console().print(periods_table(settlement_queries.period_list(limit=100, cursor=None).items))


@payouts.command("sweep")
def sweep_payouts() -> None:
    """Take up now what the worker takes up by the clock: payments without an end."""
    with transaction():
        items = payout_services.take_up_items(now=clock.now())
        attempts = payout_services.take_up_attempts(now=clock.now())
    click.echo(f"{items} payments are submitted and {attempts} asked about by the worker")


@payouts.command("reencrypt")
def reencrypt_accounts() -> None:
    """Seal every payout account under the first of PAYOUT_ACCOUNT_KEYS; then the others can go."""
    keys, count, portion = settings().payout_key_ring, 0, 1
    while portion:
        with transaction():
            portion = payout_services.reencrypt(keys=keys)
        count += portion
    click.echo(f"{count} accounts are sealed anew under {keys.first}")


@books.command("check")
@click.option("--only", multiple=True, metavar="PREFIX", help="invariants whose name begins so")
@click.option("--timings", is_flag=True, help="print how long each took")
@click.option("--workers", type=click.IntRange(1, 8), default=1, help="at a time, on one snapshot")
def check_books(only: tuple[str, ...], timings: bool, workers: int) -> None:
    """Hold the whole database, as it is at one moment, against every invariant.

    Exit code 1 if one is broken, 2 for a name that does not exist.
    """
    fail_if(check_all(console(), chosen(only), workers=workers, timings=timings))


@holds.command("scan")
@click.option("--since", required=True, metavar="INSTANT", help="RFC 3339, with offset")
def scan_for_holds(since: str) -> None:
    """Let the rules look again at every order paid or refunded since an instant.

    What a rule has held before it does not hold again: running this twice changes nothing.
    """
    click.echo(f"{scan_all(console(), _instant(since))} holds placed")


@school.command("recount")
def recount_school() -> None:
    """Count what of every program is done, and the funnels, as every night.

    It may be stopped anywhere and goes on where it was; it runs beside the school.
    """
    counted = recount_all(console())
    click.echo(
        f"{counted.counted} enrolments are counted: {counted.changed} had changed, "
        f"{counted.completed} are completed now"
    )


@catalogue.command("reindex")
def reindex_catalogue() -> None:
    """Write anew the words that the search finds goods by, and the lowest price of each product.

    The services keep them up to date by themselves; this is for after a change of the search's
    own rules. It may be stopped anywhere, and runs beside the shop.
    """
    products, changed = reindex_all(console())
    click.echo(f"{products} products are indexed, {changed} of them were out of date")


@school.command("install")
@BY
def install_school(by: str) -> None:
    """Install the starter curriculum: programs, lessons, question banks, certifications.

    What is there already is yours and stays as it is: running this twice changes nothing.
    """
    with transaction():
        added = install_curriculum(actor=acting(by, "training.edit"), now=clock.now())
    click.echo(", ".join(f"{count} {part}" for part, count in added.items()) + " added")


@log.command("head")
def show_head() -> None:
    """Print number and digest of the last entry, to be noted where nobody here can change it."""
    click.echo("{0.sequence} {0.digest}".format(link_all()))


@log.command("verify")
@click.option("--from-sequence", type=click.IntRange(min=1), help="a head noted earlier: number")
@click.option("--digest", help="a head noted earlier: digest")
def verify_log(from_sequence: int | None, digest: str | None) -> None:
    """Hold the audit log against its chain, from its beginning or from a noted head on.

    Names the first entry that is broken and ends with exit code 1, or prints the head.
    """
    if (from_sequence is None) != (digest is None):
        raise click.UsageError("--from-sequence and --digest belong together")
    noted = Head(from_sequence, digest.lower()) if from_sequence and digest else None
    verify_chain(noted)


def _calculate(which: str, actor: Actor) -> None:
    with progress_bar(f"calculating {which}") as show:
        for progress in in_steps(
            lambda: settlement.begin(month=which, actor=actor, now=clock.now()),
            lambda run: settlement.advance(run_id=run.run_id, actor=actor, now=clock.now()),
            lambda run: run.finished,
        ):
            show(progress)
    with transaction():
        period = settlement_queries.calculated_period(which)
    click.echo(f"{which} is calculated, digest {period.digest}")


def _instant(value: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.ClickException(f"Not an instant: {value}") from error
    if instant.tzinfo is None:
        raise click.ClickException("The instant needs an offset, as in 2026-12-01T00:00:00+08:00")
    return instant


def _leader(value: str | None) -> str | None:
    if value is not None and not is_id(value, "ldr"):
        raise click.ClickException(f"Not an id of the form ldr_…: {value}")
    return value


def _month(value: str) -> str:
    try:
        clock.first_day(value)
    except ValueError as error:
        raise click.ClickException(f"Not a month YYYY-MM: {value}") from error
    return value

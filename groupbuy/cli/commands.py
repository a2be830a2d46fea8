"""The commands for operators; the registry finds every group in this module."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from groupbuy.cli.audit import link_all, verify_chain
from groupbuy.cli.books import check_all, fail_if
from groupbuy.cli.people import acting
from groupbuy.cli.tables import (
    console,
    lines_table,
    periods_table,
    statement_heading,
    statements_table,
)
from groupbuy.commissions import queries as plan_queries
from groupbuy.commissions import services as plans
from groupbuy.identity import services as identity
from groupbuy.identity.rules import STAFF_ROLES
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import Head
from groupbuy.kernel.db import transaction
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.jobs import work_off
from groupbuy.kernel.problems import Problem
from groupbuy.kernel.settings import settings
from groupbuy.settlement import queries as settlement_queries
from groupbuy.settlement import services as settlement


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


jobs = PlainProblems("jobs", help="The job worker.")
staff = PlainProblems("staff", help="Members of headquarters' staff.")
plan = PlainProblems("plan", help="Commission plans.")
month = PlainProblems("settlement", help="Settling a month.")
books = PlainProblems("books", help="The books.")
log = PlainProblems("audit", help="The audit log.")

EVERYTHING = 1_000_000

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


@plan.command("publish")
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--effective-from", required=True, metavar="INSTANT", help="RFC 3339, with offset")
@click.option("--prepared-by", required=True, metavar="EMAIL", help="finance, who drafts it")
@BY
def publish_plan(code: str, file: Path, effective_from: str, prepared_by: str, by: str) -> None:
    """Draft and publish a version of a plan; FILE is its JSON.

    FILE: {"mode": "marginal" | "whole", "tiers": [[from_fen, rate_bps], …]} and, if need be,
    item_rules, level_multipliers, cap_fen, clawback_mode. The plan is created if it is new.
    """
    with transaction():
        author = acting(prepared_by, "plans.edit")
        publisher = acting(by, "plans.publish")
        now = clock.now()
        known = plan_queries.plan_by_code(code)
        known = known or plans.create_plan(code=code, name=code, actor=author, now=now)
        draft = plans.create_version(
            plan_id=known.id,
            effective_from=_instant(effective_from),
            **_terms(file),
            actor=author,
            now=now,
        )
        plans.publish_version(
            plan_id=known.id,
            number=draft.number,
            if_match=draft.version,
            max_total_bps=settings().max_total_bps,
            actor=publisher,
            now=now,
        )
    click.echo(f"{code} version {draft.number} holds from {draft.effective_from.isoformat()}")


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
        period = settlement.calculate(month=which, actor=actor, now=clock.now())
    click.echo(f"{which} is calculated, digest {period.digest}")


@month.command("calculate")
@MONTH
@BY
def calculate_month(which: str, by: str) -> None:
    """Calculate a closed month again, until it is approved."""
    with transaction():
        actor = acting(by, "settlement.prepare")
        period = settlement.calculate(month=_month(which), actor=actor, now=clock.now())
    click.echo(f"{which} is calculated, digest {period.digest}")


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
    lines = settlement_queries.line_list(statement=found[0], limit=EVERYTHING, cursor=None)
    out.print(statement_heading(found[0]))
    out.print(lines_table(lines.items))


@month.command("list")
def list_months() -> None:
    """Show the months whose closing has begun."""
    console().print(periods_table(settlement_queries.period_list(limit=100, cursor=None).items))


@books.command("check")
def check_books() -> None:
    """Hold the whole database against every invariant; exit code 1 if one is broken."""
    fail_if(check_all(console()))


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


_TERMS = ("mode", "tiers", "item_rules", "level_multipliers", "cap_fen", "clawback_mode")


def _terms(file: Path) -> dict[str, Any]:
    try:
        terms = json.loads(file.read_text())
    except ValueError as error:
        raise click.ClickException(f"{file} is not JSON: {error}") from error
    if not isinstance(terms, dict) or not {"mode", "tiers"} <= terms.keys() <= set(_TERMS):
        raise click.ClickException(f"{file} needs mode and tiers, and may have: {_TERMS[2:]}")
    return terms

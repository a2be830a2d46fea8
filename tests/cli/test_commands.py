"""The operators' commands."""

import re

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.identity import queries
from groupbuy.kernel import audit, books
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session, transaction
from tests.client import Api
from tests.conftest import START
from tests.factories import commissions
from tests.journeys.headquarters import Shop, made


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


@pytest.fixture
def people(app: Flask, api: Api) -> Api:
    """Lin of finance and Qiao who approves."""
    api.staff("finance", "lin")
    api.staff("approver", "qiao")
    return api


def test_it_creates_staff(app: Flask) -> None:
    words = ("staff", "create", "hua@groupbuy.example", "Hua", "operator", "--password")
    assert run(app, *words, "short").exit_code == 1
    assert run(app, *words, "a long password").exit_code == 0
    found = queries.staff_by_email("hua@groupbuy.example")
    assert found is not None
    assert found.role == "operator"
    again = run(app, *words, "a long password")
    assert (again.exit_code, "This email is taken" in again.output) == (1, True)


def test_it_does_nothing_at_a_shell_that_takes_two_people(app: Flask) -> None:
    groups = app.cli.commands.values()
    commands = {name for group in groups for name in getattr(group, "commands", [])}
    assert not commands & {"publish", "approve", "submit", "release", "reject", "decide"}


def test_it_closes_calculates_and_shows_a_month(people: Api) -> None:
    commissions.published(tiers=[[0, 1_000], [1_000_000, 1_500]])
    shop = Shop(people)
    shop.stock("Rice", price_fen=10_000, units=200)
    shop.wait(days=1)
    mei = shop.recruit("mei")
    order = shop.order("bo", None, {"Rice": 110}, pickup_point_id=mei["point"])
    shop.pay("bo", order["id"])
    shop.deliver(mei["point"])
    shop.hand_over("mei", "bo", order["id"])
    shop.wait(hours=24)
    finance = ("--by", "lin@groupbuy.example")
    early = run(people.app, "settlement", "close", "2026-03", *finance)
    assert (early.exit_code, "cutoff-not-reached" in early.output) == (1, True)
    people.clock.advance(days=40)
    closed = run(people.app, "settlement", "close", "2026-03", *finance)
    assert closed.exit_code == 0, closed.output
    again = run(people.app, "settlement", "calculate", "2026-03", *finance)
    assert again.output == closed.output
    table = run(people.app, "settlement", "show", "2026-03").output
    assert "¥1,150.00" in table
    lines = run(people.app, "settlement", "show", "2026-03", "--leader", mei["leader"]).output
    assert "SALES" in lines
    assert run(people.app, "settlement", "list").exit_code == 0
    assert run(people.app, "settlement", "show", "2026-02").exit_code == 1
    odd = run(people.app, "settlement", "show", "2026-03", "--leader", "nope")
    assert "Not an id of the form ldr_" in odd.output


@pytest.mark.committed
class TestBooks:
    def test_it_checks_the_books_and_names_the_row_at_fault(self, people: Api) -> None:
        shop = Shop(people)
        shop.stock("Rice", price_fen=10_000, units=5)
        assert run(people.app, "books", "check").exit_code == 0
        with transaction():
            session().execute(text("update stock_pools set on_hand = on_hand + 1"))
        broken = run(people.app, "books", "check")
        assert broken.exit_code == 1
        assert "BROKEN" in broken.output
        pool = made(shop.hua.get("/hq/stock"), 200)["items"][0]["id"].removeprefix("pol_")
        assert pool[:8] in broken.output
        assert run(people.app, "books", "check", "--only", "ledger.").exit_code == 0

    @pytest.mark.parametrize("workers", ["1", "3"])
    def test_it_says_how_long_each_took(self, app: Flask, workers: str) -> None:
        plain = run(app, "books", "check")
        timed = run(app, "books", "check", "--timings", "--workers", workers)
        assert (timed.exit_code, plain.exit_code) == (0, 0), timed.output
        lines = timed.output.splitlines()
        assert [line[12:] for line in lines[:-1]] == plain.output.splitlines()[:-1]
        assert all(re.match(r" *\d+\.\d{3} s  holds", line) for line in lines[:-1])

    def test_it_checks_only_what_is_asked_for(self, app: Flask) -> None:
        some = run(app, "books", "check", "--only", "ledger.", "--only", "payments.")
        assert some.exit_code == 0
        names = {line.split()[1].split(".")[0] for line in some.output.splitlines()[:-1]}
        assert names == {"ledger", "payments"}
        none = run(app, "books", "check", "--only", "leger.")
        assert (none.exit_code, "leger." in none.output) == (2, True)

    def test_it_sees_one_moment_with_all_its_workers(self, app: Flask) -> None:
        slow = "select e.id from (select pg_sleep(0.1)) pause cross join audit_entries e"
        findings = books.check_snapshot([Invariant("slow", "slow", slow)] * 9, workers=3)
        assert next(findings).faults == []
        with transaction():
            audit.record(actor=SYSTEM, action="note", subject="meanwhile", now=START)
        assert [finding.faults for finding in findings] == [[]] * 8

    def test_it_changes_nothing(self, app: Flask) -> None:
        writes = Invariant("test.writes", "writes", "select nextval('procrastinate_jobs_id_seq')")
        with pytest.raises(DBAPIError, match="read-only"):
            list(books.check_snapshot([writes]))

"""The operators' commands."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from groupbuy.commissions.models import PlanVersion
from groupbuy.identity import queries
from groupbuy.kernel import audit, books
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session, transaction
from tests.client import Api
from tests.conftest import START
from tests.journeys.headquarters import Shop, made


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


@pytest.fixture
def people(app: Flask, api: Api) -> Api:
    """Lin of finance and Qiao who approves."""
    api.staff("finance", "lin")
    api.staff("approver", "qiao")
    return api


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    """A plan of 10 %, 15 % from ¥10,000."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"mode": "marginal", "tiers": [[0, 1000], [1_000_000, 1500]]}))
    return file


def publish(api: Api, file: Path, *, by: str = "qiao") -> Result:
    tomorrow = (api.clock.now() + timedelta(days=1)).isoformat()
    people = ("--prepared-by", "lin@groupbuy.example", "--by", f"{by}@groupbuy.example")
    words = ("plan", "publish", "standard", str(file), "--effective-from", tomorrow)
    return run(api.app, *words, *people)


def test_it_creates_staff(app: Flask) -> None:
    words = ("staff", "create", "hua@groupbuy.example", "Hua", "operator", "--password")
    assert run(app, *words, "short").exit_code == 1
    assert run(app, *words, "a long password").exit_code == 0
    found = queries.staff_by_email("hua@groupbuy.example")
    assert found is not None
    assert found.role == "operator"
    again = run(app, *words, "a long password")
    assert (again.exit_code, "This email is taken" in again.output) == (1, True)


def test_it_publishes_a_plan_by_two_people(people: Api, plan_file: Path) -> None:
    refused = publish(people, plan_file, by="lin")
    assert (refused.exit_code, "may not plans.publish" in refused.output) == (1, True)
    done = publish(people, plan_file)
    assert (done.exit_code, "standard version 1" in done.output) == (0, True), done.output


def test_it_publishes_all_that_a_plan_can_say(people: Api, plan_file: Path) -> None:
    extras = {
        "cap_fen": 500_000,
        "quota_bonus": {"quota_fen": 150_000, "bonus_fen": 3_000},
        "rank_bonuses": [2_000, 1_000],
        "guarantee_fen": 10_000,
        "service_fee_fen": 50,
    }
    plan_file.write_text(json.dumps(json.loads(plan_file.read_text()) | extras))
    done = publish(people, plan_file)
    assert done.exit_code == 0, done.output
    written = session().scalars(select(PlanVersion)).one()
    assert {name: getattr(written, name) for name in extras} == extras


def test_it_says_what_is_wrong_with_a_plan(people: Api, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{")
    assert "not JSON" in publish(people, file).output
    file.write_text(json.dumps({"mode": "marginal", "tiers": [[5, 1000]]}))
    refused = publish(people, file)
    assert (refused.exit_code, "plan-not-publishable" in refused.output) == (1, True)


def test_it_closes_calculates_and_shows_a_month(people: Api, plan_file: Path) -> None:
    publish(people, plan_file)
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

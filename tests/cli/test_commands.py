"""The operators' commands."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from groupbuy.identity import queries
from groupbuy.kernel.db import session
from tests.client import Api
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


def test_it_checks_the_books_and_names_the_row_at_fault(people: Api) -> None:
    shop = Shop(people)
    shop.stock("Rice", price_fen=10_000, units=5)
    assert run(people.app, "books", "check").exit_code == 0
    session().execute(text("update stock_pools set on_hand = on_hand + 1"))
    broken = run(people.app, "books", "check")
    assert broken.exit_code == 1
    assert "BROKEN" in broken.output
    pool = made(shop.hua.get("/hq/stock"), 200)["items"][0]["id"].removeprefix("pol_")
    assert pool[:8] in broken.output

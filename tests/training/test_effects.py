"""Training against sales: before and after, with the sizes of the groups."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import EXTENSION
from groupbuy.training.models import Lesson, Program
from groupbuy.training.rules.effects import months_between
from groupbuy.training.services.marking import mark
from tests.client import Api
from tests.factories import certificates, coaching, cohorts, commissions, training
from tests.factories.coaching import APRIL, MARCH, MAY
from tests.factories.commissions import Stall
from tests.factories.settlement import local, settled
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

EFFECTS = "/hq/training-effects"
ASKED = {"first": MARCH, "last": MAY}


def test_it_counts_months() -> None:
    assert months_between("2025-11", "2026-02") == 3
    assert months_between("2026-02", "2026-01") == -1


@pytest.fixture
def least(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set how many leaders a group must have to be shown."""

    def set_to(number: int) -> None:
        wanted = replace(app.extensions[EXTENSION], training_effect_min_group=number)
        monkeypatch.setitem(app.extensions, EXTENSION, wanted)

    return set_to


@pytest.fixture
def school(app: Flask) -> tuple[Program, Lesson]:
    program = training.program()
    return program, training.lesson(training.module(training.course(program)))


@pytest.fixture
def learners(app: Flask, clock: ManualClock, school: tuple[Program, Lesson]) -> list[Stall]:
    """Three leaders who enrol in April, the last of them new since April; one does the lesson."""
    program, lesson = school
    commissions.published()
    stalls = [coaching.seller(), coaching.seller(), coaching.seller(days_before=-5)]
    for stall, before, after in zip(stalls, (100, 300, 0), (400, 301, 900), strict=True):
        if before:
            stall.sell(before, at=local("2026-03-20 10:00"))
        stall.sell(after, at=local("2026-05-20 10:00"))
    clock.at = local("2026-04-20 10:00")
    for stall in stalls:
        training.enrolled(coaching.leader_of(stall), program=program)
    with transaction():
        mark(leader_id=stalls[0].leader_id, lesson_id=lesson.id, completed=True, now=time.now())
    settled(MARCH, APRIL, MAY)
    return stalls


def test_it_compares_those_with_months_on_both_sides(
    api: Api, learners: list[Stall], school: tuple[Program, Lesson], least: Callable[[int], None]
) -> None:
    least(2)
    answer = made(api.staff("trainer").get(EFFECTS, **ASKED), 200)
    assert "do not prove" in answer["caution"]
    assert answer["least"] == 2
    everything, april = answer["items"]
    assert (everything["month"], april["month"]) == (None, APRIL)
    assert (april["program_id"], april["title"]) == (school[0].id, "First steps")
    assert everything["sales"] == april["sales"]
    assert april["sales"] == {
        "size": 3,
        "compared": 2,
        "before_fen": 200,
        "after_fen": 351,
        "before_median_fen": 100,
        "after_median_fen": 301,
        "months": 5,
        "months_left_out": 13,
    }


def test_it_hides_small_groups_and_says_how_small(
    api: Api, learners: list[Stall], least: Callable[[int], None]
) -> None:
    answer = made(api.staff("trainer").get(EFFECTS, **ASKED), 200)
    assert answer["least"] == 5
    for row in answer["items"]:
        sales: dict[str, Any] = row["sales"]
        assert (sales["size"], sales["compared"]) == (3, 2)
        amounts = [sales[key] for key in sales if key.endswith("_fen")]
        assert amounts == [None] * 4


def test_it_compares_completions_and_filters(
    api: Api, learners: list[Stall], school: tuple[Program, Lesson], least: Callable[[int], None]
) -> None:
    least(1)
    trainer = api.staff("trainer")
    query = {**ASKED, "since": "completed", "months": 1}
    [everything, _] = made(trainer.get(EFFECTS, **query), 200)["items"]
    sales = everything["sales"]
    assert (sales["size"], sales["before_fen"], sales["after_fen"]) == (1, 100, 400)
    assert sales["months_left_out"] == 0
    assert made(trainer.get(EFFECTS, **ASKED, program=training.program().id), 200)["items"] == []
    assert len(made(trainer.get(EFFECTS, **ASKED, program=school[0].id), 200)["items"]) == 2
    early = {"first": "2026-01", "last": MARCH}
    assert made(trainer.get(EFFECTS, **early), 200)["items"] == []


def test_it_compares_certificates_and_cohorts(
    api: Api, learners: list[Stall], school: tuple[Program, Lesson], least: Callable[[int], None]
) -> None:
    least(1)
    trainer = api.staff("trainer")
    second = coaching.leader_of(learners[1])
    certificates.certificate(certificates.certification(school[0]), second)
    cohort = cohorts.cohort(school[0], leaders=[second]).id
    asked = {**ASKED, "last": "2026-12"}
    certified = {**asked, "since": "certified", "program": school[0].id}
    assert {row["sales"]["size"] for row in trainer.get(EFFECTS, **certified).json["items"]} == {1}
    [everything, _] = made(trainer.get(EFFECTS, **asked, cohort=cohort), 200)["items"]
    sales = everything["sales"]
    assert (sales["size"], sales["before_fen"], sales["after_fen"]) == (1, 300, 301)


def test_it_costs_the_same_however_many(
    api: Api,
    learners: list[Stall],
    school: tuple[Program, Lesson],
    count_statements: Callable[[], Any],
) -> None:
    trainer = api.staff("trainer")
    with count_statements() as few:
        trainer.get(EFFECTS, **ASKED)
    for _ in range(5):
        training.enrolled(program=school[0])
        training.enrolled(program=training.program())
    with count_statements() as many:
        assert len(trainer.get(EFFECTS, **ASKED).json["items"]) == 12
    assert len(many) == len(few)


def test_it_writes_a_sheet_with_its_limits(
    api: Api, learners: list[Stall], least: Callable[[int], None]
) -> None:
    least(2)
    trainer = api.staff("trainer")
    answer = trainer.get(f"{EFFECTS}/file", **ASKED)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="training-and-sales.csv"'
    head, everything, april, caution = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert head[:5] == ["Program", "Month", "Leaders", "Compared", "Average before (yuan)"]
    assert everything[:3] == ["First steps", "", "3"]
    assert april[1:6] == [APRIL, "3", "2", "2.00", "3.51"]
    assert "do not prove" in caution[0]
    xlsx = trainer.get(f"{EFFECTS}/file", format="xlsx", **ASKED)
    assert xlsx.data.startswith(b"PK")


def test_it_asks_for_months_in_order(api: Api) -> None:
    trainer = api.staff("trainer")
    for query in ({"first": MAY, "last": MARCH}, {"first": "2020-01", "last": MAY}, {}):
        for path in (EFFECTS, f"{EFFECTS}/file"):
            refused(trainer.get(path, **query), 422, "invalid-input")
    for path in (EFFECTS, f"{EFFECTS}/file"):
        assert api.anonymous.get(path, **ASKED).status_code == 401
        assert api.shopper("zed").get(path, **ASKED).status_code == 403

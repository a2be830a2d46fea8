"""The clockwork: every tick comes as often as its cron line means to."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from croniter import croniter
from flask import Flask
from psycopg import errors
from sqlalchemy.exc import OperationalError

from groupbuy.kernel import jobs

SECONDS = {
    "orders.expire_due": 10,
    "orders.complete_due": 10,
    "campaigns.advance": 5,
    "payments.take_up_unfinished": 30,
    "holds.scan": 300,
}


@pytest.mark.parametrize(("name", "seconds"), SECONDS.items())
def test_it_ticks_every_few_seconds_all_the_time(app: Flask, name: str, seconds: int) -> None:
    ticks = croniter(jobs.SCHEDULES[name], datetime(2026, 3, 2, 9, 3, 7, tzinfo=UTC))
    at = [ticks.get_next(datetime) for _ in range(200)]
    pauses = {later - earlier for earlier, later in pairwise(at)}
    assert pauses == {timedelta(seconds=seconds)}


def test_it_does_the_rest_when_one_fails(app: Flask) -> None:
    done = []

    def work(key: str) -> None:
        if key == "b":
            raise ValueError(key)
        done.append(key)

    with pytest.raises(ExceptionGroup):
        jobs.one_by_one(["a", "b", "c"], work)
    assert done == ["a", "c"]


def test_it_does_again_what_a_deadlock_took_back(app: Flask) -> None:
    tried: list[str] = []

    def work(key: str) -> None:
        tried.append(key)
        if tried.count(key) == 1:
            raise OperationalError("update", {}, errors.DeadlockDetected())

    jobs.one_by_one(["a", "b"], work)
    assert tried == ["a", "a", "b", "b"]

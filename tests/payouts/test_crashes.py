"""Workers die between the intent and the result: every leader is paid, none twice."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import settings
from groupbuy.payouts.jobs import take_up_unfinished
from tests.crash import PENDING, killed
from tests.doubles.fixtures import stripe
from tests.doubles.stripe import StripeDouble
from tests.factories import payouts as make

__all__ = ["stripe"]

pytestmark = pytest.mark.committed

CHANNEL = "stripe_transfer"
ACCOUNT = make.DETAILS["stripe"]["account"]


@pytest.fixture(autouse=True)
def _books(app: Flask) -> Iterator[None]:
    yield
    session().rollback()
    assert make.broken() == []


def die(victim: str, when: str, clock: ManualClock) -> None:
    """Let a worker take up what is due and be killed there; the dead one's job starts anew."""
    session().rollback()
    killed(settings(), clock.now(), f"groupbuy.payouts.{victim}", when, job=PENDING)
    with transaction():
        session().execute(text("update procrastinate_jobs set status = 'todo'"))


def live_on(clock: ManualClock) -> None:
    """Let another worker go on, and the sweep do its work."""
    for _ in range(3):
        run_pending()
        clock.advance(minutes=2)
        take_up_unfinished()
    run_pending()


@pytest.mark.parametrize(
    ("victim", "when"),
    [
        ("services.postings:book", "after"),
        ("services:begin_attempt", "after"),
        ("services:submit", "before"),
        ("services:submit", "after"),
        ("services:record", "after"),
        ("services:take_up_items", "after"),
    ],
)
def test_it_pays_once_wherever_the_worker_dies(
    app: Flask, stripe: StripeDouble, clock: ManualClock, victim: str, when: str
) -> None:
    stripe.accounts.add(ACCOUNT)
    make.payable(kind="stripe")
    make.executing(CHANNEL)
    die(victim, when, clock)
    assert make.broken() == []
    live_on(clock)
    [transfer] = stripe.transfers.values()
    [attempt] = make.attempts()
    assert (transfer["amount"], attempt.state) == (100_000, "succeeded")
    assert transfer["metadata"]["payout_number"] == attempt.number
    assert make.items()[0].state == "succeeded"


def test_it_pays_once_when_the_worker_dies_in_the_sweep(
    app: Flask, stripe: StripeDouble, clock: ManualClock
) -> None:
    stripe.accounts.add(ACCOUNT)
    make.payable(kind="stripe")
    make.executing(CHANNEL)
    die("services:submit", "before", clock)
    run_pending()
    clock.advance(minutes=2)
    take_up_unfinished()
    die("services:ask", "after", clock)
    assert len(stripe.transfers) == 1
    live_on(clock)
    assert len(stripe.transfers) == 1
    assert [attempt.state for attempt in make.attempts()] == ["succeeded"]

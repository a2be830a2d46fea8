"""A few baskets of the replay through the real services, against the oracle."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.app import registry
from groupbuy.kernel.books import check
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import db, session, transaction
from groupbuy.kernel.settings import Settings
from scripts.replay_data import Journey, load
from scripts.replay_progress import Progress, prepare
from scripts.replay_timeline import refund_days, timeline
from scripts.replay_world import World
from tests.replay import oracle

STORES, MONTHS = 3, ["2017-01", "2017-02", "2017-06"]


def chosen(basket_id: int) -> bool:
    """Every basket with a refund, and a few others."""
    return refund_days(basket_id) is not None or basket_id % 211 == 0


@pytest.fixture(scope="module")
def journey(settings: Settings) -> Journey:
    whole = load(STORES, MONTHS, settings.calendar)
    baskets = tuple(basket for basket in whole.baskets if chosen(basket.id))
    sold = {item.product_id for basket in baskets for item in basket.items}
    weeks = (
        replace(week, prices_fen={p: fen for p, fen in week.prices_fen.items() if p in sold})
        for week in whole.weeks
    )
    return replace(
        whole,
        baskets=baskets,
        weeks=tuple(weeks),
        products=tuple(product for product in whole.products if product.id in sold),
    )


LOOKED_AT_AGAIN = (1, 10, 100)
"""After so many events PostgreSQL looks at the tables again: a connection that has run other tests
keeps plans made while they were empty, and autovacuum cannot see into the test's transaction."""


def play(
    journey: Journey,
    plan: dict[str, Any],
    settings: Settings,
    clock: ManualClock,
    until: int | None,
) -> World:
    """Go on with the replay, up to some event, as a process that has just started would."""
    progress = Progress()
    world = World(journey, plan, progress, settings)
    events = timeline(journey, settings.calendar, hold_days=settings.hold_days)[
        progress.done : until
    ]
    for number, event in enumerate(events):
        clock.at = event.at
        with transaction():
            if number in LOOKED_AT_AGAIN:
                session().execute(text("analyze"))
            world.perform(event)
            progress.advance(0)
        db.session.remove()
    return world


@pytest.mark.parametrize(
    "plan",
    [
        oracle.DEFAULT_PLAN,
        {"mode": "whole", "tiers": [[0, 333], [30_000, 777], [60_000, 1_111]]},
    ],
    ids=["marginal", "whole"],
)
def test_it_gives_what_the_oracle_says_also_when_interrupted(
    app: Flask, clock: ManualClock, settings: Settings, journey: Journey, plan: dict[str, Any]
) -> None:
    prepare({})
    for until in (150, None):
        world = play(journey, plan, settings, clock, until)
    expected = oracle.expected(STORES, MONTHS, plan, only=chosen)
    assert any(row["clawback_fen"] for row in expected["statements"])
    assert world.result() == expected
    findings = check(registry.invariants())
    assert [finding.invariant.name for finding in findings if finding.faults] == []

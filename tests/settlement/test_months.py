"""Random months through the real services and the database, against the naive model."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from groupbuy.kernel.db import db, session
from groupbuy.ledger import queries as ledger
from groupbuy.ledger.rules import Account, AccountKind
from groupbuy.settlement.models import Statement
from tests.factories import commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import approved, broken, same_again
from tests.settlement import naive
from tests.settlement.naive import Story
from tests.settlement.stories import LEVELS, MONTHS, stories, tell

FIGURES = (
    "volume",
    "uncapped",
    "sales",
    "quota_bonus",
    "guarantee",
    "clawback",
    "transfer",
    "hold",
    "release",
    "carry_in",
    "payable",
    "payout",
    "carry_out",
)


@pytest.fixture
def stalls(app: Flask) -> list[Stall]:
    """Three leaders of three levels."""
    return [commissions.stall(level=level) for level in LEVELS]


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever happens in the block."""
    db.session.remove()
    savepoint = db.engine.begin_nested()  # type: ignore[attr-defined]  # a test's connection
    try:
        yield
    finally:
        db.session.remove()
        savepoint.rollback()


def settled(story: Story, stalls: list[Stall]) -> dict[tuple[int, str], dict[str, int]]:
    """Settle a story's months for real; return the figures of every leader and month."""
    tell(story, stalls)
    for month in story.months:
        approved(month.name)
    found: dict[tuple[int, str], dict[str, int]] = {
        (number, month.name): {} for number in range(len(stalls)) for month in story.months
    }
    numbers = {stall.leader_id: number for number, stall in enumerate(stalls)}
    for row in session().scalars(select(Statement)):
        figures = {name: getattr(row, f"{name}_fen") for name in FIGURES}
        found[numbers[row.leader_id], row.month] = {n: fen for n, fen in figures.items() if fen}
    return found


def conserved(found: dict[tuple[int, str], dict[str, int]], stall: Stall, number: int) -> bool:
    """Tell whether what a leader was paid, holds and has waiting is what all months earned."""
    own = [figures for (leader, _), figures in sorted(found.items()) if leader == number]
    earned = ("sales", "quota_bonus", "guarantee", "clawback", "transfer")
    paid_fen = sum(figures.get("payout", 0) for figures in own)
    waiting_fen = -ledger.balance(Account(AccountKind.HELD, stall.leader_id))
    owed_fen = -ledger.balance(Account(AccountKind.LEADER, stall.leader_id))
    return owed_fen == paid_fen + own[-1].get("carry_out", 0) and owed_fen + waiting_fen == sum(
        figures.get(name, 0) for figures in own for name in earned
    )


def agree(story: Story, stalls: list[Stall]) -> None:
    """Settle a story twice, for real and naively, and hold the one against the other."""
    with undone():
        found = settled(story, stalls)
        assert found == naive.settle(story)
        assert all(conserved(found, stall, number) for number, stall in enumerate(stalls))
        assert same_again(story.months[len(story.sales) % MONTHS].name)
        assert broken() == []


def examples(months: int) -> settings:
    return settings(
        max_examples=months // MONTHS,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@examples(300)
@given(story=stories())
def test_it_settles_300_random_months_as_the_naive_model_does(
    stalls: list[Stall], story: Story
) -> None:
    agree(story, stalls)


@pytest.mark.long
@examples(10_000)
@given(story=stories())
def test_it_settles_10_000_random_months_as_the_naive_model_does(
    stalls: list[Stall], story: Story
) -> None:
    agree(story, stalls)

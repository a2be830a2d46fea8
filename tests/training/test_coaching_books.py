"""Coaching, points and rankings that were spoilt by hand are found out."""

from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.training.queries.coaching_invariants import COACHING_INVARIANTS
from groupbuy.training.services import points
from tests.client import Api
from tests.factories import coaching
from tests.factories.coaching import MARCH, TRAINER, opened
from tests.journeys.headquarters import made

pytestmark = pytest.mark.breaks_books


@pytest.fixture
def coached(api: Api, clock: ManualClock) -> None:
    """A month that is divided, plans, corrected notes, points taken back, a closed ranking."""
    trainer = api.staff("trainer")
    sold = coaching.seller()
    month = coaching.tail(api)
    plans = [
        opened(trainer, leader_id, coaching.coach(name).staff_id, month=MARCH)["plan"]["id"]
        for leader_id, name in zip(month, ("lan", "qin"), strict=False)
    ]
    for plan in plans:
        note = {"body": "First call.", "shared": False}
        first = made(trainer.post(f"/hq/coaching/plans/{plan}/notes", note))
        made(trainer.post(f"/hq/coaching/plans/{plan}/notes", {**note, "corrects_id": first["id"]}))
    who: dict[str, Any] = {"reason": "So.", "actor": TRAINER}
    with transaction():
        gone = points.give(leader_id=month[0], points=5, now=time.now(), **who)
        points.give(leader_id=month[1], points=9, now=time.now(), **who)
        points.reverse(entry_id=gone.id, now=time.now(), **who)
    on = time.now().date().isoformat()
    clock.advance(days=8)
    ranking = {"span": "week", "on": on, "title": "Learners", "amounts_fen": [100]}
    made(trainer.post("/hq/rankings", ranking))
    assert sold.leader_id
    assert broken() == []


def broken() -> list[str]:
    return [found.invariant.name for found in books.check(COACHING_INVARIANTS) if found.faults]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("update coaching_segments set position = position + 100", "segments_numbered"),
        ("update coaching_segments set net_fen = rank where rank is not null", "segments_in_order"),
        ("update settlement_periods set state = 'draft'", "segments_of_locked_months"),
        ("update coaches set load_limit = 0", "coaches_within_limit"),
        ("update coaching_plans set segment = 'head'", "plans_of_segments"),
        (
            "update coaching_notes n set plan_id = (select p.id from coaching_plans p "
            "where p.id <> n.plan_id limit 1) where corrects_id is null",
            "notes_corrected_in_place",
        ),
        ("update points_standings set points = points + 1", "points_are_their_sum"),
        ("delete from points_standings", "points_are_their_sum"),
        (
            "update points_entries set points = points + 1 where cause = 'reversal'",
            "points_taken_back_once",
        ),
        (
            "update training_ranking_places set amount_fen = amount_fen + 1",
            "rankings_pay_what_was_set",
        ),
    ],
)
def test_it_finds_what_breaks_it(coached: None, change: str, name: str) -> None:
    session().execute(text("set local session_replication_role = replica"))
    for table in ("settlement_periods", "coaches", "coaching_segments"):
        drop = (
            f"select string_agg(format('alter table {table} drop constraint %I', conname), ';') "
            f"from pg_constraint where conrelid = '{table}'::regclass and contype = 'c'"
        )
        session().execute(text(session().scalar(text(drop.replace(":", r"\:"))) or "select 1"))
    session().execute(text(change))
    session().execute(text("set local session_replication_role = origin"))
    assert f"training.{name}" in broken()


def test_it_is_among_what_is_checked() -> None:
    assert set(COACHING_INVARIANTS) <= set(invariants())

"""Coaching segments: the rule, and the division of a locked month."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders import services as leaders_services
from groupbuy.training.errors import MonthNotLocked
from groupbuy.training.jobs import divide_leaders
from groupbuy.training.models import LeaderSegment, SegmentRun
from groupbuy.training.rules.segments import (
    DEFAULT_TERMS,
    Segment,
    SegmentTerms,
    Seller,
    segment_of,
    segments,
    sizes,
)
from groupbuy.training.services import segmenting
from tests.client import Api
from tests.factories import coaching, commissions
from tests.factories.coaching import APRIL, MARCH
from tests.factories.settlement import after_cutoff, local
from tests.orders.test_api import refused
from tests.rivals import at_once

END = datetime(2026, 4, 1, tzinfo=UTC)
LONG_AGO = END - timedelta(days=30)


def sellers(*fen: int, since: datetime = LONG_AGO) -> list[Seller]:
    return [Seller(f"ldr_{n:032x}", since, net_fen, END) for n, net_fen in enumerate(fen, start=1)]


@pytest.mark.parametrize(
    ("n", "head", "middle", "tail"),
    [(10, 2, 6, 2), (1, 1, 0, 0), (0, 0, 0, 0), (3, 1, 2, 0), (6, 2, 3, 1), (7, 2, 4, 1)],
)
def test_it_divides_by_shares_rounded_up(n: int, head: int, middle: int, tail: int) -> None:
    placed = segments(sellers(*range(n, 0, -1)), ends_at=END)
    counts = sizes(placed)
    assert (counts[Segment.HEAD], counts[Segment.MIDDLE], counts[Segment.TAIL]) == (
        head,
        middle,
        tail,
    )
    assert [place.rank for place in placed] == list(range(1, n + 1))


def test_it_takes_the_shares_as_they_are_set() -> None:
    half = SegmentTerms(head_bps=5_000, upper_bps=10_000)
    assert segment_of(2, ranked=4, terms=half) is Segment.HEAD
    assert segment_of(4, ranked=4, terms=half) is Segment.MIDDLE
    nobody = SegmentTerms(head_bps=0, upper_bps=0)
    assert segment_of(1, ranked=4, terms=nobody) is Segment.TAIL


def test_it_puts_who_sold_nothing_into_the_tail_whatever_the_rank() -> None:
    placed = segments(sellers(0, 500, 0), ends_at=END)
    assert [(p.leader_id[-1], p.rank, p.segment) for p in placed] == [
        ("2", 1, Segment.HEAD),
        ("1", 2, Segment.TAIL),
        ("3", 3, Segment.TAIL),
    ]


def test_it_breaks_ties_by_who_reached_it_first_and_then_by_id() -> None:
    one, two, three = sellers(500, 500, 500)
    early = three._replace(reached_at=END - timedelta(days=1))
    placed = segments([two, early, one], ends_at=END)
    assert [p.leader_id for p in placed] == [three.leader_id, one.leader_id, two.leader_id]


def test_it_leaves_new_leaders_out_of_the_ranking() -> None:
    old = sellers(100, 50)
    just = Seller("ldr_" + "f" * 32, LONG_AGO + timedelta(microseconds=1), 900, END)
    placed = segments([just, *old], ends_at=END)
    assert [(p.rank, p.position, p.segment) for p in placed] == [
        (1, 1, Segment.HEAD),
        (2, 2, Segment.MIDDLE),
        (None, 3, Segment.NEW),
    ]


@pytest.fixture
def month(app: Flask) -> list[str]:
    """March with five leaders: the best, two equal ones, an idle one, a new one."""
    commissions.published()
    stalls = [coaching.seller() for _ in range(3)]
    for stall, fen in zip(stalls, (900_000, 300_000, 300_000), strict=True):
        stall.sell(fen, at=local("2026-03-20 10:00"))
    first_of_equals = stalls[2].sell(1, at=local("2026-03-10 10:00"))
    del first_of_equals
    new = coaching.idle(days_before=29)
    idle = coaching.idle()
    return [*(stall.leader_id for stall in stalls), idle.id, new.id]


def divide(month: str) -> SegmentRun:
    return segmenting.divide(month=month, terms=DEFAULT_TERMS, actor=SYSTEM, now=time.now())


def places() -> list[tuple[str, int | None, str]]:
    rows = session().query(LeaderSegment).order_by(LeaderSegment.position)
    return [(row.leader_id, row.rank, row.segment) for row in rows]


def test_it_divides_a_locked_month_once(month: list[str]) -> None:
    run = coaching.divided(MARCH)
    best, second, third, idle, new = month
    assert (run.ranked, run.head_bps) == (4, 2_000)
    expected = [
        (best, 1, "head"),
        (third, 2, "middle"),
        (second, 3, "middle"),
        (idle, 4, "tail"),
        (new, None, "new"),
    ]
    assert places() == expected
    coaching.idle()
    with transaction():
        assert divide(MARCH).ranked == 4
    assert places() == expected
    assert session().get_one(LeaderSegment, (MARCH, third)).net_fen == 300_001


def test_it_leaves_suspended_leaders_out(month: list[str]) -> None:
    with transaction():
        leaders_services.suspend(
            leader_id=month[0], reason="Away", actor=coaching.TRAINER, now=time.now()
        )
    coaching.divided(MARCH)
    assert month[0] not in [leader_id for leader_id, _, _ in places()]


def test_it_divides_only_locked_months(app: Flask) -> None:
    for month in (MARCH, APRIL):
        with pytest.raises(MonthNotLocked), transaction():
            divide(month)


def test_it_divides_by_itself_after_the_lock(month: list[str], clock: ManualClock) -> None:
    divide_leaders()
    assert places() == []
    coaching.locked(MARCH)
    clock.at = after_cutoff(MARCH) + timedelta(days=5)
    divide_leaders()
    divide_leaders()
    assert len(places()) == 5
    assert session().get_one(SegmentRun, MARCH).calculated_by == "system"


def test_it_never_changes_a_division(month: list[str]) -> None:
    coaching.divided(MARCH)
    for change in ("update coaching_segments set rank = 2", "delete from coaching_segment_runs"):
        with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
            session().execute(text(change))


def test_it_divides_in_a_constant_number_of_statements(
    month: list[str], count_statements: Callable[[], Any]
) -> None:
    coaching.locked(MARCH)
    with count_statements() as few, transaction():
        divide(MARCH)
    for _ in range(20):
        coaching.idle()
    coaching.locked(APRIL)
    with count_statements() as many, transaction():
        assert divide(APRIL).ranked == 25
    assert len(many) == len(few)


@pytest.mark.committed
def test_it_divides_once_whoever_does_it_at_the_same_time(app: Flask) -> None:
    commissions.published()
    coaching.seller().sell(500, at=local("2026-03-20 10:00"))
    coaching.locked(MARCH)
    runs = at_once(app, [lambda: divide(MARCH)] * 3)
    assert [run.ranked for run in runs] == [1, 1, 1]
    assert session().query(LeaderSegment).count() == 1


class TestApi:
    """GET /hq/coaching/segments and the calculation"""

    PATH = "/hq/coaching/segments"

    def test_it_lists_a_month_in_order_of_rank(self, api: Api, month: list[str]) -> None:
        trainer = api.staff("trainer")
        assert trainer.get(self.PATH).json == {"items": [], "next_cursor": None}
        coaching.locked(MARCH)
        answer = trainer.post(f"{self.PATH}/{MARCH}/calculation")
        assert (answer.status_code, answer.json["ranked"]) == (200, 4)
        first = trainer.get(self.PATH, limit=2).json
        assert [row["rank"] for row in first["items"]] == [1, 2]
        assert first["items"][0] == {
            "month": MARCH,
            "leader_id": month[0],
            "rank": 1,
            "ranked": 4,
            "net_fen": 900_000,
            "segment": "head",
        }
        rest = trainer.get(self.PATH, month=MARCH, cursor=first["next_cursor"]).json
        assert [row["segment"] for row in rest["items"]] == ["middle", "tail", "new"]
        tail = trainer.get(self.PATH, segment="tail").json["items"]
        assert [row["leader_id"] for row in tail] == [month[3]]
        one = trainer.get(self.PATH, leader=month[1]).json["items"]
        assert [row["rank"] for row in one] == [3]
        assert trainer.get(self.PATH, month=APRIL).json["items"] == []

    def test_it_refuses_a_month_that_is_not_locked(self, api: Api) -> None:
        path = f"{self.PATH}/{MARCH}/calculation"
        early = api.staff("operator").post(path)
        refused(early, 409, "month-not-locked")
        assert early.json["month"] == MARCH

    def test_it_lets_only_those_who_may(self, api: Api) -> None:
        path = f"{self.PATH}/{MARCH}/calculation"
        assert api.anonymous.get(self.PATH).status_code == 401
        assert api.shopper("zed").get(self.PATH).status_code == 403
        assert api.anonymous.post(path).status_code == 401
        for outsider in (api.shopper("zed"), api.staff("finance")):
            assert outsider.post(path).status_code == 403

"""Leaders are reminded of live sessions, a day before and an hour before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.notices.models import Notice
from groupbuy.training.jobs import remind_of_sessions
from groupbuy.training.models import LiveSession
from groupbuy.training.rules.reminders import reminder_of_session
from groupbuy.training.services import live, members
from tests.factories import cohorts, leaders

HOUR = timedelta(hours=1)
EVENING = datetime(2026, 3, 4, 11, 30, tzinfo=UTC)
"""Wednesday, 19:30 in Shanghai."""


@pytest.fixture
def mei(app: Flask) -> Leader:
    """Mei, a leader."""
    return leaders.leader(by=leaders.shopper_id("mei"), name="Mei")


def told() -> list[Notice]:
    with transaction():
        query = select(Notice).where(Notice.state != "dropped").order_by(Notice.due_at, Notice.id)
        return list(session().scalars(query.execution_options(populate_existing=True)))


def remind_at(clock: ManualClock, at: datetime) -> list[Notice]:
    clock.at = at
    remind_of_sessions()
    return told()


@pytest.mark.parametrize(
    ("minutes", "before"),
    [(24 * 60 + 1, None), (24 * 60, 24), (61, 24), (60, 1), (1, 1), (0, None), (-5, None)],
)
def test_it_is_due_a_day_and_an_hour_before(minutes: int, before: int | None) -> None:
    expected = None if before is None else timedelta(hours=before)
    assert reminder_of_session(timedelta(minutes=minutes)) == expected


def test_it_reminds_each_member_twice(mei: Leader, clock: ManualClock) -> None:
    group = cohorts.cohort(leaders=[mei, leaders.leader()])
    one = cohorts.live_session(group, at=EVENING)
    assert remind_at(clock, EVENING - 25 * HOUR) == []
    first = remind_at(clock, EVENING - 24 * HOUR)
    assert len(first) == 2
    assert first[0].title.en == "A live session is coming"
    assert first[0].body.en == "“Group one” begins on 04 March, 19:30 with Lan. Keep the time free."
    assert "03月04日 19:30" in first[0].body.zh
    assert first[0].link == f"/leader/live-sessions/{one.id}"
    assert len(remind_at(clock, EVENING - 2 * HOUR)) == 2, "once"
    last = remind_at(clock, EVENING - HOUR)
    assert len(last) == 4
    assert last[-1].title.en == "A live session begins within the hour"
    assert len(remind_at(clock, EVENING + HOUR)) == 4


def test_it_tells_who_hears_of_it_late_once(mei: Leader, clock: ManualClock) -> None:
    group = cohorts.cohort()
    cohorts.live_session(group, at=EVENING)
    clock.at = EVENING - HOUR / 2
    with transaction():
        actor = cohorts.trainer()
        members.add(cohort_id=group.id, leader_ids=[mei.id], actor=actor, now=clock.now())
    (only,) = remind_at(clock, EVENING - HOUR / 2)
    assert only.title.en == "A live session begins within the hour"


def test_it_reminds_nobody_who_is_suspended_or_left(mei: Leader, clock: ManualClock) -> None:
    other = leaders.leader()
    group = cohorts.cohort(leaders=[mei, other])
    cohorts.live_session(group, at=EVENING)
    with transaction():
        members.remove(
            cohort_id=group.id, leader_id=other.id, actor=cohorts.trainer(), now=clock.now()
        )
        suspend = text("update leaders set state = 'suspended' where id = :leader")
        session().execute(suspend, {"leader": mei.id[4:]})
    assert remind_at(clock, EVENING - HOUR) == []


def test_it_wakes_nobody(mei: Leader, clock: ManualClock) -> None:
    late = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    group = cohorts.cohort(leaders=[mei])
    cohorts.live_session(group, at=late)
    (first,) = remind_at(clock, late - 24 * HOUR)
    assert first.due_at == datetime(2026, 3, 4, 0, 0, tzinfo=UTC), "08:00 of the day itself"
    assert len(remind_at(clock, late - HOUR)) == 1, "at 21:30 nobody is told, and later in vain"


@pytest.mark.parametrize("change", ["leave", "suspend"])
def test_it_takes_back_what_is_not_for_the_leader_any_more(
    mei: Leader, clock: ManualClock, change: str
) -> None:
    late = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    group = cohorts.cohort(leaders=[mei, leaders.leader()])
    cohorts.live_session(group, at=late)
    assert len(remind_at(clock, late - 24 * HOUR)) == 2, "at 08:00 of the day itself"
    with transaction():
        if change == "leave":
            gone: dict[str, Any] = {"cohort_id": group.id, "leader_id": mei.id}
            members.remove(**gone, actor=cohorts.trainer(), now=clock.now())
        else:
            suspend = text("update leaders set state = 'suspended' where id = :leader")
            session().execute(suspend, {"leader": mei.id[4:]})
    (left,) = remind_at(clock, clock.now() + HOUR)
    assert left.shopper_id != mei.shopper_id
    with transaction():
        taken = session().scalars(select(Notice).where(Notice.shopper_id == mei.shopper_id)).one()
        assert (taken.state, taken.reason) == ("dropped", "withdrawn")


@pytest.mark.parametrize("change", ["cancel", "move"])
def test_it_takes_back_what_holds_no_more(mei: Leader, clock: ManualClock, change: str) -> None:
    late = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    one = cohorts.live_session(cohorts.cohort(leaders=[mei]), at=late)
    assert len(remind_at(clock, late - 24 * HOUR)) == 1
    _change(one, change, clock.now())
    after = remind_at(clock, clock.now() + HOUR)
    if change == "cancel":
        assert after == []
    else:
        assert [notice.body.en for notice in after] == [
            "“Group one” begins on 04 March, 23:00 with Lan. Keep the time free."
        ]


def _change(one: LiveSession, change: str, now: datetime) -> None:
    of: dict[str, Any] = {"session_id": one.id, "actor": cohorts.trainer(), "now": now}
    with transaction():
        if change == "cancel":
            live.cancel(reason="ill", **of)
        else:
            later: dict[str, Any] = {
                "starts_at": one.starts_at + HOUR / 2,
                "ends_at": one.ends_at + HOUR / 2,
            }
            live.edit(if_match=one.version, **later, **of)


def test_it_asks_little_when_all_are_told(
    mei: Leader, clock: ManualClock, count_statements: Any
) -> None:
    group = cohorts.cohort(leaders=[mei, *(leaders.leader() for _ in range(4))])
    cohorts.live_session(group, at=EVENING)
    remind_at(clock, EVENING - 3 * HOUR)
    with count_statements() as sent:
        remind_of_sessions()
    assert len(sent) <= 9
